"""From commits to deliveries: each event goes to each webhook that wants it."""

from collections.abc import Mapping, Sequence
from typing import Final

from tidework.bus.catalogue import LoggedCommit
from tidework.log import LoggedChange, Operation
from tidework.store.protocol import Row, Store
from tidework.times import now
from tidework.webhooks import queries
from tidework.webhooks.deliveries import Entry, added, removed
from tidework.webhooks.filters import wants

_KNOWN: Final = 10_000


class WebhookConsumer:
    """Writes down what is to be delivered; what was imported is nobody's news."""

    name = "webhooks"

    def __init__(self, store: Store) -> None:
        self._store = store
        self._history = store.history
        # Streams without an active webhook, and up to which seq that is known.
        self._without: dict[str, int] = {}

    async def handle_page(self, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
        """See `bus.consumer.PagedConsumer`."""
        stream_id = commits[0].stream_id
        rows = await self._active(stream_id, commits)
        entries: list[Entry] = []
        if rows:
            own = [commit for commit in commits if not commit.imported]
            entries = await self._entries(stream_id, own, rows)
        gone = [
            change.id
            for commit in commits
            for change in commit.changes
            if change.entity == "webhook" and change.op == "delete"
        ]
        operations = added(stream_id, entries, now()) if entries else []
        return [*operations, *(one for webhook in gone for one in removed(stream_id, webhook))]

    async def _active(self, stream_id: str, commits: Sequence[LoggedCommit]) -> Sequence[Row]:
        """The active webhooks. Nothing is asked where there were none before these commits, and
        none of them is about one.
        """
        if self._history != self._store.history or len(self._without) > _KNOWN:
            self._history = self._store.history
            self._without.clear()
        changes = (change for commit in commits for change in commit.changes)
        without = self._without.pop(stream_id, -1)
        rows: Sequence[Row] = ()
        if without < commits[0].seq - 1 or any(one.entity == "webhook" for one in changes):
            rows = await self._store.fetch(queries.ACTIVE, {"stream_id": stream_id})
        if not rows:
            self._without[stream_id] = max(without, commits[-1].seq)
        return rows

    async def _entries(
        self, stream_id: str, commits: Sequence[LoggedCommit], rows: Sequence[Row]
    ) -> list[Entry]:
        if not commits:
            return []
        # One that has changed since may have been made since.
        late = [row[0] for row in rows if row[2] >= commits[0].seq]
        made: dict[str, int] = {}
        if late:
            params = {"stream_id": stream_id, "ids": late}
            made = {row[0]: row[1] for row in await self._store.fetch(queries.MADE, params)}
        tasks = await lanes_of_comments(self._store, stream_id, commits)
        return [
            entry
            for commit in commits
            for webhook_id, patterns, _ in rows
            if commit.seq > made.get(webhook_id, 0)
            for entry in entries_of(commit, webhook_id, patterns, tasks)
        ]


def entries_of(
    commit: LoggedCommit, webhook_id: str, patterns: Sequence[str], tasks: Mapping[str, str]
) -> list[Entry]:
    """The deliveries of a commit to a webhook that wants events of these patterns.

    `tasks` are those that comments belong to. A webhook is not told about itself.
    """
    changes = {change.ordinal: change for change in commit.changes}
    return [
        Entry(
            webhook_id,
            _lane(changes[event.ordinal], tasks),
            event.id,
            event.type,
            event.seq,
            event.ordinal,
            step,
        )
        for step, event in enumerate(commit.events)
        if wants(patterns, event.type) and changes[event.ordinal].id != webhook_id
    ]


async def lanes_of_comments(
    store: Store, stream_id: str, commits: Sequence[LoggedCommit]
) -> Mapping[str, str]:
    """The tasks of the comments that were changed, by the comments' ids."""
    changed = {
        change.id
        for commit in commits
        for change in commit.changes
        if change.entity == "comment" and _named_task(change) is None
    }
    if not changed:
        return {}
    params = {"stream_id": stream_id, "ids": sorted(changed)}
    rows = await store.fetch(queries.COMMENTS_MADE, params)
    return {row[0]: row[1]["task_id"] for row in rows}


def _named_task(change: LoggedChange) -> str | None:
    found: str | None = change.set.get("task_id") or change.was.get("task_id")
    return found


def _lane(change: LoggedChange, tasks: Mapping[str, str]) -> str:
    """What a change is about: a task, also by its comments and relations, or the thing itself."""
    if change.entity in ("comment", "relation"):
        return _named_task(change) or tasks.get(change.id, change.id)
    return change.id
