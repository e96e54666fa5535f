"""Redis sentinels: they watch a Redis and put a replica in its place."""

from pathlib import Path
from typing import Any

import redis

from tidework.cluster.part import find_program
from tidework.cluster.ports import LOOPBACK
from tidework.cluster.process import write_private
from tidework.cluster.redis import Redis

WATCHED = "tidework"
"""What the sentinels call the Redis that they watch."""


class Sentinel(Redis):
    """One sentinel; `quorum` of them must agree that the primary is gone."""

    def __init__(
        self,
        folder: Path,
        *,
        watched: int,
        name: str = "sentinel",
        port: int | None = None,
        password: str | None = None,
        quorum: int = 1,
        down_after: float = 2.0,
    ) -> None:
        """`watched` is the port of the primary at first, `password` that of all Redis and sentinels."""
        super().__init__(folder, name=name, port=port, password=password)
        self._watched = watched
        self._quorum = quorum
        self._down_after_ms = int(down_after * 1000)

    def command(self) -> list[str | Path]:
        return [find_program(self.program) or self.program, self._config, "--sentinel"]

    def prepare(self) -> None:
        if self._config.exists():
            return
        watched = WATCHED
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f'dir "{self.folder}"',
            f"requirepass {self.password}",
            f"sentinel sentinel-pass {self.password}",
            f"sentinel monitor {watched} {LOOPBACK} {self._watched} {self._quorum}",
            f"sentinel auth-pass {watched} {self.password}",
            f"sentinel down-after-milliseconds {watched} {self._down_after_ms}",
            f"sentinel failover-timeout {watched} {self._down_after_ms * 3}",
            f"sentinel parallel-syncs {watched} 1",
        ]
        write_private(self._config, "\n".join(lines) + "\n")

    def healthy(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except (redis.RedisError, OSError):
            return False

    def agrees(self) -> bool:
        """Whether it knows enough others to put a replica in the primary's place."""
        try:
            return str(self.ask("SENTINEL", "CKQUORUM", WATCHED)).startswith("OK")
        except (redis.RedisError, OSError):
            return False

    def primary(self) -> int:
        """The port of the Redis that is the primary now. Raises `redis.RedisError`."""
        found: Any = self.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", WATCHED)
        return int(found[1])

    def detail(self) -> str:
        try:
            return f"primary at {LOOPBACK}:{self.primary()}"
        except (redis.RedisError, OSError):
            return ""
