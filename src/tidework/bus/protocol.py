"""What every bus promises: events from those who publish to each consumer, at least once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from tidework.bus.event import Event

Handler = Callable[[Sequence[Event]], Awaitable[None]]
"""Takes events in; when it raises, they come again."""


class Bus(Protocol):
    """Carries events. Every method may raise `errors.Unavailable` when the broker is away.

    Each name that has subscribed gets every event that is published from then on, also those that
    come while none of its processes is there; of several processes under one name one gets it. The
    events of a stream come in the order in which they were published; after a failure some may come
    again, out of order then, since those who take them in read the log.
    """

    async def start(self) -> None:
        """Connect; what is lost later is connected again by itself."""

    async def close(self) -> None:
        """Let handlers that run finish, give back what was not taken in, disconnect."""

    async def publish(self, events: Sequence[Event]) -> None:
        """Hand events over. Returns when each will survive the death of any one process.

        Raises `Unavailable` when that is not certain; publish them again then.
        """
        ...

    async def subscribe(self, consumer: str, handler: Handler) -> None:
        """Let `handler` have the events for `consumer`, several at once where several wait.

        What it has taken in is acknowledged when it returns. While it raises, or its process dies,
        the events come again, after a pause that grows.
        """
        ...

    def on_gap(self, callback: Callable[[str], None]) -> None:
        """Call `callback(consumer)` whenever events for it may have been lost: after the connection
        was, or when its queue had to be made anew. Consumers then look into the log.
        """
        ...
