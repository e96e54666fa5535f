"""The statistics of a workspace as docs/api/analytics.md defines them, computed the slow way: every
task's history is looked at for every day that is asked for.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tidework.analytics.api import Wanted
from tidework.log import LoggedChange
from tidework.times import parse

STATUSES = ("pending", "in_progress", "completed", "cancelled")
EVENTS = ("created", "completed", "reopened", "cancelled")
Fields = dict[str, Any]


@dataclass
class Moment:
    """What a task was from a time on."""

    at: str
    status: str
    project: str | None
    assignee: str | None
    labels: list[str]


@dataclass
class Task:
    """A task: its fields, and its history of status, project, assignee and labels."""

    fields: Fields
    moments: list[Moment] = field(default_factory=list)
    there: bool = True

    def note(self, at: str, status: str | None = None) -> None:
        last = self.moments[-1] if self.moments else None
        new = Moment(
            at if last is None else max(at, last.at),
            status or self.fields["status"],
            self.fields["project_id"],
            self.fields["assignee_id"],
            self.fields["label_ids"],
        )
        if last is None or {**vars(last), "at": new.at} != vars(new):
            self.moments.append(new)

    @property
    def started(self) -> str | None:
        return next((m.at for m in self.moments if m.status == "in_progress"), None)

    def events(self) -> Iterable[tuple[str, str, Moment]]:
        """Day, name and moment of everything that happened to it."""
        before = "pending"
        for number, moment in enumerate(self.moments):
            day = moment.at[:10]
            if number == 0:
                yield day, "created", moment
            if moment.status != before:
                if moment.status in ("completed", "cancelled"):
                    yield day, moment.status, moment
                elif before in ("completed", "cancelled"):
                    yield day, "reopened", moment
            before = moment.status

    def at_the_end_of(self, day: str) -> Moment | None:
        return next((m for m in reversed(self.moments) if m.at[:10] <= day), None)


def tasks_of(changes: Iterable[LoggedChange]) -> dict[str, Task]:
    """All tasks that ever were, by the log."""
    tasks: dict[str, Task] = {}
    for change in changes:
        if change.entity != "task":
            continue
        task = tasks.get(change.id)
        if change.op == "create":
            again = task is not None and task.fields["created_at"] == change.set["created_at"]
            if task is not None and again:
                task.fields, task.there = dict(change.set), True
                task.note(change.at)
                continue
            task = tasks[change.id] = Task(dict(change.set))
            created, completed = task.fields["created_at"], task.fields["completed_at"]
            if completed is not None and completed > created:
                task.note(created, "pending")
                task.note(completed)
            else:
                task.note(created)
            continue
        assert task is not None
        if change.op == "delete":
            task.there = False
        else:
            task.fields.update(change.set)
            task.note(change.at)
    return tasks


def expected(changes: Sequence[LoggedChange], wanted: Wanted, now: str) -> Fields:
    """The numbers of `AnalyticsService.numbers`, as a dictionary."""
    tasks = [task for task in tasks_of(changes).values() if task.there]
    days = _days(wanted)
    whole = _narrowed(wanted, lambda *_: True)
    done = _done(tasks, wanted, whole)
    events = _events(tasks, wanted, whole)
    found: Fields = {name: sum(e[1] == name for e in events) for name in EVENTS}
    found["throughput"] = len(done)
    found["lead"] = [_between(t.fields["created_at"], t.fields["completed_at"]) for t in done]
    found["cycle"] = [_between(t.started, t.fields["completed_at"]) for t in done if t.started]
    found["overdue"] = len(_overdue(tasks, whole, now))
    active: dict[str, set[str | None]] = {}
    for change in changes:
        active.setdefault(change.at[:10], set()).add(change.actor_id)
    found["days"] = [
        {
            "day": day,
            **{name: sum(e[:2] == (day, name) for e in events) for name in EVENTS},
            "throughput": sum(t.fields["completed_at"][:10] == day for t in done),
            "statuses": [_standing(tasks, whole, day, (status,)) for status in STATUSES],
            "active_users": len(active.get(day, set()) - {None}),
        }
        for day in days
    ]
    found["parts"] = {
        kind: _parts(kind, tasks, wanted, now) for kind in ("project", "assignee", "label")
    }
    return found


Matches = Callable[[str | None, str | None, list[str]], bool]


def _narrowed(wanted: Wanted, more: Matches) -> Matches:
    def matches(project: str | None, assignee: str | None, labels: list[str]) -> bool:
        return (
            (not wanted.projects or project in wanted.projects)
            and (not wanted.assignees or assignee in wanted.assignees)
            and (wanted.label is None or wanted.label in labels)
            and more(project, assignee, labels)
        )

    return matches


def _days(wanted: Wanted) -> list[str]:
    first, last = (date.fromisoformat(day).toordinal() for day in (wanted.since, wanted.until))
    return [date.fromordinal(day).isoformat() for day in range(first, last + 1)]


def _events(tasks: Iterable[Task], wanted: Wanted, matches: Matches) -> list[tuple[str, str]]:
    return [
        (day, name)
        for task in tasks
        for day, name, m in task.events()
        if wanted.since <= day <= wanted.until and matches(m.project, m.assignee, m.labels)
    ]


def _of_fields(task: Task, matches: Matches) -> bool:
    fields = task.fields
    return matches(fields["project_id"], fields["assignee_id"], fields["label_ids"])


def _done(tasks: Iterable[Task], wanted: Wanted, matches: Matches) -> list[Task]:
    return [
        task
        for task in tasks
        if wanted.since <= (task.fields["completed_at"] or "")[:10] <= wanted.until
        and _of_fields(task, matches)
    ]


def _overdue(tasks: Iterable[Task], matches: Matches, now: str) -> list[Task]:
    return [
        task
        for task in tasks
        if (task.fields["due_at"] or "9999") < now
        and task.fields["status"] in ("pending", "in_progress")
        and _of_fields(task, matches)
    ]


def _standing(tasks: Iterable[Task], matches: Matches, day: str, statuses: tuple[str, ...]) -> int:
    moments = [task.at_the_end_of(day) for task in tasks]
    return sum(
        m is not None and m.status in statuses and matches(m.project, m.assignee, m.labels)
        for m in moments
    )


def _between(one: Any, other: Any) -> int:
    return max(0, int((parse(other) - parse(one)).total_seconds() // 1))


def _parts(kind: str, tasks: Sequence[Task], wanted: Wanted, now: str) -> list[Fields]:
    ids: set[str | None] = {None}
    for task in tasks:
        for m in task.moments:
            ids.update(m.labels if kind == "label" else [getattr(m, kind)])
    if kind == "label" and wanted.label is not None:
        ids &= {wanted.label}
    parts = []
    for id_ in sorted(ids, key=lambda one: (one is None, one or "")):

        def more(project: Any, assignee: Any, labels: list[str], id_: Any = id_) -> bool:
            if kind == "label":
                return id_ in labels if id_ is not None else not labels
            return bool((project if kind == "project" else assignee) == id_)

        matches = _narrowed(wanted, more)
        events = _events(tasks, wanted, matches)
        counts: Fields = {name: sum(e[1] == name for e in events) for name in EVENTS}
        counts["throughput"] = len(_done(tasks, wanted, matches))
        counts["open"] = _standing(tasks, matches, wanted.until, ("pending", "in_progress"))
        counts["overdue"] = len(_overdue(tasks, matches, now))
        if any(counts.values()):
            parts.append({"id": id_, **counts})
    return parts
