"""What commits about workspaces and members are made of."""

from typing import Any

from tidework.http.context import RequestContext
from tidework.log import Change, Commit, Operation
from tidework.store.protocol import Store
from tidework.times import now
from tidework.workspaces import queries


def founding(
    workspace_id: str,
    user_id: str,
    name: str,
    context: RequestContext | None,
    *,
    personal: bool = False,
) -> Commit:
    """The first commit of a workspace."""
    at = now()
    fields = {
        "name": name,
        "personal": personal,
        "created_by": user_id,
        "created_at": at,
        "deleted_at": None,
    }
    return Commit(
        stream_id=workspace_id,
        actor_id=user_id,
        at=at,
        creates="workspace",
        changes=[
            Change("workspace", workspace_id, "create", fields),
            Change("member", user_id, "create", {"role": "owner", "created_at": at}),
        ],
        operations=[lookup("upsert", user_id, workspace_id)],
        request_id=context.request_id if context else None,
        idempotency=context.idempotency if context else None,
    )


def lookup(op: Any, user_id: str, workspace_id: str) -> Operation:
    """The row by which somebody's workspaces are found."""
    return Operation("user_workspaces", op, {"user_id": user_id, "workspace_id": workspace_id})


async def removal(store: Store, workspace_id: str, user_id: str) -> list[Change]:
    """The changes that take a member out: their tasks become nobody's."""
    params = {"stream_id": workspace_id, "user_id": user_id}
    assigned = await store.fetch(queries.ASSIGNED, params)
    changes = [Change("task", row[0], "update", {"assignee_id": None}) for row in assigned]
    return [*changes, Change("member", user_id, "delete")]
