"""A real Redis for tests: its own folder and port, a password, gone afterwards.

Each test process starts one when its first test asks, so a test may stop, freeze or kill it without
disturbing the others.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.services.require import unavailable
from tidework.cluster.redis import Redis

_FOLDER = "tidework-redis-"


def new_redis(**options: object) -> Redis:
    """A Redis of the caller's own, not started. `close_redis` ends it and removes its folder."""
    missing = Redis.missing()
    if missing:
        unavailable(f"{missing} (or `make services`).")
    _remove_orphans()
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir="/tmp"))
    return Redis(folder, **options)  # type: ignore[arg-type]


def close_redis(server: Redis) -> None:
    """End a Redis, whatever a test did to it, and remove its folder."""
    server.kill()
    shutil.rmtree(server.folder, ignore_errors=True)


def _remove_orphans() -> None:
    for folder in Path("/tmp").glob(f"{_FOLDER}*-*"):
        owner = folder.name.removeprefix(_FOLDER).split("-", 1)[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            # A record names the process for certain, so nothing else can be hit.
            for record in folder.glob("*.pid.json"):
                Redis(folder, name=record.name.removesuffix(".pid.json"), port=1).kill()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis of this test process, started."""
    server = new_redis()
    try:
        server.start()
        yield server
    finally:
        close_redis(server)


@pytest.fixture
def redis(redis_server: Redis) -> Redis:
    """A running Redis with nothing in it.

    `kill()`, `freeze()`, `thaw()`, `stop()`, `start()` and `restart_empty()` break and mend it; the
    next test finds it running and empty again.
    """
    redis_server.thaw()
    redis_server.start()
    redis_server.ask("FLUSHALL")
    return redis_server


@pytest.fixture
def redis_url(redis: Redis) -> str:
    """What TIDEWORK_REDIS_URL takes for a running Redis with nothing in it."""
    return redis.url
