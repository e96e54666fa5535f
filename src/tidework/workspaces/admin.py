"""What administrators see of all workspaces, and do to them. All of it is audited."""

from typing import Any

from litestar import Request, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tidework.errors import Conflict, NotFound, invalid
from tidework.http import cursor as cursors
from tidework.http.context import Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import CURSOR, QUERY, limit
from tidework.http.query import Query
from tidework.http.replies import known_id
from tidework.ids import LOWEST_ID, is_id
from tidework.log import Change, Commit
from tidework.store.protocol import Store
from tidework.store.retry import retried
from tidework.times import now
from tidework.users.api import Audit, Users
from tidework.workspaces import queries
from tidework.workspaces.api import admission
from tidework.workspaces.owners import Owners
from tidework.workspaces.schemas import (
    AdminWorkspaceList,
    AdminWorkspaceOut,
    AdminWorkspacePatch,
)

_LIST = ("all workspaces",)


class AdminWorkspaceService:
    """Looks at others' workspaces, and gives one an owner that has lost its own."""

    def __init__(self, store: Store, audit: Audit, users: Users) -> None:
        self._store = store
        self._audit = audit
        self._users = users
        self._owners = Owners(users)

    async def page(
        self, admin: NamedDependency[Principal], raw_query: bytes, request_id: str
    ) -> AdminWorkspaceList:
        """A page of workspaces, in the order of their ids."""
        query = Query(raw_query, ("cursor", "limit"))
        most = query.number("limit", 1, 100) or 20
        after = LOWEST_ID
        if (text := query.text("cursor")) is not None:
            (after,) = cursors.decode(text, _LIST, [str])
            if not is_id(after):
                raise cursors.wrong()
        params = {"after": after, "limit": most + 1}
        rows = await self._store.fetch(queries.ADMIN_WORKSPACES, params)
        shown = [AdminWorkspaceOut(*row) for row in rows[:most]]
        detail = {"shown": len(shown)}
        await self._audit.write(admin.user_id, "workspaces.list", None, detail, request_id)
        return AdminWorkspaceList(
            shown, cursors.encode(_LIST, [shown[-1].id]) if len(rows) > most else None
        )

    @retried
    async def give_owner(
        self, admin: Principal, workspace_id: str, email: str, context: RequestContext
    ) -> AdminWorkspaceOut:
        """Make somebody the owner of a workspace that has none who is active.

        An administrator decides nothing over a workspace whose owner can. Raises `NotFound`;
        `Conflict` (`personal`, `owned`); `Invalid` unless the address is that of an active account.
        """
        found = await self._store.fetch(queries.ADMIN_WORKSPACE, {"stream_id": workspace_id})
        if not found:
            raise NotFound("There is no such workspace.")
        if found[0][2]:
            raise Conflict("A personal workspace stays its person's.", code="personal")
        rows = await self._store.fetch(queries.MEMBERS, {"stream_id": workspace_id})
        if await self._owners.acting(row[1] for row in rows if row[2] == "owner"):
            raise Conflict(
                "This workspace has an owner whose account is active. Ask them to name another one,"
                " or deactivate their account first.",
                code="owned",
            )
        account = await self._users.find_by_email(email)
        if account is None or account.placeholder or not account.is_active:
            raise invalid(
                "/owner",
                "unknown_reference",
                "/owner: there is no active account with this address.",
            )
        at = now()
        detail = {"owner": account.id}
        commit = Commit(
            stream_id=workspace_id,
            actor_id=admin.user_id,
            at=at,
            request_id=context.request_id,
            changes=[_owner(account.id, {row[1] for row in rows}, at)],
            base_seq=found[0][7],
            operations=[
                *admission(workspace_id, account.id),
                self._audit.operation(
                    admin.user_id, "workspace.owner_given", workspace_id, detail, context.request_id
                ),
            ],
        )
        context.seq = (await self._store.append(commit)).seq
        done = await self._store.fetch(queries.ADMIN_WORKSPACE, {"stream_id": workspace_id})
        if not done:
            raise NotFound("The workspace has just been removed.")
        return AdminWorkspaceOut(*done[0])


def _owner(user_id: str, members: set[str], at: str) -> Change:
    if user_id in members:
        return Change("member", user_id, "update", {"role": "owner"})
    return Change("member", user_id, "create", {"role": "owner", "created_at": at})


@get(
    "/admin/workspaces",
    operation_id="adminListWorkspaces",
    summary="All workspaces; the look is written to the audit",
    responses=problem_responses(403),
    opt={QUERY: (limit(), CURSOR)},
)
async def admin_list_workspaces(
    admin: NamedDependency[Principal],
    request: Request[Any, Any, Any],
    context: NamedDependency[RequestContext],
    admin_workspaces: NamedDependency[AdminWorkspaceService],
) -> AdminWorkspaceList:
    raw: bytes = request.scope["query_string"]
    return await admin_workspaces.page(admin, raw, context.request_id)


@patch(
    "/admin/workspaces/{workspace_id:str}",
    operation_id="adminGiveOwner",
    summary="Give an owner to a workspace that has none who is active",
    responses=problem_responses(403, 404, 409),
)
async def admin_give_owner(
    workspace_id: FromPath[str],
    data: JSONBody[AdminWorkspacePatch],
    admin: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    admin_workspaces: NamedDependency[AdminWorkspaceService],
) -> AdminWorkspaceOut:
    """By address. For when the account of the last owner has been deactivated."""
    found = known_id(workspace_id, "workspace")
    return await admin_workspaces.give_owner(admin, found, data.owner, context)


HANDLERS: list[Any] = [admin_list_workspaces, admin_give_owner]
