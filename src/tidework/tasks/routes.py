"""Routes of tasks, and of what hangs on them."""

from typing import Any

from litestar import Request, Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from tidework.http.context import Membership, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import QUERY
from tidework.http.replies import entity, known_id, listing, written
from tidework.tasks.comments import CommentService
from tidework.tasks.filters import read_task_query
from tidework.tasks.parameters import COMMENTS, TASKS
from tidework.tasks.relations import RelationService
from tidework.tasks.schemas import (
    Batch,
    BatchOut,
    CommentIn,
    CommentOut,
    CommentPage,
    RelationIn,
    RelationList,
    RelationOut,
    TaskCreate,
    TaskOut,
    TaskPage,
    TaskPatch,
)
from tidework.tasks.service import TaskService

_READ = problem_responses(404)
_MAKE = problem_responses(403, 404, 409)
_CHANGE = problem_responses(403, 404, 409, 412)
_BASE = "/workspaces/{w:str}"
_TASK = _BASE + "/tasks/{id:str}"

AnyRequest = Request[Any, Any, Any]


@get(
    f"{_BASE}/tasks",
    operation_id="listTasks",
    summary="A page of tasks",
    responses=_READ,
    opt={QUERY: TASKS},
)
async def list_tasks(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    request: AnyRequest,
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
) -> TaskPage:
    """Filter, search and sort the tasks of a workspace."""
    raw: bytes = request.scope["query_string"]
    query = read_task_query(raw, viewer.workspace_id, viewer.user_id, tasks.dialect)
    seq, page = await tasks.page(query, context.workspace_seq)
    if query.fleeting:
        return page
    return listing(context, seq, page, ("tasks", [task.id for task in page.items]))


@post(f"{_BASE}/tasks", operation_id="createTask", summary="Make a task", responses=_MAKE)
async def create_task(
    w: FromPath[str],
    editor: NamedDependency[Membership],
    data: JSONBody[TaskCreate],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
) -> TaskOut:
    task = await tasks.create(editor, data, context)
    place = f"/api/v1/workspaces/{task.workspace_id}/tasks/{task.id}"
    return written(context, task.version, task, place)


@get(_TASK, operation_id="getTask", summary="A task, by id or number", responses=_READ)
async def get_task(
    w: FromPath[str],
    id: FromPath[str],
    viewer: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
) -> TaskOut:
    seq, task = await tasks.show(viewer.workspace_id, id, context.workspace_seq)
    entity(context, seq, task.version, task)
    context.keep(seq, task.id)
    return task


@patch(_TASK, operation_id="updateTask", summary="Change a task", responses=_CHANGE)
async def update_task(
    w: FromPath[str],
    id: FromPath[str],
    editor: NamedDependency[Membership],
    data: JSONBody[TaskPatch],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
) -> TaskOut:
    """A JSON merge patch (RFC 7396): only the fields named change, null removes."""
    task = await tasks.update(editor, id, data, context)
    return written(context, task.version, task)


@delete(_TASK, operation_id="deleteTask", summary="Remove a task", responses=_CHANGE)
async def delete_task(
    w: FromPath[str],
    id: FromPath[str],
    editor: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
) -> None:
    """Its comments and relations go with it; its sub-tasks stay and lose their parent."""
    await tasks.delete(editor, id, context)


@post(
    f"{_BASE}/tasks/batch",
    operation_id="batchTasks",
    summary="Many operations in one commit",
    responses=_CHANGE,
    status_code=200,
)
async def batch_tasks(
    w: FromPath[str],
    editor: NamedDependency[Membership],
    data: JSONBody[Batch],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
) -> BatchOut:
    """All of it happens, or nothing."""
    return await tasks.batch(editor, data.operations, context)


@get(
    f"{_TASK}/comments",
    operation_id="listComments",
    summary="Comments",
    responses=_READ,
    opt={QUERY: COMMENTS},
)
async def list_comments(
    w: FromPath[str],
    id: FromPath[str],
    viewer: NamedDependency[Membership],
    request: AnyRequest,
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
    comments: NamedDependency[CommentService],
) -> CommentPage:
    at_least = context.workspace_seq
    _, task = await tasks.show(viewer.workspace_id, id, at_least)
    raw: bytes = request.scope["query_string"]
    seq, page = await comments.page(viewer.workspace_id, task.id, raw, at_least)
    return listing(context, seq, page)


