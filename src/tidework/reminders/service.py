"""Reminders of one's own: made, shown, removed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tidework.errors import Conflict, NotFound, invalid
from tidework.http import cursor as cursors
from tidework.http.context import Membership, RequestContext
from tidework.http.query import Query
from tidework.ids import LOWEST_ID, new_id
from tidework.log import Change, Commit, Expect, Operation
from tidework.reminders import queries
from tidework.reminders.changing import making
from tidework.reminders.planning import Wanted, place_key
from tidework.reminders.schemas import ReminderIn, ReminderList, ReminderOut, ReminderPage
from tidework.store.protocol import Store
from tidework.tasks.api import find_task
from tidework.times import canonical, now

MAX_OF_TASK = 20
MAX_OF_USER = 10_000


class ReminderService:
    """What a person wants to be reminded of. It is nobody else's business."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def mine(self, user_id: str, raw_query: bytes) -> ReminderPage:
        """A page of all of somebody's reminders, oldest first."""
        query = Query(raw_query, ("limit", "cursor"))
        limit = query.number("limit", 1, 100) or 20
        after, of = LOWEST_ID, ("reminders", user_id)
        if (text := query.text("cursor")) is not None:
            (after,) = cursors.decode(text, of, [str])
        params = {"user_id": user_id, "after": after, "limit": limit + 1}
        rows = [ReminderOut(*row) for row in await self._store.fetch(queries.MINE, params)]
        more = len(rows) > limit
        shown = rows[:limit]
        return ReminderPage(shown, cursors.encode(of, [shown[-1].id]) if more else None)

    async def of_task(self, viewer: Membership, key: str) -> ReminderList:
        """Somebody's reminders of a task. Raises `NotFound`."""
        _, task = await find_task(self._store, viewer.workspace_id, key)
        return ReminderList(await self._of_task(viewer, task.id))

    async def create(
        self, viewer: Membership, key: str, data: ReminderIn, context: RequestContext
    ) -> ReminderOut:
        """Be reminded. Raises `NotFound`, `Invalid`, `Conflict` when there are too many."""
        _, task = await find_task(self._store, viewer.workspace_id, key)
        at = now()
        when = _when(data, at)
        known = await self._of_task(viewer, task.id)
        total = (await self._store.fetch(queries.COUNT, {"user_id": viewer.user_id}))[0][0]
        if len(known) >= MAX_OF_TASK or total >= MAX_OF_USER:
            raise Conflict(
                f"One has {MAX_OF_TASK} reminders of a task at most, and {MAX_OF_USER} altogether."
                " Remove one first.",
                code="too_many_reminders",
            )
        wanted = Wanted(task.id, new_id(), viewer.user_id, *when)
        change, row = making(viewer.workspace_id, wanted, at)
        committed = await self._store.append(
            Commit(
                stream_id=viewer.user_id,
                actor_id=viewer.user_id,
                at=at,
                changes=[change],
                operations=[row],
                request_id=context.request_id,
                idempotency=context.idempotency,
            )
        )
        made = committed.changes[0]
        return ReminderOut(
            made.id,
            made.set["workspace_id"],
            made.set["task_id"],
            made.set["at"],
            made.set["offset_minutes"],
            made.set["created_at"],
            committed.seq,
        )

    async def delete(
        self, viewer: Membership, key: str, reminder_id: str, context: RequestContext
    ) -> None:
        """Be reminded no more. Raises `NotFound`, also for those of others."""
        _, task = await find_task(self._store, viewer.workspace_id, key)
        gone = NotFound("You have no such reminder of this task; it may have been removed already.")
        place: dict[str, Sequence[Any]] = {
            "workspace_id": [viewer.workspace_id],
            "task_id": [task.id],
        }
        row = place_key(viewer.workspace_id, task.id, reminder_id)
        await self._store.append(
            Commit(
                stream_id=viewer.user_id,
                actor_id=viewer.user_id,
                at=now(),
                changes=[Change("reminder", reminder_id, "delete")],
                expects=[Expect("reminder", reminder_id, place, error=gone)],
                operations=[Operation("task_reminders", "delete", row)],
                request_id=context.request_id,
            )
        )

    async def _of_task(self, viewer: Membership, task_id: str) -> list[ReminderOut]:
        params = {
            "user_id": viewer.user_id,
            "workspace_id": viewer.workspace_id,
            "task_id": task_id,
        }
        return [ReminderOut(*row) for row in await self._store.fetch(queries.OF_TASK, params)]


def _when(data: ReminderIn, present: str) -> tuple[str | None, int | None]:
    """Time and offset of a request. Raises `Invalid`."""
    if data.at is None and data.offset_minutes is None:
        raise invalid("", "missing", "Say when: either `at` or `offset_minutes`.")
    if data.at is not None and data.offset_minutes is not None:
        raise invalid("", "not_both", "Say either `at` or `offset_minutes`, not both.")
    if data.at is None:
        return None, data.offset_minutes
    return _future(data.at, present), None


def _future(moment: datetime, present: str) -> str:
    try:
        text = canonical(moment)
    except OverflowError:
        raise invalid(
            "/at", "out_of_range", "/at lies outside the years 1 to 9999 in UTC."
        ) from None
    if text <= present:
        raise invalid("/at", "in_the_past", "/at must lie in the future.")
    return text
