"""The HTTP interface of notifications."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.http.wording import in_words
from tidework.notifications.kinds import Kind
from tidework.notifications.preferences import MOST_BUNDLE_MINUTES, USUAL_BUNDLE_MINUTES

Clock = Annotated[
    str,
    Meta(
        pattern=in_words("^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time of day, such as 07:30"),
        description="A time of day, by the clock of the person's time zone",
        examples=["07:30"],
    ),
]
Minutes = Annotated[int, Meta(ge=0, le=MOST_BUNDLE_MINUTES)]
Ids = Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=500)]


class NotificationOut(Struct, frozen=True):
    """Something that somebody was told.

    `data` says how things were called then: `workspace`, `title`, `number`, `due_at` of a task,
    `excerpt` of a text, `role`; where one stands for many, `count` and some of the `tasks`.
    `actor_name` is what the person is called now; null where nobody did it.
    """

    id: str
    kind: Kind
    workspace_id: str | None
    task_id: str | None
    actor_id: str | None
    actor_name: str | None
    data: dict[str, Any]
    created_at: str
    read_at: str | None


class NotificationPage(Struct, frozen=True):
    """A page of the inbox, newest first; `unread_count` counts all of it."""

    items: list[NotificationOut]
    next_cursor: str | None
    unread_count: int


class ReadIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Which have been read: some by their ids, or all."""

    ids: Ids = []
    all: bool = False


class ReadOut(Struct, frozen=True):
    """How many are unread now."""

    unread_count: int


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` to before `end`, over midnight when `end` is the earlier one."""

    start: Clock
    end: Clock


class ChannelsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """By which channels; what is left out is as usual."""

    in_app: bool | UnsetType = UNSET
    email: bool | UnsetType = UNSET
    push: bool | UnsetType = UNSET
    sms: bool | UnsetType = UNSET
    chat: bool | UnsetType = UNSET


class KindsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Of what, by which channels; what is left out is as usual."""

    assigned: ChannelsIn | UnsetType = UNSET
    unassigned: ChannelsIn | UnsetType = UNSET
    mentioned: ChannelsIn | UnsetType = UNSET
    commented: ChannelsIn | UnsetType = UNSET
    completed: ChannelsIn | UnsetType = UNSET
    due_soon: ChannelsIn | UnsetType = UNSET
    overdue: ChannelsIn | UnsetType = UNSET
    reminder: ChannelsIn | UnsetType = UNSET
    added: ChannelsIn | UnsetType = UNSET
    role_changed: ChannelsIn | UnsetType = UNSET
    webhook_disabled: ChannelsIn | UnsetType = UNSET
    report_ready: ChannelsIn | UnsetType = UNSET


class ChannelsOut(Struct, frozen=True):
    """By which channels."""

    in_app: bool
    email: bool
    push: bool
    sms: bool
    chat: bool


class KindsOut(Struct, frozen=True):
    """Of what, by which channels."""

    assigned: ChannelsOut
    unassigned: ChannelsOut
    mentioned: ChannelsOut
    commented: ChannelsOut
    completed: ChannelsOut
    due_soon: ChannelsOut
    overdue: ChannelsOut
    reminder: ChannelsOut
    added: ChannelsOut
    role_changed: ChannelsOut
    webhook_disabled: ChannelsOut
    report_ready: ChannelsOut


class PreferencesIn(Struct, frozen=True, forbid_unknown_fields=True):
    """All that somebody has chosen; what is left out is as usual.

    In quiet hours nothing leaves the installation; it leaves when they end. What comes within
    `bundle_minutes` leaves together. `digest_at` is when the daily digest leaves, null for none.
    """

    kinds: KindsIn = KindsIn()
    quiet_hours: QuietHours | None = None
    digest_at: Clock | None = None
    bundle_minutes: Minutes = USUAL_BUNDLE_MINUTES


class PreferencesOut(Struct, frozen=True):
    """How somebody is told: each kind by each channel, and when."""

    kinds: KindsOut
    quiet_hours: QuietHours | None
    digest_at: str | None
    bundle_minutes: int


class UnsubscribeOut(Struct, frozen=True):
    """The kinds of which no mail is sent any more."""

    unsubscribed: list[str]
