"""What a receiver is sent: the event as it follows from the log, and the task as it is now."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tidework.bus.catalogue import events_of
from tidework.bus.event import Event, encode
from tidework.errors import NotFound
from tidework.log import LoggedChange
from tidework.store.protocol import Store
from tidework.webhooks import queries
from tidework.webhooks.filters import TEST

TaskOf = Callable[[str, str], Awaitable[tuple[int, Any]]]
"""Gives a workspace's task by its id, with a seq. Raises `NotFound`."""

# The address of another webhook may hold a key.
_HIDDEN = frozenset({"url"})


class Payloads:
    """Makes the bodies of requests."""

    def __init__(self, store: Store, task_of: TaskOf) -> None:
        self._store = store
        self._task_of = task_of

    async def body(
        self, stream_id: str, kind: str, event_id: str, seq: int, ordinal: int, at: str
    ) -> bytes | None:
        """The body about an event; None when the log no longer has it."""
        if kind == TEST:
            return encode(_trial(stream_id, event_id, at))
        params = {"stream_id": stream_id, "seq": seq, "ordinal": ordinal}
        rows = await self._store.fetch(queries.CHANGE, params)
        if not rows:
            return None
        change = LoggedChange(*rows[0])
        event = next((one for one in events_of([change]) if one.type == kind), None)
        if event is None:
            return None
        data = {**event.data, **await self._about(change)}
        for part in ("values", "before"):
            data[part] = {n: v for n, v in data[part].items() if n not in _HIDDEN}
        return encode(msgspec.structs.replace(event, data=data))

    async def _about(self, change: LoggedChange) -> dict[str, Any]:
        known = change.set | change.was
        task_id = change.id if change.entity == "task" else known.get("task_id")
        if change.entity == "comment" and task_id is None:
            params = {"stream_id": change.stream_id, "ids": [change.id]}
            rows = await self._store.fetch(queries.COMMENTS_MADE, params)
            task_id = rows[0][1]["task_id"] if rows else None
        if task_id is None:
            return {"task": None} if change.entity == "comment" else {}
        try:
            return {"task": (await self._task_of(change.stream_id, task_id))[1]}
        except NotFound:
            return {"task": None}


def _trial(stream_id: str, event_id: str, at: str) -> Event:
    webhook_id = event_id.partition(":")[0]
    return Event(
        id=event_id,
        source=f"/api/v1/workspaces/{stream_id}",
        type=TEST,
        subject=f"webhooks/{webhook_id}",
        time=at,
        dataschema=f"urn:tidework:event:{TEST}:1",
        data={"id": webhook_id, "message": "This is a test. Nothing has happened."},
        streamid=stream_id,
        seq=0,
        ordinal=0,
    )
