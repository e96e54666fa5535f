"""What statistics say of the whole installation; its queries look at every stream."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Text, bindparam, func, select
from sqlalchemy import literal_column as literal

from tidework.analytics.cells import ALL
from tidework.store.protocol import Store
from tidework.store.sql.schema import analytics_activity, analytics_days, analytics_usage
from tidework.store.sql.schema_parts import TIME
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import Day
from tidework.users.api import InstallationDay, WorkspaceUsage

_WHY: Final = "an administrator looks at the whole installation"
_usage = analytics_usage.c
_SINCE, _UNTIL = bindparam("since", type_=Text()), bindparam("until", type_=Text())


def _within(day: ColumnElement[str]) -> ColumnElement[bool]:
    return (day >= _SINCE) & (day <= _UNTIL)


_ACTIVE = Statement(
    "analytics_active_users",
    select(analytics_activity.c.day, func.count(analytics_activity.c.user_id.distinct()))
    .where(_within(analytics_activity.c.day))
    .group_by(analytics_activity.c.day),
    heavy=True,
    fan_out=_WHY,
)
_TASKS = Statement(
    "analytics_tasks_per_day",
    select(
        analytics_days.c.day,
        func.sum(analytics_days.c.created),
        func.sum(analytics_days.c.completed),
    )
    .where(
        analytics_days.c.label_id == literal(f"'{ALL}'", analytics_days.c.label_id.type),
        _within(analytics_days.c.day),
    )
    .group_by(analytics_days.c.day),
    heavy=True,
    fan_out=_WHY,
)
_MADE = Statement(
    "analytics_streams_per_day",
    select(_usage.kind, Day(_usage.created_at), func.count())
    .where(_usage.created_at >= bindparam("since_at", type_=TIME))
    .group_by(_usage.kind, Day(_usage.created_at)),
    heavy=True,
    fan_out=_WHY,
)
_LARGEST = Statement(
    "analytics_largest",
    select(
        _usage.stream_id,
        _usage.tasks,
        _usage.comments,
        _usage.members,
        _usage.commits,
        _usage.changes,
        _usage.changed_at,
    )
    .where(_usage.kind == "workspace", _usage.deleted_at.is_(None))
    .order_by(_usage.tasks.desc(), _usage.changes.desc(), _usage.stream_id)
    .limit(bindparam("limit")),
    heavy=True,
    fan_out=_WHY,
)


class InstallationTrends:
    """See `users.api.Trends`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def days(self, count: int) -> list[InstallationDay]:
        """See `Trends.days`."""
        fetch = self._store.fetch
        today = datetime.now(UTC).date()
        span = [(today - timedelta(days=ago)).isoformat() for ago in range(count - 1, -1, -1)]
        within = {"since": span[0], "until": span[-1]}
        active: dict[str, int] = dict(await fetch(_ACTIVE, within))  # type: ignore[arg-type]
        tasks = {day: (made, done) for day, made, done in await fetch(_TASKS, within)}
        made: Counter[tuple[str, str]] = Counter()
        for kind, day, found in await fetch(_MADE, {"since_at": f"{span[0]}T00:00:00.000000Z"}):
            made[kind, day] = found
        return [
            InstallationDay(
                day,
                active.get(day, 0),
                made["account", day],
                made["workspace", day],
                *tasks.get(day, (0, 0)),
            )
            for day in span
        ]

    async def largest(self, limit: int) -> list[WorkspaceUsage]:
        """See `Trends.largest`."""
        rows = await self._store.fetch(_LARGEST, {"limit": limit})
        return [WorkspaceUsage(*row) for row in rows]
