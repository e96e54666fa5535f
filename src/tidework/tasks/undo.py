"""Taking a commit back: what that takes, and what stands in its way."""

import asyncio
from collections.abc import Mapping, Sequence

from tidework.errors import Conflict, TideworkError
from tidework.http.context import Role
from tidework.log import Change, Expect, LoggedChange, Operation
from tidework.store.protocol import Store
from tidework.store.sql.statement import Statement
from tidework.tasks import queries
from tidework.tasks.reads import Reads, blocks_in_circle
from tidework.tasks.schemas import CommentOut
from tidework.workspaces.api import admission

_REFERENCES = {
    "task": {"project_id": "project", "parent_id": "task", "assignee_id": "member"},
    "comment": {"task_id": "task"},
    "relation": {"task_id": "task", "other_id": "task"},
}
# What may hang on something that undoing removes, and the field that it hangs by; without one it
# goes only by being removed.
_DEPENDENTS: Mapping[str, Sequence[tuple[Statement, str | None]]] = {
    "task": (
        (queries.CHILDREN, "parent_id"),
        (queries.COMMENT_IDS, None),
        (queries.RELATION_IDS, None),
    ),
    "project": ((queries.OF_PROJECTS, "project_id"),),
    "member": ((queries.OF_MEMBERS, "assignee_id"),),
    "label": ((queries.OF_LABELS, "label_ids"),),
}


def in_the_way() -> TideworkError:
    """The error when later changes build on the commit."""
    return Conflict(
        "Later changes build on this one. Undo those first, newest first.", code="later_changes"
    )


async def role_for(
    store: Store, workspace_id: str, changes: Sequence[LoggedChange], user_id: str
) -> Role:
    """The role that undoing these changes needs. Raises `Conflict` for what cannot be undone."""
    role: Role = "editor"
    with_task = {
        change.id for change in changes if change.entity == "task" and change.op != "update"
    }
    for change in changes:
        if change.entity == "workspace" and change.op != "update":
            raise Conflict(
                "The making of a workspace cannot be undone; remove it instead.", code="founding"
            )
        if change.entity == "member" and "owner" in (
            change.set.get("role"),
            change.was.get("role"),
        ):
            raise Conflict(
                "Changes of who owns the workspace are not undone; make them the other way.",
                code="owners",
            )
        if change.entity == "webhook":
            raise Conflict(
                "Webhooks are not undone; an owner of the workspace can change them.",
                code="webhooks",
            )
        if change.entity == "report_schedule":
            raise Conflict(
                "Schedules of reports are not undone; make it anew, or remove it.",
                code="report_schedules",
            )
        if change.entity in ("workspace", "member"):
            role = "owner"
        elif change.entity == "comment" and role != "owner":
            known = change.set | change.was
            # A comment that came or went with its task follows it; else it is its author's.
            if known.get("task_id") in with_task:
                continue
            # Who has changed its text need not be its author: an owner may have undone a change.
            author = known.get("author_id") or await _author_of(store, workspace_id, change.id)
            if author != user_id:
                role = "owner"
    return role


async def _author_of(store: Store, workspace_id: str, comment_id: str) -> str | None:
    rows = await store.fetch(queries.COMMENT, {"stream_id": workspace_id, "id": comment_id})
    return CommentOut(*rows[0][1:]).author_id if rows else None


async def refuse_dependents(
    store: Store, workspace_id: str, logged: Sequence[LoggedChange], changes: Sequence[Change]
) -> None:
    """Raise when something would be left that refers to what undoing removes."""
    if await hung_on(store, workspace_id, logged, settled_by(changes)):
        raise in_the_way()


Settled = set[tuple[str, str | None]]
"""What undoing settles by itself: ids that it removes, with None, and fields that it sets."""


def settled_by(changes: Sequence[Change]) -> Settled:
    """What these changes settle."""
    settled: Settled = {(change.id, name) for change in changes for name in change.set}
    return settled | {(change.id, None) for change in changes if change.op == "delete"}


async def hung_on(
    store: Store, workspace_id: str, logged: Sequence[LoggedChange], settled: Settled
) -> set[tuple[str, str]]:
    """What of the things that these changes have made others refer to: kind and id."""
    found: set[tuple[str, str]] = set()
    for entity, statements in _DEPENDENTS.items():
        ids = [c.id for c in logged if c.op == "create" and c.entity == entity]
        if not ids:
            continue
        made = set(ids)
        params = {"stream_id": workspace_id, "ids": ids}
        for statement, field in statements:
            # The embedded database answers at once: others want their turn as well.
            await asyncio.sleep(0)
            for row in await store.fetch(statement, params):
                if (row[-1], None) in settled or (row[-1], field) in settled:
                    continue
                named = row[0] if isinstance(row[0], list) else [row[0]]
                found.update((entity, one) for one in named if one in made)
    return found


async def refuse_circles(store: Store, workspace_id: str, changes: Sequence[Change]) -> None:
    """Raise when what comes back would make a task its own ancestor, or block itself."""
    blocks = [
        (change.set["task_id"], change.set["other_id"])
        for change in changes
        if change.entity == "relation" and change.set.get("kind") == "blocks"
    ]
    if blocks and await blocks_in_circle(store, workspace_id, blocks):
        raise in_the_way()
    parents = {
        change.id: change.set["parent_id"]
        for change in changes
        if change.entity == "task" and "parent_id" in change.set
    }
    reads = Reads(store, workspace_id)
    await reads.load_parents(parent for parent in parents.values() if parent)
    for task_id in parents:
        seen: set[str] = set()
        above: str | None = task_id
        while above is not None and above not in seen:
            seen.add(above)
            above = parents[above] if above in parents else await reads.parent_of(above)
        if above is not None:
            raise in_the_way()


async def refuse_strangers(store: Store, changes: Sequence[Change]) -> None:
    """Raise when a member would come back whose account is gone."""
    returning = [c.id for c in changes if c.entity == "member" and c.op == "create"]
    if returning:
        found = await store.fetch(queries.ACCOUNTS, {"ids": returning})
        if {row[0] for row in found} != set(returning):
            raise Conflict(
                "This person's account is gone; they cannot come back.", code="account_gone"
            )


def referred(changes: Sequence[Change]) -> list[Expect]:
    """That what comes back still finds what it refers to."""
    returning = {change.id for change in changes if change.op == "create"}
    wanted: set[tuple[str, str]] = set()
    for change in changes:
        for field, entity in _REFERENCES.get(change.entity, {}).items():
            if change.set.get(field) is not None:
                wanted.add((entity, change.set[field]))
        wanted.update(("label", label) for label in change.set.get("label_ids") or ())
    return [
        Expect(entity, entity_id, error=in_the_way())
        for entity, entity_id in sorted(wanted)
        if entity_id not in returning
    ]


def lookups(workspace_id: str, changes: Sequence[Change]) -> list[Operation]:
    """What follows from members who come back or go."""
    operations: list[Operation] = []
    for change in changes:
        if change.entity == "member" and change.op == "create":
            operations += admission(workspace_id, change.id)
        elif change.entity == "member" and change.op == "delete":
            key = {"user_id": change.id, "workspace_id": workspace_id}
            operations.append(Operation("user_workspaces", "delete", key))
    return operations
