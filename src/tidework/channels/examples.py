"""Examples of what channels take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.channels.schemas import (
    Address,
    AddressIn,
    AddressList,
    CodeIn,
    PushKey,
    PushKeys,
    Subscription,
    SubscriptionIn,
    SubscriptionList,
)
from tidework.http.examples import KEY, MADE

_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
_KEYS = {"p256dh": _POINT, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}
_ENDPOINT = "https://push.example.com/message/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"
_SUBSCRIPTION = {
    "id": KEY,
    "endpoint": _ENDPOINT,
    "user_agent": "Mozilla/5.0",
    "created_at": MADE,
}
_PHONE = {
    "channel": "sms",
    "available": True,
    "address": "+4915112345678",
    "confirmed_at": MADE,
}
_CHAT = {"channel": "chat", "available": False, "address": None, "confirmed_at": None}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (PushKey, {"key": _POINT}),
    (PushKeys, _KEYS),
    (SubscriptionIn, {"endpoint": _ENDPOINT, "keys": _KEYS, "expirationTime": None}),
    (Subscription, _SUBSCRIPTION),
    (SubscriptionList, {"items": [_SUBSCRIPTION]}),
    (AddressIn, {"address": "+49 151 12345678"}),
    (CodeIn, {"code": "493817"}),
    (Address, _PHONE),
    (AddressList, {"items": [_CHAT, _PHONE]}),
]
