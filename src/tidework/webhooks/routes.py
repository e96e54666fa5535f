"""Routes of webhooks, for owners of a workspace."""

from typing import Any

from litestar import Request, Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from tidework.http.context import Membership, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import CURSOR, QUERY, limit
from tidework.http.replies import given, known_id, written
from tidework.webhooks.outbox import Outbox
from tidework.webhooks.schemas import (
    DeliveryBegun,
    DeliveryPage,
    ReplayIn,
    ReplayOut,
    WebhookCreate,
    WebhookList,
    WebhookMade,
    WebhookOut,
    WebhookPatch,
)
from tidework.webhooks.service import WebhookService

_READ = problem_responses(403, 404)
_WRITE = problem_responses(403, 404, 409, 412)
_BASE = "/workspaces/{w:str}/webhooks"
_ONE = f"{_BASE}/{{webhook_id:str}}"
_DELIVERIES = (limit(), CURSOR)
AnyRequest = Request[Any, Any, Any]

# Nothing here is kept: what is kept is shown to every member, and this is for owners.


@get(_BASE, operation_id="listWebhooks", summary="Webhooks, oldest first", responses=_READ)
async def list_webhooks(
    w: FromPath[str],
    owner: NamedDependency[Membership],
    webhooks: NamedDependency[WebhookService],
) -> WebhookList:
    return WebhookList(await webhooks.all(owner.workspace_id))


@post(
    _BASE,
    operation_id="createWebhook",
    summary="Make a webhook; its secret is shown this once",
    responses=_WRITE,
)
async def create_webhook(
    w: FromPath[str],
    owner: NamedDependency[Membership],
    data: JSONBody[WebhookCreate],
    context: NamedDependency[RequestContext],
    webhooks: NamedDependency[WebhookService],
) -> WebhookMade:
    made = await webhooks.create(owner, given(data), context)
    place = f"/api/v1/workspaces/{owner.workspace_id}/webhooks/{made.id}"
    return written(context, made.version, made, place)


@get(_ONE, operation_id="getWebhook", summary="A webhook", responses=_READ)
async def get_webhook(
    w: FromPath[str],
    webhook_id: FromPath[str],
    owner: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    webhooks: NamedDependency[WebhookService],
) -> WebhookOut:
    found = await webhooks.get(owner.workspace_id, known_id(webhook_id, "webhook"))
    return written(context, found.version, found)


@patch(
    _ONE,
    operation_id="updateWebhook",
    summary="Change, disable or enable a webhook",
    responses=_WRITE,
)
async def update_webhook(
    w: FromPath[str],
    webhook_id: FromPath[str],
    owner: NamedDependency[Membership],
    data: JSONBody[WebhookPatch],
    context: NamedDependency[RequestContext],
    webhooks: NamedDependency[WebhookService],
) -> WebhookOut:
    wanted = known_id(webhook_id, "webhook")
    done = await webhooks.update(owner, wanted, given(data), context)
    return written(context, done.version, done)


@delete(
    _ONE,
    operation_id="deleteWebhook",
    summary="Remove a webhook; nothing more is sent to it",
    responses=_WRITE,
)
async def delete_webhook(
    w: FromPath[str],
    webhook_id: FromPath[str],
    owner: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    webhooks: NamedDependency[WebhookService],
) -> None:
    await webhooks.delete(owner, known_id(webhook_id, "webhook"), context)


@post(
    f"{_ONE}/rotate",
    operation_id="rotateWebhook",
    summary="Give it a new secret; the old one signs beside it for 24 hours",
    responses=_WRITE,
    status_code=200,
)
async def rotate_webhook(
    w: FromPath[str],
    webhook_id: FromPath[str],
    owner: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    webhooks: NamedDependency[WebhookService],
) -> WebhookMade:
    done = await webhooks.rotate(owner, known_id(webhook_id, "webhook"), context)
    return written(context, done.version, done)


@get(
    f"{_ONE}/deliveries",
    operation_id="listDeliveries",
    summary="What was sent and what was answered, newest first; kept for 30 days",
    responses=_READ,
    opt={QUERY: _DELIVERIES},
)
async def list_deliveries(
    w: FromPath[str],
    webhook_id: FromPath[str],
    owner: NamedDependency[Membership],
    request: AnyRequest,
    webhooks: NamedDependency[WebhookService],
    outbox: NamedDependency[Outbox],
) -> DeliveryPage:
    found = await webhooks.get(owner.workspace_id, known_id(webhook_id, "webhook"))
    raw: bytes = request.scope["query_string"]
    return await outbox.page(owner.workspace_id, found.id, raw)


@post(
    f"{_ONE}/replay",
    operation_id="replayWebhook",
    summary="Send the events of a span of time again",
    responses=problem_responses(403, 404, 409),
    status_code=202,
)
async def replay_webhook(
    w: FromPath[str],
    webhook_id: FromPath[str],
    owner: NamedDependency[Membership],
    data: JSONBody[ReplayIn],
    webhooks: NamedDependency[WebhookService],
    outbox: NamedDependency[Outbox],
) -> ReplayOut:
    found = await webhooks.get(owner.workspace_id, known_id(webhook_id, "webhook"))
    return await outbox.replay(owner.workspace_id, found, data.from_, data.to)


@post(
    f"{_ONE}/test",
    operation_id="testWebhook",
    summary="Send an event that says it is a test",
    responses=problem_responses(403, 404, 409),
    status_code=202,
)
async def test_webhook(
    w: FromPath[str],
    webhook_id: FromPath[str],
    owner: NamedDependency[Membership],
    webhooks: NamedDependency[WebhookService],
    outbox: NamedDependency[Outbox],
) -> DeliveryBegun:
    found = await webhooks.get(owner.workspace_id, known_id(webhook_id, "webhook"))
    return await outbox.test(owner.workspace_id, found.id)


HANDLERS: list[Any] = [
    list_webhooks,
    create_webhook,
    get_webhook,
    update_webhook,
    delete_webhook,
    rotate_webhook,
    list_deliveries,
    replay_webhook,
    test_webhook,
]


def routers(webhooks: WebhookService, outbox: Outbox) -> list[Router]:
    """The routes, with the services that they call."""
    provided = {"webhooks": _provide(webhooks), "outbox": _provide(outbox)}
    return [Router(path="/", route_handlers=HANDLERS, dependencies=provided)]


def _provide(service: object) -> Provide:
    return Provide(lambda: service, use_cache=True, sync_to_thread=False)
