"""Routes of copies: a workspace at one moment, and the long texts of its tasks."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tidework.http.context import Membership, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import QUERY
from tidework.http.replies import listing
from tidework.tasks.parameters import SNAPSHOT, TEXTS
from tidework.tasks.snapshot_schemas import Snapshot, TextPage
from tidework.tasks.snapshots import SnapshotService

_READ = problem_responses(404)
_BASE = "/workspaces/{w:str}"
AnyRequest = Request[Any, Any, Any]


@get(
    f"{_BASE}/snapshot",
    operation_id="workspaceSnapshot",
    summary="A whole workspace, to begin a copy with",
    responses=_READ,
    opt={QUERY: SNAPSHOT},
)
async def workspace_snapshot(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    request: AnyRequest,
    context: NamedDependency[RequestContext],
    snapshots: NamedDependency[SnapshotService],
) -> Snapshot:
    """Then ask for the changes since the first page's `seq`, and leave out what is below the `version`
    of an entity, or of one that is not there.
    """
    raw: bytes = request.scope["query_string"]
    seq, page = await snapshots.page(viewer, raw, context.workspace_seq)
    return listing(context, seq, page)


@get(
    f"{_BASE}/texts",
    operation_id="workspaceTexts",
    summary="The descriptions of tasks, for a copy",
    responses=_READ,
    opt={QUERY: TEXTS},
)
async def workspace_texts(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    request: AnyRequest,
    context: NamedDependency[RequestContext],
    snapshots: NamedDependency[SnapshotService],
) -> TextPage:
    """Only of tasks that have one. Each stands for its task's `version`."""
    raw: bytes = request.scope["query_string"]
    page = await snapshots.texts(viewer.workspace_id, raw, context.workspace_seq)
    return listing(context, page.seq, page)


HANDLERS: list[Any] = [workspace_snapshot, workspace_texts]
