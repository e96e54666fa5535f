"""The query of statistics: all of them at once, so that they are of one moment."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, func, null, select, union_all
from sqlalchemy import literal_column as literal

from tidework.store.sql.schema import streams, tasks
from tidework.store.sql.schema_parts import TIME
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import Day
from tidework.tasks.queries import FILTERS

_OF_STREAM = tasks.c.stream_id == bindparam("stream_id")


_NOTHING = cast(null(), Text)


def _count(
    part: str, key: ColumnElement[Any], *conditions: ColumnElement[bool]
) -> Select[*tuple[Any, ...]]:
    columns = literal(f"'{part}'", Text), cast(key, Text), func.count()
    return select(*columns).select_from(tasks).where(_OF_STREAM, *conditions)


def _by(part: str, column: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return _count(part, column).group_by(column)


def _per_day(part: str, column: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    recent = column >= bindparam("since", type_=TIME)
    return _count(part, Day(column), recent).group_by(Day(column))


STATS = Statement(
    "stats",
    union_all(
        select(literal("'seq'", Text), _NOTHING, streams.c.seq).where(
            streams.c.stream_id == bindparam("stream_id")
        ),
        _by("status", tasks.c.status),
        _by("priority", tasks.c.priority),
        _by("assignee", tasks.c.assignee_id),
        _by("project", tasks.c.project_id),
        _count("overdue", _NOTHING, FILTERS["overdue"]),
        _per_day("created", tasks.c.created_at),
        _per_day("completed", tasks.c.completed_at),
    ),
    heavy=True,
)
"""Part, key and count: the seq of the snapshot, and how many tasks have which value."""
