"""Routes of saved filters."""

from litestar import Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from tidework.http.context import Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.replies import given, known_id, written
from tidework.store.protocol import Store
from tidework.users.filter_schemas import (
    SavedFilter,
    SavedFilterCreate,
    SavedFilterList,
    SavedFilterPatch,
)
from tidework.users.filters import SavedFilters

_CHANGE = problem_responses(404, 409, 412)
_ONE = "/{filter_id:str}"


@get("/", operation_id="listSavedFilters", summary="My saved filters, by name")
async def list_filters(
    caller: NamedDependency[Principal], filters: NamedDependency[SavedFilters]
) -> SavedFilterList:
    """They are nobody else's."""
    return SavedFilterList(await filters.of(caller.user_id))


@post(
    "/", operation_id="createSavedFilter", summary="Save a filter", responses=problem_responses(409)
)
async def create_filter(
    data: JSONBody[SavedFilterCreate],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    filters: NamedDependency[SavedFilters],
) -> SavedFilter:
    """Up to 100. Names differ in more than upper and lower case."""
    made = await filters.create(caller.user_id, given(data), context)
    return written(context, made.version, made, f"/api/v1/users/me/filters/{made.id}")


@patch(_ONE, operation_id="updateSavedFilter", summary="Change a filter", responses=_CHANGE)
async def update_filter(
    filter_id: FromPath[str],
    data: JSONBody[SavedFilterPatch],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    filters: NamedDependency[SavedFilters],
) -> SavedFilter:
    wanted = known_id(filter_id, "saved filter")
    done = await filters.update(caller.user_id, wanted, given(data), context)
    return written(context, done.version, done)


@delete(
    _ONE,
    operation_id="deleteSavedFilter",
    summary="Remove a filter",
    responses=problem_responses(404, 412),
)
async def delete_filter(
    filter_id: FromPath[str],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    filters: NamedDependency[SavedFilters],
) -> None:
    await filters.delete(caller.user_id, known_id(filter_id, "saved filter"), context)


def routers(store: Store) -> list[Router]:
    """The routes, with the service that they call."""
    filters = SavedFilters(store)
    handlers = [list_filters, create_filter, update_filter, delete_filter]
    provided = {"filters": Provide(lambda: filters, use_cache=True, sync_to_thread=False)}
    return [Router("/users/me/filters", route_handlers=handlers, dependencies=provided)]
