"""The HTTP interface of webhooks."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Url = Annotated[
    str,
    Meta(
        max_length=2048,
        description="Where events are sent, by POST: a public address over http or https.",
        extra_json_schema={"minLength": 1},
        examples=["https://hooks.example.com/tidework"],
    ),
]
Description = Annotated[str, Meta(max_length=1000)]
Patterns = Annotated[
    list[Annotated[str, Meta(max_length=100)]],
    Meta(
        min_length=1,
        max_length=50,
        description="Types of events, groups of them such as `task.*`, or `*` for all.",
        examples=[["task.*", "comment.created"]],
    ),
]
StateName = Literal["waiting", "delivered", "failed", "skipped"]


class WebhookOut(Struct, frozen=True):
    """A webhook. `disabled_reason` says why the server has disabled it, if it has."""

    id: str
    url: str
    description: str
    events: list[str]
    is_active: bool
    disabled_reason: str | None
    rotated_at: str | None
    created_by: str | None
    created_at: str
    updated_at: str
    version: int


class WebhookMade(Struct, frozen=True):
    """A webhook with its new secret, which is shown this once."""

    id: str
    url: str
    description: str
    events: list[str]
    is_active: bool
    disabled_reason: str | None
    rotated_at: str | None
    created_by: str | None
    created_at: str
    updated_at: str
    version: int
    secret: str


class WebhookList(Struct, frozen=True):
    """The webhooks of a workspace, oldest first."""

    items: list[WebhookOut]


class WebhookCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A new webhook."""

    url: Url
    events: Patterns = field(default_factory=lambda: ["*"])
    description: Description = ""


class WebhookPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. `is_active: true` enables a disabled one again."""

    url: Url | UnsetType = UNSET
    events: Patterns | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class TryOut(Struct, frozen=True):
    """An attempt. `error` says why it was none, None when the receiver has taken the event."""

    at: str
    status: int | None
    error: str | None
    milliseconds: int


class RequestOut(Struct, frozen=True):
    """The last request; of its body the beginning, and whether there was more."""

    url: str
    headers: dict[str, str]
    body: str
    truncated: bool


class AnswerOut(Struct, frozen=True):
    """The last answer; of its body the beginning, and whether there was more."""

    status: int
    headers: dict[str, str]
    body: str
    truncated: bool


class DeliveryOut(Struct, frozen=True):
    """An event for a webhook. `message_id` is what the receiver knows it by (`webhook-id`)."""

    id: str
    message_id: str
    type: str
    event_id: str
    state: StateName
    attempts: int
    tries: list[TryOut]
    request: RequestOut | None
    answer: AnswerOut | None
    created_at: str
    next_at: str | None
    finished_at: str | None


class DeliveryPage(Struct, frozen=True):
    """A page of deliveries, newest first."""

    items: list[DeliveryOut]
    next_cursor: str | None


class ReplayIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Which events to send again: those that happened from `from`, and before `to` (now)."""

    from_: Annotated[datetime, Meta(tz=True)] = field(name="from")
    to: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


class ReplayOut(Struct, frozen=True):
    """A replay that has been begun; what it sends appears among the deliveries."""

    id: str
    from_: str = field(name="from")
    to: str


class DeliveryBegun(Struct, frozen=True):
    """A delivery that has been begun; see it among the deliveries."""

    id: str
    message_id: str


def delivery_out(row: Any, message_id: str) -> DeliveryOut:
    """A row of `queries.DELIVERIES`."""
    key, kind, event_id, state, attempts, tries, request, answer, created, next_at, ended = row
    return DeliveryOut(
        key,
        message_id,
        kind,
        event_id,
        state,
        attempts,
        [TryOut(**one) for one in tries],
        RequestOut(**request) if request else None,
        AnswerOut(**answer) if answer else None,
        created,
        next_at,
        ended,
    )
