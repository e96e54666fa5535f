"""The newest commits of one workspace, and who reads them on this copy."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from tidework.http.context import Credential, RequestContext, membership_of, principal_of
from tidework.live.commits import INBOX, LiveCommit, Told
from tidework.live.ends import TOO_SLOW, End, Ended

AT_ONCE: Final = 128 * 1024
"""How many bytes are handed to a reader's connection at once, about."""
_MOST_BYTES: Final = 1024 * 1024
_MOST_COMMITS: Final = 2_000


class Wish(msgspec.Struct, frozen=True):
    """Who wants to read what: the commits of a workspace after `since`, or from now on.

    `workspace_seq` and `account_seq` are those at which the right to do so was found; `kind` is
    `sse` or `websocket`.
    """

    kind: str
    workspace_id: str
    workspace_seq: int
    credential: Credential
    account_seq: int
    since: int | None


def wish_of(kind: str, context: RequestContext, since: int | None) -> Wish:
    """The wish of a caller. Raises `Unauthenticated` and `NotFound`."""
    member = membership_of(context, "viewer")
    credential = principal_of(context).credential
    return Wish(
        kind, member.workspace_id, context.workspace_seq, credential, context.account_seq, since
    )


class Feed:
    """The commits with `first < seq <= last`, without a gap, of a workspace that is being read."""

    __slots__ = (
        "_commits", "_size", "again", "behind", "first", "last", "readers", "task", "workspace_id",
    )  # fmt: skip

    def __init__(self, workspace_id: str, seq: int) -> None:
        self.workspace_id = workspace_id
        self.first = self.last = seq
        self.readers: set[Reader] = set()
        self.task: asyncio.Task[None] | None = None
        """What brings it up to date, while there is something to be done."""
        self.again = False
        self._commits: deque[LiveCommit] = deque()
        self._size = 0

    def extend(self, commits: Sequence[LiveCommit]) -> None:
        """Add the next commits, and wake the readers. Raises ValueError for others than the next."""
        for commit in commits:
            if commit.seq != self.last + 1:
                raise ValueError(f"{commit.seq} does not follow {self.last}")
            self._commits.append(commit)
            self._size += commit.size
            self.last = commit.seq
        while self._size > _MOST_BYTES or len(self._commits) > _MOST_COMMITS:
            self._drop()
        for reader in self.readers:
            reader.wake()

    def after(self, seq: int) -> list[LiveCommit]:
        """The next commits after a seq that is not before `first`, not too many."""
        found: list[LiveCommit] = []
        size = 0
        for place in range(seq - self.first, len(self._commits)):
            commit = self._commits[place]
            found.append(commit)
            size += len(commit.json)
            if size > AT_ONCE:
                break
        return found

    def trim(self, made_before: float) -> bool:
        """Forget what is that old and nobody waits for; whether anything is left."""
        if self._commits:
            needed = min((r.seq for r in self.readers if r.joined), default=self.last)
            while self._commits and self.first < needed and self._commits[0].made < made_before:
                self._drop()
        return bool(self._commits)

    def _drop(self) -> None:
        dropped = self._commits.popleft()
        self._size -= dropped.size
        self.first = dropped.seq


class Reader:
    """One open stream: how far it is, and what may end it.

    `seq` is the last one that it has been given; `joined` is whether it has come as far as its feed
    reaches back, and is to keep up with it. `admitted_at` and `account_seq` are the seqs of the
    workspace and of the account at which its right to read was found.
    """

    __slots__ = (
        "_waiting", "account_seq", "admitted_at", "beat", "credential", "end", "feed", "inbox",
        "joined", "kind", "seq", "user_id",
    )  # fmt: skip

    def __init__(self, wish: Wish, feed: Feed) -> None:
        self.kind = wish.kind
        self.feed = feed
        self.user_id = wish.credential.user_id
        self.credential = wish.credential
        self.seq = wish.workspace_seq if wish.since is None else wish.since
        self.admitted_at = wish.workspace_seq
        self.account_seq = wish.account_seq
        self.joined = False
        self.beat = False
        self.inbox = False
        self.end: End | None = None
        self._waiting: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Let it look again."""
        waiting = self._waiting
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def finish(self, end: End) -> None:
        """Send it away; the first reason counts."""
        if self.end is None:
            self.end = end
        self.wake()

    def ready(self) -> Sequence[Told] | None:
        """What it is to be given next; empty for a sign of life, None when there is nothing yet.

        Raises `Ended`. Is not to be asked while it is behind its feed and not `joined`.
        """
        if self.end is not None:
            raise Ended(self.end)
        feed = self.feed
        if self.seq < feed.first:
            raise Ended(TOO_SLOW)
        self.joined = True
        if self.seq < feed.last:
            found = feed.after(self.seq)
            self.seq = found[-1].seq
            self.beat = False
            return found
        if self.inbox:
            self.inbox = self.beat = False
            return [INBOX]
        if self.beat:
            self.beat = False
            return []
        return None

    async def wait(self) -> None:
        """Return when it has been woken."""
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None
