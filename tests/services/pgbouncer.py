"""A real PgBouncer in transaction mode in front of a test's PostgreSQL."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.services.postgres import Postgres
from tests.services.processes import free_port, kill_tree, tail, wait_until
from tests.services.require import unavailable

# Debian puts it where only root's PATH leads.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


class PgBouncer:
    """A pooler with `size` server connections for each database.

    `lenient` ignores what clients ask for at their start and it cannot pass on, as many operators
    set it up.
    """

    def __init__(self, program: str, server: Postgres, size: int, *, lenient: bool) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"tidework-pgb-{os.getpid()}-", dir="/tmp"))
        self.log = self.folder / "pgbouncer.log"
        self._program = program
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None
        ignored = "statement_timeout,lock_timeout,default_transaction_isolation,"
        ignored += "default_transaction_read_only,idle_in_transaction_session_timeout,"
        ignored += "tcp_keepalives_idle,tcp_keepalives_interval,tcp_keepalives_count,"
        ignored += "client_min_messages,client_connection_check_interval"
        password = server.url("x").split(":")[2].split("@")[0]
        (self.folder / "users").write_text(f'"tidework" "{password}"\n')
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n"
            "[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {self.folder / 'users'}\n"
            f"pool_mode = transaction\ndefault_pool_size = {size}\nmax_client_conn = 500\n"
            + (f"ignore_startup_parameters = {ignored}\n" if lenient else "")
        )
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, "postgres", "postgres")

    def start(self) -> None:
        """Start it and wait until it listens."""
        user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, str(self.folder / "pgbouncer.ini")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True, extra_groups=[] if user else None, **user,
            )  # fmt: skip
        try:
            wait_until(self._listens, "PgBouncer listens")
        except TimeoutError as error:
            raise RuntimeError(f"PgBouncer does not listen:\n{tail(self.log)}") from error

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait(10)
            self._process = None

    def url(self, database: str) -> str:
        """The address of a database through it."""
        return self._server.url(database).replace(f":{self._server.port}/", f":{self.port}/")


@contextmanager
def pgbouncer(server: Postgres, *, size: int = 2, lenient: bool = False) -> Iterator[PgBouncer]:
    """Start a pooler in front of a server, and remove it in the end."""
    program = shutil.which("pgbouncer", path=_PATH)
    if program is None:
        unavailable("PgBouncer is not here: `make services` installs it.")
    made = PgBouncer(program, server, size, lenient=lenient)
    try:
        made.start()
        yield made
    finally:
        made.kill()
        shutil.rmtree(made.folder, ignore_errors=True)
