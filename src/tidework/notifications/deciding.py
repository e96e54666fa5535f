"""Who is to be told of a commit, and of what: decided from the commit and a few facts beside it.

Nobody is told of what they have done themselves, nor of a workspace that they are not a member of.
One commit tells one person of one task once, of what matters most.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from tidework.log import LoggedChange, Values
from tidework.notifications.kinds import Kind
from tidework.notifications.mentions import Names

_EXCERPT: Final = 200
_MOST: Final = 10
"""More than so many of one kind for one person in one commit are told as one."""

_NAMED: Final = 10
# What is told of a task when there would be several things to tell.
_WEIGHT: Final[dict[Kind, int]] = {
    "assigned": 0,
    "mentioned": 1,
    "completed": 2,
    "commented": 3,
    "unassigned": 4,
}


class TaskFacts(NamedTuple):
    """A task as it is now."""

    id: str
    number: int
    title: str
    status: str
    due_at: str | None
    assignee_id: str | None
    created_by: str | None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in ("pending", "in_progress")


@dataclass(slots=True)
class Facts:
    """A workspace as it is now, as far as a commit's changes ask for it.

    `members` are roles by person; `comments` are the tasks of comments; `commenters` everybody who
    has commented on a task.
    """

    workspace: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names(()))
    tasks: Mapping[str, TaskFacts] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    commenters: Mapping[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """That somebody is to be told something. `source` is what it follows from: the same source,
    kind and person make the same notification.
    """

    kind: Kind
    user_id: str
    source: str
    at: str
    task_id: str | None = None
    actor_id: str | None = None
    data: Values = field(default_factory=dict)


def decide(changes: Sequence[LoggedChange], facts: Facts) -> list[Note]:
    """The notes that follow from a commit's changes."""
    best: dict[tuple[str, str], Note] = {}
    for change in changes:
        for note in _of(change, facts):
            if note.user_id == change.actor_id or note.user_id not in facts.members:
                continue
            place = (note.user_id, note.task_id or note.source)
            known = best.get(place)
            if known is None or _WEIGHT.get(note.kind, 9) < _WEIGHT.get(known.kind, 9):
                best[place] = note
    return _collapsed(best.values())


def _of(change: LoggedChange, facts: Facts) -> Iterator[Note]:
    if change.entity == "member":
        yield from _of_member(change, facts)
    elif change.entity == "webhook":
        yield from _of_webhook(change, facts)
    elif change.op == "delete" or _made_anew(change):
        return
    elif change.entity == "task":
        task = facts.tasks.get(change.id)
        if task is not None:
            yield from _of_task(change, task, facts)
    elif change.entity == "comment":
        task = facts.tasks.get(facts.comments.get(change.id, ""))
        if task is not None:
            yield from _of_comment(change, task, facts)


def _made_anew(change: LoggedChange) -> bool:
    """Whether something was made that had been there before: by an undo."""
    return change.op == "create" and change.set.get("created_at") != change.at


def _of_member(change: LoggedChange, facts: Facts) -> Iterator[Note]:
    # Without an actor: the machinery, such as a person's own workspace.
    if change.actor_id is None or "role" not in change.set:
        return
    kind: Kind = "added" if change.op == "create" else "role_changed"
    data = {"role": change.set["role"], "workspace": facts.workspace}
    yield _note(change, kind, change.id, None, data)


def _of_webhook(change: LoggedChange, facts: Facts) -> Iterator[Note]:
    reason = change.set.get("disabled_reason")
    if not reason or change.op != "update":
        return
    data = {"workspace": facts.workspace, "webhook_id": change.id, "excerpt": excerpt(reason)}
    for user_id, role in facts.members.items():
        if role == "owner":
            yield _note(change, "webhook_disabled", user_id, None, data)


def _of_task(change: LoggedChange, task: TaskFacts, facts: Facts) -> Iterator[Note]:
    data = task_data(task, facts.workspace)
    after, before = change.set, change.was
    if "assignee_id" in after:
        assignee, former = after["assignee_id"], before.get("assignee_id")
        if assignee and assignee != former:
            yield _note(change, "assigned", assignee, task, data)
        if former and former != assignee:
            yield _note(change, "unassigned", former, task, data)
    for user_id in newly_mentioned(facts.names, after, before, "description"):
        more = {"excerpt": excerpt(after["description"])}
        yield _note(change, "mentioned", user_id, task, data | more)
    done = after.get("status") == "completed" and before.get("status") != "completed"
    if done and change.op == "update" and task.created_by:
        yield _note(change, "completed", task.created_by, task, data)


def _of_comment(change: LoggedChange, task: TaskFacts, facts: Facts) -> Iterator[Note]:
    body = change.set.get("body")
    if body is None:
        return
    data = task_data(task, facts.workspace) | {"comment_id": change.id, "excerpt": excerpt(body)}
    for user_id in newly_mentioned(facts.names, change.set, change.was, "body"):
        yield _note(change, "mentioned", user_id, task, data)
    if change.op == "create":
        concerned = {task.created_by, task.assignee_id, *facts.commenters.get(task.id, ())}
        for one in sorted(user_id for user_id in concerned if user_id):
            yield _note(change, "commented", one, task, data)


def newly_mentioned(names: Names, after: Values, before: Values, field_name: str) -> list[str]:
    """Whom a text mentions that it did not mention before, in order."""
    text = after.get(field_name)
    if not text:
        return []
    return sorted(names.mentioned(text) - names.mentioned(before.get(field_name) or ""))


def task_data(task: TaskFacts, workspace: str) -> Values:
    """What is kept of a task with a notification: how it was called then."""
    return {
        "workspace": workspace,
        "number": task.number,
        "title": task.title,
        "due_at": task.due_at,
    }


def excerpt(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text[: _EXCERPT * 4].split())
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1].rstrip() + "…"


def _note(
    change: LoggedChange, kind: Kind, user_id: str, task: TaskFacts | None, data: dict[str, Any]
) -> Note:
    source = f"{change.stream_id}:{change.seq}:{change.ordinal}"
    task_id = task.id if task else None
    return Note(kind, user_id, source, change.at, task_id, change.actor_id, data)


def _collapsed(notes: Iterable[Note]) -> list[Note]:
    """Notes of which one person does not get dozens of one kind for a single commit."""
    groups: dict[tuple[str, Kind], list[Note]] = defaultdict(list)
    for note in notes:
        groups[note.user_id, note.kind].append(note)
    told: list[Note] = []
    for (user_id, kind), group in groups.items():
        if len(group) <= _MOST:
            told += group
            continue
        first = group[0]
        named = [
            {"id": note.task_id, "number": note.data.get("number"), "title": note.data.get("title")}
            for note in group[:_NAMED]
        ]
        data = {"workspace": first.data.get("workspace"), "count": len(group), "tasks": named}
        told.append(Note(kind, user_id, first.source, first.at, None, first.actor_id, data))
    return told
