"""A real PostgreSQL for tests: its own data folder, its own port, gone afterwards.

Each test process (each xdist worker) starts one when its first test asks, so a test may stop or
kill its server without disturbing the others.
"""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import asyncpg
import psutil
import pytest

from tests.services.processes import free_port, kill_tree, tail, wait_until
from tests.services.require import unavailable
from tidework.cluster.postgres import LOCALE, OLDEST, find_programs

_FOLDER = "tidework-pg-"
_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # What is on the disk matters when a machine is lost. Here at most processes are.
    "fsync": "off",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


class Postgres:
    """One PostgreSQL server, and the databases on it.

    Databases belong to the ordinary role `tidework`, so nothing passes here that needs a
    superuser's rights; `admin_url` is for looking on and for breaking things.
    """

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.port = free_port()
        # /tmp by name: a socket's path has 107 bytes at most, and macOS's own folder is long.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir="/tmp"))
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self._password = secrets.token_urlsafe(12)
        self._process: subprocess.Popen[bytes] | None = None
        # The server refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, self._user, self._user)
        self._initdb()

    def _initdb(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self._password)
        password_file.chmod(0o600)
        if self._user:
            shutil.chown(password_file, self._user, self._user)
        done = subprocess.run(
            [
                self.programs / "initdb", f"--pgdata={self.data}", "--username=postgres",
                f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8",
                f"--locale={LOCALE}", "--no-sync", "--no-instructions",
            ],
            capture_output=True, text=True, check=False, **self._as_user(),
        )  # fmt: skip
        password_file.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}\n{done.stderr}")

    def _as_user(self) -> dict[str, Any]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PG")
        }
        common: dict[str, Any] = {"cwd": self.folder, "env": environment | {"LC_ALL": LOCALE}}
        if self._user:
            common |= {"user": self._user, "group": self._user, "extra_groups": []}
        return common

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        if self._process is None:
            raise RuntimeError("PostgreSQL is not running; call start()")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the postmaster lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, deadline: float = 30.0) -> None:
        """Start the server and wait until it answers; recovers first, if it was killed.

        Args:
            deadline: seconds.

        Raises:
            RuntimeError: it ended, with the end of its log.
            TimeoutError: it does not answer in time.
        """
        if self.running:
            return
        for attempt in range(3):
            options = [f"--{name}={value}" for name, value in _SETTINGS.items()]
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [
                        self.programs / "postgres", "-D", str(self.data), "-p", str(self.port),
                        "-k", str(self.folder), *options,
                    ],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    **self._as_user(),
                )  # fmt: skip
            wait_until(lambda: not self.running or self._answers(), "PostgreSQL starts", deadline)
            if self._process.poll() is None:
                return
            if "could not create any TCP/IP sockets" not in tail(self.log) or attempt == 2:
                break
            self.port = free_port()
        raise RuntimeError(f"PostgreSQL ended while starting:\n{tail(self.log)}")

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop the server and wait for its end.

        Args:
            mode: `smart` waits for clients, `fast` rolls their transactions back, `immediate` leaves
                recovery to the next start.
        """
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(_SIGNALS[mode])
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                kill_tree(self._process.pid)
                self._process.wait(10)
        self._process = None

    def kill(self) -> None:
        """End the postmaster and all its children at once (kill -9), as a lost machine would."""
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """Let every process of the server hang (SIGSTOP): connections stay open, nothing answers."""
        for process in self._family():
            # A child may end meanwhile.
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        """Let the server go on after `freeze`."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def heal(self) -> None:
        """Bring the server back from whatever a test did to it."""
        if self.running:
            self.thaw()
        else:
            self.start()

    def _family(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.pid)
        return [postmaster, *postmaster.children(recursive=True)]

    def url(self, database: str, role: str = "tidework") -> str:
        """The address of a database, password included."""
        return f"postgresql://{role}:{self._password}@127.0.0.1:{self.port}/{database}"

    def admin_url(self, database: str = "postgres") -> str:
        """The address of a database for the superuser."""
        return self.url(database, "postgres")

    def execute(self, *statements: str, database: str = "postgres") -> list[list[tuple[Any, ...]]]:
        """Run statements as superuser, each on its own, and return the rows of each.

        Works in synchronous and asynchronous tests; blocks the caller.
        """

        async def run() -> list[list[tuple[Any, ...]]]:
            connection = await asyncpg.connect(self.admin_url(database), timeout=10)
            try:
                return [
                    [tuple(row) for row in await connection.fetch(statement)]
                    for statement in statements
                ]
            finally:
                await connection.close(timeout=10)

        # A thread, since the caller's own event loop may be running.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, run()).result()

    def create_role(self) -> None:
        """Make the role that owns the databases; once, after the first start."""
        self.execute(f"CREATE ROLE tidework LOGIN PASSWORD '{self._password}'")

    def create_database(self, name: str | None = None, template: str = "template0") -> str:
        """Make a database and return its name.

        Args:
            name: its name; a new one unless given.
            template: the database to copy, which nobody may be connected to. A migrated one saves
                migrating for each test.
        """
        name = name or f"t{secrets.token_hex(6)}"
        self.execute(f'CREATE DATABASE "{name}" OWNER tidework TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, ending its connections."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Stop the server and remove its folder."""
        try:
            if self.running:
                self.thaw()
            self.stop("immediate")
        finally:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)


def remove_orphans() -> None:
    """End servers whose test process was killed before it could, and remove their folders."""
    for folder in Path("/tmp").glob(f"{_FOLDER}*-*"):
        owner = folder.name.removeprefix(_FOLDER).split("-", 1)[0]
        if not owner.isdigit() or psutil.pid_exists(int(owner)):
            continue
        try:
            pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
            # The number may have gone to another process since.
            if str(folder / "data") in psutil.Process(pid).cmdline():
                kill_tree(pid)
        except (OSError, ValueError, IndexError, psutil.Error):
            pass
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL of this test process."""
    programs = find_programs()
    if programs is None:
        unavailable(f"PostgreSQL {OLDEST} or newer is not here: `make services` installs it.")
    if os.geteuid() == 0 and not _user_exists("postgres"):
        unavailable("PostgreSQL does not run as root, and there is no user `postgres` to run it.")
    remove_orphans()
    server = Postgres(programs)
    try:
        server.start()
        server.create_role()
        yield server
    finally:
        server.close()


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@pytest.fixture
def postgres_database(postgres: Postgres) -> Iterator[Callable[..., str]]:
    """Make databases, each returned as its address, all dropped after the test."""
    postgres.heal()
    made: list[str] = []

    def make(template: str = "template0") -> str:
        made.append(postgres.create_database(template=template))
        return postgres.url(made[-1])

    yield make
    postgres.heal()
    for name in made:
        postgres.drop_database(name)


@pytest.fixture
def postgres_url(postgres_database: Callable[..., str]) -> str:
    """The address of a fresh, empty database."""
    return postgres_database()
