"""Routes of changes in bulk."""

from typing import Any

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tidework.http.context import Membership, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.replies import known_id
from tidework.tasks.bulk import BulkService
from tidework.tasks.bulk_schemas import BulkIn, BulkList, BulkOut, BulkUndoIn

_BASE = "/workspaces/{w:str}"
_RUN = f"{_BASE}/bulk/{{run_id:str}}"
_READ = problem_responses(404)
_CHANGE = problem_responses(403, 404, 409)


@post(
    f"{_BASE}/tasks/bulk",
    operation_id="bulkTasks",
    summary="Change all tasks that match, in the background; a dry run answers 200 at once",
    responses=problem_responses(403, 404),
    status_code=202,
)
async def bulk_tasks(
    w: FromPath[str],
    editor: NamedDependency[Membership],
    data: JSONBody[BulkIn],
    context: NamedDependency[RequestContext],
    bulk: NamedDependency[BulkService],
) -> Response[BulkOut]:
    """Which tasks those are is settled now: what is done to them does not change that any more."""
    out = await bulk.start(editor, data, context)
    if out.id is None:
        return Response(out, status_code=200)
    context.location = f"/api/v1/workspaces/{editor.workspace_id}/bulk/{out.id}"
    return Response(out, status_code=202)


@get(f"{_BASE}/bulk", operation_id="listBulk", summary="The latest ones", responses=_READ)
async def list_bulk(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    bulk: NamedDependency[BulkService],
) -> BulkList:
    return await bulk.latest(viewer.workspace_id)


@get(_RUN, operation_id="getBulk", summary="How far it has come", responses=_READ)
async def get_bulk(
    w: FromPath[str],
    run_id: FromPath[str],
    viewer: NamedDependency[Membership],
    bulk: NamedDependency[BulkService],
) -> BulkOut:
    return await bulk.show(viewer.workspace_id, known_id(run_id, "change in bulk"))


@delete(_RUN, operation_id="cancelBulk", summary="Stop it where it is", responses=_CHANGE)
async def cancel_bulk(
    w: FromPath[str],
    run_id: FromPath[str],
    editor: NamedDependency[Membership],
    bulk: NamedDependency[BulkService],
) -> None:
    """What is done stays, and can be undone."""
    await bulk.cancel(editor.workspace_id, known_id(run_id, "change in bulk"))


@post(
    f"{_RUN}/undo",
    operation_id="undoBulk",
    summary="Take all of it back, in the background",
    responses=_CHANGE,
    status_code=202,
)
async def undo_bulk(
    w: FromPath[str],
    run_id: FromPath[str],
    editor: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    bulk: NamedDependency[BulkService],
    data: JSONBody[BulkUndoIn | None] = None,
) -> BulkOut:
    wanted = known_id(run_id, "change in bulk")
    out = await bulk.undo(editor, wanted, partial=data is not None and data.partial)
    context.location = f"/api/v1/workspaces/{editor.workspace_id}/bulk/{wanted}"
    return out


HANDLERS: list[Any] = [bulk_tasks, list_bulk, get_bulk, cancel_bulk, undo_bulk]
