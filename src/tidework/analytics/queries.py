"""The query of statistics: all of them at once, so that they are of one moment."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import literal_column as literal

from tidework.analytics.cells import ALL, COUNTERS, EVENTS, EVER
from tidework.store.sql.schema import (
    analytics_activity,
    analytics_days,
    analytics_tasks,
    inbox,
)
from tidework.store.sql.schema_parts import TIME
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import Day, HasAny, any_of

FILTERS: Final = (
    "project",
    "project_none",
    "project_or_none",
    "assignee",
    "assignee_none",
    "assignee_or_none",
    "label",
)
"""What a query can be held to; of projects and assignees one of three each."""

_days, _tasks = analytics_days.c, analytics_tasks.c
_KEYS, _NUMBERS = 4, len(COUNTERS)
_NO_TEXT, _NO_NUMBER = cast(null(), Text), cast(null(), BigInteger)
_ALL_LABELS = literal(f"'{ALL}'", _days.label_id.type)
_SINCE, _UNTIL = bindparam("since", type_=Text()), bindparam("until", type_=Text())
_EVER = literal(f"'{EVER}'", Text)
_NETS = COUNTERS[len(EVENTS) :]


@lru_cache(maxsize=64)
def numbers(filters: frozenset[str], *, overdue: bool) -> Statement:
    """Part, four keys and eight numbers a row; see `service` for what each part has.

    Costs the cells since the first day asked for, and the tasks completed in the days asked for.
    """
    parts = [
        _row("seq", [], [inbox.c.seq]).where(
            inbox.c.stream_id == bindparam("stream_id"),
            inbox.c.consumer == bindparam("consumer"),
        ),
        _each_day(filters),
        _before(filters),
        _part("project", _days.project_id, filters),
        _part("assignee", _days.assignee_id, filters),
        _part("label", _days.label_id, filters),
        _done(filters),
        _row("active", [analytics_activity.c.day], [func.count()])
        .where(
            analytics_activity.c.stream_id == bindparam("stream_id"),
            analytics_activity.c.day >= _SINCE,
            analytics_activity.c.day <= _UNTIL,
        )
        .group_by(analytics_activity.c.day),
    ]
    if overdue:
        parts.append(_overdue(filters))
    return Statement("analytics", union_all(*parts), heavy=True)


def _row(
    part: str, keys: Sequence[ColumnElement[Any]], values: Sequence[ColumnElement[Any]]
) -> Select[*tuple[Any, ...]]:
    texts = [cast(key, Text) for key in keys] + [_NO_TEXT] * (_KEYS - len(keys))
    counts = [cast(value, BigInteger) for value in values]
    counts += [_NO_NUMBER] * (_NUMBERS - len(values))
    return select(literal(f"'{part}'", Text), *texts, *counts)


def _either(column: ColumnElement[Any], name: str, filters: frozenset[str]) -> Any:
    ids = any_of(column, name)
    if name in filters:
        return [ids]
    if f"{name}_none" in filters:
        return [column.is_(None)]
    return [or_(ids, column.is_(None))] if f"{name}_or_none" in filters else []


def _cells(filters: frozenset[str], *, by_label: bool) -> list[ColumnElement[bool]]:
    label: ColumnElement[bool] = _days.label_id != _ALL_LABELS
    if "label" in filters:
        label = _days.label_id == bindparam("label", type_=_days.label_id.type)
    elif not by_label:
        label = _days.label_id == _ALL_LABELS
    return [
        _days.stream_id == bindparam("stream_id"),
        label,
        _days.day >= _SINCE,
        *_either(_days.project_id, "project", filters),
        *_either(_days.assignee_id, "assignee", filters),
    ]


def _each_day(filters: frozenset[str]) -> Select[*tuple[Any, ...]]:
    query = _row("day", [_days.day], [func.sum(_days[name]) for name in COUNTERS])
    cells = _cells(filters, by_label=False)
    return query.where(*cells, _days.day <= _UNTIL).group_by(_days.day)


def _before(filters: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """How many tasks stood where before the first day asked for."""
    ever = _days.day == _EVER
    sums = [func.sum(case((ever, _days[name]), else_=-_days[name])) for name in _NETS]
    return _row("before", [], sums).where(*_cells(filters, by_label=False))


def _part(
    name: str, column: ColumnElement[Any], filters: frozenset[str]
) -> Select[*tuple[Any, ...]]:
    """What happened in the days asked for; how many were open when they ended."""
    within = _days.day <= _UNTIL
    events = [func.sum(case((within, _days[event]), else_=0)) for event in EVENTS]
    open_ = _days.net_pending + _days.net_in_progress
    still = func.sum(case((within, 0), (_days.day == _EVER, open_), else_=-open_))
    query = _row(name, [column], [*events, still])
    return query.where(*_cells(filters, by_label=name == "label")).group_by(column)


def _held(filters: frozenset[str]) -> list[ColumnElement[bool]]:
    """The tasks that are there, by what they are now."""
    return [
        _tasks.stream_id == bindparam("stream_id"),
        _tasks.removed.is_(False),
        *_either(_tasks.project_id, "project", filters),
        *_either(_tasks.assignee_id, "assignee", filters),
        *([HasAny(_tasks.label_ids, "labels")] if "label" in filters else []),
    ]


_WHOSE: Final = [_tasks.project_id, _tasks.assignee_id, _tasks.label_ids]


def _done(filters: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """The tasks whose completion stands, and its day; lead and cycle time."""
    keys = [*_WHOSE, Day(_tasks.completed_at)]
    return _row("done", keys, [_tasks.lead_s, _tasks.cycle_s]).where(
        *_held(filters),
        _tasks.completed_at >= bindparam("since_at", type_=TIME),
        _tasks.completed_at <= bindparam("until_at", type_=TIME),
    )


def _overdue(filters: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """The tasks that are due and open."""
    return _row("overdue", _WHOSE, []).where(
        *_held(filters),
        _tasks.due_at < bindparam("now", type_=TIME),
        _tasks.status != "completed",
        _tasks.status != "cancelled",
    )


def examples() -> Iterator[Statement]:
    """Statements with each filter, for whoever checks them."""
    for name in FILTERS:
        yield numbers(frozenset({name}), overdue=True)
    yield numbers(frozenset({"project", "assignee", "label"}), overdue=False)
