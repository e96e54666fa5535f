"""Counts over the tasks of a workspace."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from tidework.http.query import Query
from tidework.store.answers import Answers, FromStore
from tidework.store.protocol import Store
from tidework.tasks.filters import PRIORITIES, STATUSES
from tidework.tasks.schemas import DayCount, StatsOut
from tidework.tasks.stats_queries import STATS
from tidework.times import now

_MAX_DAYS = 366


class StatsService:
    """Statistics of one workspace; each call reads all of its tasks' index entries."""

    def __init__(self, store: Store, answers: Answers | None = None) -> None:
        self._answers = answers or FromStore(store)

    async def workspace(
        self, workspace_id: str, raw_query: bytes, at_least: int | None = None
    ) -> tuple[int, StatsOut]:
        """The counts now, what was made and finished on each of the last days (UTC), and the seq at
        which all of it is so. What is overdue and which days they are also depends on the clock.
        """
        days = Query(raw_query, ("days",)).number("days", 1, _MAX_DAYS) or 30
        today = datetime.now(UTC).date()
        span = [(today - timedelta(days=ago)).isoformat() for ago in range(days - 1, -1, -1)]
        params = {"stream_id": workspace_id, "now": now(), "since": f"{span[0]}T00:00:00.000000Z"}
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        reader = self._answers.at(workspace_id, at_least)
        for part, key, count in await reader.fetch(STATS, params):
            counts[part][key or "none"] = count
        status, priority = counts["status"], counts["priority"]
        created, completed = counts["created"], counts["completed"]
        stats = StatsOut(
            total=sum(status.values()),
            by_status={name: status.get(name, 0) for name in STATUSES},
            by_priority={name: priority.get(name, 0) for name in PRIORITIES},
            by_assignee=counts["assignee"],
            by_project=counts["project"],
            overdue=counts["overdue"].get("none", 0),
            days=[DayCount(day, created.get(day, 0), completed.get(day, 0)) for day in span],
        )
        return counts["seq"].get("none", 0), stats
