"""How many streams may be open on a process, and how long one may be silent."""

import msgspec

from tidework.errors import TooManyRequests, Unavailable
from tidework.settings import Settings


class TooManyStreams(TooManyRequests):
    """The account has as many streams open as it may."""

    code = "too_many_streams"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most} streams are open for this account already. Close one of them first.",
            retry_after=30,
        )


class Limits(msgspec.Struct, frozen=True):
    """`total` and `account` streams at most. A stream bears a sign of life every `heartbeat_s`
    seconds; who takes nothing for that long is dropped.
    """

    total: int = 10_000
    account: int = 50
    heartbeat_s: float = 15.0

    def check(self, total: int, account: int) -> None:
        """Whether one more may be opened. Raises `TooManyStreams` and `Unavailable`."""
        if account >= self.account:
            raise TooManyStreams(self.account)
        if total >= self.total:
            raise Unavailable(
                "As many streams are open here as there may be. Try again in a moment.",
                code="overloaded",
                retry_after=5,
            )


def live_limits(settings: Settings) -> Limits:
    """What the settings say."""
    return Limits(
        settings.live_streams, settings.live_streams_per_account, settings.live_heartbeat_seconds
    )
