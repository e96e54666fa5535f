"""From what a caller asked for to the changes of one commit.

A plan takes any number of operations, as a batch does; each sees what those before it have planned.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tidework.errors import Conflict, NotFound, TideworkError, invalid
from tidework.http.conditional import changed
from tidework.ids import new_id
from tidework.log import Change, Committed, Expect, Values
from tidework.store.sql.positions import between, is_position, position_of
from tidework.tasks.schemas import Move, TaskOut, TaskPatch
from tidework.times import canonical
from tidework.workspaces.api import present

MAX_TITLE = 200
_REFERENCES = {"project_id": "project", "parent_id": "task", "assignee_id": "member"}
_EMPTY = {"description": "", "label_ids": []}


def task_missing() -> NotFound:
    """The error for a task that is not in the workspace."""
    return NotFound("There is no such task in this workspace.")


class Neighbours(msgspec.Struct, frozen=True):
    """The positions that a moved task comes between."""

    after: str | None
    before: str | None


class Plan:
    """Changes of tasks that will be one commit.

    `at` is the commit's time. `base_needed` says that the decision rests on more than the commit
    itself can check: its stream must not move in between. `parents` and `positions` are those that
    have been planned. `pointer` is put before the pointers of errors.
    """

    def __init__(self, workspace_id: str, actor_id: str, at: str) -> None:
        self.changes: list[Change] = []
        self.expects: list[Expect] = []
        self.base_needed = False
        self.parents: dict[str, str | None] = {}
        self.positions: set[str] = set()
        self._workspace_id = workspace_id
        self._actor_id = actor_id
        self.at = at
        self._made: set[str] = set()
        self._removed: set[str] = set()
        self._checked: set[tuple[str, str]] = set()

    def create(self, values: Values, pointer: str = "", task_id: str | None = None) -> str:
        """Plan a new task from all of its fields; its id."""
        made = task_id or new_id()
        if task_id is not None:
            taken = Conflict(f"{pointer}: there is a task with this id already.", code="id_taken")
            self.expects.append(Expect("task", made, absent=True, error=taken))
        status = values["status"]
        fields = {
            "number": None,
            **values,
            "created_by": self._actor_id,
            "created_at": self.at,
            "completed_at": self.at if status == "completed" else None,
        }
        self._check_references(fields, pointer)
        self.changes.append(Change("task", made, "create", fields))
        self._made.add(made)
        self._note(made, fields)
        return made

    def update(
        self, task: TaskOut, values: Values, versions: Sequence[int] | None, pointer: str = ""
    ) -> bool:
        """Plan a change of some fields; whether there is anything to change."""
        if versions is not None and task.version not in versions:
            raise changed()
        values = {name: value for name, value in values.items() if getattr(task, name) != value}
        if not values:
            return False
        expect: dict[str, Sequence[Any]] = {}
        error: TideworkError | None = task_missing()
        if "status" in values:
            # When it was completed follows from the status that it has when this happens.
            expect["status"], error = [task.status], None
            if values["status"] == "completed":
                values["completed_at"] = self.at
            elif task.completed_at is not None:
                values["completed_at"] = None
        if versions is not None:
            expect["version"], error = list(versions), changed()
        if task.id not in self._made:
            self.expects.append(Expect("task", task.id, expect, error=error))
        self._check_references(values, pointer)
        self.changes.append(Change("task", task.id, "update", values))
        self._note(task.id, values)
        return True

    def delete(
        self,
        task: TaskOut,
        children: Iterable[str],
        comments: Iterable[str],
        relations: Iterable[str],
    ) -> None:
        """Plan a removal, with what belongs to the task; sub-tasks stay and lose their parent."""
        for child in children:
            if child not in self._removed:
                self.changes.append(Change("task", child, "update", {"parent_id": None}))
                self.parents[child] = None
        for entity, ids in (("comment", comments), ("relation", relations)):
            for entity_id in ids:
                if entity_id not in self._removed:
                    self._removed.add(entity_id)
                    self.changes.append(Change(entity, entity_id, "delete"))
        self.changes.append(Change("task", task.id, "delete"))
        self._removed.add(task.id)
        self.base_needed = True

    def _note(self, task_id: str, values: Values) -> None:
        if "parent_id" in values:
            self.parents[task_id] = values["parent_id"]
        if values.get("position"):
            self.positions.add(values["position"])

    def children_of(self, task_id: str, stored: Iterable[str]) -> list[str]:
        """The sub-tasks of a task: those that are stored, as the plan leaves them, and new ones."""
        kept = [child for child in stored if self.parents.get(child, task_id) == task_id]
        new = [child for child, parent in self.parents.items() if parent == task_id]
        return list(dict.fromkeys([*kept, *new]))

    def _check_references(self, fields: Mapping[str, Any], pointer: str) -> None:
        for field, entity in _REFERENCES.items():
            if fields.get(field) is not None:
                self._check(entity, fields[field], f"{pointer}/{field}")
        for index, label in enumerate(fields.get("label_ids") or ()):
            self._check("label", label, f"{pointer}/label_ids/{index}")

    def _check(self, entity: str, entity_id: str, pointer: str) -> None:
        if entity == "task" and entity_id in self._removed:
            error = present(entity, entity_id, pointer).error
            assert error is not None
            raise error
        made = entity == "task" and entity_id in self._made
        if made or (entity, entity_id) in self._checked:
            return
        self._checked.add((entity, entity_id))
        self.expects.append(present(entity, entity_id, pointer))


def values_of(data: Any, names: Iterable[str], pointer: str = "") -> Values:
    """The named fields of a request as the log has them. `position` is left to the caller.

    Raises `Invalid`.
    """
    values: Values = {}
    for name in names:
        value = getattr(data, name)
        if value is None:
            values[name] = _EMPTY.get(name)
        elif name == "title":
            values[name] = _title(value, pointer)
        elif name == "label_ids":
            values[name] = list(dict.fromkeys(str(label) for label in value))
        elif name == "due_at":
            values[name] = _due(value, pointer)
        elif name.endswith("_id"):
            values[name] = str(value)
        else:
            values[name] = value
    return values


def patched(data: TaskPatch) -> list[str]:
    """The names of the fields that a merge patch sets, without the position."""
    return [
        name
        for name in data.__struct_fields__
        if name != "position" and getattr(data, name) is not msgspec.UNSET
    ]


def _title(title: str, pointer: str) -> str:
    text = title.strip()
    if not 1 <= len(text) <= MAX_TITLE:
        raise invalid(
            f"{pointer}/title",
            "length",
            f"{pointer}/title must have 1 to {MAX_TITLE} characters, not {len(text)}.",
        )
    return text


def _due(moment: Any, pointer: str) -> str:
    try:
        return canonical(moment)
    except OverflowError:
        raise invalid(
            f"{pointer}/due_at",
            "out_of_range",
            f"{pointer}/due_at lies outside the years 1 to 9999.",
        ) from None


def position_between(neighbours: Neighbours, last_number: int, pointer: str = "") -> str:
    """The position of a task that is moved between two others.

    Behind the last one it stays before all tasks that are made later.
    """
    after, before = neighbours.after, neighbours.before
    end = position_of(last_number + 1)
    if before is None and (after is None or after < end):
        before = end
    if after is not None and before is not None and after >= before:
        raise invalid(
            f"{pointer}/position",
            "not_neighbours",
            f"{pointer}/position: the task in `after` does not stand before the one in `before`.",
        )
    return between(after, before)


def check_position(position: str, pointer: str = "") -> str:
    """A position that a caller made. Raises `Invalid` for what is none."""
    if not is_position(position):
        raise invalid(
            f"{pointer}/position",
            "invalid_position",
            f"{pointer}/position must be digits and letters that do not end in 0.",
        )
    return position


def task_of(fields: Values, task_id: str, workspace_id: str, at: str, version: int) -> TaskOut:
    """A task from the fields that a commit has left it at."""
    return TaskOut(id=task_id, workspace_id=workspace_id, updated_at=at, version=version, **fields)


def tasks_after(committed: Committed) -> dict[str, TaskOut]:
    """What a commit has left its tasks at, by id; without those it has removed."""
    left: dict[str, TaskOut] = {}
    for change, fields in zip(committed.changes, committed.after, strict=False):
        if change.entity == "task" and fields:
            place = (change.id, committed.stream_id, change.at, committed.seq)
            left[change.id] = task_of(fields, *place)
    return left


def is_move(position: Any) -> bool:
    """Whether a position is given by neighbours."""
    return isinstance(position, Move)
