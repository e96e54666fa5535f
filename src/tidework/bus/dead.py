"""What was put aside as dead: by consumers, in the database, and by the broker."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, select

from tidework.bus.broker import BrokerBus, DeadLetter
from tidework.bus.consumers import Consumers
from tidework.bus.protocol import Bus
from tidework.store.protocol import Store
from tidework.store.sql.schema import dead_events
from tidework.store.sql.statement import Statement

_OLDEST = Statement(
    "dead_events",
    select(
        dead_events.c.stream_id,
        dead_events.c.id,
        dead_events.c.consumer,
        dead_events.c.seq,
        dead_events.c.error,
        dead_events.c.created_at,
    )
    .order_by(dead_events.c.created_at, dead_events.c.id)
    .limit(bindparam("limit")),
    fan_out="an operator's view of what was put aside in any stream",
)

_BODY_SHOWN = 500


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """Something that a consumer was never done with.

    `origin` is `consumer`, which failed at the commit `seq` of `stream_id`, or `broker`, which had a
    message, shown in `body`, that could not be read or ended its consumers.
    """

    id: str
    origin: Literal["consumer", "broker"]
    consumer: str
    at: str
    reason: str
    stream_id: str = ""
    seq: int = 0
    body: str = ""


class DeadEvents:
    """Lists and replays what was put aside. `bus` is started, where it is a broker's."""

    def __init__(self, store: Store, bus: Bus, consumers: Consumers) -> None:
        self._store = store
        self._bus = bus
        self._consumers = consumers

    async def oldest(self, limit: int) -> list[DeadEvent]:
        """The oldest of each origin. Raises `Unavailable`."""
        found = [
            DeadEvent(row[1], "consumer", row[2], row[5], _last_line(row[4]), row[0], row[3])
            for row in await self._store.fetch(_OLDEST, {"limit": limit})
        ]
        if isinstance(self._bus, BrokerBus):
            letters: Sequence[DeadLetter] = await self._bus.dead_letters(limit)
            found += [
                DeadEvent(one.id, "broker", one.consumer, one.at, one.reason, body=_shown(one.body))
                for one in letters
            ]
        return found

    async def replay(self, ids: Collection[str] | None) -> tuple[int, dict[str, str]]:
        """Let consumers try again what has these ids, or everything.

        Returns how many are done or on their way, and why each of the others is not, by its id.
        Raises `Unavailable`.
        """
        done, failed, known = 0, {}, set()
        for row in await self._store.fetch(_OLDEST, {"limit": 1_000_000}):
            if ids is not None and row[1] not in ids:
                continue
            known.add(row[1])
            try:
                await self._consumers.replay(row[0], row[1])
            except Exception as error:
                failed[row[1]] = str(error) or type(error).__name__
            else:
                done += 1
        others = None if ids is None else set(ids) - known
        if isinstance(self._bus, BrokerBus) and others != set():
            replayed = await self._bus.replay(others)
            done += replayed
            if others is not None and replayed < len(others):
                left = {one.id for one in await self._bus.dead_letters(1_000_000)}
                failed |= dict.fromkeys(others - left, "The broker has nothing of this id.")
        elif others:
            failed |= dict.fromkeys(others, "There is no dead event of this id.")
        return done, failed


def _last_line(error: str) -> str:
    return error.strip().rpartition("\n")[2]


def _shown(body: bytes) -> str:
    return body[:_BODY_SHOWN].decode("utf-8", "backslashreplace")
