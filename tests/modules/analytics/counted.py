"""What the tests of statistics share."""

from typing import Any

from sqlalchemy import bindparam, select
from tests.modules.analytics.oracle import expected

from tidework.analytics.api import Numbers, Wanted
from tidework.analytics.consumers import AnalyticsConsumer
from tidework.analytics.repair import NAME, place_of
from tidework.analytics.rows import KEYS
from tidework.analytics.service import AnalyticsService, spread
from tidework.bus.consumers import Consumers
from tidework.log import LoggedChange
from tidework.store.protocol import Store
from tidework.store.sql.schema import metadata
from tidework.store.sql.statement import Statement
from tidework.times import now

_ROWS = {
    table: Statement(
        f"test_{table}",
        select(metadata.tables[table]).where(
            metadata.tables[table].c.stream_id == bindparam("stream_id")
        ),
    )
    for table in KEYS
}


async def take_in(store: Store, *stream_ids: str) -> None:
    """Let the consumer take in what the streams have."""
    consumers = Consumers(store, [AnalyticsConsumer(store)])
    for stream_id in stream_ids:
        await consumers.catch_up(stream_id, [NAME])
        seqs = await store.seqs([stream_id])
        assert await place_of(store, stream_id) == seqs.get(stream_id, 0)


async def rows(store: Store, stream_id: str) -> dict[str, list[str]]:
    """Every row of the read model, in an order of its own."""
    return {
        table: sorted(map(repr, await store.fetch(statement, {"stream_id": stream_id})))
        for table, statement in _ROWS.items()
    }


async def log_of(store: Store, stream_id: str) -> list[LoggedChange]:
    """All changes of a stream."""
    found: list[LoggedChange] = []
    while page := await store.log(stream_id, since=found[-1].seq if found else 0):
        found += page
    return found


async def check(store: Store, workspace_id: str, wanted: Wanted) -> Numbers:
    """The numbers, which must be those of the oracle."""
    numbers = await AnalyticsService(store).numbers(workspace_id, wanted)
    changes = await log_of(store, workspace_id)
    assert shown(numbers) == right(changes, wanted)
    return numbers


def right(changes: list[LoggedChange], wanted: Wanted) -> dict[str, Any]:
    """What the numbers must be."""
    found = expected(changes, wanted, now())
    found["lead"], found["cycle"] = spread(found["lead"]), spread(found["cycle"])
    if wanted.until < now()[:10]:
        # What is overdue now is no matter of days that are over.
        found["overdue"] = None
        for parts in found["parts"].values():
            parts[:] = [p | {"overdue": None} for p in parts if any(_but_overdue(p))]
    return found


def _but_overdue(part: dict[str, Any]) -> list[int]:
    return [value for name, value in part.items() if name not in ("id", "overdue")]


def shown(numbers: Numbers) -> dict[str, Any]:
    """The numbers as the oracle has them."""
    parts = {
        "project": numbers.by_project,
        "assignee": numbers.by_assignee,
        "label": numbers.by_label,
    }
    names = ("created", "completed", "reopened", "cancelled", "throughput")
    return {
        **{name: getattr(numbers, name) for name in (*names, "overdue")},
        "lead": numbers.lead_time,
        "cycle": numbers.cycle_time,
        "days": [
            {
                "day": day.day,
                **{name: getattr(day, name) for name in names},
                "statuses": [day.in_pending, day.in_progress, day.in_completed, day.in_cancelled],
                "active_users": day.active_users,
            }
            for day in numbers.days
        ],
        "parts": {
            kind: [
                {name: getattr(part, name) for name in ("id", *names, "open", "overdue")}
                for part in of_kind
            ]
            for kind, of_kind in parts.items()
        },
    }
