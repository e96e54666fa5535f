"""Somebody's inbox: what they were told, and what of it they have read."""

from collections.abc import Sequence
from typing import Any

from tidework.errors import invalid
from tidework.http import cursor as cursors
from tidework.http.query import Query
from tidework.http.replies import row_of
from tidework.ids import is_id
from tidework.log import Operation, Values
from tidework.notifications import queries
from tidework.notifications.schemas import NotificationOut, NotificationPage, ReadIn
from tidework.notifications.teller import KEPT_S
from tidework.notifications.waiting import Waiting
from tidework.store.protocol import Store
from tidework.times import after, now
from tidework.users.api import DELETED_NAME, Users

_ACTOR = 4
"""The place of the actor in a row."""


class Inbox:
    """See the module. Of workspaces that the person is no member of, nothing is shown or counted."""

    def __init__(self, store: Store, users: Users, waiting: Waiting) -> None:
        self._store = store
        self._users = users
        self._waiting = waiting

    async def page(self, user_id: str, raw_query: bytes) -> NotificationPage:
        """A page of the inbox, newest first. Raises `Invalid`."""
        query = Query(raw_query, ("unread", "limit", "cursor"))
        limit = query.number("limit", 1, 100) or 20
        params = await self._mine(user_id)
        paged: dict[str, Any] = {**params, "limit": limit + 1}
        unread, text = query.flag("unread"), query.text("cursor")
        of = ("notifications", user_id, unread)
        if text is not None:
            at, after_id = cursors.decode(text, of, [str, str])
            if not (cursors.is_time(at) and is_id(after_id)):
                raise cursors.wrong()
            paged |= {"at": at, "after": after_id}
        statement = queries.page(unread=unread, continued=text is not None)
        rows = await self._store.fetch(statement, paged)
        shown = await self._shown(rows[:limit])
        further = None
        if len(rows) > limit:
            further = cursors.encode(of, [shown[-1].created_at, shown[-1].id])
        return NotificationPage(shown, further, await self._count(params))

    async def unread_count(self, user_id: str) -> int:
        """How many the person has not read."""
        return await self._count(await self._mine(user_id))

    async def read(self, user_id: str, data: ReadIn) -> int:
        """Note that some have been read, or all; how many are unread then.

        What was read before stays as it is; ids that are none of the person's are passed over. Raises
        `Invalid` unless it is said which.
        """
        if data.all and data.ids:
            raise invalid("/ids", "not_both", "Send either ids or all: true.")
        if not data.all and not data.ids:
            raise invalid("/ids", "missing", "Send the ids of what was read, or all: true.")
        at = now()
        values: Values = {"unread": False, "read_at": at, "expires_at": after(at, KEPT_S)}
        key: Values = {"stream_id": user_id, "unread": True}
        if data.all:
            operations = [Operation("notifications", "update", key, values)]
        else:
            ids = {one.lower() for one in data.ids}
            operations = [
                Operation("notifications", "update", {**key, "id": one}, values)
                for one in sorted(ids)
                if is_id(one)
            ]
        if operations:
            await self._store.operate(operations)
        return await self.unread_count(user_id)

    async def _mine(self, user_id: str) -> dict[str, Any]:
        return {
            "user_id": user_id,
            "workspace_ids": await self._waiting.workspaces(user_id),
        }

    async def _count(self, params: dict[str, Any]) -> int:
        rows = await self._store.fetch(queries.UNREAD_COUNT, params)
        return int(rows[0][0])

    async def _shown(self, rows: Sequence[Sequence[Any]]) -> list[NotificationOut]:
        actors = await self._users.get_many({row[_ACTOR] for row in rows if row[_ACTOR]})
        found = []
        for row in rows:
            name = None
            if row[_ACTOR] is not None:
                actor = actors.get(row[_ACTOR])
                name = actor.name if actor is not None else DELETED_NAME
            shown = (*row[: _ACTOR + 1], name, *row[_ACTOR + 1 :])
            found.append(row_of(NotificationOut, shown))
        return found
