"""PostgreSQL: a server, alone or as a streaming replica of another."""

import asyncio
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg

from tidework.cluster.part import Part, new_password
from tidework.cluster.ports import LOOPBACK
from tidework.cluster.process import ClusterError, write_private

T = TypeVar("T")

OLDEST: Final = 15
"""The oldest major version that is supported."""
DATABASE: Final = "tidework"
ROLE: Final = "tidework"
"""Owns the database and nothing else; `postgres` is the superuser, `replicator` copies."""
SUPERUSER: Final = "postgres"
REPLICATOR: Final = "replicator"
PARAMETERS: Final = {
    "max_connections": "300",
    "shared_buffers": "128MB",
    "wal_level": "replica",
    "hot_standby": "on",
    # What a lost primary needs so that it can be turned back (pg_rewind).
    "wal_log_hints": "on",
    "wal_keep_size": "128MB",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
_PLACES: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
LOCALE: Final = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
HBA: Final = (
    f"host replication {REPLICATOR} {LOOPBACK}/32 scram-sha-256",
    f"host all all {LOOPBACK}/32 scram-sha-256",
)
UNANSWERED: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What a connection raises that breaks at the wrong moment.
    asyncpg.InternalClientError,
)
"""What asking a server raises that is away, starting, stopping, or refuses."""
_QUICK_S: Final = 2.0


def find_programs() -> Path | None:
    """The folder of the newest PostgreSQL server that is recent enough, or None."""
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for place in _PLACES:
        folders += Path("/").glob(place.lstrip("/"))
    found: list[tuple[int, Path]] = []
    for folder in folders:
        if not (folder / "initdb").exists() or not (folder / "postgres").exists():
            continue
        answer = subprocess.run(  # noqa: S603  (what was found, no shell)
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        )
        if match := re.search(r"\) (\d+)", answer.stdout):
            found.append((int(match[1]), folder))
    version, folder = max(found, default=(0, Path()))
    return folder if version >= OLDEST else None


def server_user() -> str | None:
    """Whom PostgreSQL runs as, since it refuses root; None: ourselves."""
    return SUPERUSER if os.geteuid() == 0 else None


def missing_for_postgres() -> str | None:
    """What PostgreSQL needs and is not here, as a sentence for people."""
    if find_programs() is None:
        return f"PostgreSQL {OLDEST} or newer is not installed. Run: scripts/services.sh postgres"
    user = server_user()
    if user is None:
        return None
    try:
        pwd.getpwnam(user)
    except KeyError:
        return f"PostgreSQL does not run as root, and there is no user {user} to run it."
    return None


def own(path: Path) -> None:
    """Give a file or folder to whom PostgreSQL runs as."""
    user = server_user()
    if user:
        shutil.chown(path, user, user)


def execute(url: str, *statements: str, deadline: float = 10.0) -> list[list[tuple[Any, ...]]]:
    """Run statements, each on its own, and return the rows of each; blocks the caller.

    Raises one of `UNANSWERED`.
    """

    async def run() -> list[list[tuple[Any, ...]]]:
        connection = await asyncpg.connect(url, timeout=deadline)
        try:
            return [
                [tuple(row) for row in await connection.fetch(one, timeout=deadline)]
                for one in statements
            ]
        finally:
            connection.terminate()

    return _in_thread(run())


def answers(url: str, deadline: float = _QUICK_S) -> bool:
    """Whether a database answers a query, also through a pool that knows no prepared statements."""

    async def run() -> bool:
        connection = await asyncpg.connect(url, timeout=deadline, statement_cache_size=0)
        try:
            return bool(await connection.execute("SELECT 1", timeout=deadline) == "SELECT 1")
        finally:
            connection.terminate()

    try:
        return _in_thread(run())
    except UNANSWERED:
        return False


def _in_thread(work: Coroutine[Any, Any, T]) -> T:
    # The caller's own event loop may be running.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class PostgresNode(Part):
    """What every PostgreSQL of a cluster is, whoever starts its server.

    Attributes:
        home: the folder that belongs to whom the server runs as.
        data: the data folder of the server.
        passwords: of the roles, by name.
    """

    service = "postgres"
    folder_mode = 0o711

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        port: int | None = None,
        passwords: dict[str, str] | None = None,
    ) -> None:
        super().__init__(folder, name=name, port=port)
        self.home = self.folder / "server"
        self.data = self.home / "data"
        self.passwords = passwords or {
            role: new_password() for role in (SUPERUSER, REPLICATOR, ROLE)
        }

    @classmethod
    def missing(cls) -> str | None:
        return missing_for_postgres()

    def user(self) -> str | None:
        return server_user()

    def environ(self) -> dict[str, str]:
        return super().environ() | {"LC_ALL": LOCALE, "HOME": str(self.home)}

    def prepare(self) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        own(self.home)
        _check_reachable(self.folder)

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs."""
        found = find_programs()
        if found is None:
            raise ClusterError(missing_for_postgres() or "PostgreSQL is not installed.")
        return found

    def url(self, database: str = DATABASE, role: str = ROLE) -> str:
        """The address of a database, password included."""
        return f"postgresql://{role}:{self.passwords[role]}@{LOOPBACK}:{self.port}/{database}"

    def admin_url(self, database: str = "postgres") -> str:
        """The address of a database for the superuser."""
        return self.url(database, SUPERUSER)

    def execute(self, *statements: str, database: str = "postgres") -> list[list[tuple[Any, ...]]]:
        """Run statements as superuser, each on its own, and return the rows of each."""
        return execute(self.admin_url(database), *statements)

    def in_recovery(self) -> bool | None:
        """Whether it is a replica; None: it does not answer."""
        try:
            statement = "SELECT pg_is_in_recovery()"
            [[(found,)]] = execute(self.admin_url(), statement, deadline=_QUICK_S)
        except UNANSWERED:
            return None
        return bool(found)

    def detail(self) -> str:
        return {True: "replica", False: "primary", None: ""}[self.in_recovery()]

    def create_database(self) -> None:
        """Make the role and the database of the product where they are missing; on a primary."""
        [roles, databases] = self.execute(
            f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'",  # noqa: S608
            f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'",  # noqa: S608
        )
        if not roles:
            self.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self.passwords[ROLE]}'")
        if not databases:
            self.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE} TEMPLATE template0")

    def run_as_server(self, command: Sequence[str | Path], **environ: str) -> None:
        """Run one of PostgreSQL's programs to its end. Raises `ClusterError` with what it said."""
        user = self.user()
        identity = {"user": user, "group": user, "extra_groups": []} if user else {}
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
            command, capture_output=True, text=True, check=False, cwd=self.home,
            env=self.environ() | environ, stdin=subprocess.DEVNULL, **identity,
        )  # fmt: skip
        if done.returncode:
            said = f"{done.stdout}\n{done.stderr}".strip()
            raise ClusterError(f"{Path(command[0]).name} failed for {self.name}: {said}")


