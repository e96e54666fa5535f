"""From what a report is about to what it says."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from msgspec import UNSET

from tidework.analytics.api import Analytics, Day, Numbers, Part, Wanted
from tidework.errors import FieldError, Invalid, NotFound, invalid
from tidework.reports import queries
from tidework.reports.content import Cell, Column, Content, Row, Table, one_page
from tidework.reports.schemas import ReportSpec
from tidework.store.protocol import Store
from tidework.tasks.api import TaskOut, TaskPages, query_of
from tidework.times import now
from tidework.users.api import Users

_SUMMARY_DAYS = 30
_SUMMARY_FILTERS = frozenset({"project", "assignee", "label"})
# Each look waits some two seconds for the statistics to come so far.
_PATIENCE = 10
_NOBODY = "(none)"
_GONE = "(removed)"


class Span(NamedTuple):
    """Days in UTC, both counted."""

    first: date
    last: date


def span_of(spec: ReportSpec, default_days: int | None = None) -> Span | None:
    """The days that a report is about, None for all of them. Raises `Invalid`."""
    today = datetime.now(UTC).date()
    given = spec.from_ is not UNSET or spec.to is not UNSET
    if spec.last_days is not UNSET:
        if given:
            raise invalid("/last_days", "not_both", "/last_days excludes /from and /to.")
        return Span(today - timedelta(days=spec.last_days - 1), today)
    if not given and default_days is None:
        return None
    last = today if spec.to is UNSET else spec.to
    first = spec.from_
    if first is UNSET:
        first = date.min if default_days is None else _before(last, default_days - 1)
    if first > last:
        raise invalid("/from", "out_of_range", "/from must not be after /to.")
    return Span(first, last)


class Sources:
    """Makes the contents of reports."""

    def __init__(self, store: Store, users: Users, analytics: Analytics) -> None:
        self._store = store
        self._users = users
        self._analytics = analytics

    def check(self, workspace_id: str, user_id: str, spec: ReportSpec, place: str = "") -> None:
        """Raise `Invalid` for a report that could not be made, with pointers below `place`."""
        try:
            self._check(workspace_id, user_id, spec)
        except Invalid as error:
            raise Invalid(
                f"{place}{error.detail}" if error.detail.startswith("/") else error.detail,
                code=error.code,
                errors=[
                    FieldError(f"{place}{found.pointer}", found.code, f"{place}{found.detail}")
                    for found in error.errors
                ],
            ) from None

    def _check(self, workspace_id: str, user_id: str, spec: ReportSpec) -> None:
        query_of(spec.filter, workspace_id, user_id, self._store.dialect)
        if spec.kind == "summary":
            self._wanted(spec, user_id)
        else:
            span_of(spec)

    async def content(self, workspace_id: str, user_id: str, spec: ReportSpec) -> Content:
        """What a report says. Raises `Invalid`, and `NotFound` when the workspace is gone."""
        rows = await self._store.fetch(queries.WORKSPACE_NAME, {"stream_id": workspace_id})
        if not rows:
            raise NotFound("The workspace has been removed.")
        make = self._tasks if spec.kind == "tasks" else self._summary
        return await make(workspace_id, user_id, spec, rows[0][0])

    # --- tasks -------------------------------------------------------------------------------

    async def _tasks(self, workspace_id: str, user_id: str, spec: ReportSpec, name: str) -> Content:
        query = query_of(spec.filter, workspace_id, user_id, self._store.dialect)
        span = span_of(spec)
        about = []
        since = until = None
        if span is not None:
            since, until = _moment(span.first), _moment(_after(span.last))
            about.append(f"Made from {span.first} to {span.last}")
        pages = TaskPages(self._store, query, since, until)
        total = await pages.count()
        made_at = now()
        about.append(f"{total:,} tasks · {made_at[:16].replace('T', ' ')} UTC")
        chosen = _BRIEF if spec.format == "pdf" else _FULL
        columns = [_COLUMNS[one] for one in chosen]
        names = await self._names(workspace_id)
        rows = self._task_rows(pages, chosen, names)
        table = Table("tasks", columns, rows)
        return Content("tasks", f"{name}: tasks", made_at, about, [table], total)

    async def _task_rows(
        self, pages: TaskPages, chosen: Sequence[str], names: "_Names"
    ) -> AsyncIterator[Sequence[Row]]:
        async for page in pages:
            wanted = {one for task in page for one in (task.assignee_id, task.created_by) if one}
            await names.learn(self._users, wanted)
            yield [[_VALUES[one](task, names) for one in chosen] for task in page]

    async def _names(self, workspace_id: str) -> "_Names":
        params = {"stream_id": workspace_id}
        found = _Names()
        found.projects.update(
            dict(map(tuple, await self._store.fetch(queries.PROJECT_NAMES, params)))
        )
        found.labels.update(dict(map(tuple, await self._store.fetch(queries.LABEL_NAMES, params))))
        return found

    # --- summary -----------------------------------------------------------------------------

    def _wanted(self, spec: ReportSpec, user_id: str) -> Wanted:
        filters = spec.filter
        for name in filters.__struct_fields__:
            if name not in _SUMMARY_FILTERS and getattr(filters, name) is not UNSET:
                raise invalid(
                    f"/filter/{name}",
                    "not_allowed",
                    f"/filter/{name}: a summary is filtered by project, assignee and label only.",
                )
        labels = _ids(filters.label, {})
        if len(labels) > 1:
            raise invalid("/filter/label", "too_many", "/filter/label: a summary takes one label.")
        span = span_of(spec, _SUMMARY_DAYS)
        assert span is not None
        if (span.last - span.first).days >= 3660:
            raise invalid("/from", "out_of_range", "/from: a summary takes 3,660 days at most.")
        return Wanted(
            span.first.isoformat(),
            span.last.isoformat(),
            _ids(filters.project, {"none": None}),
            _ids(filters.assignee, {"none": None, "me": user_id}),
            labels[0] if labels else None,
        )

    async def _summary(
        self, workspace_id: str, user_id: str, spec: ReportSpec, name: str
    ) -> Content:
        wanted = self._wanted(spec, user_id)
        seq = (await self._store.seqs([workspace_id])).get(workspace_id, 0)
        numbers = await self._analytics.numbers(workspace_id, wanted, at_least=seq)
        for _ in range(_PATIENCE):
            if numbers.seq >= seq:
                break
            numbers = await self._analytics.numbers(workspace_id, wanted, at_least=seq)
        names = await self._names(workspace_id)
        await names.learn(self._users, {part.id for part in numbers.by_assignee if part.id})
        made_at = now()
        about = [
            f"From {numbers.since} to {numbers.until} (UTC) · {made_at[:16].replace('T', ' ')} UTC"
        ]
        if numbers.seq < seq:
            about.append("What happened last is not counted yet.")
        tables = [
            Table("days", _DAY_COLUMNS, one_page([_day(day) for day in numbers.days])),
            _parts("projects", numbers.by_project, names.projects),
            _parts("people", numbers.by_assignee, names.people),
            _parts("labels", numbers.by_label, names.labels),
        ]
        if spec.format == "pdf":
            tables = [*tables[1:], tables[0]]
        total = len(numbers.days) + len(numbers.by_project) + len(numbers.by_assignee)
        return Content(
            "summary",
            f"{name}: summary",
            made_at,
            about,
            tables,
            total + len(numbers.by_label),
            numbers,
            _facts(numbers),
        )


class _Names:
    """Names instead of ids."""

    def __init__(self) -> None:
        self.projects: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.people: dict[str, str] = {}

    async def learn(self, users: Users, ids: set[str]) -> None:
        """Find out who these are."""
        if new := ids - self.people.keys():
            found = await users.get_many(sorted(new))
            self.people |= {one: found[one].name if one in found else _GONE for one in new}


_COLUMNS: Mapping[str, Column] = {
    "number": Column("number", "number", 6),
    "title": Column("title", "text", 40),
    "description": Column("description", "text", 40),
    "status": Column("status", "text", 11),
    "priority": Column("priority", "text", 8),
    "due_at": Column("due_at", "time", 16),
    "project": Column("project", "text", 16),
    "labels": Column("labels", "text", 16),
    "assignee": Column("assignee", "text", 16),
    "parent_id": Column("parent_id", "text", 12),
    "created_by": Column("created_by", "text", 16),
    "created_at": Column("created_at", "time", 16),
    "updated_at": Column("updated_at", "time", 16),
    "completed_at": Column("completed_at", "time", 16),
    "id": Column("id", "text", 36),
}
_FULL = tuple(_COLUMNS)
_BRIEF = ("number", "title", "status", "priority", "due_at", "assignee", "project", "labels")
_VALUES: Mapping[str, Callable[[TaskOut, _Names], Cell]] = {
    **{name: lambda task, _, name=name: getattr(task, name) for name in _COLUMNS},  # type: ignore[misc]
    "project": lambda task, names: names.projects.get(task.project_id or ""),
    "labels": lambda task, names: sorted(
        names.labels[label] for label in task.label_ids if label in names.labels
    ),
    "assignee": lambda task, names: names.people.get(task.assignee_id or ""),
    "created_by": lambda task, names: names.people.get(task.created_by or ""),
}

_DAY_FIELDS: Mapping[str, Callable[[Day], Cell]] = {
    "created": lambda day: day.created,
    "completed": lambda day: day.completed,
    "reopened": lambda day: day.reopened,
    "cancelled": lambda day: day.cancelled,
    "throughput": lambda day: day.throughput,
    "pending": lambda day: day.in_pending,
    "in_progress": lambda day: day.in_progress,
    "done": lambda day: day.in_completed,
    "scope": lambda day: day.scope,
    "active_users": lambda day: day.active_users,
}
_DAY_COLUMNS = [Column("day", "day", 12), *(Column(name, "number", 11) for name in _DAY_FIELDS)]
_PART_FIELDS = ("created", "completed", "reopened", "cancelled", "throughput", "open", "overdue")
_PART_COLUMNS = [
    Column("name", "text", 30),
    *(Column(name, "number", 11) for name in _PART_FIELDS),
]


def _day(day: Day) -> Row:
    return [day.day, *(value(day) for value in _DAY_FIELDS.values())]


def _parts(name: str, parts: Sequence[Part], names: Mapping[str, str]) -> Table:
    rows = [
        [
            _NOBODY if part.id is None else names.get(part.id, _GONE),
            *(getattr(part, field) for field in _PART_FIELDS),
        ]
        for part in parts
    ]
    rows.sort(key=lambda row: (row[0] in (_NOBODY, _GONE), str(row[0]).casefold()))
    return Table(name, _PART_COLUMNS, one_page(rows))


def _facts(numbers: Numbers) -> list[tuple[str, str]]:
    facts = [
        ("created", f"{numbers.created:,}"),
        ("completed", f"{numbers.completed:,}"),
        ("throughput", f"{numbers.throughput:,}"),
        ("overdue now", "-" if numbers.overdue is None else f"{numbers.overdue:,}"),
    ]
    for name, spread in (("lead time", numbers.lead_time), ("cycle time", numbers.cycle_time)):
        for rank, seconds in (("median", spread.p50), ("85 %", spread.p85)):
            value = "-" if seconds is None else f"{seconds / 86400:.1f} days"
            facts.append((f"{name}, {rank}", value))
    return facts


def _ids(given: Any, words: Mapping[str, str | None]) -> tuple[Any, ...]:
    """The ids of a filter that has been checked, as many as it has."""
    if given is UNSET:
        return ()
    texts = given if isinstance(given, list) else [given]
    items = [item.strip() for text in texts for item in text.split(",") if item.strip()]
    return tuple(words[item] if item in words else item.lower() for item in items)


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00.000000Z"


def _after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _before(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - days))
