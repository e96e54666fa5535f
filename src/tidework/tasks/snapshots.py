"""Copies of a workspace: how a client that keeps one begins it."""

from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from msgspec import Raw

from tidework.errors import NotFound
from tidework.http import cursor as cursors
from tidework.http.context import Membership
from tidework.http.query import Query
from tidework.store.answers import Answers, FromStore
from tidework.store.protocol import Store
from tidework.store.sql.queries import MAX_SEQ
from tidework.tasks import snapshot_queries as queries
from tidework.tasks.snapshot_schemas import (
    Snapshot,
    SnapshotRelation,
    SnapshotTask,
    TextOut,
    TextPage,
)
from tidework.users.api import Users
from tidework.workspaces.api import LabelOut, ProjectOut, WorkspaceOut, member_out

MAX_TASKS: Final = 5000
DEFAULT_TASKS: Final = 2000
MAX_TEXTS: Final = 1000
DEFAULT_TEXTS: Final = 500
PAGE_CHARACTERS: Final = 1_000_000

_NUMBER, _LABELS, _RECURRENCE = 2, 11, 17

Values = Sequence[Any]


class SnapshotService:
    """Reads whole workspaces, page by page."""

    def __init__(self, store: Store, users: Users, answers: Answers | None = None) -> None:
        self._store = store
        self._users = users
        self._answers = answers or FromStore(store)

    async def page(
        self, viewer: Membership, raw_query: bytes, at_least: int | None = None
    ) -> tuple[int, Snapshot]:
        """A page, and the seq under which it may be kept: 0 for the first one, which also says what
        accounts say. Raises `NotFound`.
        """
        query = Query(raw_query, ("limit", "cursor"))
        limit = query.number("limit", 1, MAX_TASKS) or DEFAULT_TASKS
        params: dict[str, Any] = {"stream_id": viewer.workspace_id, "limit": limit + 1}
        reader = self._answers.at(viewer.workspace_id, at_least)
        if (text := query.text("cursor")) is None:
            rows = await reader.fetch(queries.FIRST, params)
            return 0, await self._first(viewer, rows, limit)
        params["before"] = cursors.decode(text, _of(viewer.workspace_id), [int])[0]
        rows = await reader.fetch(queries.LATER, params)
        if not rows:
            raise _missing()
        tasks = [row[1:] for row in rows if row[1] is not None]
        found, cursor = _tasks(viewer.workspace_id, tasks, limit)
        return rows[0][0], Snapshot(rows[0][0], found, cursor)

    async def _first(self, viewer: Membership, rows: Sequence[Values], limit: int) -> Snapshot:
        of: defaultdict[str, list[Values]] = defaultdict(list)
        for row in rows:
            of[row[1]].append(row[2:])
        if not of["workspace"]:
            raise _missing()
        tasks, cursor = _tasks(viewer.workspace_id, of["task"], limit)
        by_name, by_coming = itemgetter(12), itemgetter(14, 0)
        members = sorted(of["member"], key=by_coming)
        accounts = await self._users.get_many([row[0] for row in members])
        return Snapshot(
            rows[0][0],
            tasks,
            cursor,
            _workspace(of["workspace"][0], viewer),
            [
                member_out(accounts.get(row[0]), row[0], row[7], row[14], row[15], row[19])
                for row in members
            ],
            [_project(row) for row in sorted(of["project"], key=by_name)],
            [_label(row) for row in sorted(of["label"], key=by_name)],
            [_relation(row) for row in of["relation"]],
        )

    async def texts(
        self, workspace_id: str, raw_query: bytes, at_least: int | None = None
    ) -> TextPage:
        """A page of descriptions. Raises `NotFound`."""
        query = Query(raw_query, ("limit", "cursor"))
        limit = query.number("limit", 1, MAX_TEXTS) or DEFAULT_TEXTS
        before, of = MAX_SEQ, ("texts", workspace_id)
        if (text := query.text("cursor")) is not None:
            before = cursors.decode(text, of, [int])[0]
        params = {
            "stream_id": workspace_id,
            "before": before,
            "limit": limit + 1,
            "characters": PAGE_CHARACTERS,
        }
        rows = await self._answers.at(workspace_id, at_least).fetch(queries.TEXTS, params)
        if not rows:
            raise _missing()
        found = sorted(
            (row[1:] for row in rows if row[1] is not None), key=itemgetter(1), reverse=True
        )
        shown = found[:limit]
        more = bool(shown) and shown[0][0] > len(shown)
        items = [TextOut(*row[2:]) for row in shown]
        return TextPage(rows[0][0], items, cursors.encode(of, [shown[-1][1]]) if more else None)


def _missing() -> NotFound:
    return NotFound("There is no such workspace, or you are not a member of it.")


def _of(workspace_id: str) -> tuple[str, str]:
    return "snapshot", workspace_id


def _tasks(
    workspace_id: str, rows: list[Values], limit: int
) -> tuple[list[SnapshotTask], str | None]:
    """Newest first, and the cursor of the next page when there are more than `limit`."""
    rows.sort(key=itemgetter(_NUMBER), reverse=True)
    shown = rows[:limit]
    cursor = None
    if len(rows) > limit:
        cursor = cursors.encode(_of(workspace_id), [shown[-1][_NUMBER]])
    return [_task(row) for row in shown], cursor


def _task(row: Values) -> SnapshotTask:
    values = list(row)
    values[_LABELS] = Raw(values[_LABELS])
    if values[_RECURRENCE] is not None:
        values[_RECURRENCE] = Raw(values[_RECURRENCE])
    return SnapshotTask(*values)


# See `snapshot_queries.FIRST` for what stands where.


def _workspace(row: Values, viewer: Membership) -> WorkspaceOut:
    return WorkspaceOut(row[0], row[5], row[6], viewer.role, row[14], row[15], row[19])


def _project(row: Values) -> ProjectOut:
    return ProjectOut(row[0], row[5], row[7], row[8], row[6], row[14], row[15], row[19])


def _label(row: Values) -> LabelOut:
    return LabelOut(row[0], row[5], row[8], row[14], row[15], row[19])


def _relation(row: Values) -> SnapshotRelation:
    return SnapshotRelation(row[0], row[7], row[3], row[4], row[14], row[19])
