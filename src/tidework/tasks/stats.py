"""Counts over the tasks of a workspace."""

from datetime import UTC, datetime, timedelta

from tidework.http.query import Query
from tidework.store.protocol import Store
from tidework.store.sql.statement import Statement
from tidework.tasks import stats_queries as queries
from tidework.tasks.filters import PRIORITIES, STATUSES
from tidework.tasks.schemas import DayCount, StatsOut
from tidework.times import now

_MAX_DAYS = 366


class StatsService:
    """Statistics of one workspace; each call reads all of its tasks' index entries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def workspace(self, workspace_id: str, raw_query: bytes) -> StatsOut:
        """The counts now, and what was made and finished on each of the last days (UTC)."""
        days = Query(raw_query, ("days",)).number("days", 1, _MAX_DAYS) or 30
        today = datetime.now(UTC).date()
        span = [(today - timedelta(days=ago)).isoformat() for ago in range(days - 1, -1, -1)]
        since = f"{span[0]}T00:00:00.000000Z"
        status = await self._counts(queries.BY_STATUS, workspace_id)
        priority = await self._counts(queries.BY_PRIORITY, workspace_id)
        params = {"stream_id": workspace_id, "now": now()}
        overdue = (await self._store.fetch(queries.OVERDUE, params))[0][0]
        created = await self._counts(queries.CREATED_PER_DAY, workspace_id, since)
        completed = await self._counts(queries.COMPLETED_PER_DAY, workspace_id, since)
        return StatsOut(
            total=sum(status.values()),
            by_status={name: status.get(name, 0) for name in STATUSES},
            by_priority={name: priority.get(name, 0) for name in PRIORITIES},
            by_assignee=await self._counts(queries.BY_ASSIGNEE, workspace_id),
            by_project=await self._counts(queries.BY_PROJECT, workspace_id),
            overdue=overdue,
            days=[DayCount(day, created.get(day, 0), completed.get(day, 0)) for day in span],
        )

    async def _counts(
        self, statement: Statement, workspace_id: str, since: str | None = None
    ) -> dict[str, int]:
        params = {"stream_id": workspace_id, "since": since}
        rows = await self._store.fetch(statement, params)
        return {key or "none": count for key, count in rows}
