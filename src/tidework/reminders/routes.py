"""Routes of reminders."""

from typing import Any

from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from tidework.http.context import Membership, Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import CURSOR, QUERY, limit
from tidework.http.replies import known_id, written
from tidework.reminders.schemas import ReminderIn, ReminderList, ReminderOut, ReminderPage
from tidework.reminders.service import ReminderService

_OF_TASK = "/workspaces/{w:str}/tasks/{id:str}/reminders"

AnyRequest = Request[Any, Any, Any]


@get(
    "/reminders",
    operation_id="listMyReminders",
    summary="My reminders, in all my workspaces",
    opt={QUERY: (limit(), CURSOR)},
)
async def list_my_reminders(
    caller: NamedDependency[Principal],
    request: AnyRequest,
    reminders: NamedDependency[ReminderService],
) -> ReminderPage:
    return await reminders.mine(caller.user_id, request.scope["query_string"])


@get(
    _OF_TASK,
    operation_id="listReminders",
    summary="My reminders of a task",
    responses=problem_responses(404),
)
async def list_reminders(
    w: FromPath[str],
    id: FromPath[str],
    viewer: NamedDependency[Membership],
    reminders: NamedDependency[ReminderService],
) -> ReminderList:
    """Only one's own: nobody sees those of others."""
    return await reminders.of_task(viewer, id)


@post(
    _OF_TASK,
    operation_id="createReminder",
    summary="Remind me of a task",
    responses=problem_responses(404, 409),
)
async def create_reminder(
    w: FromPath[str],
    id: FromPath[str],
    viewer: NamedDependency[Membership],
    data: JSONBody[ReminderIn],
    context: NamedDependency[RequestContext],
    reminders: NamedDependency[ReminderService],
) -> ReminderOut:
    """At a time, or so many minutes before the task is due; then it moves with the due date."""
    made = await reminders.create(viewer, id, data, context)
    place = f"/api/v1/workspaces/{made.workspace_id}/tasks/{made.task_id}/reminders"
    return written(context, made.version, made, place)


@delete(
    f"{_OF_TASK}/{{reminder_id:str}}",
    operation_id="deleteReminder",
    summary="Remind me no more",
    responses=problem_responses(404),
)
async def delete_reminder(
    w: FromPath[str],
    id: FromPath[str],
    reminder_id: FromPath[str],
    viewer: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    reminders: NamedDependency[ReminderService],
) -> None:
    await reminders.delete(viewer, id, known_id(reminder_id, "reminder"), context)


def routers(service: ReminderService) -> list[Router]:
    """The routes, with the service that they call."""
    handlers = [list_my_reminders, list_reminders, create_reminder, delete_reminder]
    provided = {"reminders": Provide(lambda: service, use_cache=True, sync_to_thread=False)}
    return [Router(path="/", route_handlers=handlers, dependencies=provided)]
