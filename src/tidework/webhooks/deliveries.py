"""What is still to be delivered: rows, one for each event and webhook, in lanes.

A lane is a webhook's deliveries about one task (or about one other thing). One job at a time works a
lane off, oldest event first; it ends only when the lane is as it has last seen it, so that what is
added meanwhile is never left behind.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from tidework.bus.jobs import Jobs
from tidework.ids import new_id
from tidework.log import Operation, Values
from tidework.times import after

JOB = "webhook"
"""The kind of the job that works a lane off."""

KEPT_S = 30 * 86400
WAITING, DELIVERED, FAILED, SKIPPED = "waiting", "delivered", "failed", "skipped"

_IDS = UUID("5e9d0a3c-3f0f-4b0c-9f4e-2a6b1c7d8e90")


class Entry(NamedTuple):
    """An event for a webhook; `step` orders the events of one commit."""

    webhook_id: str
    lane: str
    event_id: str
    type: str
    seq: int
    ordinal: int
    step: int

    @property
    def id(self) -> str:
        """The delivery's id: the same event for the same webhook is the same delivery."""
        return str(uuid5(_IDS, f"{self.webhook_id}:{self.event_id}"))


def job_of(webhook_id: str, lane: str) -> str:
    """The id of the job that works a lane off."""
    return str(uuid5(_IDS, f"{webhook_id}:lane:{lane}"))


def added(
    stream_id: str, entries: Iterable[Entry], at: str, *, again: bool = False
) -> list[Operation]:
    """Put events into their lanes; `again` also those that have been delivered before."""
    entries = list(entries)
    lanes = sorted({(entry.webhook_id, entry.lane) for entry in entries})
    # A microsecond apart, so that they are listed in their order.
    rows = [_row(stream_id, entry, after(at, i / 1e6), again) for i, entry in enumerate(entries)]
    jobs = [
        Jobs.operation(
            stream_id, JOB, {"webhook_id": webhook, "lane": lane}, job_id=job_of(webhook, lane)
        )
        for webhook, lane in lanes
    ]
    if again:
        # What waits for its next attempt shall not wait any longer.
        jobs += [Jobs.moved(stream_id, job_of(*lane), at) for lane in lanes]
    marks = [
        Operation("webhook_lanes", "upsert", lane_key(stream_id, *lane), {"mark": new_id()})
        for lane in lanes
    ]
    # Lanes, jobs, deliveries, in the order in which a job that ends locks them: of two at the same
    # moment the second waits for the first, and sees what it has done.
    return [*marks, *jobs, *rows]


def lane_key(stream_id: str, webhook_id: str, lane: str) -> Values:
    """The key of a lane's row."""
    return {"stream_id": stream_id, "webhook_id": webhook_id, "lane": lane}


def _row(stream_id: str, entry: Entry, at: str, again: bool) -> Operation:
    values: dict[str, Any] = {
        "webhook_id": entry.webhook_id,
        "lane": entry.lane,
        "type": entry.type,
        "event_id": entry.event_id,
        "seq": entry.seq,
        "ordinal": entry.ordinal,
        "step": entry.step,
        "state": WAITING,
        "attempts": 0,
        "tries": [],
        "created_at": at,
        "next_at": at,
        "finished_at": None,
        "expires_at": after(at, KEPT_S),
    }
    key = {"stream_id": stream_id, "id": entry.id}
    return Operation("webhook_deliveries", "upsert" if again else "keep", key, values)


def skipped(stream_id: str, webhook_id: str, lane: str, at: str) -> Operation:
    """Give up whatever waits in a lane: nobody wants it any more."""
    key = {**lane_key(stream_id, webhook_id, lane), "state": WAITING}
    values = {"state": SKIPPED, "next_at": None, "finished_at": at}
    return Operation("webhook_deliveries", "update", key, values)


def removed(stream_id: str, webhook_id: str) -> list[Operation]:
    """Everything that belonged to a webhook which is no more."""
    key = {"stream_id": stream_id, "webhook_id": webhook_id}
    tables = ("webhook_lanes", "webhook_deliveries", "webhook_health", "webhook_secrets")
    return [Operation(table, "delete", key) for table in tables]
