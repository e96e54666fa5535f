"""What Tidework promises of a workspace, as plain dictionaries.

Written from the description of the interface, not from the code: a `Space` is a workspace as
somebody with a notebook would keep it, a `Draft` what one command does to it.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Fields = dict[str, Any]
Things = dict[str, dict[str, Fields]]

KINDS = ("workspace", "member", "project", "label", "task", "comment", "relation")
LEVELS = {"viewer": 1, "commenter": 2, "editor": 3, "owner": 4}
UNKNOWN = "01900000-0000-7000-8000-000000000000"
_REFERENCES = (
    ("task", "project_id", "project"),
    ("task", "parent_id", "task"),
    ("task", "assignee_id", "member"),
    ("comment", "task_id", "task"),
    ("relation", "task_id", "task"),
    ("relation", "other_id", "task"),
)


class Refused(Exception):
    """A command that must fail; `status` is that of its HTTP answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"{status}: {why}")
        self.status = status


def copied(things: Things) -> Things:
    """The same things, to be changed on their own. What is in a field is never changed."""
    return {
        kind: {thing_id: dict(fields) for thing_id, fields in of_kind.items()}
        for kind, of_kind in things.items()
    }


@dataclass(frozen=True)
class Step:
    """What happened to one thing: None is its absence; of an update only the fields it touched."""

    kind: str
    id: str
    before: Fields | None
    after: Fields | None


@dataclass
class Space:
    """A workspace. `stamps` are the seq and the time of each thing's last change."""

    id: str
    things: Things = field(default_factory=lambda: {kind: {} for kind in KINDS})
    stamps: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    seq: int = 0
    last_number: int = 0
    commits: dict[int, list[Step]] = field(default_factory=dict)
    dead: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def snapshot(self) -> "Space":
        """This moment, kept while the space goes on."""
        return replace(
            self,
            things=copied(self.things),
            stamps=dict(self.stamps),
            commits=dict(self.commits),
        )

    @property
    def own(self) -> Fields:
        return self.things["workspace"][self.id]

    def role(self, user_id: str) -> str | None:
        """What somebody is here."""
        member = self.things["member"].get(user_id)
        return None if member is None else member["role"]

    def version(self, kind: str, thing_id: str) -> int:
        """The seq of a thing's last change, 0 for what never was."""
        return self.stamps.get((kind, thing_id), (0, ""))[0]

    def view(self, kind: str, thing_id: str) -> Fields:
        """A thing with what its last change says of it."""
        seq, at = self.stamps[kind, thing_id]
        return {"id": thing_id, **self.things[kind][thing_id], "updated_at": at, "version": seq}

    def task(self, task_id: str) -> Fields:
        """A task as the interface shows it."""
        return {"workspace_id": self.id, **self.view("task", task_id)}

    def numbered(self, kind: str, number: int, foreign: str) -> str:
        """Some id of a kind: live, dead, of another workspace, or unknown."""
        live = list(self.things[kind])
        options = [*live * 4, *self.dead[kind][-1:], foreign]
        return options[number % len(options)]

    def commit(self, draft: "Draft", seq: int) -> None:
        """Take over what a draft has done."""
        assert seq == self.seq + 1, f"seq {self.seq} is followed by {seq}"
        self.seq = seq
        self.things = draft.things
        self.commits[seq] = draft.steps
        for step in draft.steps:
            if step.after is None:
                self.stamps.pop((step.kind, step.id), None)
                self.dead[step.kind].append(step.id)
            else:
                self.stamps[step.kind, step.id] = (seq, draft.at)
                if step.kind == "task" and step.before is None:
                    self.last_number = max(self.last_number, step.after["number"])


class Given:
    """What only the system can choose, taken from the commit it has made: ids, places, moments."""

    def __init__(self, changes: Iterable[Any] = ()) -> None:
        self._made: dict[str, list[Any]] = {}
        self._positions: dict[str, list[str]] = {}
        self._sets: dict[tuple[str, str], Fields] = {}
        for change in changes:
            self._sets[change.entity, change.id] = change.set
            if change.op == "create":
                self._made.setdefault(change.entity, []).append(change)
            if change.entity == "task" and "position" in change.set:
                self._positions.setdefault(change.id, []).append(change.set["position"])

    def made(self, kind: str) -> tuple[str, str]:
        """Id and creation time of the next thing of a kind; made up when there is no commit."""
        found = self._made.get(kind)
        if not found:
            return str(uuid.uuid4()), "?"
        change = found.pop(0)
        return change.id, change.set["created_at"]

    def position(self, task_id: str) -> str:
        """The next place of a task."""
        found = self._positions.get(task_id)
        return found.pop(0) if found else "?"

    def take_position(self, task_id: str, asked: str) -> None:
        """Pass over the place that somebody named; it is not logged when it was so already."""
        found = self._positions.get(task_id)
        if found and found[0] == asked:
            found.pop(0)

    def field(self, kind: str, thing_id: str, name: str) -> Any:
        """What was last set."""
        return self._sets.get((kind, thing_id), {}).get(name)


