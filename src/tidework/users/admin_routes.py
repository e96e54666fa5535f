"""Routes of administrators: accounts, audit and statistics."""

from typing import Annotated, Any

from litestar import Request, Router, delete, get, patch
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, Parameter

from tidework.http.context import Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import QUERY, number
from tidework.http.query import Query
from tidework.http.replies import given, known_id, written
from tidework.users.admin import AdminService
from tidework.users.api import UserView, view
from tidework.users.schemas import AuditPage, Stats, UserPage, UserPatch

_READ = problem_responses(403)
_ONE = problem_responses(403, 404)
_WRITE = problem_responses(403, 404, 409)

Limit = Annotated[int, Parameter(ge=1, le=100, description="How many, 20 unless given.")]
Cursor = Annotated[
    str | None, Parameter(description="`next_cursor` of the page before; none for the first page.")
]
Search = Annotated[
    str | None, Parameter(max_length=200, description="Part of a name or an e-mail address.")
]
AnyRequest = Request[Any, Any, Any]

_DAYS, _MOST_DAYS = 30, 366
_TOP, _MOST_TOP = 10, 100
STATS = (
    number("days", "How many UTC days, today included.", 1, _MOST_DAYS, _DAYS),
    number("top", "How many workspaces, those with the most tasks.", 1, _MOST_TOP, _TOP),
)


@get("/users", operation_id="listUsers", summary="All accounts", responses=_READ)
async def list_users(
    request: AnyRequest,
    admin: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    admins: NamedDependency[AdminService],
    q: Search = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> UserPage:
    """Oldest first. The look is written to the audit."""
    Query(request.scope["query_string"], ("q", "cursor", "limit"))
    return await admins.page(q, cursor, limit, admin.user_id, context)


@get("/users/{user_id:str}", operation_id="getUser", summary="An account", responses=_ONE)
async def get_user(
    user_id: FromPath[str],
    admin: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    admins: NamedDependency[AdminService],
) -> UserView:
    """The look is written to the audit."""
    account = await admins.look(known_id(user_id, "account"), admin.user_id, context)
    return written(context, account.version, view(account))


@patch(
    "/users/{user_id:str}",
    operation_id="updateUser",
    summary="Change somebody's role, or deactivate them",
    responses=_WRITE,
)
async def update_user(
    user_id: FromPath[str],
    data: JSONBody[UserPatch],
    admin: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    admins: NamedDependency[AdminService],
) -> UserView:
    """It takes effect on the next request everywhere. Not for oneself."""
    account = await admins.update(known_id(user_id, "account"), given(data), admin.user_id, context)
    return written(context, account.version, view(account))


@delete(
    "/users/{user_id:str}",
    operation_id="deleteUser",
    summary="Erase somebody's account",
    responses=_WRITE,
)
async def delete_user(
    user_id: FromPath[str],
    admin: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    admins: NamedDependency[AdminService],
) -> None:
    """Refused while they are the only owner of a workspace with other members. Not for oneself."""
    await admins.delete(known_id(user_id, "account"), admin.user_id, context)


@get("/audit", operation_id="listAudit", summary="What administrators did", responses=_READ)
async def list_audit(
    request: AnyRequest,
    admin: NamedDependency[Principal],
    admins: NamedDependency[AdminService],
    cursor: Cursor = None,
    limit: Limit = 20,
) -> AuditPage:
    """Looks at other people's content, and every act. Newest first."""
    Query(request.scope["query_string"], ("cursor", "limit"))
    return await admins.audit(cursor, limit)


@get(
    "/stats",
    operation_id="getStats",
    summary="The installation in numbers; the look is written to the audit",
    responses=_READ,
    opt={QUERY: STATS},
)
async def get_stats(
    request: AnyRequest,
    admin: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    admins: NamedDependency[AdminService],
) -> Stats:
    """Counted when asked for, but for what happened per day and in each workspace."""
    query = Query(request.scope["query_string"], ("days", "top"))
    days = query.number("days", 1, _MOST_DAYS) or _DAYS
    top = query.number("top", 1, _MOST_TOP) or _TOP
    return await admins.stats(days, top, admin.user_id, context)


def routers(admins: AdminService) -> list[Router]:
    """The routes, with the service that they call."""
    handlers = [list_users, get_user, update_user, delete_user, list_audit, get_stats]
    provided = {"admins": Provide(lambda: admins, sync_to_thread=False)}
    return [Router("/admin", route_handlers=handlers, dependencies=provided)]
