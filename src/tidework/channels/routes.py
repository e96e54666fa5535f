"""Routes of channels: browsers, phone numbers, names in a chat."""

from typing import Any

from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from tidework.channels.addresses import ContactAddresses
from tidework.channels.parts import Channels
from tidework.channels.schemas import (
    Address,
    AddressIn,
    AddressList,
    CodeIn,
    PushKey,
    Subscription,
    SubscriptionIn,
    SubscriptionList,
)
from tidework.channels.subscriptions import Subscriptions
from tidework.errors import Forbidden
from tidework.http.context import Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.replies import known_id


@get("/push/key", operation_id="getPushKey", summary="The key that browsers subscribe with")
async def get_push_key(
    caller: NamedDependency[Principal],
    subscriptions: NamedDependency[Subscriptions],
) -> PushKey:
    """`applicationServerKey` (RFC 8292), the same for everybody."""
    return PushKey((await subscriptions.vapid()).public)


@get(
    "/push/subscriptions",
    operation_id="listPushSubscriptions",
    summary="The browsers that I am told in",
)
async def list_subscriptions(
    caller: NamedDependency[Principal],
    subscriptions: NamedDependency[Subscriptions],
) -> SubscriptionList:
    """Those of sessions that have not ended."""
    return SubscriptionList(await subscriptions.shown(caller.user_id))


@post(
    "/push/subscriptions",
    operation_id="addPushSubscription",
    summary="Tell me in this browser",
    responses=problem_responses(403),
)
async def add_subscription(
    data: JSONBody[SubscriptionIn],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    subscriptions: NamedDependency[Subscriptions],
) -> Subscription:
    """Until the session ends in which this is asked. The same browser again is the same."""
    return await subscriptions.add(caller, data, context)


@delete(
    "/push/subscriptions/{subscription_id:str}",
    operation_id="removePushSubscription",
    summary="Tell me in a browser no more",
    responses=problem_responses(404),
)
async def remove_subscription(
    subscription_id: FromPath[str],
    caller: NamedDependency[Principal],
    subscriptions: NamedDependency[Subscriptions],
) -> None:
    """At once."""
    await subscriptions.remove(caller.user_id, known_id(subscription_id, "subscription"))


@get(
    "/addresses",
    operation_id="listChannelAddresses",
    summary="My phone number and my name in the chat",
)
async def list_addresses(
    caller: NamedDependency[Principal],
    contacts: NamedDependency[ContactAddresses],
) -> AddressList:
    """Every channel that takes an address, whether or not this installation has it."""
    return AddressList(await contacts.shown(caller.user_id))


@put(
    "/addresses/{channel:str}",
    operation_id="putChannelAddress",
    summary="Set where messages of a channel go",
    responses=problem_responses(403, 404, 409),
)
async def put_address(
    channel: FromPath[str],
    data: JSONBody[AddressIn],
    caller: NamedDependency[Principal],
    contacts: NamedDependency[ContactAddresses],
) -> Address:
    """A code is sent there; before it has come back nothing else is."""
    _check_session(caller)
    return await contacts.put(caller.user_id, channel, data.address)


@post(
    "/addresses/{channel:str}/confirm",
    status_code=200,
    operation_id="confirmChannelAddress",
    summary="Confirm an address with the code that was sent there",
    responses=problem_responses(403, 404),
)
async def confirm_address(
    channel: FromPath[str],
    data: JSONBody[CodeIn],
    caller: NamedDependency[Principal],
    contacts: NamedDependency[ContactAddresses],
) -> Address:
    """A code is good for 15 minutes and five attempts."""
    _check_session(caller)
    return await contacts.confirm(caller.user_id, channel, data.code)


@delete(
    "/addresses/{channel:str}",
    operation_id="removeChannelAddress",
    summary="Send nothing by this channel any more",
    responses=problem_responses(404),
)
async def remove_address(
    channel: FromPath[str],
    caller: NamedDependency[Principal],
    contacts: NamedDependency[ContactAddresses],
) -> None:
    """At once."""
    await contacts.remove(caller.user_id, channel)


def routers(channels: Channels) -> list[Router]:
    """The routes, with the services that they call."""
    services: dict[str, Any] = {
        "subscriptions": Provide(lambda: channels.subscriptions, sync_to_thread=False),
        "contacts": Provide(lambda: channels.contacts, sync_to_thread=False),
    }
    handlers = [
        get_push_key,
        list_subscriptions,
        add_subscription,
        remove_subscription,
        list_addresses,
        put_address,
        confirm_address,
        remove_address,
    ]
    return [Router("/notifications", route_handlers=handlers, dependencies=services)]


def _check_session(caller: NamedDependency[Principal]) -> None:
    if caller.credential.kind != "session":
        raise Forbidden(
            "This cannot be done with an API token. Log in with e-mail address and password.",
            code="session_required",
        )
