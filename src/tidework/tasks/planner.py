"""From what a caller asked for to the changes of one commit.

A plan takes any number of operations, as a batch does; each sees what those before it have planned.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tidework.errors import Conflict, invalid
from tidework.http.conditional import changed
from tidework.ids import new_id
from tidework.log import Change, Expect, Values
from tidework.tasks.reads import Reads, task_missing
from tidework.tasks.schemas import TaskOut
from tidework.tasks.values import task_of
from tidework.workspaces.api import present

_COPIED = (
    "project_id",
    "parent_id",
    "title",
    "description",
    "priority",
    "assignee_id",
    "label_ids",
)
"""What the next task of a series has from the one before."""

_REFERENCES = {"project_id": "project", "parent_id": "task", "assignee_id": "member"}


class Plan:
    """Changes of tasks that will be one commit.

    `at` is the commit's time. `base_needed` says that the decision rests on more than the commit
    itself can check: its stream must not move in between. `tasks` are those that have been planned,
    as they will be, None for a removed one; `created` numbers the new ones from 1.
    """

    def __init__(self, reads: Reads, actor_id: str, at: str) -> None:
        self.reads = reads
        self.at = at
        self.changes: list[Change] = []
        self.expects: list[Expect] = []
        self.base_needed = False
        self.tasks: dict[str, TaskOut | None] = {}
        self.created: dict[str, int] = {}
        self.actor_id = actor_id
        self._next: list[tuple[str, Values]] = []
        self._removed: set[str] = set()
        self._expected: set[tuple[str, str]] = set()

    def task(self, task_id: str) -> TaskOut:
        """A task as it is planned to be, or else as it has been read. Raises `NotFound`."""
        found = self.tasks.get(task_id)
        if found is None and task_id not in self.tasks:
            found = self.reads.tasks.get(task_id)
        if found is None:
            raise task_missing()
        return found

    async def parent_of(self, task_id: str) -> str | None:
        """The parent that a task is planned to have, or else has."""
        if task_id in self.tasks:
            planned = self.tasks[task_id]
            return None if planned is None else planned.parent_id
        return await self.reads.parent_of(task_id)

    def create(self, values: Values, pointer: str = "", task_id: str | None = None) -> str:
        """Plan a new task from all of its fields; its id. A position of None is at the end."""
        made = task_id or new_id()
        if task_id is not None:
            taken = Conflict("There is a task with this id already.", code="id_taken")
            if task_id in self.tasks or task_id in self.reads.tasks:
                raise taken
            self.expects.append(Expect("task", made, absent=True, error=taken))
        fields = {
            "number": None,
            "recurrence": None,
            "previous_id": None,
            **values,
            "created_by": self.actor_id,
            "created_at": self.at,
            "completed_at": self.at if values["status"] == "completed" else None,
        }
        self._check_references(fields, pointer)
        self.changes.append(Change("task", made, "create", fields))
        self.tasks[made] = task_of(fields, made, self.reads.workspace_id, self.at, 0)
        self.created[made] = len(self.created) + 1
        return made

    def match(self, task: TaskOut, versions: Sequence[int] | None) -> None:
        """Expect one of these versions. Raises `PreconditionFailed`."""
        if versions is None:
            return
        # A new one has no version yet that somebody could have read.
        if task.id in self.created or task.version not in versions:
            raise changed()
        self.expects.append(Expect("task", task.id, {"version": list(versions)}, error=changed()))

    def update(self, task: TaskOut, values: Values, pointer: str = "") -> None:
        """Plan a change of some fields; of none when they are so already."""
        same = [name for name, value in values.items() if getattr(task, name) == value]
        values = {name: value for name, value in values.items() if name not in same}
        # What is left out because it is so already must still be so when the rest happens; when a
        # task was completed follows from the status that it has then; and a batch shows what it
        # leaves alone as it is at that moment.
        rests_on = same if values else ["version"]
        self._expect_there(task.id, [*rests_on, "status"] if "status" in values else rests_on)
        if not values:
            return
        if "status" in values:
            completed = self.at if values["status"] == "completed" else None
            if completed != task.completed_at:
                values["completed_at"] = completed
        self._check_references(values, pointer)
        self.changes.append(Change("task", task.id, "update", values))
        self.tasks[task.id] = msgspec.structs.replace(task, **values)

    def rest_on(self, task: TaskOut) -> None:
        """Expect a task as it was read: what is planned follows from more than it changes."""
        self._expect_there(task.id, ["version"])

    def follow(self, task_id: str, values: Values) -> None:
        """Plan the next task of a series, with `values` and else as this one will be.

        It is not there for the operations that come after, and not at all if they remove this one.
        """
        self._next.append((task_id, values))

    def all_changes(self) -> list[Change]:
        """The commit: what the operations have planned, then the next tasks of series."""
        return [
            *self.changes,
            *(
                Change("task", new_id(), "create", self._following(task, values))
                for task_id, values in self._next
                if (task := self.tasks[task_id]) is not None
            ),
        ]

    def _following(self, task: TaskOut, values: Values) -> Values:
        return {
            "number": None,
            **{name: getattr(task, name) for name in _COPIED},
            "status": "pending",
            "position": None,
            "created_by": self.actor_id,
            "created_at": self.at,
            "completed_at": None,
            "previous_id": task.id,
            **values,
        }

    def _expect_there(self, task_id: str, unchanged: Sequence[str]) -> None:
        """Expect a task, with these fields as they were read."""
        if task_id in self.created:
            return
        stored = self.reads.tasks[task_id]
        fields: dict[str, Sequence[Any]] = {name: [getattr(stored, name)] for name in unchanged}
        if fields:
            self.expects.append(Expect("task", task_id, fields))
        elif task_id not in self.tasks:
            self.expects.append(Expect("task", task_id, error=task_missing()))

    def delete(self, task: TaskOut, hanging: Mapping[str, Sequence[str]]) -> None:
        """Plan a removal, with what hangs on the task; sub-tasks stay and lose their parent."""
        for child in self._children_of(task.id, hanging["task"]):
            self.changes.append(Change("task", child, "update", {"parent_id": None}))
            known = self.tasks.get(child) or self.reads.tasks.get(child)
            if known is not None:
                self.tasks[child] = msgspec.structs.replace(known, parent_id=None)
        for entity in ("comment", "relation"):
            for entity_id in hanging[entity]:
                if entity_id not in self._removed:
                    self._removed.add(entity_id)
                    self.changes.append(Change(entity, entity_id, "delete"))
        self.changes.append(Change("task", task.id, "delete"))
        self.tasks[task.id] = None
        self.base_needed = True

    def _children_of(self, task_id: str, stored: Sequence[str]) -> list[str]:
        untouched = [child for child in stored if child not in self.tasks]
        planned = [one.id for one in self.tasks.values() if one and one.parent_id == task_id]
        return untouched + planned

    def _check_references(self, fields: Mapping[str, Any], pointer: str) -> None:
        for field, entity in _REFERENCES.items():
            if fields.get(field) is not None:
                self._check(entity, fields[field], f"{pointer}/{field}")
        for index, label in enumerate(fields.get("label_ids") or ()):
            self._check("label", label, f"{pointer}/label_ids/{index}")

    def _check(self, entity: str, entity_id: str, pointer: str) -> None:
        there = present(entity, entity_id, pointer)
        if entity == "task" and entity_id in self.tasks:
            if self.tasks[entity_id] is None and there.error is not None:
                raise there.error
        elif (entity, entity_id) not in self._expected:
            self._expected.add((entity, entity_id))
            self.expects.append(there)


async def refuse_cycle(plan: Plan, task: TaskOut, parent: str, pointer: str) -> None:
    """Raise `Invalid` when a task would be below itself."""
    plan.base_needed = True
    above: str | None = parent
    while above is not None and above != task.id:
        above = await plan.parent_of(above)
    if above == task.id:
        raise invalid(
            f"{pointer}/parent_id",
            "cycle",
            f"{pointer}/parent_id: the task would be its own ancestor.",
        )