@post(f"{_TASK}/comments", operation_id="createComment", summary="Comment", responses=_MAKE)
async def create_comment(
    w: FromPath[str],
    id: FromPath[str],
    commenter: NamedDependency[Membership],
    data: JSONBody[CommentIn],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
    comments: NamedDependency[CommentService],
) -> CommentOut:
    _, task = await tasks.get(commenter.workspace_id, id)
    made = await comments.create(commenter, task.id, data.body, context)
    place = f"/api/v1/workspaces/{commenter.workspace_id}/comments/{made.id}"
    return written(context, made.version, made, place)


_COMMENT = f"{_BASE}/comments/{{comment_id:str}}"


@get(_COMMENT, operation_id="getComment", summary="A comment", responses=_READ)
async def get_comment(
    w: FromPath[str],
    comment_id: FromPath[str],
    viewer: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    comments: NamedDependency[CommentService],
) -> CommentOut:
    wanted = known_id(comment_id, "comment")
    seq, found = await comments.show(viewer.workspace_id, wanted, context.workspace_seq)
    return entity(context, seq, found.version, found)


@patch(_COMMENT, operation_id="updateComment", summary="Change one's comment", responses=_CHANGE)
async def update_comment(
    w: FromPath[str],
    comment_id: FromPath[str],
    commenter: NamedDependency[Membership],
    data: JSONBody[CommentIn],
    context: NamedDependency[RequestContext],
    comments: NamedDependency[CommentService],
) -> CommentOut:
    found = known_id(comment_id, "comment")
    done = await comments.update(commenter, found, data.body, context)
    return written(context, done.version, done)


@delete(_COMMENT, operation_id="deleteComment", summary="Remove a comment", responses=_CHANGE)
async def delete_comment(
    w: FromPath[str],
    comment_id: FromPath[str],
    commenter: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    comments: NamedDependency[CommentService],
) -> None:
    await comments.delete(commenter, known_id(comment_id, "comment"), context)


@get(f"{_TASK}/relations", operation_id="listRelations", summary="Relations", responses=_READ)
async def list_relations(
    w: FromPath[str],
    id: FromPath[str],
    viewer: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
    relations: NamedDependency[RelationService],
) -> RelationList:
    at_least = context.workspace_seq
    _, task = await tasks.show(viewer.workspace_id, id, at_least)
    seq, found = await relations.all(viewer.workspace_id, task.id, at_least)
    return listing(context, seq, RelationList(found))


@post(f"{_TASK}/relations", operation_id="createRelation", summary="Relate", responses=_MAKE)
async def create_relation(
    w: FromPath[str],
    id: FromPath[str],
    editor: NamedDependency[Membership],
    data: JSONBody[RelationIn],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
    relations: NamedDependency[RelationService],
) -> RelationOut:
    _, task = await tasks.get(editor.workspace_id, id)
    made = await relations.create(editor, task.id, data.kind, data.task_id, context)
    return written(context, made.version, made)


@delete(
    f"{_TASK}/relations/{{kind:str}}/{{task_id:str}}",
    operation_id="deleteRelation",
    summary="Take a relation away",
    responses=_CHANGE,
)
async def delete_relation(
    w: FromPath[str],
    id: FromPath[str],
    kind: FromPath[str],
    task_id: FromPath[str],
    editor: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    tasks: NamedDependency[TaskService],
    relations: NamedDependency[RelationService],
) -> None:
    _, task = await tasks.get(editor.workspace_id, id)
    await relations.delete(editor, task.id, kind, task_id, context)


def routers(services: dict[str, object], more: list[Any]) -> list[Router]:
    """The routes. `services` are those that the handlers name, `more` further handlers."""
    handlers = [
        list_tasks,
        create_task,
        get_task,
        update_task,
        delete_task,
        batch_tasks,
        list_comments,
        create_comment,
        get_comment,
        update_comment,
        delete_comment,
        list_relations,
        create_relation,
        delete_relation,
        *more,
    ]
    provided = {name: _provide(service) for name, service in services.items()}
    return [Router(path="/", route_handlers=handlers, dependencies=provided)]


def _provide(service: object) -> Provide:
    return Provide(lambda: service, use_cache=True, sync_to_thread=False)
