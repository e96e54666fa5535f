"""Which events there are, and which of them follow from a change.

The catalogue is for others to rely on: an event's `values` may gain fields; what changes its meaning
makes a new version of its schema.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from tidework.bus.event import Event
from tidework.log import LoggedChange

VERSION: Final = 1

_PLURAL: Final = {
    "account": "users",
    "workspace": "workspaces",
    "member": "members",
    "project": "projects",
    "label": "labels",
    "task": "tasks",
    "comment": "comments",
    "relation": "relations",
    "reminder": "reminders",
    "webhook": "webhooks",
}

# By entity: the types of a create, an update and a delete.
_TYPES: Final[dict[str, tuple[str, str, str]]] = {
    "account": ("user.registered", "user.updated", "user.deleted"),
    "workspace": ("workspace.created", "workspace.updated", "workspace.deleted"),
    "member": ("member.added", "member.role_changed", "member.removed"),
    "project": ("project.created", "project.updated", "project.deleted"),
    "label": ("label.created", "label.updated", "label.deleted"),
    "task": ("task.created", "task.updated", "task.deleted"),
    "comment": ("comment.created", "comment.updated", "comment.deleted"),
    "relation": ("relation.added", "relation.updated", "relation.removed"),
    "reminder": ("reminder.created", "reminder.updated", "reminder.deleted"),
    "webhook": ("webhook.created", "webhook.updated", "webhook.deleted"),
}
_OPS: Final = {"create": 0, "update": 1, "delete": 2}


def _further() -> Iterable[str]:
    yield from ("task.completed", "task.reopened", "task.assigned", "task.unassigned")
    yield from ("user.deactivated", "user.reactivated", "user.role_changed")
    yield "webhook.disabled"


TYPES: Final = (*(kind for kinds in _TYPES.values() for kind in kinds), *_further())
"""Every type of event, in no order that matters."""


def types_of(change: LoggedChange) -> list[str]:
    """The types of the events that follow from a change, the plain one first; often none or one."""
    names = _TYPES.get(change.entity)
    if names is None:
        return []
    found = [names[_OPS[change.op]]]
    if change.entity == "task" and change.op != "delete":
        found += _of_task(change)
    elif change.entity == "account" and change.op == "update":
        found += _of_account(change)
    elif change.entity == "webhook" and change.set.get("disabled_reason"):
        found.append("webhook.disabled")
    return found


def _of_task(change: LoggedChange) -> list[str]:
    found = []
    after, before = change.set, change.was
    if "status" in after:
        done, was_done = after["status"] == "completed", before.get("status") == "completed"
        if done and not was_done:
            found.append("task.completed")
        elif was_done and not done:
            found.append("task.reopened")
    if "assignee_id" in after and after["assignee_id"] != before.get("assignee_id"):
        found.append("task.assigned" if after["assignee_id"] else "task.unassigned")
    return found


def _of_account(change: LoggedChange) -> list[str]:
    found = []
    after, before = change.set, change.was
    if "is_active" in after and after["is_active"] != before.get("is_active"):
        found.append("user.reactivated" if after["is_active"] else "user.deactivated")
    if "role" in after and after["role"] != before.get("role"):
        found.append("user.role_changed")
    return found


def events_of(changes: Iterable[LoggedChange]) -> list[Event]:
    """The events that follow from changes, in their order."""
    return [_event(change, kind) for change in changes for kind in types_of(change)]


def _event(change: LoggedChange, kind: str) -> Event:
    where = "users" if change.entity in ("account", "reminder") else "workspaces"
    return Event(
        id=f"{change.stream_id}:{change.seq}:{change.ordinal}:{kind}",
        source=f"/api/v1/{where}/{change.stream_id}",
        type=kind,
        subject=f"{_PLURAL[change.entity]}/{change.id}",
        time=change.at,
        dataschema=f"urn:tidework:event:{kind}:{VERSION}",
        data={"id": change.id, "values": change.set, "before": change.was},
        streamid=change.stream_id,
        seq=change.seq,
        ordinal=change.ordinal,
        actorid=change.actor_id,
        imported=change.origin == "import",
    )


class LoggedCommit:
    """A commit as it stands in the log, with the events that follow from it."""

    __slots__ = ("_events", "changes", "imported", "seq", "stream_id")

    def __init__(self, changes: Sequence[LoggedChange]) -> None:
        self.changes = changes
        self.stream_id = changes[0].stream_id
        self.seq = changes[0].seq
        self.imported = changes[0].origin == "import"
        self._events: list[Event] | None = None

    @property
    def events(self) -> Sequence[Event]:
        """Made when they are first asked for."""
        if self._events is None:
            self._events = events_of(self.changes)
        return self._events


def commits_of(changes: Sequence[LoggedChange]) -> list[LoggedCommit]:
    """The commits that a page of one stream's log consists of."""
    return [LoggedCommit(list(group)) for _, group in groupby(changes, key=lambda one: one.seq)]
