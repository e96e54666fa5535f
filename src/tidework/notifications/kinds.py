"""What people are told of, and by which ways."""

from typing import Final, Literal

Kind = Literal[
    "assigned",
    "unassigned",
    "mentioned",
    "commented",
    "completed",
    "due_soon",
    "overdue",
    "reminder",
    "added",
    "role_changed",
    "webhook_disabled",
    "report_ready",
]
Channel = Literal["in_app", "email", "push", "sms", "chat"]

KINDS: Final[tuple[Kind, ...]] = (
    "assigned",
    "unassigned",
    "mentioned",
    "commented",
    "completed",
    "due_soon",
    "overdue",
    "reminder",
    "added",
    "role_changed",
    "webhook_disabled",
    "report_ready",
)
CHANNELS: Final[tuple[Channel, ...]] = ("in_app", "email", "push", "sms", "chat")
OUTWARD: Final = frozenset({"email", "push", "sms", "chat"})
"""The channels that leave the installation: jobs of the kind `notify.<channel>`."""

DIGEST: Final = "digest"
"""Not a channel to choose: what waits for the next daily digest."""

_CALM: Final = frozenset({"unassigned", "completed", "role_changed"})
"""Shown in the inbox, and otherwise nobody is disturbed for them unless they ask to be."""


def by_default(kind: Kind, channel: Channel) -> bool:
    """Whether somebody who has chosen nothing is told of `kind` by `channel`."""
    if channel == "in_app":
        return True
    return channel in ("email", "push") and kind not in _CALM
