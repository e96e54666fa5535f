"""The HTTP interface of statistics."""

from msgspec import Struct, field

from tidework.analytics.api import Day, Numbers, Part, Spread


class StatusCounts(Struct, frozen=True):
    """How many tasks stood in each status when the day ended."""

    pending: int
    in_progress: int
    completed: int
    cancelled: int


class DayOut(Struct, frozen=True):
    """One UTC day. `scope` is all tasks but the cancelled ones; it is the line above
    `statuses.completed` in a burn-up. `active_users` is of the whole workspace, whatever the filter.
    """

    day: str
    created: int
    completed: int
    reopened: int
    cancelled: int
    throughput: int
    statuses: StatusCounts
    scope: int
    active_users: int


class SpreadOut(Struct, frozen=True):
    """Durations in seconds; percentiles by nearest rank, null where there is nothing to count."""

    count: int
    p50: int | None
    p85: int | None
    p95: int | None


class PartOut(Struct, frozen=True):
    """The tasks of one project, person or label; an `id` of null stands for those without one.

    `open` is at the end of the last day, `overdue` at this moment.
    """

    id: str | None
    created: int
    completed: int
    reopened: int
    cancelled: int
    throughput: int
    open: int
    overdue: int | None


class AnalyticsOut(Struct, frozen=True):
    """Statistics as they are at `seq`: commits after that are not counted yet.

    `overdue` is how many tasks are due and open at this moment, null where the last day is over.
    """

    seq: int
    since: str = field(name="from")
    until: str = field(name="to")
    created: int
    completed: int
    reopened: int
    cancelled: int
    throughput: int
    overdue: int | None
    lead_time_s: SpreadOut
    cycle_time_s: SpreadOut
    days: list[DayOut]
    by_project: list[PartOut]
    by_assignee: list[PartOut]
    by_label: list[PartOut]


def shown(numbers: Numbers) -> AnalyticsOut:
    """The numbers as the interface has them."""
    return AnalyticsOut(
        seq=numbers.seq,
        since=numbers.since,
        until=numbers.until,
        created=numbers.created,
        completed=numbers.completed,
        reopened=numbers.reopened,
        cancelled=numbers.cancelled,
        throughput=numbers.throughput,
        overdue=numbers.overdue,
        lead_time_s=_spread(numbers.lead_time),
        cycle_time_s=_spread(numbers.cycle_time),
        days=[_day(day) for day in numbers.days],
        by_project=[_part(part) for part in numbers.by_project],
        by_assignee=[_part(part) for part in numbers.by_assignee],
        by_label=[_part(part) for part in numbers.by_label],
    )


def _spread(spread: Spread) -> SpreadOut:
    return SpreadOut(spread.count, spread.p50, spread.p85, spread.p95)


def _day(day: Day) -> DayOut:
    return DayOut(
        day=day.day,
        created=day.created,
        completed=day.completed,
        reopened=day.reopened,
        cancelled=day.cancelled,
        throughput=day.throughput,
        statuses=StatusCounts(day.in_pending, day.in_progress, day.in_completed, day.in_cancelled),
        scope=day.scope,
        active_users=day.active_users,
    )


def _part(part: Part) -> PartOut:
    return PartOut(
        part.id,
        part.created,
        part.completed,
        part.reopened,
        part.cancelled,
        part.throughput,
        part.open,
        part.overdue,
    )
