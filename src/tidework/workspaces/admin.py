"""The administrator's view over all workspaces."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency

from tidework.http import cursor as cursors
from tidework.http.context import Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import CURSOR, QUERY, limit
from tidework.http.query import Query
from tidework.ids import is_id
from tidework.store.protocol import Store
from tidework.users.api import Audit
from tidework.workspaces import queries
from tidework.workspaces.schemas import AdminWorkspaceList, AdminWorkspaceOut

_FIRST = "00000000-0000-0000-0000-000000000000"


class AdminWorkspaceService:
    """Looks at others' workspaces; each look is written to the audit."""

    def __init__(self, store: Store, audit: Audit) -> None:
        self._store = store
        self._audit = audit

    async def page(
        self, admin: NamedDependency[Principal], raw_query: bytes, request_id: str
    ) -> AdminWorkspaceList:
        """A page of workspaces, in the order of their ids."""
        query = Query(raw_query, ("cursor", "limit"))
        most = query.number("limit", 1, 100) or 20
        after = _FIRST
        if (text := query.text("cursor")) is not None:
            (after,) = cursors.decode(text, [str])
            if not is_id(after):
                raise cursors.wrong()
        params = {"after": after, "limit": most + 1}
        rows = await self._store.fetch(queries.ADMIN_WORKSPACES, params)
        shown = [AdminWorkspaceOut(*row) for row in rows[:most]]
        detail = {"shown": len(shown)}
        await self._audit.write(admin.user_id, "workspaces.list", None, detail, request_id)
        return AdminWorkspaceList(
            shown, cursors.encode([shown[-1].id]) if len(rows) > most else None
        )


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
