"""A commit as readers get it: made once, for all of them."""

import time
from collections.abc import Sequence
from typing import Final

import msgspec

from tidework.bus.catalogue import commits_of, types_of
from tidework.log import LoggedChange
from tidework.tasks.api import ChangeOut, change_out

LARGEST: Final = 256 * 1024
"""A commit whose changes take more bytes than this is told without them."""

_encode = msgspec.json.Encoder().encode


class CommitOut(msgspec.Struct, frozen=True):
    """One commit. `events` are the types of what has happened in it.

    Where it is not `whole` it was too large, and `changes` has nothing: ask for
    `/changes?since=<seq - 1>`.
    """

    seq: int
    at: str
    actor_id: str | None
    events: list[str]
    whole: bool
    changes: list[ChangeOut]


class LiveCommit:
    """A commit with its JSON. `made` is when, by the monotonic clock."""

    __slots__ = ("_sse", "_text", "at", "imported", "json", "made", "seq")

    def __init__(self, changes: Sequence[LoggedChange]) -> None:
        first = changes[0]
        self.seq = first.seq
        self.at = first.at
        self.imported = first.origin is not None
        self.json = _encoded(changes)
        self.made = time.monotonic()
        self._sse: bytes | None = None
        self._text: str | None = None

    @property
    def sse(self) -> bytes:
        """As a server-sent event."""
        if self._sse is None:
            self._sse = b"id: %d\ndata: %s\n\n" % (self.seq, self.json)
        return self._sse

    @property
    def text(self) -> str:
        """As a message of a WebSocket."""
        if self._text is None:
            self._text = f'{{"event":"commit","id":{self.seq},"data":{self.json.decode()}}}'
        return self._text

    @property
    def size(self) -> int:
        """How much memory it takes, about."""
        return 2 * len(self.json) + 300


class InboxHint:
    """That the reader's own notifications may have changed; `GET /notifications` says how."""

    sse: Final = b"event: inbox\ndata: {}\n\n"
    text: Final = '{"event":"inbox","data":{}}'


INBOX: Final = InboxHint()
Told = LiveCommit | InboxHint


def live_commits(changes: Sequence[LoggedChange]) -> list[LiveCommit]:
    """The commits that a page of the log consists of."""
    return [LiveCommit(one.changes) for one in commits_of(changes)]


def _encoded(changes: Sequence[LoggedChange]) -> bytes:
    first = changes[0]
    events = list(dict.fromkeys(kind for change in changes for kind in types_of(change)))
    body = b""
    # Most take some hundred bytes; beyond so many it need not even be tried.
    if len(changes) <= LARGEST // 100:
        shown = [change_out(change) for change in changes]
        body = _encode(CommitOut(first.seq, first.at, first.actor_id, events, True, shown))
    if not body or len(body) > LARGEST:
        body = _encode(CommitOut(first.seq, first.at, first.actor_id, events, False, []))
    return body
