"""From the log to statistics: the same numbers from the same changes, live or rebuilt.

A `Tally` takes changes in the order of the log. It knows tasks and steps as they were loaded, or all
of them when it began with the first change of a stream; everything else it has as differences.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import msgspec

from tidework.analytics.cells import Deltas, Step, count
from tidework.log import LoggedChange, Values
from tidework.times import parse

HOLDINGS: Final = {
    "task": "tasks",
    "comment": "comments",
    "member": "members",
    "project": "projects",
    "label": "labels",
}
"""The entities that a workspace's usage counts, and under which name."""


class Unknown(RuntimeError):
    """A change of a task that the read model has never seen: an earlier commit was left out."""

    def __init__(self, change: LoggedChange) -> None:
        super().__init__(
            f"The statistics know nothing of task {change.id}. Make them anew: "
            f"tidework analytics rebuild {change.stream_id}"
        )


_STEPPING: Final = ("status", "project_id", "assignee_id", "label_ids")
_SECOND = timedelta(seconds=1)


class Facts(msgspec.Struct):
    """What is known of a task. `changed_at` is the time of its last step."""

    status: str
    project_id: str | None
    assignee_id: str | None
    label_ids: list[str]
    created_at: str
    started_at: str | None
    completed_at: str | None
    due_at: str | None
    lead_s: int | None
    cycle_s: int | None
    changed_at: str
    steps: int
    removed: bool

    def step(self) -> Step:
        """Its last step."""
        labels = tuple(self.label_ids)
        return Step(self.changed_at, self.status, self.project_id, self.assignee_id, labels)


class Usage(msgspec.Struct):
    """What a stream holds. Times are of the workspace or account; `changed_at` of its last change."""

    kind: str
    created_at: str | None = None
    deleted_at: str | None = None
    changed_at: str | None = None
    tasks: int = 0
    comments: int = 0
    members: int = 0
    projects: int = 0
    labels: int = 0
    commits: int = 0
    changes: int = 0


class Tally:
    """What changes make of the statistics of one stream."""

    def __init__(self) -> None:
        self.tasks: dict[str, Facts] = {}
        self.steps: dict[str, list[Step]] = {}
        """By task: all of them, or, of a task that was loaded without its steps, the new ones."""
        self.forgotten: set[str] = set()
        """Tasks whose earlier steps are those of another task that had the same id."""
        self.days: Deltas = {}
        self.activity: Counter[tuple[str, str]] = Counter()
        self.usage: Usage | None = None
        self.seq = 0

    def take(self, changes: Iterable[LoggedChange]) -> None:
        """Take in whole commits, in the order of the log."""
        for change in changes:
            if change.entity in ("workspace", "account"):
                self._founding(change)
            if (usage := self.usage) is None:
                continue
            if change.seq != self.seq:
                self.seq = change.seq
                usage.commits += 1
            usage.changes += 1
            usage.changed_at = max(usage.changed_at or "", change.at)
            if usage.kind == "workspace":
                self._in_workspace(change, usage)

    def _founding(self, change: LoggedChange) -> None:
        if self.usage is None:
            self.usage = Usage(change.entity)
        if change.op == "create":
            self.usage.created_at = change.set.get("created_at")
        if change.op == "delete":
            self.usage.deleted_at = change.at
        elif "deleted_at" in change.set:
            self.usage.deleted_at = change.set["deleted_at"]

    def _in_workspace(self, change: LoggedChange, usage: Usage) -> None:
        if change.actor_id is not None:
            self.activity[change.at[:10], change.actor_id] += 1
        held = HOLDINGS.get(change.entity)
        if held is not None and change.op != "update":
            setattr(usage, held, getattr(usage, held) + (1 if change.op == "create" else -1))
        if change.entity == "task":
            self._task(change)

    # --- tasks -------------------------------------------------------------------------------

    def _task(self, change: LoggedChange) -> None:
        facts = self.tasks.get(change.id)
        if change.op != "create" and facts is None:
            raise Unknown(change)
        if facts is not None and change.op == "delete":
            facts.removed = True
            self._count_all(change.id, -1)
        elif facts is not None and change.op == "update":
            self._move(change.id, facts, change.set, change.at)
        elif facts is not None and facts.created_at == change.set["created_at"]:
            # It was removed, and has come back: its history is its own again.
            facts.removed = False
            self._count_all(change.id, 1)
            self._move(change.id, facts, change.set, change.at)
        else:
            if facts is not None:
                self.forgotten.add(change.id)
            self._begin(change.id, change.set)

    def _begin(self, task_id: str, values: Values) -> None:
        created, completed = values["created_at"], values["completed_at"]
        at_once = completed is None or completed <= created
        facts = Facts(
            status=values["status"] if at_once else "pending",
            project_id=values["project_id"],
            assignee_id=values["assignee_id"],
            label_ids=values["label_ids"],
            created_at=created,
            started_at=created if values["status"] == "in_progress" else None,
            completed_at=None,
            due_at=values["due_at"],
            lead_s=None,
            cycle_s=None,
            changed_at=created,
            steps=1,
            removed=False,
        )
        first = facts.step()
        self.tasks[task_id] = facts
        self.steps[task_id] = [first]
        count(self.days, None, first, 1)
        self._move(task_id, facts, values, completed or created)

    def _move(self, task_id: str, facts: Facts, values: Values, at: str) -> None:
        before = facts.step()
        for name in (*_STEPPING, "completed_at", "due_at"):
            if name in values:
                setattr(facts, name, values[name])
        if _where(facts.step()) != _where(before):
            # Nothing comes before what it follows, whatever a clock or an import says.
            facts.changed_at = max(at, facts.changed_at)
            facts.steps += 1
            step = facts.step()
            self.steps.setdefault(task_id, []).append(step)
            count(self.days, before, step, 1)
            if facts.status == "in_progress" and facts.started_at is None:
                facts.started_at = facts.changed_at
        facts.lead_s = _between(facts.created_at, facts.completed_at)
        facts.cycle_s = _between(facts.started_at, facts.completed_at)

    def _count_all(self, task_id: str, sign: int) -> None:
        before = None
        for step in self.steps[task_id]:
            count(self.days, before, step, sign)
            before = step


def _where(step: Step) -> tuple[Any, ...]:
    return step[1:]


def _between(one: str | None, other: str | None) -> int | None:
    if one is None or other is None:
        return None
    return max(0, (parse(other) - parse(one)) // _SECOND)
