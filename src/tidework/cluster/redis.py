"""Redis: a server with a password, and the sentinels that put a replica in its place."""

import shutil
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tidework.cluster.part import Part, find_program, new_password
from tidework.cluster.ports import LOOPBACK
from tidework.cluster.process import write_private

_QUICK_S = 1.0


class Redis(Part):
    """One Redis server, which keeps its data in its folder unless told otherwise.

    Attributes:
        password: of the default user, and what it gives its master.
        replica_of: the port of its master, or None.
    """

    program = "redis-server"
    service = "redis"

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "redis",
        port: int | None = None,
        password: str | None = None,
        replica_of: int | None = None,
        keeps: bool = True,
        fsync: str = "everysec",
    ) -> None:
        """`fsync`: `always`, where nothing may be lost that was acknowledged."""
        super().__init__(folder, name=name, port=port)
        self.password = password or new_password()
        self.replica_of = replica_of
        self._keeps = keeps
        self._fsync = fsync
        self._config = self.folder / f"{self.name}.conf"

    @property
    def url(self) -> str:
        """What TIDEWORK_REDIS_URL takes, password included."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def command(self) -> list[str | Path]:
        return [find_program(self.program) or self.program, self._config]

    def prepare(self) -> None:
        # Redis and the sentinels write into it who is the master now.
        if self._config.exists():
            return
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f'dir "{self.folder}"',
            f"requirepass {self.password}",
            f"masterauth {self.password}",
            f"dbfilename {self.name}.rdb",
            f"appenddirname {self.name}-aof",
            f"appendonly {'yes' if self._keeps else 'no'}",
            f"appendfsync {self._fsync}",
            "daemonize no",
            # Only what a crash may lose is lost: limits and kept answers.
            'save ""',
            # A replica that waits for no others is in step at once.
            "repl-diskless-sync-delay 0",
        ]
        if self.replica_of is not None:
            lines.append(f"replicaof {LOOPBACK} {self.replica_of}")
        write_private(self._config, "\n".join(lines) + "\n")

    def ask(self, *words: str) -> Any:
        """The answer to a command. Raises `redis.RedisError` when there is none."""
        client = redis.Redis(
            host=LOOPBACK, port=self.port, password=self.password or None,
            socket_timeout=_QUICK_S, socket_connect_timeout=_QUICK_S, decode_responses=True,
            retry=Retry(NoBackoff(), 0),
        )  # fmt: skip
        try:
            return client.execute_command(*words)  # type: ignore[no-untyped-call]
        finally:
            client.close()

    def role(self) -> str:
        """`master` or `slave`, as Redis calls them. Raises `redis.RedisError`."""
        return str(self.ask("ROLE")[0])

    def healthy(self) -> bool:
        try:
            if not self.ask("PING"):
                return False
            role = self.ask("ROLE")
        except (redis.RedisError, OSError):
            return False
        return bool(role[0] == "master" or role[3] == "connected")

    def detail(self) -> str:
        try:
            return {"master": "primary", "slave": "replica"}.get(self.role(), "")
        except (redis.RedisError, OSError):
            return ""

    def restart_empty(self) -> None:
        """Kill it and start it again on the same port with nothing in it."""
        self.kill()
        self.forget_data()
        self.start()

    def forget_data(self) -> None:
        """Remove what it keeps; only when it does not run."""
        (self.folder / f"{self.name}.rdb").unlink(missing_ok=True)
        shutil.rmtree(self.folder / f"{self.name}-aof", ignore_errors=True)
