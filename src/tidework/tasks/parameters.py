"""The query parameters of tasks and of what hangs on them, for the OpenAPI document."""

from typing import Final

from tidework.http.parameters import (
    CURSOR,
    Parameter,
    choice,
    flag,
    limit,
    number,
    several,
    text,
    time,
)
from tidework.store.sql.queries import MAX_SEQ
from tidework.tasks.filters import PRIORITIES, STATUSES
from tidework.tasks.queries import SORTS

_NAMES = [f"{way}{name}" for name in SORTS for way in ("", "-")]

TASKS: Final[tuple[Parameter, ...]] = (
    several("status", "Tasks in one of these states.", STATUSES),
    several("priority", "Tasks of one of these priorities.", PRIORITIES),
    several(
        "assignee",
        "Tasks of one of these accounts; `me` is the caller, `none` is nobody.",
        words=("me", "none"),
    ),
    several(
        "project", "Tasks in one of these projects; `none` is outside of any.", words=("none",)
    ),
    several("label", "Tasks that bear one of these labels."),
    several("parent", "Sub-tasks of one of these; `none` is tasks at the top.", words=("none",)),
    time("due_before", "Tasks due before this moment, or before this day begins in UTC."),
    time("due_after", "Tasks due after this moment, or after this day has begun in UTC."),
    flag("overdue", "Only tasks that are due and neither completed nor cancelled."),
    text("q", "Words that title or description contain, in any order.", "release notes"),
    choice("sort", "The order; `-` before the name for descending.", _NAMES, "created_at"),
    limit(),
    CURSOR,
    number("page", "The page's number, instead of a cursor.", 1, 1_000_000),
    flag("total", "Also count all that match."),
)

COMMENTS: Final[tuple[Parameter, ...]] = (limit(), CURSOR)

HISTORY: Final[tuple[Parameter, ...]] = (limit(500, 100), CURSOR)

CHANGES: Final[tuple[Parameter, ...]] = (
    number("since", "The seq after which to start; 0 for the beginning.", 0, MAX_SEQ // 10, 0),
    limit(1000, 100),
)

SNAPSHOT: Final[tuple[Parameter, ...]] = (limit(5000, 2000), CURSOR)

TEXTS: Final[tuple[Parameter, ...]] = (limit(1000, 500), CURSOR)

STATS: Final[tuple[Parameter, ...]] = (
    number("days", "How many UTC days, today included, to count per day.", 1, 366, 30),
)

ADMIN: Final[tuple[Parameter, ...]] = (
    text("q", "A part of the title.", "release"),
    several("status", "Tasks in one of these states.", STATUSES),
    limit(),
    CURSOR,
)
