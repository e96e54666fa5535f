"""The task routes that are asked most; see `http.direct`."""

import msgspec

from tidework.http.answer import Answer
from tidework.http.context import Membership, RequestContext, membership_of
from tidework.http.direct import Direct, received, reply
from tidework.http.replies import entity, listing, written
from tidework.tasks.filters import read_task_query
from tidework.tasks.schemas import TaskCreate, TaskOut, TaskPage, TaskPatch
from tidework.tasks.service import TaskService

_MANY = "/api/v1/workspaces/{w}/tasks"
_ONE = "/api/v1/workspaces/{w}/tasks/{id}"
_create = msgspec.json.Decoder(TaskCreate)
_patch = msgspec.json.Decoder(TaskPatch)


async def list_page(
    tasks: TaskService, viewer: Membership, raw_query: bytes, context: RequestContext
) -> TaskPage:
    """A page of tasks; kept unless it depends on the clock or on more than its address."""
    query = read_task_query(raw_query, viewer.workspace_id, viewer.user_id, tasks.dialect)
    seq, page = await tasks.page(query)
    return page if query.fleeting else listing(context, seq, page)


async def create(
    tasks: TaskService, editor: Membership, data: TaskCreate, context: RequestContext
) -> TaskOut:
    """Make a task."""
    task = await tasks.create(editor, data, context)
    place = f"/api/v1/workspaces/{task.workspace_id}/tasks/{task.id}"
    return written(context, task.version, task, place)


async def read(
    tasks: TaskService, viewer: Membership, key: str, context: RequestContext
) -> TaskOut:
    """A task."""
    seq, task = await tasks.get(viewer.workspace_id, key)
    return entity(context, seq, task.version, task)


async def update(
    tasks: TaskService, editor: Membership, key: str, data: TaskPatch, context: RequestContext
) -> TaskOut:
    """Change a task."""
    task = await tasks.update(editor, key, data, context)
    return written(context, task.version, task)


def direct(tasks: TaskService) -> Direct:
    """The handlers, by method and path below the workspace."""

    async def on_list(context: RequestContext, _: str, query: bytes) -> Answer:
        context.route = _MANY
        viewer = membership_of(context, "viewer")
        return reply(200, await list_page(tasks, viewer, query, context))

    async def on_create(context: RequestContext, _: str, query: bytes) -> Answer:
        context.route = _MANY
        editor = membership_of(context, "editor")
        return reply(201, await create(tasks, editor, received(_create, context), context))

    async def on_read(context: RequestContext, key: str, query: bytes) -> Answer:
        context.route = _ONE
        return reply(200, await read(tasks, membership_of(context, "viewer"), key, context))

    async def on_update(context: RequestContext, key: str, query: bytes) -> Answer:
        context.route = _ONE
        editor = membership_of(context, "editor")
        return reply(200, await update(tasks, editor, key, received(_patch, context), context))

    return {
        ("GET", "tasks"): on_list,
        ("POST", "tasks"): on_create,
        ("GET", "tasks/*"): on_read,
        ("PATCH", "tasks/*"): on_update,
    }
