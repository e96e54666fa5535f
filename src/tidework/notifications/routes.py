"""Routes of notifications: the inbox, preferences, and leaving mails."""

from typing import Any, cast

from litestar import MediaType, Request, Response, Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody

from tidework.http.context import Principal, RequestContext
from tidework.http.openapi import PUBLIC, problem_responses
from tidework.http.parameters import QUERY
from tidework.http.query import Query
from tidework.http.replies import written
from tidework.notifications.choices import Choices, shown
from tidework.notifications.inbox import Inbox
from tidework.notifications.pages import leaving_page
from tidework.notifications.parameters import INBOX, TOKEN
from tidework.notifications.parts import Notifications
from tidework.notifications.schemas import (
    NotificationPage,
    PreferencesIn,
    PreferencesOut,
    ReadIn,
    ReadOut,
    UnsubscribeOut,
)
from tidework.notifications.unsubscribing import Unsubscribing

AnyRequest = Request[Any, Any, Any]
_HTML = ResponseSpec(
    data_container=str,
    description="A page with a form",
    media_type=MediaType.HTML,
    generate_examples=False,
    examples=[Example(summary="A page", value="<!doctype html><title>Tidework</title>…")],
)


@get(
    "/",
    operation_id="listNotifications",
    summary="My inbox, newest first",
    opt={QUERY: INBOX},
)
async def list_notifications(
    caller: NamedDependency[Principal],
    request: AnyRequest,
    inbox: NamedDependency[Inbox],
) -> NotificationPage:
    """What concerns me in all my workspaces. Nothing is shown of those that I am no member of."""
    return await inbox.page(caller.user_id, request.scope["query_string"])


@post(
    "/read",
    operation_id="readNotifications",
    summary="I have read some, or all",
    status_code=200,
)
async def read_notifications(
    data: JSONBody[ReadIn],
    caller: NamedDependency[Principal],
    inbox: NamedDependency[Inbox],
) -> ReadOut:
    """Ids that are none of mine are passed over."""
    return ReadOut(await inbox.read(caller.user_id, data))


@get(
    "/preferences",
    operation_id="getNotificationPreferences",
    summary="How I am told",
)
async def get_preferences(
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    choices: NamedDependency[Choices],
) -> PreferencesOut:
    """Each kind by each channel, quiet hours, the digest."""
    chosen = await choices.get(caller.user_id)
    return written(context, chosen.version, shown(chosen))


@put(
    "/preferences",
    operation_id="putNotificationPreferences",
    summary="Choose how I am told",
    responses=problem_responses(412),
)
async def put_preferences(
    data: JSONBody[PreferencesIn],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    choices: NamedDependency[Choices],
) -> PreferencesOut:
    """Replaces all of it: what is left out is as usual again."""
    chosen = await choices.replace(caller.user_id, data, context)
    return written(context, chosen.version, shown(chosen))


@get(
    "/unsubscribe",
    operation_id="showUnsubscribe",
    summary="The page behind a mail's link, with a button",
    security=PUBLIC,
    responses={200: _HTML, **problem_responses(422)},
    opt={QUERY: TOKEN},
    media_type=MediaType.HTML,
)
async def show_unsubscribe(
    request: AnyRequest, unsubscribing: NamedDependency[Unsubscribing]
) -> Response[str]:
    """Changes nothing: programs that look at links would unsubscribe people."""
    token = _token(request)
    leaving = await unsubscribing.read(token)
    page = leaving_page(request.headers.get("accept-language"), token or "", leaving.kinds)
    return Response(page, media_type=MediaType.HTML)


@post(
    "/unsubscribe",
    operation_id="unsubscribe",
    summary="Send me no more mails of this kind",
    security=PUBLIC,
    responses=problem_responses(404, 422),
    opt={QUERY: TOKEN},
    status_code=200,
)
async def unsubscribe(
    request: AnyRequest, unsubscribing: NamedDependency[Unsubscribing]
) -> Response[UnsubscribeOut]:
    """One click (RFC 8058): the address of a mail's List-Unsubscribe, with any body or none.

    A browser, which accepts `text/html`, gets a page that says so.
    """
    leaving = await unsubscribing.leave(_token(request))
    if "text/html" in request.headers.get("accept", ""):
        accepted = request.headers.get("accept-language")
        page = leaving_page(accepted, "", leaving.kinds, done=True)
        return cast("Response[UnsubscribeOut]", Response(page, media_type=MediaType.HTML))
    return Response(UnsubscribeOut(leaving.kinds))


def routers(notifications: Notifications) -> list[Router]:
    """The routes, with the services that they call."""
    services: dict[str, Any] = {
        "inbox": notifications.inbox,
        "choices": notifications.choices,
        "unsubscribing": notifications.unsubscribing,
    }
    handlers = [
        list_notifications,
        read_notifications,
        get_preferences,
        put_preferences,
        show_unsubscribe,
        unsubscribe,
    ]
    dependencies = {name: _given(service) for name, service in services.items()}
    return [Router("/notifications", route_handlers=handlers, dependencies=dependencies)]


def _given(service: Any) -> Provide:
    return Provide(lambda: service, sync_to_thread=False)


def _token(request: AnyRequest) -> str | None:
    return Query(request.scope["query_string"], ("token",)).text("token")
