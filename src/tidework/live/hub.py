"""The open streams of one process: who reads what, and whether they still may.

One reading of the log serves all readers of a workspace. Wake-ups tell what to read; since they may
be lost, the seqs of all workspaces and accounts that are being read for are looked at besides, all
of them within `NET_S`. An account or a membership that ends, ends its streams: the log says so, and
no commit after that is given to whom it concerns.
"""

import asyncio
import contextlib
import contextvars
import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any, Final

import structlog

from tidework.bus.wakeups import Wakeups
from tidework.errors import (
    Gone,
    NotFound,
    TideworkError,
    Unauthenticated,
    Unavailable,
)
from tidework.http.context import Authenticator, Memberships
from tidework.http.stopping import Stopping
from tidework.live.commits import LiveCommit, Told, live_commits
from tidework.live.ends import EXPIRED, LEFT, REMOVED, START_OVER, End, Ended, end_of
from tidework.live.feed import Feed, Reader, Wish
from tidework.live.limits import Limits
from tidework.live.metrics import LiveMetrics
from tidework.live.pages import Pages
from tidework.live.roster import Roster
from tidework.log import LoggedChange
from tidework.store.protocol import Store

NET_S: Final = 0.7
_TOGETHER: Final = 1_000
_READS_AT_ONCE: Final = 8
_PAGE: Final = 500
_TICK_S: Final = 1.0
_KEPT_S: Final = 5.0
# How many may connect again in a second when a process ends, at most about.
_RETURNING: Final = 400
_LONGEST_SPREAD_MS: Final = 20_000

_log = structlog.get_logger("tidework.live")


