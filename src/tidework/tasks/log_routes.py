"""Routes of what the log says: history, changes, undo; statistics; the administrator's view."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tidework.http.context import Membership, Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import QUERY
from tidework.tasks.admin import AdminTaskService
from tidework.tasks.log import LogService
from tidework.tasks.parameters import ADMIN, CHANGES, HISTORY, STATS
from tidework.tasks.schemas import (
    AdminTaskPage,
    ChangesOut,
    HistoryPage,
    StatsOut,
    UndoIn,
    UndoOut,
)
from tidework.tasks.service import TaskService
from tidework.tasks.stats import StatsService

_READ = problem_responses(404)
_BASE = "/workspaces/{w:str}"
AnyRequest = Request[Any, Any, Any]


@get(
    f"{_BASE}/tasks/{{id:str}}/history",
    operation_id="taskHistory",
    summary="A task's changes: who, when, before and after",
    responses=_READ,
    opt={QUERY: HISTORY},
)
async def task_history(
    w: FromPath[str],
    id: FromPath[str],
    viewer: NamedDependency[Membership],
    request: AnyRequest,
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
    log: NamedDependency[LogService],
) -> HistoryPage:
    at_least = context.workspace_seq
    _, task = await tasks.show(viewer.workspace_id, id, at_least)
    raw: bytes = request.scope["query_string"]
    return await log.history(viewer.workspace_id, task.id, raw, at_least)


@get(
    f"{_BASE}/changes",
    operation_id="listChanges",
    summary="What came after a seq",
    responses=problem_responses(404, 410),
    opt={QUERY: CHANGES},
)
async def list_changes(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    request: AnyRequest,
    context: NamedDependency[RequestContext],
    log: NamedDependency[LogService],
) -> ChangesOut:
    """Start with `since=0`, or with the seq at which everything was read."""
    raw: bytes = request.scope["query_string"]
    return await log.changes(viewer.workspace_id, raw, context.workspace_seq)


@post(
    f"{_BASE}/undo",
    operation_id="undo",
    summary="Reverse one commit by a new one",
    responses=problem_responses(403, 404, 409, 410),
    status_code=200,
)
async def undo(
    w: FromPath[str],
    editor: NamedDependency[Membership],
    data: JSONBody[UndoIn],
    context: NamedDependency[RequestContext],
    log: NamedDependency[LogService],
) -> UndoOut:
    return await log.undo(editor, data.seq, context)


@get(
    f"{_BASE}/stats",
    operation_id="workspaceStats",
    summary="Statistics",
    responses=_READ,
    opt={QUERY: STATS},
)
async def workspace_stats(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    request: AnyRequest,
    context: NamedDependency[RequestContext],
    stats: NamedDependency[StatsService],
) -> StatsOut:
    raw: bytes = request.scope["query_string"]
    # Not kept: what is overdue depends on the clock.
    _, counted = await stats.workspace(viewer.workspace_id, raw, context.workspace_seq)
    return counted


@get(
    "/admin/tasks",
    operation_id="adminListTasks",
    summary="Tasks of all workspaces; the look is written to the audit",
    responses=problem_responses(403),
    opt={QUERY: ADMIN},
)
async def admin_list_tasks(
    admin: NamedDependency[Principal],
    request: AnyRequest,
    context: NamedDependency[RequestContext],
    admin_tasks: NamedDependency[AdminTaskService],
) -> AdminTaskPage:
    raw: bytes = request.scope["query_string"]
    return await admin_tasks.page(admin, raw, context.request_id)


HANDLERS: list[Any] = [
    task_history,
    list_changes,
    undo,
    workspace_stats,
    admin_list_tasks,
]
