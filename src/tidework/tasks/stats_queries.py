"""The queries of statistics; each reads the whole of a workspace's tasks, or of an index."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy import literal_column as literal

from tidework.store.sql.schema import TIME, tasks
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import Day
from tidework.tasks.queries import FILTERS

_OF_STREAM = tasks.c.stream_id == bindparam("stream_id")


def _counts(name: str, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Statement:
    return Statement(
        name,
        select(column, func.count()).where(_OF_STREAM, *conditions).group_by(column),
        heavy=True,
    )


BY_STATUS = _counts("stats_status", tasks.c.status)
BY_PRIORITY = _counts("stats_priority", tasks.c.priority)
BY_ASSIGNEE = _counts("stats_assignee", tasks.c.assignee_id)
BY_PROJECT = _counts("stats_project", tasks.c.project_id)
OVERDUE = Statement(
    "stats_overdue",
    select(func.count()).select_from(tasks).where(_OF_STREAM, FILTERS["overdue"]),
    heavy=True,
)


def _per_day(name: str, column: ColumnElement[Any]) -> Statement:
    day = Day(column).label("day")
    recent = column >= bindparam("since", type_=TIME)
    return Statement(
        name,
        select(day, func.count()).where(_OF_STREAM, recent).group_by(literal("day")),
        heavy=True,
    )


CREATED_PER_DAY = _per_day("stats_created", tasks.c.created_at)
COMPLETED_PER_DAY = _per_day("stats_completed", tasks.c.completed_at)