class Postgres(PostgresNode):
    """One PostgreSQL server; with `replica_of` a streaming replica, copied at its first start."""

    stop_signal = signal.SIGINT

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "postgres",
        port: int | None = None,
        passwords: dict[str, str] | None = None,
        replica_of: "Postgres | None" = None,
        parameters: dict[str, str] | None = None,
    ) -> None:
        """`parameters`: configuration of the server that differs from `PARAMETERS`."""
        passwords = replica_of.passwords if replica_of else passwords
        super().__init__(folder, name=name, port=port, passwords=passwords)
        self.replica_of = replica_of
        self.parameters = PARAMETERS | (parameters or {})

    def command(self) -> list[str | Path]:
        parameters = self.parameters | {"listen_addresses": LOOPBACK, "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in parameters.items()]
        program = self.programs / "postgres"
        return [program, "-D", self.data, "-p", str(self.port), *options]

    def prepare(self) -> None:
        super().prepare()
        if (self.data / "PG_VERSION").exists():
            return
        if self.replica_of is None:
            self._initialise()
        else:
            self._copy(self.replica_of)

    def healthy(self) -> bool:
        return self.in_recovery() is not None

    def start(self, deadline: float = 60.0) -> None:
        super().start(deadline)
        if not self.in_recovery() and not self._has_replicator():
            self.execute(
                f"CREATE ROLE {REPLICATOR} LOGIN REPLICATION PASSWORD"
                f" '{self.passwords[REPLICATOR]}'"
            )
            self.create_database()

    def promote(self) -> None:
        """Make a replica a primary; nothing tells the old one, which must be gone."""
        self.execute("SELECT pg_promote(true, 30)")

    def _has_replicator(self) -> bool:
        statement = f"SELECT 1 FROM pg_roles WHERE rolname = '{REPLICATOR}'"  # noqa: S608
        return bool(self.execute(statement)[0])

    def _initialise(self) -> None:
        password_file = self.home / "password"
        write_private(password_file, self.passwords[SUPERUSER])
        own(password_file)
        shutil.rmtree(self.data, ignore_errors=True)
        try:
            self.run_as_server([
                self.programs / "initdb", f"--pgdata={self.data}", f"--username={SUPERUSER}",
                f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8",
                f"--locale={LOCALE}", "--no-instructions", "--data-checksums",
            ])  # fmt: skip
        finally:
            password_file.unlink()
        hba = self.data / "pg_hba.conf"
        hba.write_text("\n".join(HBA) + "\n")

    def _copy(self, primary: "Postgres") -> None:
        slot = re.sub(r"\W", "_", self.name)
        shutil.rmtree(self.data, ignore_errors=True)
        statement = f"SELECT 1 FROM pg_replication_slots WHERE slot_name = '{slot}'"  # noqa: S608
        if not primary.execute(statement)[0]:
            primary.execute(f"SELECT pg_create_physical_replication_slot('{slot}')")
        self.run_as_server(
            [
                self.programs / "pg_basebackup", f"--pgdata={self.data}", f"--host={LOOPBACK}",
                f"--port={primary.port}", f"--username={REPLICATOR}", "--write-recovery-conf",
                f"--slot={slot}", "--checkpoint=fast", "--no-password",
            ],
            PGPASSWORD=self.passwords[REPLICATOR], PGAPPNAME=self.name,
        )  # fmt: skip


def _check_reachable(folder: Path) -> None:
    """Raise `ClusterError` unless whom the server runs as can enter the folder."""
    user = server_user()
    if user is None:
        return
    uid = pwd.getpwnam(user).pw_uid
    for parent in folder.parents:
        status = parent.stat()
        bit = 0o100 if status.st_uid == uid else 0o001
        if not status.st_mode & bit:
            raise ClusterError(
                f"The user {user}, whom PostgreSQL runs as, may not enter {parent}."
                " Choose another folder with --dir, such as /var/tmp/tidework-cluster."
            )
