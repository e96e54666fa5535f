"""How somebody wants to be told: what they have chosen, and what is usual."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from tidework.notifications import queries
from tidework.notifications.kinds import CHANNELS, KINDS, OUTWARD, Channel, Kind, by_default
from tidework.store.protocol import Reader

ENTITY: Final = "notification_preferences"
USUAL_BUNDLE_MINUTES: Final = 5
MOST_BUNDLE_MINUTES: Final = 60
_PUSH_MINUTES: Final = 1


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one person has chosen. `version` is 0 for who has chosen nothing.

    `wanted` and `unwanted` are texts `kind.channel`. `quiet` are the hours, by their clock, in which
    nothing leaves for them; `digest_at` is when they get their daily digest. What comes within
    `bundle_minutes` leaves together.
    """

    wanted: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()
    quiet: tuple[time, time] | None = None
    digest_at: time | None = None
    bundle_minutes: int = USUAL_BUNDLE_MINUTES
    version: int = 0

    def wants(self, kind: Kind, channel: Channel) -> bool:
        """Whether they want to be told of this kind by this channel."""
        choice = choice_of(kind, channel)
        if choice in self.wanted:
            return True
        return choice not in self.unwanted and by_default(kind, channel)

    def outward(self, kind: Kind) -> list[Channel]:
        """The channels that leave the installation by which they want to be told of this kind."""
        return [name for name in CHANNELS if name in OUTWARD and self.wants(kind, name)]

    def minutes(self, channel: str) -> int:
        """How long what is to leave by a channel waits for more."""
        return min(self.bundle_minutes, _PUSH_MINUTES) if channel == "push" else self.bundle_minutes

    def kinds(self) -> dict[Kind, dict[Channel, bool]]:
        """Every kind and channel, and whether it is wanted."""
        return {
            kind: {channel: self.wants(kind, channel) for channel in CHANNELS} for kind in KINDS
        }


USUAL: Final = Preferences()


def choice_of(kind: str, channel: str) -> str:
    """How a choice is kept."""
    return f"{kind}.{channel}"


def from_row(row: Sequence[Any]) -> Preferences:
    """Preferences from a row of `queries.PREFERENCES`, without its stream."""
    wanted, unwanted, start, end, digest_at, bundle_minutes, version = row
    quiet = None if start is None or end is None else (clock(start), clock(end))
    return Preferences(
        frozenset(wanted),
        frozenset(unwanted),
        quiet,
        None if digest_at is None else clock(digest_at),
        bundle_minutes,
        version,
    )


def clock(text: str) -> time:
    """The time of day that `HH:MM` says."""
    return time(int(text[:2]), int(text[3:5]))


def clock_text(at: time) -> str:
    """A time of day as `HH:MM`."""
    return f"{at:%H:%M}"


async def preferences_of(store: Reader, user_ids: Iterable[str]) -> Mapping[str, Preferences]:
    """What people have chosen; who has chosen nothing is left out. One query."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    rows = await store.fetch(queries.PREFERENCES, {"user_ids": wanted})
    return {row[0]: from_row(row[1:]) for row in rows}
