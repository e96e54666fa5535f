"""PgBouncer: many clients on few connections of one PostgreSQL, in transaction mode."""

import signal
from pathlib import Path

from tidework.cluster.part import Part, find_program
from tidework.cluster.ports import LOOPBACK
from tidework.cluster.postgres import (
    DATABASE,
    ROLE,
    PostgresNode,
    answers,
    missing_for_postgres,
    own,
    server_user,
)
from tidework.cluster.process import write_private


class PgBouncer(Part):
    """A pool in front of one PostgreSQL node.

    Each node has one of its own, so nothing need follow a failover: clients name all pools and ask
    for the one that takes writes, as they do with the nodes themselves.
    """

    program = "pgbouncer"
    service = "pgbouncer"
    folder_mode = 0o711
    # Ends when the transactions that run have; what SIGTERM means depends on the version.
    stop_signal = signal.SIGINT

    def __init__(
        self, folder: Path, *, node: PostgresNode, name: str = "pgbouncer", port: int | None = None
    ) -> None:
        super().__init__(folder, name=name, port=port)
        self.node = node
        self._config = self.folder / f"{self.name}.ini"
        self._users = self.folder / f"{self.name}-users.txt"

    @classmethod
    def missing(cls) -> str | None:
        return super().missing() or missing_for_postgres()

    def user(self) -> str | None:
        return server_user()

    @property
    def url(self) -> str:
        """The address of the product's database through the pool, password included."""
        return f"postgresql://{ROLE}:{self.node.passwords[ROLE]}@{self.address}/{DATABASE}"

    def command(self) -> list[str | Path]:
        return [find_program(self.program) or self.program, self._config]

    def prepare(self) -> None:
        lines = [
            "[databases]",
            f"{DATABASE} = host={LOOPBACK} port={self.node.port} dbname={DATABASE}",
            "[pgbouncer]",
            f"listen_addr = {LOOPBACK}",
            f"listen_port = {self.port}",
            "unix_socket_dir =",
            "auth_type = scram-sha-256",
            f"auth_file = {self._users}",
            "pool_mode = transaction",
            "max_client_conn = 1000",
            "default_pool_size = 20",
            # What drivers set when they connect, and may stay as the pool's connection has it.
            "ignore_startup_parameters = extra_float_digits,jit",
            # A node that is gone is told so soon, so that the client asks the next.
            "server_connect_timeout = 3",
            "server_login_retry = 1",
        ]
        write_private(self._config, "\n".join(lines) + "\n")
        write_private(self._users, f'"{ROLE}" "{self.node.passwords[ROLE]}"\n')
        for path in (self._config, self._users):
            own(path)

    def healthy(self) -> bool:
        """Whether the database answers through it."""
        return answers(self.url)

    def detail(self) -> str:
        return f"to {self.node.name}"
