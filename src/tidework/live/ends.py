"""Why streams end, and what their readers are told of it."""

import random
from typing import Final

import msgspec

from tidework.errors import TideworkError, TooManyRequests, Unavailable

_STATUS_CLOSING: Final = 4000
_RETRY_MS: Final = (1000, 4000)


class End(msgspec.Struct, frozen=True):
    """Why a reader is sent away: `code` for programs, `detail` for people.

    `retry_ms` is when to connect again, with the last id; None: not before something has been done
    about it. `closing` is the code of a WebSocket (RFC 6455, 7.4).
    """

    code: str
    detail: str
    retry_ms: int | None = None
    closing: int = 1008


class Ended(Exception):
    """The reader is to be sent away."""

    def __init__(self, end: End) -> None:
        super().__init__(end.code)
        self.end = end


LEFT: Final = End("left", "The reader has gone.")
TOO_SLOW: Final = End(
    "too_slow",
    "The connection took too little to keep up. Connect again with the last id: what is missing"
    " comes from the log.",
    retry_ms=1000,
    closing=1013,
)
START_OVER: Final = End(
    "gone",
    "What came after that id cannot be told any more. Read everything anew, then listen again"
    " without an id.",
    closing=4410,
)
REMOVED: Final = End(
    "not_found", "There is no such workspace, or you are not a member of it.", closing=4404
)
EXPIRED: Final = End(
    "token_expired", "The access token has expired. Get a new one, and connect again.",
    retry_ms=0, closing=4401,
)  # fmt: skip


def end_of(error: TideworkError) -> End:
    """What to tell a reader of an error."""
    if isinstance(error, Unavailable):
        return End(error.code, error.detail, random.randint(*_RETRY_MS), 1013)  # noqa: S311
    retry = error.retry_after * 1000 if isinstance(error, TooManyRequests) else None
    return End(error.code, error.detail, retry, _STATUS_CLOSING + error.status)