class Draft:
    """One command at work. `claimed` is the role that the caller was known by when it began.

    `refusals` are the statuses it may be refused with; a command that has any must be refused.
    """

    def __init__(
        self,
        space: Space,
        people: dict[str, Fields],
        actor: str | None,
        claimed: str | None,
        at: str,
    ) -> None:
        self.space = space
        self.things = copied(space.things)
        self.last_number = space.last_number
        self.people = people
        self.actor = actor
        self.claimed = claimed
        self.at = at
        self.steps: list[Step] = []
        self.refusals: list[int] = []
        self.notes: list[tuple[str, Fields | None]] = []
        self.needed = "viewer"

    # --- who may -----------------------------------------------------------------------------

    def need(self, role: str) -> None:
        """Refuse whoever has less than a role, or had when the command began."""
        if self.claimed is None:
            raise Refused(404, "no member")
        if LEVELS[self.claimed] < LEVELS[role]:
            raise Refused(403, f"needs {role}")
        if LEVELS[role] > LEVELS[self.needed]:
            self.needed = role

    def finish(self) -> None:
        """Refuse who has lost the role meanwhile; only what changes something asks again."""
        real = None if self.actor is None else self.space.role(self.actor)
        if (
            self.steps
            and self.actor is not None
            and LEVELS.get(real or "", 0) < LEVELS[self.needed]
        ):
            self.refusals.append(403)

    def refuse(self, status: int) -> None:
        """Note a fault; there may be others, and any may be the one that is answered."""
        self.refusals.append(status)

    def match(self, kind: str, thing_id: str, header: str | None) -> None:
        """`If-Match`: refuse unless it names the present version."""
        if header is None or header == "*":
            return
        made_here = any(s.id == thing_id and s.before is None for s in self.steps)
        if made_here or f'"{self.space.version(kind, thing_id)}"' not in header:
            self.refuse(412)

    def note(self, task_id: str) -> None:
        """Remember how a task is now."""
        fields = self.things["task"].get(task_id)
        if fields is None:
            self.notes.append((task_id, None))
            return
        stamp = self.space.stamps.get(("task", task_id))
        if any(step.id == task_id for step in self.steps):
            stamp = (self.space.seq + 1, self.at)
        assert stamp is not None
        shown = {"id": task_id, "workspace_id": self.space.id, **fields}
        self.notes.append((task_id, {**shown, "version": stamp[0], "updated_at": stamp[1]}))

    # --- what is done ------------------------------------------------------------------------

    def find(self, kind: str, thing_id: str) -> Fields:
        """A thing that must be there."""
        found = self.things[kind].get(thing_id)
        if found is None:
            raise Refused(404, f"no such {kind}")
        return found

    def make(self, kind: str, thing_id: str, fields: Fields) -> None:
        self.things[kind][thing_id] = fields
        self.steps.append(Step(kind, thing_id, None, dict(fields)))

    def put(self, kind: str, thing_id: str, **fields: Any) -> None:
        """Set fields; those that are so already are not touched."""
        thing = self.things[kind][thing_id]
        new = {name: value for name, value in fields.items() if thing[name] != value}
        if new:
            self.steps.append(Step(kind, thing_id, {name: thing[name] for name in new}, dict(new)))
            thing.update(new)

    def repeat(self, changes: Iterable[Any]) -> None:
        """Note the fields that were set to what they were."""
        for change in changes:
            if change.op == "update":
                # The key that a name is compared by is not of this model, and may stay as it was.
                same = {n: v for n, v in change.set.items() if change.was[n] == v}
                same.pop("name_key", None)
                if same:
                    self.steps.append(Step(change.entity, change.id, same, dict(same)))

    def drop(self, kind: str, thing_id: str) -> None:
        self.steps.append(Step(kind, thing_id, self.things[kind].pop(thing_id), None))

    def drop_task(self, task_id: str) -> None:
        """Remove a task with what hangs on it; its sub-tasks stay."""
        for child, fields in self.things["task"].items():
            if fields["parent_id"] == task_id:
                self.put("task", child, parent_id=None)
        for kind, names in (("comment", ("task_id",)), ("relation", ("task_id", "other_id"))):
            for thing_id, fields in list(self.things[kind].items()):
                if task_id in [fields[name] for name in names]:
                    self.drop(kind, thing_id)
        self.drop("task", task_id)

    def drop_member(self, user_id: str) -> None:
        """Remove a member; their tasks become nobody's."""
        for task_id, fields in self.things["task"].items():
            if fields["assignee_id"] == user_id:
                self.put("task", task_id, assignee_id=None)
        self.drop("member", user_id)

    def other_owners(self, user_id: str) -> bool:
        """Whether there is an owner who can act beside this one."""
        return other_owners(self.things, self.people, user_id)

    def undo(self, steps: Sequence[Step]) -> None:
        """Take a commit back; refuse when that would lose or break what came later."""
        left: dict[tuple[str, str], Fields | None] = {}
        for step in steps:
            key = (step.kind, step.id)
            left[key] = None if step.after is None else {**(left.get(key) or {}), **step.after}
        for (kind, thing_id), fields in left.items():
            present = self.things[kind].get(thing_id)
            if (present is None) != (fields is None):
                raise Refused(409, f"{kind} {thing_id} came or went since")
            for name, value in (fields or {}).items():
                if present is not None and present[name] != value:
                    raise Refused(409, f"{name} of {kind} {thing_id} was changed since")
        for step in reversed(steps):
            if step.before is None:
                self.drop(step.kind, step.id)
            elif step.after is None:
                self.make(step.kind, step.id, dict(step.before))
            else:
                self.put(step.kind, step.id, **step.before)
        if faults(self.things, self.people):
            self.refuse(409)


