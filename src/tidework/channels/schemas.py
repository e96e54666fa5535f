"""The HTTP interface of channels."""

from typing import Annotated

from msgspec import Meta, Struct

from tidework.channels.provider import Channel

_FAR = 253_402_300_799_000
Key = Annotated[str, Meta(max_length=200)]


class PushKey(Struct, frozen=True):
    """What a browser subscribes with: `applicationServerKey`."""

    key: str


class PushKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a subscription, in base64url."""

    p256dh: Key
    auth: Key


class SubscriptionIn(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A subscription as `PushSubscription.toJSON()` gives it; `expirationTime` in milliseconds."""

    endpoint: Annotated[str, Meta(max_length=1024)]
    keys: PushKeys
    expiration_time: Annotated[float, Meta(ge=0, le=_FAR)] | None = None


class Subscription(Struct, frozen=True):
    """A browser that messages are sent to."""

    id: str
    endpoint: str
    user_agent: str | None
    created_at: str


class SubscriptionList(Struct, frozen=True):
    """My browsers, in the order in which they came."""

    items: list[Subscription]


class AddressIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A phone number with the country's code, or a name in the chat."""

    address: Annotated[str, Meta(max_length=200, examples=["+4915112345678"])]


class CodeIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that was sent to the address."""

    code: Annotated[str, Meta(max_length=20, examples=["493817"])]


class Address(Struct, frozen=True):
    """Where messages of a channel go. Without `confirmed_at` none do, until the code has come back.

    `available` says whether this installation sends messages by this channel.
    """

    channel: Channel
    available: bool
    address: str | None = None
    confirmed_at: str | None = None


class AddressList(Struct, frozen=True):
    """Each channel that takes an address."""

    items: list[Address]
