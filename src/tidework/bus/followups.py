"""Second commits: what one commit causes on another stream.

No transaction spans two streams. The first commit therefore carries a row that says what is still
to be done; it is done at once, and by a later sweep if the process died in between. A handler may
run more than once for the same row and must lead to the same end.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from sqlalchemy import bindparam, select

from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import followups
from tidework.store.sql.statement import Statement
from tidework.times import now

Handler = Callable[[str, dict[str, Any]], Awaitable[None]]

_PENDING = Statement(
    "followups",
    select(followups.c.id, followups.c.kind, followups.c.detail)
    .where(followups.c.stream_id == bindparam("stream_id"))
    .order_by(followups.c.id),
)
_STREAMS = Statement(
    "followup_streams",
    select(followups.c.stream_id).distinct().limit(bindparam("limit")),
    fan_out="a sweep finishes what any stream has left",
)

_log = structlog.get_logger()


class Followups:
    """Runs what commits have left to be done. Handlers are registered by `app.py`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._handlers: dict[str, Handler] = {}

    def register(self, kind: str, handler: Handler) -> None:
        """Let `handler(stream_id, detail)` do what rows of this kind ask for."""
        self._handlers[kind] = handler

    @staticmethod
    def operation(stream_id: str, kind: str, detail: dict[str, Any]) -> Operation:
        """The row to put among a commit's operations."""
        values = {"kind": kind, "detail": detail, "created_at": now()}
        return Operation("followups", "insert", {"stream_id": stream_id, "id": new_id()}, values)

    async def run(self, stream_id: str) -> None:
        """Do what this stream's commits have left, in order. Raises what a handler raises."""
        for row_id, kind, detail in await self._store.fetch(_PENDING, {"stream_id": stream_id}):
            await self._handlers[kind](stream_id, detail)
            key = {"stream_id": stream_id, "id": row_id}
            await self._store.operate([Operation("followups", "delete", key)])

    async def sweep(self, limit: int = 1000) -> int:
        """Do what is left anywhere; a failure is logged and tried again by the next sweep.

        Returns how many streams had something left.
        """
        streams = await self._store.fetch(_STREAMS, {"limit": limit})
        for (stream_id,) in streams:
            try:
                await self.run(stream_id)
            except Exception:
                _log.exception("followup_failed", stream_id=stream_id)
        return len(streams)
