"""Wake-ups over Redis: publish and subscribe, for copies that share one anyway.

Imported only where the setting is given, like the library.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Collection
from functools import partial
from typing import Any, Final

import structlog

from tidework.bus.wakeups import Listener, Outbox
from tidework.cache.redis import FAILURES, Client, RedisAway, RedisConnection, Subscription

CHANNEL: Final = "tw:wakeups"
_TOGETHER_S: Final = 0.005
_MOST_IDS: Final = 1_000
_SLOWEST_S: Final = 2.0

_log = structlog.get_logger("tidework.wakeups")


class RedisCarrier:
    """See `wakeups.Carrier`. It subscribes anew when Redis was away, and then says "any"."""

    def __init__(self, redis: RedisConnection) -> None:
        self._redis = redis
        self._me = secrets.token_hex(4)
        self._outbox = Outbox()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, hear: Listener) -> None:
        """See `Carrier.start`."""
        self._tasks = [
            asyncio.create_task(self._listen(hear), name="wake-ups"),
            asyncio.create_task(self._publish(), name="wake-ups sent"),
        ]

    def send(self, stream_ids: Collection[str]) -> None:
        """See `Carrier.send`."""
        self._outbox.add(stream_ids)

    async def close(self) -> None:
        """See `Carrier.close`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._send_all()

    async def _publish(self) -> None:
        while True:
            await self._outbox.filled.wait()
            await self._send_all()
            await asyncio.sleep(_TOGETHER_S)

    async def _send_all(self) -> None:
        for ids in self._outbox.take(_MOST_IDS) or ():
            try:
                await self._redis.ask(partial(_publish, " ".join([self._me, *ids])))
            except RedisAway:
                return

    async def _listen(self, hear: Listener) -> None:
        pause = _TOGETHER_S
        while True:
            subscription: Subscription | None = None
            try:
                subscription = await self._redis.subscribe(CHANNEL)
                pause = _TOGETHER_S
                hear(())
                while True:
                    sender, *stream_ids = (await subscription.next()).split()
                    if sender != self._me:
                        hear(stream_ids)
            except FAILURES as error:
                _log.debug("wakeups_lost", reason=str(error) or type(error).__name__)
            finally:
                if subscription is not None:
                    await subscription.close()
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(2 * pause, _SLOWEST_S)


def _publish(text: str, redis: Client) -> Awaitable[Any]:
    return redis.execute_command("PUBLISH", CHANNEL, text)