class Live:
    """Opens streams, keeps them up to date, ends them."""

    def __init__(
        self,
        store: Store,
        authenticator: Authenticator,
        memberships: Memberships,
        limits: Limits,
        metrics: LiveMetrics,
    ) -> None:
        self._store = store
        self._authenticator = authenticator
        self._memberships = memberships
        self.limits = limits
        self.metrics = metrics
        self._pages = Pages(store)
        self.roster = Roster(max(1, round(limits.heartbeat_s)))
        self._moved: set[str] = set()
        self._fresh: set[str] = set()
        self._any = False
        self._woken = asyncio.Event()
        self._reading = asyncio.Semaphore(_READS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._history = store.history
        self._closed = False
        self._unlisten: Callable[[], None] = lambda: None

    # --- its own life ------------------------------------------------------------------------

    def start(self, wakeups: Wakeups, stopping: Stopping) -> None:
        """Begin to look."""
        self._unlisten = wakeups.listen(self._wake)
        for name, work in (
            ("live", self._look()),
            ("live net", self._net()),
            ("live beat", self._beat()),
            ("live end", self._end_with(stopping)),
        ):
            self._spawn(work, name)

    async def close(self) -> None:
        """End every stream, and look no more."""
        self._unlisten()
        self._send_away()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        # What is looked at for all must not wait within the patience of one request.
        task = asyncio.create_task(work, name=name, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("defect", exc_info=error, task=task.get_name())

    async def _end_with(self, stopping: Stopping) -> None:
        await stopping.wait()
        self._send_away()

    def _send_away(self) -> None:
        """Tell all readers to connect again, not all at the same moment."""
        self._closed = True
        readers = self.roster.readers()
        spread = min(_LONGEST_SPREAD_MS, 500 + len(readers) * 1000 // _RETURNING)
        for reader in readers:
            retry = random.randint(100, spread)  # noqa: S311
            reader.finish(
                End("restarting", "The server is about to end. Connect again.", retry, 1001)
            )

    # --- opening and closing -----------------------------------------------------------------

    async def check(self, wish: Wish) -> None:
        """Whether a stream can be opened.

        Raises `Gone` when the log does not reach back so far, or has not come so far;
        `TooManyStreams`; `Unavailable`.
        """
        if self._closed:
            raise _stopping()
        mine = self.roster.of_account(wish.credential.user_id)
        self.limits.check(self.metrics.open, len(mine))
        if wish.since is not None and wish.since != wish.workspace_seq:
            await self._check_since(wish.workspace_id, wish.since, wish.workspace_seq)

    @contextlib.asynccontextmanager
    async def reading(self, wish: Wish) -> AsyncIterator[Reader]:
        """A reader of what was wished for, while the block runs.

        Raises `Ended` in place of any error that can be told to the reader, of the block too.
        """
        reader: Reader | None = None
        end = LEFT
        try:
            await self.check(wish)
            reader = self._open(wish)
            if reader.feed.last > wish.workspace_seq:
                # What the feed has gone past, nobody has looked at for this reader.
                reader.admitted_at = await self._admitted(wish.workspace_id, reader.user_id)
            yield reader
        except Ended as ended:
            end = ended.end
            raise
        except TideworkError as error:
            end = end_of(error)
            raise Ended(end) from None
        finally:
            if reader is not None:
                reader.finish(end)
                self.roster.remove(reader)
                assert reader.end is not None
                self.metrics.closed(reader.kind, reader.end.code)

    def _open(self, wish: Wish) -> Reader:
        if self._closed:
            raise _stopping()
        if self._store.history != self._history:
            self._start_over()
        reader = self.roster.add(wish)
        self.metrics.opened(reader.kind)
        # Between the request's look and this one, wake-ups found nobody.
        self._fresh.update((wish.workspace_id, reader.user_id))
        self._woken.set()
        return reader

    async def _check_since(self, workspace: str, since: int, present: int) -> None:
        if since > present:
            raise Gone(f"The workspace is at {present}, not at {since} yet. {START_OVER.detail}")
        kept_since = await self._pages.kept_since(workspace)
        if since < kept_since:
            raise Gone(f"Changes up to {kept_since} are no longer kept. {START_OVER.detail}")

    async def _admitted(self, workspace: str, user_id: str) -> int:
        at, member = await self._memberships.membership(workspace, user_id)
        if member is None:
            raise NotFound(REMOVED.detail)
        return at

    async def next(self, reader: Reader) -> Sequence[Told]:
        """What a reader is to be given next; nothing for a sign of life. Raises `Ended`."""
        while True:
            feed = reader.feed
            if reader.seq < feed.first and not reader.joined and reader.end is None:
                commits = await self._catch_up(reader, feed)
                if commits:
                    return commits
                continue
            found = reader.ready()
            if found is not None:
                if found:
                    self.metrics.delivered += len(found)
                return found
            await reader.wait()

    async def _catch_up(self, reader: Reader, feed: Feed) -> list[LiveCommit]:
        commits = await self._pages.page(feed.workspace_id, reader.seq, feed.first)
        if reader.end is not None:
            raise Ended(reader.end)
        if not commits or commits[0].seq != reader.seq + 1:
            raise Ended(START_OVER)
        reader.seq = commits[-1].seq
        self.metrics.caught_up += len(commits)
        return commits

    async def renew(self, reader: Reader, token: str) -> None:
        """Let a reader go on with a later token of the same account. Raises `Unauthenticated`."""
        credential = self._authenticator.read(token)
        if credential.user_id != reader.user_id:
            raise Unauthenticated("That token is somebody else's.", code="token_invalid")
        reader.account_seq, principal = await self._authenticator.principal(credential)
        reader.credential = principal.credential

    # --- what moves --------------------------------------------------------------------------

    def _wake(self, stream_ids: Collection[str]) -> None:
        roster = self.roster
        if not roster.feeds:
            return
        if not stream_ids:
            self._any = True
        for stream in stream_ids:
            if stream in roster.feeds:
                self._moved.add(stream)
            elif stream in roster.accounts:
                self._fresh.add(stream)
            for reader in roster.of_inbox(stream):
                reader.inbox = True
                reader.wake()
        if self._any or self._moved or self._fresh:
            self._woken.set()

    async def _look(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            moved, self._moved = self._moved, set()
            fresh, self._fresh = self._fresh, set()
            everything, self._any = self._any, False
            for workspace in moved:
                self._advance(workspace)
            if everything:
                fresh.update(self.roster.feeds, self.roster.accounts)
            # The next look must not wait for this one's database.
            for part in _parts(fresh):
                self._spawn(self._compare(part), "live seqs")

    async def _net(self) -> None:
        while True:
            parts = _parts([*self.roster.feeds, *self.roster.accounts])
            if self._store.history != self._history:
                self._start_over()
            for part in parts:
                # Whatever becomes of it, the next one is looked at.
                await asyncio.wait([self._spawn(self._compare(part), "live seqs")])
                await asyncio.sleep(NET_S / len(parts))
            if not parts:
                await asyncio.sleep(NET_S)

    def _start_over(self) -> None:
        """Another history has begun: what readers were given may never have happened."""
        self._history = self._store.history
        self._pages.clear()
        for feed in self.roster.feeds.values():
            _finish(feed.readers, START_OVER)
        self.roster.feeds.clear()

    async def _compare(self, streams: Collection[str]) -> None:
        """Look whether streams have moved, and follow those that have."""
        try:
            seqs = await self._store.seqs(list(streams))
        except TideworkError:
            return
        for stream in streams:
            seq = seqs.get(stream)
            feed = self.roster.feeds.get(stream)
            if feed is not None:
                if seq is None:
                    _finish(feed.readers, REMOVED)
                elif seq > feed.last:
                    self._advance(stream)
            for reader in self.roster.of_account(stream):
                if reader.account_seq != seq:
                    self._spawn(self._recheck(stream), "live account")
                    break

    async def _recheck(self, user_id: str) -> None:
        """Look whether the sessions and tokens of an account still hold."""
        found: dict[tuple[str, str], int | End] = {}
        for reader in list(self.roster.of_account(user_id)):
            credential = reader.credential
            proved = (credential.id, credential.secret)
            if proved not in found:
                try:
                    found[proved] = (await self._authenticator.principal(credential))[0]
                except Unauthenticated as error:
                    found[proved] = end_of(error)
                except Unavailable:
                    return
            answer = found[proved]
            if isinstance(answer, End):
                reader.finish(answer)
            else:
                reader.account_seq = max(reader.account_seq, answer)

    # --- following the log -------------------------------------------------------------------

    def _advance(self, workspace: str) -> None:
        feed = self.roster.feeds.get(workspace)
        if feed is None:
            return
        feed.again = True
        if feed.task is None:
            feed.task = self._spawn(self._follow(feed), "live feed")

    async def _follow(self, feed: Feed) -> None:
        try:
            while feed.again and feed.readers:
                feed.again = False
                async with self._reading:
                    changes = await self._store.log(feed.workspace_id, since=feed.last, limit=_PAGE)
                if changes:
                    self._add(feed, changes)
                    feed.again = feed.again or len(changes) >= _PAGE
        except Unavailable:
            # The net comes by again.
            pass
        except Exception as error:
            _log.error("defect", exc_info=error, workspace_id=feed.workspace_id)
            _finish(feed.readers, START_OVER)
        finally:
            feed.task = None

    def _add(self, feed: Feed, changes: list[LoggedChange]) -> None:
        if changes[0].seq != feed.last + 1:
            # Compacted, or purged and made again, while nobody could read it.
            _finish(feed.readers, START_OVER)
            return
        for change in changes:
            # A workspace that is removed loses its members in the same commit.
            if change.entity == "member" and change.op == "delete":
                gone = [reader for reader in feed.readers if reader.user_id == change.id]
                _finish((one for one in gone if one.admitted_at < change.seq), REMOVED)
        commits = live_commits(changes)
        self.metrics.observe(commits)
        feed.extend(commits)

    # --- as time passes ----------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for reader in self.roster.next_turn():
                reader.beat = True
                reader.wake()
            now = time.time()
            for reader in self.roster.readers():
                if reader.credential.expires_at <= now:
                    reader.finish(EXPIRED)
            before = time.monotonic() - _KEPT_S
            for feed in self.roster.feeds.values():
                feed.trim(before)
            self._pages.clear()


def _stopping() -> Unavailable:
    return Unavailable("The server is stopping; connect again in a moment.", code="stopping")


def _finish(readers: Iterable[Reader], end: End) -> None:
    for reader in list(readers):
        reader.finish(end)


def _parts(streams: Collection[str]) -> list[list[str]]:
    whole = list(streams)
    return [whole[at : at + _TOGETHER] for at in range(0, len(whole), _TOGETHER)]