def other_owners(things: Things, people: dict[str, Fields], user_id: str) -> bool:
    """Whether somebody else owns a workspace whose account is active and taken over."""
    owners = [u for u, m in things["member"].items() if m["role"] == "owner" and u != user_id]
    return any(people[u]["is_active"] and not people[u]["placeholder"] for u in owners)


def faults(things: Things, people: dict[str, Fields]) -> list[str]:
    """What is wrong with a workspace as such, whatever led to it."""
    found = []
    deleted = any(own["deleted_at"] is not None for own in things["workspace"].values())
    if not deleted and not any(m["role"] == "owner" for m in things["member"].values()):
        found.append("no owner")
    found += [f"member {u} has no account" for u in things["member"] if u not in people]
    for kind, name, target in _REFERENCES:
        for thing_id, fields in things[kind].items():
            gone = fields[name] is not None and fields[name] not in things[target]
            if gone and not (deleted and target == "member"):
                found.append(f"{kind} {thing_id}: its {name} {fields[name]} is not there")
    for task_id, task in things["task"].items():
        found += [
            f"task {task_id}: label {x}" for x in task["label_ids"] if x not in things["label"]
        ]
        if (task["completed_at"] is not None) != (task["status"] == "completed"):
            found.append(f"task {task_id}: {task['status']}, completed at {task['completed_at']}")
    for kind in ("project", "label"):
        names = [fields["name"].casefold() for fields in things[kind].values()]
        if len(set(names)) < len(names):
            found.append(f"two {kind}s of one name")
    numbers = [task["number"] for task in things["task"].values()]
    if len(set(numbers)) < len(numbers):
        found.append("two tasks of one number")
    found += [f"circle through {x}" for x in circles(_parents(things))]
    found += [f"circle of blocks through {x}" for x in circles(blocking(things))]
    return found


def _parents(things: Things) -> dict[str, set[str]]:
    return {x: {t["parent_id"]} - {None} for x, t in things["task"].items()}


def blocking(things: Things) -> dict[str, set[str]]:
    """Which tasks each task blocks."""
    graph: dict[str, set[str]] = {}
    for relation in things["relation"].values():
        if relation["kind"] == "blocks":
            graph.setdefault(relation["task_id"], set()).add(relation["other_id"])
    return graph


def circles(graph: dict[str, set[str]]) -> list[str]:
    """The nodes that lead back to themselves."""
    return [node for node in graph if node in reachable(graph, node)]


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """What can be reached from a node, by one step at least."""
    seen: set[str] = set()
    ahead = list(graph.get(start, ()))
    while ahead:
        node = ahead.pop()
        if node not in seen:
            seen.add(node)
            ahead += graph.get(node, ())
    return seen
