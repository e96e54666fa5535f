"""A PostgreSQL primary with streaming standbys, to lag, freeze, kill and promote."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import asyncpg
import pytest

from tests.services.postgres import OLDEST, Postgres, find_programs, remove_orphans
from tests.services.processes import wait_until
from tests.services.require import unavailable
from tidework.store.sql.migrations.runner import migrate_postgresql


class Standby(Postgres):
    """A standby of another server, made by `pg_basebackup`; it becomes a primary by `promote`."""

    def __init__(self, primary: Postgres) -> None:
        self._primary = primary
        super().__init__(primary.programs)

    def _initdb(self) -> None:
        self._password = self._primary._password
        source = f"host=127.0.0.1 port={self._primary.port} user=postgres"
        self._run(
            "pg_basebackup", f"--pgdata={self.data}", "--write-recovery-conf", "--no-sync",
            "--checkpoint=fast", "--wal-method=stream",
            f"--dbname={source} password={self._password} application_name=s{self.port}",
        )  # fmt: skip

    def _run(self, program: str, *options: str) -> None:
        done = subprocess.run(
            [self.programs / program, *options],
            capture_output=True, text=True, check=False, **self._as_user(),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}\n{done.stderr}")

    @property
    def standby_name(self) -> str:
        """What the primary calls it, for `synchronous_standby_names`."""
        return f"s{self._named_port}"

    def start(self, deadline: float = 30.0) -> None:
        self._named_port = getattr(self, "_named_port", self.port)
        super().start(deadline)

    def promote(self) -> None:
        """Make it a primary of its own, with the next timeline."""
        self._run("pg_ctl", "promote", f"--pgdata={self.data}", "--wait")

    def follow(self, primary: Postgres) -> None:
        """Stream from another server from now on."""
        conninfo = (
            f"host=127.0.0.1 port={primary.port} user=postgres password={self._password}"
            f" application_name={self.standby_name}"
        )
        self.configure(primary_conninfo=conninfo)

    def configure(self, **settings: str) -> None:
        """Change settings of the running server."""
        configure(self, **settings)

    def caught_up(self, primary: Postgres) -> bool:
        """Whether it has replayed all that the primary has."""
        [[(position,)]] = primary.execute("SELECT pg_current_wal_lsn()::text")
        [[(reached,)]] = self.execute(
            f"SELECT coalesce(pg_last_wal_replay_lsn() >= '{position}', false)"
        )
        return bool(reached)


def configure(server: Postgres, **settings: str) -> None:
    """Change settings of a running server, and wait until they hold."""
    server.execute(*(f"ALTER SYSTEM SET {name} = '{value}'" for name, value in settings.items()))
    server.execute("SELECT pg_reload_conf()")
    for name, value in settings.items():
        wait_until(
            lambda name=name, value=value: (  # type: ignore[misc]
                server.execute(f"SELECT setting = '{value}' OR current_setting('{name}') = '{value}'"
                               f" FROM pg_settings WHERE name = '{name}'")[0][0][0]
            ),
            f"{name} is {value}",
        )  # fmt: skip


class Replication:
    """A primary, its standbys, and a migrated database on them.

    Attributes:
        primary: the server that takes writes at first.
        standbys: the others.
        database: the name of the migrated database.
    """

    def __init__(self, primary: Postgres, standbys: Sequence[Standby], database: str) -> None:
        self.primary = primary
        self.standbys = list(standbys)
        self.database = database

    @property
    def url(self) -> str:
        """The database's address on the primary."""
        return self.primary.url(self.database)

    @property
    def replica_urls(self) -> list[str]:
        """Its addresses on the standbys."""
        return [standby.url(self.database) for standby in self.standbys]

    @property
    def multi_url(self) -> str:
        """One address with all servers in it."""
        head, _, _ = self.url.rpartition("@")
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in (self.primary, *self.standbys))
        return f"{head}@{hosts}/{self.database}?target_session_attrs=read-write"

    def execute(self, *statements: str) -> list[list[tuple[Any, ...]]]:
        """Run statements on the primary, in the database."""
        return self.primary.execute(*statements, database=self.database)


@contextmanager
def replication(standbys: int = 2) -> Iterator[Replication]:
    """Start a primary and standbys, and remove them in the end."""
    programs = find_programs()
    if programs is None:
        unavailable(f"PostgreSQL {OLDEST} or newer is not here: `make services` installs it.")
    remove_orphans()
    servers: list[Postgres] = []
    try:
        primary = Postgres(programs)
        servers.append(primary)
        primary.start()
        primary.create_role()
        database = primary.create_database()
        # In a thread of its own: a test's event loop may be running.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, migrate_postgresql(primary.url(database))).result()
        made = []
        for _ in range(standbys):
            standby = Standby(primary)
            servers.append(standby)
            standby.start()
            made.append(standby)
        yield Replication(primary, made, database)
    finally:
        for server in reversed(servers):
            with suppress(OSError, asyncpg.PostgresError):
                server.close()
            shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def replicated() -> Iterator[Replication]:
    """A primary and two standbys for tests that leave them as they are."""
    with replication() as made:
        yield made


@pytest.fixture
def to_break() -> Iterator[Replication]:
    """A primary and two standbys of the test's own."""
    with replication() as made:
        yield made
