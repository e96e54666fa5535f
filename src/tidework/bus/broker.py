"""What all brokers have in common: sessions that are opened again, gaps that are told, dead letters.

A session is what one consumer has with the broker, from its opening until it is lost or closed.
"""

import asyncio
import hashlib
import random
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

import msgspec
import structlog

from tidework.bus.event import Event, decode
from tidework.bus.protocol import Handler
from tidework.errors import Unavailable

T = TypeVar("T")
M = TypeVar("M")

MAX_TAKEN: Final = 500
"""How many events a handler is given at once, at most."""
DELIVERIES: Final = 20
"""A message that has been handed over so often without being taken in is put among the dead."""
PATIENCE_S: Final = 15.0
"""A broker or a process that has said nothing for so long is held for lost."""

_AT_START_S: Final = 5.0
_PUBLISH_S: Final = 10.0
_GRACE_S: Final = 10.0
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a consumer could not be given; `body` is as it came."""

    id: str
    consumer: str
    at: str
    reason: str
    body: bytes


class DeadLetters(Protocol):
    """A bus that puts aside what cannot be read, or ended too many processes."""

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """The oldest, each of them once; they stay. Raises `Unavailable`."""
        ...

    async def replay(self, ids: Collection[str] | None) -> int:
        """Hand those dead letters (all, if None) to their consumers again; how many those were.

        Raises `Unavailable`.
        """
        ...


class SessionLost(Exception):
    """A session that cannot go on; it is opened again."""


class Subscription:
    """A consumer of this process, and how it stands with the broker."""

    def __init__(self, consumer: str, handler: Handler, on_gap: Callable[[str], None]) -> None:
        self.consumer = consumer
        self.closing = False
        self.wake = asyncio.Event()
        """Set when there is something to look at: a message, the end of the session, `closing`."""
        self.opened = asyncio.Event()
        self._handler = handler
        self._on_gap = on_gap
        self._was_lost = False

    def ready(self, *, made: bool) -> None:
        """The session is open; `made`: what the broker keeps for the consumer was not there."""
        self.opened.set()
        if self._was_lost:
            _log.info("broker_back", consumer=self.consumer)
        if made or self._was_lost:
            self._was_lost = False
            self._on_gap(self.consumer)

    def lost(self, error: Exception) -> None:
        """The session has ended by itself; said once an outage."""
        if self.closing:
            return
        if not self._was_lost:
            _log.warning("broker_lost", consumer=self.consumer, reason=said(error))
        self._was_lost = True

    def close(self) -> None:
        """Take in no more."""
        self.closing = True
        self.wake.set()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until `close`; about so long, that not all come back at once."""
        if self.closing:
            return
        self.wake.clear()
        try:
            async with asyncio.timeout(seconds * random.uniform(0.5, 1.0)):  # noqa: S311
                while not self.closing:
                    await self.wake.wait()
                    self.wake.clear()
        except TimeoutError:
            pass

    async def hand_over(self, events: Sequence[Event]) -> bool:
        """Have events taken in, again and again; False: closed before they were."""
        pause = _FIRST_PAUSE_S
        while events:
            try:
                await self._handler(events)
            except Exception as error:
                _log.warning("events_not_taken_in", consumer=self.consumer, reason=said(error))
            else:
                break
            await self.pause(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            if self.closing:
                return False
        return True


class Waiting(Generic[M]):
    """Messages that have come in a session and were not looked at yet."""

    def __init__(self, subscription: Subscription, silence_s: float | None = None) -> None:
        """A session in which nothing is heard for `silence_s` is lost."""
        self._subscription = subscription
        self._silence_s = silence_s
        self._messages: deque[M] = deque()
        self._why = ""

    def put(self, message: M) -> None:
        """A message has come."""
        self._messages.append(message)
        self._subscription.wake.set()

    def heard(self) -> None:
        """Something that is no message has come."""
        self._subscription.wake.set()

    def end(self, why: str) -> None:
        """The session is over."""
        self._why = self._why or why
        self._subscription.wake.set()

    async def take(self) -> list[M]:
        """Those that wait, one at least; none when something else was heard, or when closing.

        Raises `SessionLost`.
        """
        wake = self._subscription.wake
        if not self._messages and not self._why and not self._subscription.closing:
            try:
                async with asyncio.timeout(self._silence_s):
                    await wake.wait()
            except TimeoutError:
                raise SessionLost("nothing was heard for too long") from None
        wake.clear()
        if self._subscription.closing:
            return []
        if self._why:
            raise SessionLost(self._why)
        return [self._messages.popleft() for _ in range(min(len(self._messages), MAX_TAKEN))]

    def left(self) -> list[M]:
        """Those that wait still."""
        return list(self._messages)


class BrokerBus:
    """A bus on a broker. See `bus.protocol.Bus`; what each of them does otherwise follows below.

    `start` and `subscribe` do not fail when the broker is away: it is looked for until it is there.
    """

    product: ClassVar[str]
    """The broker's name, for people."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._gaps: list[Callable[[str], None]] = []

    # What each broker does.

    @abstractmethod
    async def _serve(self, subscription: Subscription) -> None:
        """Open a session and serve it; returns when `subscription.closing`, raises when lost."""

    @abstractmethod
    async def _send(self, events: Sequence[Event]) -> None:
        """Hand events over; returns when each is durable. Raises whatever kept it from that."""

    @abstractmethod
    async def _forget(self) -> None:
        """Drop the connection that events are handed over by; the next one is a fresh one."""

    @abstractmethod
    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """See `DeadLetters`."""

    @abstractmethod
    async def replay(self, ids: Collection[str] | None) -> int:
        """See `DeadLetters`."""

    async def _disconnect(self) -> None:
        """End all connections."""
        await self._forget()

    # What all do alike.

    async def start(self) -> None:
        """See `Bus.start`."""

    async def close(self) -> None:
        """See `Bus.close`; a handler that takes longer than 10 s is cancelled."""
        for subscription in self._subscriptions:
            subscription.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._disconnect()

    async def publish(self, events: Sequence[Event]) -> None:
        """See `Bus.publish`."""
        if events:
            await self._bounded(self._send(events))

    async def subscribe(self, consumer: str, handler: Handler) -> None:
        """See `Bus.subscribe`; returns when the consumer is known to the broker, or that is away."""
        subscription = Subscription(consumer, handler, self._tell_gap)
        self._subscriptions.append(subscription)
        task = asyncio.create_task(self._keep(subscription), name=f"events for {consumer}")
        self._tasks.append(task)
        try:
            async with asyncio.timeout(_AT_START_S):
                await subscription.opened.wait()
        except TimeoutError:
            _log.warning("broker_away", broker=self.product, consumer=consumer)

    def on_gap(self, callback: Callable[[str], None]) -> None:
        """See `Bus.on_gap`."""
        self._gaps.append(callback)

    def _tell_gap(self, consumer: str) -> None:
        for callback in self._gaps:
            callback(consumer)

    async def _keep(self, subscription: Subscription) -> None:
        pause = _FIRST_PAUSE_S
        while not subscription.closing:
            subscription.opened.clear()
            try:
                await self._serve(subscription)
            except Exception as error:
                subscription.lost(error)
            if subscription.opened.is_set():
                pause = _FIRST_PAUSE_S
            await subscription.pause(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _bounded(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the broker answer in time. Raises `Unavailable`."""
        try:
            async with asyncio.timeout(_PUBLISH_S):
                return await work
        except Unavailable:
            raise
        except Exception as error:
            await self._forget()
            raise Unavailable(
                f"{self.product} did not take the events.", reason=said(error)
            ) from error


def readable(body: bytes) -> Event | None:
    """The event that a message holds; None when it holds none."""
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def letter_id(body: bytes) -> str:
    """The id of a dead letter that has none of its own."""
    return hashlib.sha256(body).hexdigest()[:32]


def said(error: BaseException) -> str:
    """An error in words, for the log and for those who operate."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
