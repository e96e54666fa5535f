"""The statistics of a workspace, from the read model."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from tidework.analytics.api import Day, Numbers, Part, Spread, Wanted
from tidework.analytics.cells import EVENTS, NONE, STATUSES
from tidework.analytics.queries import numbers
from tidework.analytics.repair import NAME, place_of
from tidework.errors import invalid
from tidework.http.query import is_day
from tidework.store.protocol import Row, Store
from tidework.times import now

MOST_DAYS = 3660
_WAIT_S = 2.0
_POLL_S = 0.02
_MANY = 2000
_EVENTS, _STATUSES = len(EVENTS), len(STATUSES)
_NUMBERS = 5
"""Where the numbers of a row begin, behind its part and its keys."""

_KINDS = ("project", "assignee", "label")


class _Done(NamedTuple):
    """A task whose completion stands."""

    day: str
    places: "_Places"
    lead_s: int | None
    cycle_s: int | None


class _Places(NamedTuple):
    """What a task counts for: its project, its assignee, its labels."""

    project: Sequence[str | None]
    assignee: Sequence[str | None]
    label: Sequence[str | None]


class AnalyticsService:
    """See `api.Analytics`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def numbers(
        self, workspace_id: str, wanted: Wanted, *, at_least: int | None = None
    ) -> Numbers:
        """See `api.Analytics.numbers`."""
        days = days_of(wanted)
        if at_least is not None:
            await self._reach(workspace_id, at_least)
        present = datetime.now(UTC).date().isoformat() <= wanted.until
        filters, params = _filters(wanted)
        params |= {"stream_id": workspace_id, "consumer": NAME, "now": now()}
        rows = await self._store.fetch(numbers(filters, overdue=present), params)
        if len(rows) > _MANY:
            # Long enough for others to notice.
            return await asyncio.to_thread(_answered, wanted, days, rows, present)
        return _answered(wanted, days, rows, present)

    async def _reach(self, workspace_id: str, seq: int) -> None:
        """Wait until the read model is there, or shortly."""
        deadline = time.monotonic() + _WAIT_S
        while True:
            there = await place_of(self._store, workspace_id)
            if there >= seq or time.monotonic() >= deadline:
                return
            await asyncio.sleep(_POLL_S)


def days_of(wanted: Wanted) -> list[str]:
    """The days asked for. Raises `Invalid`."""
    last, first = _day(wanted.until, "to"), _day(wanted.since, "from")
    count = (last - first).days + 1
    if count < 1:
        raise invalid("?to", "out_of_range", "?to must not lie before ?from.")
    if count > MOST_DAYS:
        raise invalid("?from", "out_of_range", f"From ?from to ?to are {MOST_DAYS} days at most.")
    return [(first + timedelta(days=i)).isoformat() for i in range(count)]


def _day(text: str, name: str) -> date:
    if not is_day(text):
        raise invalid(f"?{name}", "invalid_day", f"?{name} must be a day such as 2026-11-22.")
    return date.fromisoformat(text)


def _filters(wanted: Wanted) -> tuple[frozenset[str], dict[str, Any]]:
    params: dict[str, Any] = {
        "since": wanted.since,
        "until": wanted.until,
        "since_at": f"{wanted.since}T00:00:00.000000Z",
        # The last moment of the last day of all is its end.
        "until_at": f"{wanted.until}T23:59:59.999999Z",
    }
    filters: set[str] = set()
    for name, values in (("project", wanted.projects), ("assignee", wanted.assignees)):
        ids = [value for value in values if value is not None]
        if ids:
            params[name] = ids
            filters.add(f"{name}_or_none" if None in values else name)
        elif values:
            filters.add(f"{name}_none")
    if wanted.label is not None:
        filters.add("label")
        params |= {"label": wanted.label, "labels": [wanted.label]}
    return frozenset(filters), params


def _answered(wanted: Wanted, days: Sequence[str], rows: Sequence[Row], present: bool) -> Numbers:
    return _Answer(wanted, days, rows, present).numbers()


class _Answer:
    """Makes numbers of the rows of the query."""

    def __init__(
        self, wanted: Wanted, days: Sequence[str], rows: Iterable[Row], present: bool
    ) -> None:
        self._wanted = wanted
        self._days = days
        self._present = present
        self._rows: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            self._rows[row[0]].append(row)
        self._done = [_done(row) for row in self._rows["done"]]
        self._overdue = [_places(row) for row in self._rows["overdue"]]

    def numbers(self) -> Numbers:
        """All of them."""
        days = list(self._each_day())
        seq = self._rows["seq"]
        return Numbers(
            seq=seq[0][_NUMBERS] if seq else 0,
            since=self._wanted.since,
            until=self._wanted.until,
            created=sum(day.created for day in days),
            completed=sum(day.completed for day in days),
            reopened=sum(day.reopened for day in days),
            cancelled=sum(day.cancelled for day in days),
            throughput=len(self._done),
            overdue=len(self._overdue) if self._present else None,
            lead_time=spread(done.lead_s for done in self._done),
            cycle_time=spread(done.cycle_s for done in self._done),
            days=days,
            by_project=self._parts("project"),
            by_assignee=self._parts("assignee"),
            by_label=self._parts("label"),
        )

    def _each_day(self) -> Iterable[Day]:
        per_day = {row[1]: row[_NUMBERS:] for row in self._rows["day"]}
        active = {row[1]: row[_NUMBERS] for row in self._rows["active"]}
        done = Counter(done.day for done in self._done)
        standing = [count or 0 for count in self._rows["before"][0][_NUMBERS:][:_STATUSES]]
        nothing = [0] * (_EVENTS + _STATUSES)
        for day in self._days:
            counts = per_day.get(day, nothing)
            standing = [a + b for a, b in zip(standing, counts[_EVENTS:], strict=True)]
            numbers: list[int] = [*counts[:_EVENTS], done[day], *standing, active.get(day, 0)]
            yield Day(day, *numbers)

    def _parts(self, kind: str) -> list[Part]:
        at = _KINDS.index(kind)
        only = self._wanted.label if kind == "label" else None
        happened = {_none(row[1]): row[_NUMBERS:][: _EVENTS + 1] for row in self._rows[kind]}
        done = Counter(key for one in self._done for key in one.places[at])
        late = Counter(key for places in self._overdue for key in places[at])
        parts: list[Part] = []
        for key in happened.keys() | done.keys() | late.keys():
            *events, still = happened.get(key, [0] * (_EVENTS + 1))
            overdue = late[key] if self._present else None
            if (only is None or key == only) and any((*events, still, done[key], overdue)):
                numbers: list[Any] = [*events, done[key], still, overdue]
                parts.append(Part(key, *numbers))
        return sorted(parts, key=lambda part: (part.id is None, part.id or ""))


def _none(label_or_other: str | None) -> str | None:
    return None if label_or_other == NONE else label_or_other


def _places(row: Row) -> _Places:
    labels: list[str] = msgspec.json.decode(row[3])
    return _Places([row[1]], [row[2]], labels or [None])


def _done(row: Row) -> _Done:
    return _Done(row[4], _places(row), *row[_NUMBERS:][:2])


def spread(durations: Iterable[int | None]) -> Spread:
    """Percentiles by nearest rank of those that are there."""
    known = sorted(seconds for seconds in durations if seconds is not None)

    def rank(percent: int) -> int | None:
        return known[-(-percent * len(known) // 100) - 1] if known else None

    return Spread(len(known), rank(50), rank(85), rank(95))
