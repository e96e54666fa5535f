"""The administrator's view over the tasks of all workspaces."""

import string

from tidework.http import cursor as cursors
from tidework.http.context import Principal
from tidework.http.query import Query
from tidework.ids import LOWEST_ID, is_id
from tidework.store.protocol import Store
from tidework.tasks import queries
from tidework.tasks.filters import STATUSES
from tidework.tasks.schemas import AdminTaskPage, TaskOut
from tidework.users.api import Audit

_ESCAPED = str.maketrans({"%": "\\%", "_": "\\_", "\\": "\\\\"})
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class AdminTaskService:
    """Looks into others' tasks; each look is written to the audit."""

    def __init__(self, store: Store, audit: Audit) -> None:
        self._store = store
        self._audit = audit

    async def page(self, admin: Principal, raw_query: bytes, request_id: str) -> AdminTaskPage:
        """A page of tasks, in the order of their ids; `q` is a part of the title."""
        query = Query(raw_query, ("q", "status", "cursor", "limit"))
        limit = query.number("limit", 1, 100) or 20
        params: dict[str, object] = {"after": LOWEST_ID, "limit": limit + 1}
        filters = set()
        statuses = query.choices("status", STATUSES)
        of = ("all tasks", sorted(statuses), query.text("q"))
        if (text := query.text("cursor")) is not None:
            (params["after"],) = cursors.decode(text, of, [str])
            if not is_id(str(params["after"])):
                raise cursors.wrong()
        if statuses:
            filters.add("status")
            params["status"] = statuses
        if (part := query.text("q")) is not None:
            filters.add("text")
            params["text"] = f"%{part.translate(_LOWER).translate(_ESCAPED)}%"
        rows = await self._store.fetch(queries.admin_tasks(frozenset(filters)), params)
        shown_count = min(len(rows), limit)
        # Never the words: an audit is kept when what they name is gone.
        detail = {"searched": part is not None, "status": statuses, "shown": shown_count}
        await self._audit.write(admin.user_id, "tasks.list", None, detail, request_id)
        shown = [TaskOut(*row) for row in rows[:limit]]
        further = cursors.encode(of, [shown[-1].id]) if len(rows) > limit else None
        return AdminTaskPage(shown, further)
