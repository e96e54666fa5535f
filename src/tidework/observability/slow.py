"""The log of slow queries: which one, how long, with what kind of values; never the values.

With the plan of the query when the settings ask for it, asked for on a connection of its own and
seldom, so that a database in trouble gets no more to do.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from tidework.errors import TideworkError
from tidework.http.logs import get_logger
from tidework.ids import is_id
from tidework.log import Commit
from tidework.store.observer import Observer
from tidework.store.sql.statement import Statement

Explain = Callable[[Statement], Awaitable[str]]

_LINE_EVERY_S: Final = 1.0
_PLAN_EVERY_S: Final = 10.0
_SAME_PLAN_EVERY_S: Final = 600.0
_EXPLAINING_S: Final = 10.0
_MAX_NAMES: Final = 500

_log = get_logger(__name__)

asked: Final[ContextVar[tuple[Statement, Mapping[str, Any]] | None]] = ContextVar(
    "asked", default=None
)
"""The query that is being asked, so that who is told its time knows what it was."""


class SlowQueries(Observer):
    """Logs queries that took the database `threshold` seconds or more.

    A name has one line a second at most, which says how many there were since the one before.
    """

    def __init__(
        self,
        threshold: float,
        explain: Explain | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._explain = explain
        self._clock = clock
        # When a name had its last line, and how many were left out since.
        self._lines: dict[str, tuple[float, int]] = {}
        self._plans: dict[str, float] = {}
        self._last_plan = -_PLAN_EVERY_S
        self._explaining: set[asyncio.Task[None]] = set()

    def query(self, name: str, seconds: float) -> None:
        if seconds < self._threshold:
            return
        found = asked.get()
        if found is None or found[0].name != name:
            self._tell("slow_query", name, seconds)
            return
        statement, params = found
        if self._tell("slow_query", name, seconds, parameters=shapes(params)):
            self._plan(statement)

    def stopped(self, statement: Statement, params: Mapping[str, Any], seconds: float) -> None:
        """A query was stopped since it took too long."""
        if self._tell("query_stopped", statement.name, seconds, parameters=shapes(params)):
            self._plan(statement)

    def commit(self, commit: Commit, seconds: float) -> None:
        """A commit took so long from handing it over; `waited` by others is part of it."""
        if seconds >= self._threshold:
            entities = sorted({change.entity for change in commit.changes})
            self._tell(
                "slow_commit", "append", seconds, changes=len(commit.changes), entities=entities
            )

    async def close(self) -> None:
        """Give up the plans that are being asked for."""
        for task in self._explaining:
            task.cancel()
        await asyncio.gather(*self._explaining, return_exceptions=True)

    def _tell(self, event: str, name: str, seconds: float, **about: Any) -> bool:
        now = self._clock()
        last, left_out = self._lines.get(name, (-_LINE_EVERY_S, 0))
        if now - last < _LINE_EVERY_S:
            self._lines[name] = (last, left_out + 1)
            return False
        if len(self._lines) < _MAX_NAMES:
            self._lines[name] = (now, 0)
        if left_out:
            about["left_out"] = left_out
        _log.warning(event, query=name, ms=round(seconds * 1000, 1), **about)
        return True

    def _plan(self, statement: Statement) -> None:
        now = self._clock()
        seen = self._plans.get(statement.name, -_SAME_PLAN_EVERY_S)
        if self._explain is None or self._explaining or len(self._plans) >= _MAX_NAMES:
            return
        if now - self._last_plan < _PLAN_EVERY_S or now - seen < _SAME_PLAN_EVERY_S:
            return
        self._last_plan = self._plans[statement.name] = now
        task = asyncio.create_task(self._tell_plan(self._explain, statement), name="explain")
        self._explaining.add(task)
        task.add_done_callback(self._explaining.discard)

    async def _tell_plan(self, explain: Explain, statement: Statement) -> None:
        try:
            async with asyncio.timeout(_EXPLAINING_S):
                plan = await explain(statement)
        except (TideworkError, TimeoutError) as error:
            _log.info("slow_query_not_explained", query=statement.name, reason=str(error))
        except Exception:
            _log.exception("slow_query_not_explained", query=statement.name)
        else:
            _log.warning("slow_query_plan", query=statement.name, plan=plan.splitlines())


def shapes(params: Mapping[str, Any]) -> dict[str, str]:
    """What kind of value each parameter has."""
    return {name: _shape(value) for name, value in params.items()}


def _shape(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "id" if is_id(value) else f"text of {len(value)}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"list of {len(value)}"
    return type(value).__name__
