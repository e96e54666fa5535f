"""What has been and is to be delivered, as owners see it: deliveries, trials, replays."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import UnsetType

from tidework.bus.catalogue import LoggedCommit, commits_of
from tidework.bus.jobs import GiveUp, Job, Jobs
from tidework.errors import Conflict, TideworkError, invalid
from tidework.http import cursor as cursors
from tidework.http.query import Query
from tidework.ids import is_id, new_id
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.times import after, canonical, now
from tidework.webhooks import queries
from tidework.webhooks.consumers import entries_of, lanes_of_comments
from tidework.webhooks.deliveries import KEPT_S, Entry, added
from tidework.webhooks.filters import TEST
from tidework.webhooks.schemas import (
    DeliveryBegun,
    DeliveryPage,
    ReplayOut,
    WebhookOut,
    delivery_out,
)
from tidework.webhooks.signing import message_id

REPLAY: Final = "webhook_replay"
"""The kind of the job that puts past events into lanes again."""

_PAGE = 200
_AFTER_ALL = ("9999-12-31T23:59:59.999999Z", "ffffffff-ffff-ffff-ffff-ffffffffffff")
# The clocks of copies differ a little, and a commit is written a little after its time.
_MARGIN_S = 300.0


class Outbox:
    """The deliveries of webhooks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, jobs: Jobs) -> None:
        """Let replays be done here."""
        jobs.register(REPLAY, self._replay, deadline_s=60.0)

    async def page(self, workspace_id: str, webhook_id: str, raw_query: bytes) -> DeliveryPage:
        """A page of a webhook's deliveries, newest first."""
        query = Query(raw_query, ("limit", "cursor"))
        limit = query.number("limit", 1, 100) or 20
        before: Sequence[Any] = _AFTER_ALL
        of = ("deliveries", workspace_id, webhook_id)
        if (text := query.text("cursor")) is not None:
            before = cursors.decode(text, of, [str, str])
            if not (cursors.is_time(before[0]) and is_id(before[1])):
                raise cursors.wrong()
        params = {
            "stream_id": workspace_id,
            "webhook_id": webhook_id,
            "before_at": before[0],
            "before_id": before[1],
            "limit": limit + 1,
        }
        rows = await self._store.fetch(queries.DELIVERIES, params)
        shown = [delivery_out(row, message_id(row[0])) for row in rows[:limit]]
        further = None
        if len(rows) > limit:
            further = cursors.encode(of, [shown[-1].created_at, shown[-1].id])
        return DeliveryPage(shown, further)

    async def test(self, workspace_id: str, webhook_id: str) -> DeliveryBegun:
        """Send a webhook an event that says it is a test, once, also while it is disabled."""
        event_id = f"{webhook_id}:test:{new_id()}"
        # It is in no log; its time puts it behind earlier ones.
        entry = Entry(webhook_id, webhook_id, event_id, TEST, time.time_ns(), 0, 0)
        await self._store.operate(added(workspace_id, [entry], now()))
        return DeliveryBegun(entry.id, message_id(entry.id))

    async def replay(
        self, workspace_id: str, webhook: WebhookOut, since: datetime, until: datetime | UnsetType
    ) -> ReplayOut:
        """Begin to send the events of a span of time again. Raises `Invalid`, `Conflict`."""
        if not webhook.is_active:
            raise _inactive()
        at = now()
        start = _moment(since, "/from")
        end = at if isinstance(until, UnsetType) else _moment(until, "/to")
        end = min(end, at)
        if start >= end:
            raise invalid("/from", "out_of_order", "/from must lie before /to and in the past.")
        if start < after(at, -KEPT_S):
            raise invalid(
                "/from", "out_of_range", "/from must lie within the last 30 days; take a later one."
            )
        replay_id = new_id()
        args = {"webhook_id": webhook.id, "from": start, "to": end, "since": None}
        await self._store.operate([Jobs.operation(workspace_id, REPLAY, args, job_id=replay_id)])
        return ReplayOut(replay_id, start, end)

    # --- replaying ---------------------------------------------------------------------------

    async def _replay(self, job: Job) -> Sequence[Operation]:
        """Put what happened in a span of time into its lanes, a page at a time."""
        webhook_id, since = job.args["webhook_id"], job.args["since"]
        place = {"stream_id": job.stream_id, "webhook_id": webhook_id}
        if since is None:
            since = await self._before(job.stream_id, after(job.args["from"], -_MARGIN_S))
        while True:
            rows = await self._store.fetch(queries.WEBHOOK, place)
            webhook = WebhookOut(*rows[0]) if rows else None
            if webhook is None or not webhook.is_active:
                raise GiveUp("The webhook has been removed or disabled.")
            page = await self._store.log(job.stream_id, since=since, limit=_PAGE)
            commits = commits_of(page)
            operations = await self._again(job, webhook, commits)
            past = commits and commits[-1].changes[0].at > after(job.args["to"], _MARGIN_S)
            if len(page) < _PAGE or past:
                return operations
            since = commits[-1].seq
            await job.progress(0, operations, {**job.args, "since": since})

    async def _again(
        self, job: Job, webhook: WebhookOut, commits: Sequence[LoggedCommit]
    ) -> list[Operation]:
        wanted = [
            commit
            for commit in commits
            if not commit.imported and job.args["from"] <= commit.changes[0].at < job.args["to"]
        ]
        tasks = await lanes_of_comments(self._store, job.stream_id, wanted)
        entries = [
            entry
            for commit in wanted
            for entry in entries_of(commit, webhook.id, webhook.events, tasks)
        ]
        return added(job.stream_id, entries, now(), again=True) if entries else []

    async def _before(self, stream_id: str, moment: str) -> int:
        """A seq before all that was committed at or after a moment; 20 looks or so."""
        rows = await self._store.fetch(queries.SEQ, {"stream_id": stream_id})
        high, low = (rows[0][0], rows[0][1]) if rows else (0, 0)
        while low < high:
            middle = (low + high) // 2
            params = {"stream_id": stream_id, "seq": middle + 1}
            found = await self._store.fetch(queries.TIME_AT, params)
            if found and found[0][1] < moment:
                low = found[0][0]
            else:
                high = middle
        return int(low)


def _moment(given: datetime, pointer: str) -> str:
    try:
        return canonical(given)
    except OverflowError:
        raise invalid(
            pointer, "out_of_range", f"{pointer} lies outside the years 1 to 9999 in UTC."
        ) from None


def _inactive() -> TideworkError:
    return Conflict(
        "This webhook is disabled. Enable it first, by PATCH with is_active: true.",
        code="webhook_disabled",
    )
