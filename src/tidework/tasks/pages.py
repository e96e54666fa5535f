"""All tasks that match, page by page, for whatever is made of many of them."""

from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select

from tidework.store.protocol import Store
from tidework.store.sql.schema import tasks
from tidework.store.sql.schema_parts import TIME
from tidework.store.sql.statement import Statement
from tidework.tasks.filters import TaskQuery
from tidework.tasks.queries import FILTERS, TASK_COLUMNS
from tidework.tasks.schemas import TaskOut

_PAGE = 500
_FIRST, _LAST = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"


def _conditions(filters: frozenset[str]) -> list[ColumnElement[bool]]:
    return [
        tasks.c.stream_id == bindparam("stream_id"),
        tasks.c.created_at >= bindparam("created_from", type_=TIME),
        tasks.c.created_at < bindparam("created_to", type_=TIME),
        *(FILTERS[name] for name in sorted(filters)),
    ]


@lru_cache(maxsize=256)
def _page(filters: frozenset[str]) -> Statement:
    return Statement(
        "task_page_by_number",
        select(*TASK_COLUMNS)
        .where(*_conditions(filters), tasks.c.number > bindparam("after"))
        .order_by(tasks.c.number)
        .limit(bindparam("limit")),
        heavy=True,
    )


@lru_cache(maxsize=256)
def _count(filters: frozenset[str]) -> Statement:
    return Statement(
        "task_count_of_pages",
        select(func.count()).select_from(tasks).where(*_conditions(filters)),
        heavy=True,
    )


class TaskPages:
    """The tasks that match a query and were made in a span of time, by number.

    Each page is as it is when it is read; no task comes twice. Memory: a page.
    """

    def __init__(
        self, store: Store, query: TaskQuery, since: str | None = None, until: str | None = None
    ) -> None:
        self._store = store
        self._query = query
        self._params = query.params | {
            "created_from": since or _FIRST,
            "created_to": until or _LAST,
        }

    async def count(self) -> int:
        """How many they are."""
        if self._query.nothing:
            return 0
        rows = await self._store.fetch(_count(self._query.filters), self._params)
        found: int = rows[0][0]
        return found

    async def __aiter__(self) -> AsyncIterator[list[TaskOut]]:
        number = 0
        statement = _page(self._query.filters)
        while not self._query.nothing:
            params: dict[str, Any] = {**self._params, "after": number, "limit": _PAGE}
            page = [TaskOut(*row) for row in await self._store.fetch(statement, params)]
            if page:
                yield page
                number = page[-1].number
            if len(page) < _PAGE:
                return


def examples() -> Iterator[Statement]:
    """Statements with each filter, for whoever checks them."""
    for name in FILTERS:
        yield _page(frozenset({name}))
        yield _count(frozenset({name}))
