"""Counting statistics again, to the end of the log."""

from sqlalchemy import bindparam, select

from tidework.analytics.consumers import AnalyticsConsumer
from tidework.analytics.repair import NAME, Advance, Rebuilt, place_of, repair
from tidework.bus.consumers import Consumers
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import dead_events
from tidework.store.sql.statement import Statement

DEAD = Statement(
    "analytics_dead",
    select(dead_events.c.id, dead_events.c.seq).where(
        dead_events.c.stream_id == bindparam("stream_id"),
        dead_events.c.consumer == bindparam("consumer"),
    ),
)


async def rebuild(store: Store, stream_id: str, advance: Advance | None = None) -> Rebuilt:
    """Make the statistics of a stream what its whole log leads to.

    What the consumer had put aside as dead is counted, and forgotten; what it has not taken in yet
    is taken in. Raises as `repair` does.
    """
    dead = await store.fetch(DEAD, {"stream_id": stream_id, "consumer": NAME})
    repaired = await repair(store, stream_id, advance)
    keys = [{"stream_id": stream_id, "id": row[0]} for row in dead if row[1] <= repaired.seq]
    if keys:
        await store.operate([Operation("dead_events", "delete", key) for key in keys])
    await Consumers(store, [AnalyticsConsumer(store)]).catch_up(stream_id, [NAME])
    return Rebuilt(await place_of(store, stream_id), repaired.repaired)
