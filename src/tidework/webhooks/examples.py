"""Examples of what webhooks take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.http.examples import ADA, CHANGED, CURSOR, MADE, TASK, WORKSPACE
from tidework.webhooks.schemas import (
    DeliveryBegun,
    DeliveryOut,
    DeliveryPage,
    ReplayIn,
    ReplayOut,
    WebhookCreate,
    WebhookList,
    WebhookMade,
    WebhookOut,
    WebhookPatch,
)

WEBHOOK: Final = "0199c0de-ad1e-7f2a-8b3c-6d7e8f9a0b1c"
_DELIVERY_ID = "5d1f2c9a-7b3e-5a4d-9c8b-1e2f3a4b5c6d"
_MESSAGE = "msg_5d1f2c9a7b3e5a4d9c8b1e2f3a4b5c6d"
_URL = "https://hooks.example.com/tidework"
_WEBHOOK: dict[str, Any] = {
    "id": WEBHOOK,
    "url": _URL,
    "description": "Builds the release notes",
    "events": ["task.*", "comment.created"],
    "is_active": True,
    "disabled_reason": None,
    "rotated_at": None,
    "created_by": ADA,
    "created_at": MADE,
    "updated_at": CHANGED,
    "version": 42,
}
_MADE = {**_WEBHOOK, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}
_HEADERS = {
    "content-type": "application/json",
    "webhook-id": _MESSAGE,
    "webhook-timestamp": "1795343400",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}
_DELIVERY = {
    "id": _DELIVERY_ID,
    "message_id": _MESSAGE,
    "type": "task.completed",
    "event_id": f"{WORKSPACE}:42:0:task.completed",
    "state": "delivered",
    "attempts": 2,
    "tries": [
        {
            "at": MADE,
            "status": 503,
            "error": "The receiver answered 503.",
            "milliseconds": 31,
        },
        {"at": CHANGED, "status": 200, "error": None, "milliseconds": 48},
    ],
    "request": {
        "url": _URL,
        "headers": _HEADERS,
        "body": f'{{"type":"task.completed","subject":"tasks/{TASK}"}}',
        "truncated": False,
    },
    "answer": {
        "status": 200,
        "headers": {"content-type": "text/plain"},
        "body": "ok",
        "truncated": False,
    },
    "created_at": MADE,
    "next_at": None,
    "finished_at": CHANGED,
}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (WebhookOut, _WEBHOOK),
    (WebhookMade, _MADE),
    (WebhookList, {"items": [_WEBHOOK]}),
    (
        WebhookCreate,
        {"url": _URL, "events": ["task.*"], "description": "Builds the release notes"},
    ),
    (WebhookPatch, {"is_active": True}),
    (DeliveryOut, _DELIVERY),
    (DeliveryPage, {"items": [_DELIVERY], "next_cursor": CURSOR}),
    (DeliveryBegun, {"id": _DELIVERY_ID, "message_id": _MESSAGE}),
    (ReplayIn, {"from": MADE, "to": CHANGED}),
    (ReplayOut, {"id": WEBHOOK, "from": MADE, "to": CHANGED}),
]
