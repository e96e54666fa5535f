"""What it costs to count one request of a limit: `python -m bench.limits`.

CPU of this process for each request, and the time until the answer, by how many ask at once; in
memory, and in a Redis of its own on the same machine.
"""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

import uvloop

from tidework.cache.buckets import MemoryBuckets
from tidework.cache.redis import RedisConnection
from tidework.cache.redis_buckets import RedisBuckets
from tidework.cluster.redis import Redis
from tidework.http.costs import cost_of
from tidework.http.limits import RateLimiter

MANY = 10**9
LIMITS = {"account": (MANY, 60), "token": (MANY, 60)}
CALLS = 20_000


def in_memory() -> None:
    limiter = RateLimiter(LIMITS)
    for label, token in (("memory, account", None), ("memory, account and token", "t")):
        started = time.process_time()
        for _ in range(CALLS):
            limiter.hit("account", "somebody", 1, token)
        said(label, started)
    started = time.process_time()
    for _ in range(CALLS):
        cost_of("GET", "/api/v1/workspaces/0190/tasks", b"status=open&limit=20", None)
    said("finding out what a request costs", started)


async def in_redis(url: str) -> None:
    connection = RedisConnection(url)
    await connection.start()
    limiter = RateLimiter(LIMITS, RedisBuckets(connection, MemoryBuckets()))
    for at_once in (1, 4, 8, 16, 32, 64):

        async def repeat(key: str, times: int) -> None:
            for _ in range(times):
                await limiter.hit_shared("account", key)

        began, started = time.perf_counter(), time.process_time()
        await asyncio.gather(*(repeat(str(n), CALLS // at_once) for n in range(at_once)))
        waited = (time.perf_counter() - began) / (CALLS / at_once)
        said(f"Redis, {at_once:2} at once", started, f"; answered in {waited * 1e6:5.0f} µs")
    await connection.close()


def said(label: str, started: float, more: str = "") -> None:
    cost = (time.process_time() - started) / CALLS * 1e6
    print(f"{label:34} {cost:6.1f} µs of CPU a request{more}")


def main() -> None:
    in_memory()
    folder = Path(tempfile.mkdtemp(prefix="tidework-bench-redis-"))
    server = Redis(folder)
    try:
        server.start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(in_redis(server.url))
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
