"""The connection to Redis, for all that uses it.

Redis makes things better and is never needed: whoever asks it gets an answer within a short time, or
`RedisAway`, and then does without. After one failure nobody asks until a probe in the background has
been answered; the probes come ever more seldom, and not all copies probe at the same moment.

Imported only where the setting is given: the library takes 8 MiB and a tenth of a second.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tidework.settings_values import RedisAddress, redis_address

T = TypeVar("T")

DEADLINE_S: Final = 0.25
_AFTER_STALL_S: Final = 0.05
_FIRST_PROBE_S: Final = 0.05
_SLOWEST_PROBE_S: Final = 5.0
_AT_START_S: Final = 2.0
_SENTINEL_S: Final = 0.5
_SIGN_OF_LIFE_S: Final = 1.0

# uvloop says RuntimeError of a connection that is closed.
FAILURES: Final = (RedisError, OSError, TimeoutError, RuntimeError)
"""What asking Redis may raise."""

_log = structlog.get_logger("tidework.redis")


class Client(Protocol):
    """What is used of the library's client."""

    def execute_command(self, *words: str | bytes | int) -> Awaitable[Any]:
        """Send one command; the answer, as bytes, numbers and lists of them."""
        ...


class RedisAway(Exception):
    """Redis did not answer, or is known not to. Do without; it is logged already."""


class Subscription:
    """What is published on one channel, on a connection of its own."""

    def __init__(self, pubsub: Any) -> None:
        self._pubsub = pubsub

    async def next(self) -> str:
        """The next message. Raises one of `FAILURES` when Redis has given no sign of life."""
        silent = False
        while True:
            message = await self._pubsub.get_message(timeout=_SIGN_OF_LIFE_S)
            if message is None:
                if silent:
                    raise RedisTimeoutError("no sign of life")
                silent = True
                async with asyncio.timeout(_SIGN_OF_LIFE_S):
                    await self._pubsub.ping()
            else:
                silent = False
                if message["type"] == "message":
                    return str(message["data"], "utf-8", "replace")

    async def close(self) -> None:
        """End it."""
        with contextlib.suppress(*FAILURES):
            await self._pubsub.aclose()


class RedisConnection:
    """A few connections to one Redis, and whether it is there.

    `url` as in the setting `redis_url`. `is_open` says whether asking makes sense; it may be read at
    any time.
    """

    def __init__(self, url: str, *, deadline: float = DEADLINE_S) -> None:
        self._address = redis_address(url)
        self._deadline = deadline
        self._redis, self._sentinel = _client(self._address)
        self._client = cast(Client, self._redis)
        self._probe: asyncio.Task[None] | None = None
        self._away_since = 0.0
        self._reason = ""
        self.is_open = False

    async def start(self) -> None:
        """Connect. When that fails it is logged, and tried again until it succeeds."""
        try:
            async with asyncio.timeout(_AT_START_S):
                await self._try()
        except FAILURES as error:
            self._leave(error)
        else:
            self.is_open = True

    async def close(self) -> None:
        """End the connections, and look for Redis no more."""
        self.is_open = False
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self._drop(in_use=True)

    async def ask(self, question: Callable[[Client], Awaitable[T]]) -> T:
        """The answer to one question, asked with the client of the library.

        Raises `RedisAway`, after the deadline at the latest. Then it is not known whether Redis has
        done what it was asked for.
        """
        if not self.is_open:
            raise RedisAway
        try:
            return await self._bounded(question)
        except FAILURES as error:
            self._leave(error)
            raise RedisAway from None

    async def subscribe(self, channel: str) -> Subscription:
        """Listen to a channel. Raises one of `FAILURES`."""
        pubsub: Any = self._redis.pubsub()
        try:
            async with asyncio.timeout(_AT_START_S):
                await pubsub.subscribe(channel)
        except BaseException:
            with contextlib.suppress(*FAILURES):
                await pubsub.aclose()
            raise
        return Subscription(pubsub)

    async def state(self) -> str:
        """Why Redis cannot be asked, for people who operate; nothing when it answers now."""
        if self.is_open:
            try:
                await self.ask(lambda redis: redis.execute_command("PING"))
            except RedisAway:
                pass
        return "" if self.is_open else self._reason

    async def _bounded(self, question: Callable[[Client], Awaitable[T]]) -> T:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            # When this process itself was held up, the answer may lie there unread.
            late = loop.call_later(
                self._deadline, lambda: limit.reschedule(loop.time() + _AFTER_STALL_S)
            )
            try:
                return await question(self._client)
            finally:
                late.cancel()

    async def _try(self) -> None:
        # Writes: a replica, or one that has no room, is of no use.
        await self._client.execute_command("SET", "tw:probe", "1", "PX", 1000)

    def _leave(self, error: Exception) -> None:
        """From now on nobody asks."""
        self.is_open = False
        self._reason = _said(error)
        if self._probe is None:
            self._away_since = time.monotonic()
            _log.warning(
                "redis_away", address=str(self._address), reason=self._reason,
                meaning="Limits are counted by each copy until it is back.",
            )  # fmt: skip
            self._probe = asyncio.create_task(self._look_for_it(), name="redis probe")

    async def _look_for_it(self) -> None:
        pause = _FIRST_PROBE_S
        while not self.is_open:
            await self._drop(in_use=False)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(2 * pause, _SLOWEST_PROBE_S)
            try:
                # Nobody waits for this: it may take its time to find out who leads now.
                async with asyncio.timeout(_AT_START_S):
                    await self._try()
            except Exception as error:
                self._reason = _said(error)
            else:
                self.is_open = True
        self._probe = None
        seconds = round(time.monotonic() - self._away_since, 1)
        _log.info("redis_back", address=str(self._address), away_seconds=seconds)

    async def _drop(self, *, in_use: bool) -> None:
        """Close connections; those that fail in use are closed by the library."""
        clients = [self._redis, *(self._sentinel.sentinels if self._sentinel else ())]
        for client in clients:
            with contextlib.suppress(RedisError, OSError):
                await client.connection_pool.disconnect(inuse_connections=in_use)


def _said(error: Exception) -> str:
    """An error in words, for the log and for those who operate."""
    if isinstance(error, TimeoutError | RedisTimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


def _client(address: RedisAddress) -> tuple[Redis, Sentinel | None]:
    common: dict[str, Any] = {
        "protocol": 2,
        "socket_keepalive": True,
        # A question that was not answered may have been heard: it is not asked again.
        "retry": Retry(NoBackoff(), 0),
    }
    if address.tls:
        common |= {"ssl": True, "ssl_ca_certs": address.ca_file or None}
    own = common | {
        "socket_connect_timeout": _AT_START_S,
        "socket_timeout": None,
        "username": address.username,
        "password": address.password,
        "db": address.db,
    }
    if not address.service:
        host, port = address.hosts[0]
        return Redis(host=host, port=port, **own), None
    asked = common | {
        "socket_connect_timeout": _SENTINEL_S,
        "socket_timeout": _SENTINEL_S,
        "password": address.sentinel_password,
    }
    sentinel = Sentinel(address.hosts, sentinel_kwargs=asked, **own)  # type: ignore[no-untyped-call]
    return sentinel.master_for(address.service), sentinel
