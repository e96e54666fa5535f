"""What the log says of a workspace: history, changes since a seq, undo."""

from typing import Any

from tidework.errors import Gone, NotFound
from tidework.http import cursor as cursors
from tidework.http.context import Membership, RequestContext, membership_of
from tidework.http.query import Query
from tidework.log import Commit, Committed, Expect, LoggedChange, Values, inverse
from tidework.store.answers import Answers, FromStore
from tidework.store.protocol import Store, UniqueConflict
from tidework.store.retry import retried
from tidework.store.sql.queries import MAX_SEQ
from tidework.tasks import queries, undo
from tidework.tasks.reads import stream_of
from tidework.tasks.schemas import (
    ChangeOut,
    ChangesOut,
    FieldChange,
    HistoryEntry,
    HistoryPage,
    UndoOut,
)
from tidework.times import now
from tidework.workspaces.api import still

# Addresses of webhooks may hold a key, and are their owners' business.
_HIDDEN = frozenset({"name_key", "url"})


class LogService:
    """Reads a workspace's log, and takes commits back."""

    def __init__(self, store: Store, answers: Answers | None = None) -> None:
        self._store = store
        self._answers = answers or FromStore(store)

    async def history(
        self, workspace_id: str, task_id: str, raw_query: bytes, at_least: int | None = None
    ) -> HistoryPage:
        """A page of a task's changes, oldest first."""
        query = Query(raw_query, ("limit", "cursor"))
        limit = query.number("limit", 1, 500) or 100
        after, of = [0, -1], ("history", workspace_id, task_id)
        if (text := query.text("cursor")) is not None:
            after = cursors.decode(text, of, [int, int])
        params = {
            "stream_id": workspace_id,
            "id": task_id,
            "after_seq": after[0],
            "after_ordinal": after[1],
            "limit": limit + 1,
        }
        rows = await self._answers.at(workspace_id, at_least).fetch(queries.HISTORY, params)
        shown = rows[:limit]
        entries = [
            HistoryEntry(seq, at, actor_id, op, _before_and_after(op, set_, was))
            for seq, _, at, actor_id, op, set_, was in shown
        ]
        more = len(rows) > limit
        return HistoryPage(entries, cursors.encode(of, shown[-1][:2]) if more else None)

    async def changes(
        self, workspace_id: str, raw_query: bytes, at_least: int | None = None
    ) -> ChangesOut:
        """What came after a seq, whole commits only. Raises `Gone` when it is no longer kept."""
        query = Query(raw_query, ("since", "limit"))
        since = query.number("since", 0, MAX_SEQ // 10) or 0
        limit = query.number("limit", 1, 1000) or 100
        reader = self._answers.at(workspace_id, at_least)
        _, seq, _, kept_since = await stream_of(reader, workspace_id)
        if since < kept_since:
            raise Gone(
                f"Changes up to {kept_since} are no longer kept one by one. Read everything anew,"
                f" then ask for what came after {seq}."
            )
        logged = await self._answers.at(workspace_id, seq).log(
            workspace_id, since=since, limit=limit, until=seq
        )
        # Never a seq that has not been: whoever goes on from it would miss what comes next.
        last = logged[-1].seq if logged else seq
        return ChangesOut([change_out(change) for change in logged], last, last < seq)

    @retried
    async def undo(self, member: Membership, seq: int, context: RequestContext) -> UndoOut:
        """Reverse one commit by a new one.

        Raises `NotFound`, `Forbidden` when undoing needs more rights, `Conflict` when later changes
        stand in the way, `Gone` when the commit is no longer kept.
        """
        workspace_id = member.workspace_id
        _, present, _, kept_since = await stream_of(self._store, workspace_id)
        if seq <= kept_since:
            raise Gone("This commit is no longer kept; it cannot be undone.")
        logged = await self._store.log(workspace_id, since=seq - 1, until=seq)
        if not logged:
            raise NotFound("There is no such commit in this workspace.")
        role = await undo.role_for(self._store, workspace_id, logged, member.user_id)
        membership_of(context, role)
        changes, expects = inverse(logged)
        await undo.refuse_dependents(self._store, workspace_id, logged, changes)
        await undo.refuse_circles(self._store, workspace_id, changes)
        await undo.refuse_strangers(self._store, changes)
        unchanged = [Expect(e.entity, e.id, e.fields, e.absent, undo.in_the_way()) for e in expects]
        commit = Commit(
            stream_id=workspace_id,
            actor_id=member.user_id,
            at=now(),
            request_id=context.request_id,
            changes=changes,
            expects=[still(member, role), *unchanged, *undo.referred(changes)],
            base_seq=present,
            operations=undo.lookups(workspace_id, changes),
            idempotency=context.idempotency,
        )
        committed = await self._append(commit)
        context.seq = committed.seq
        return UndoOut(committed.seq, seq)

    async def _append(self, commit: Commit) -> Committed:
        try:
            return await self._store.append(commit)
        except UniqueConflict as conflict:
            # A name that came free was taken by something else.
            raise undo.in_the_way() from conflict


async def kept_since(store: Store, workspace_id: str) -> int:
    """The seq after which a workspace's log begins. Raises `NotFound`."""
    found: int = (await stream_of(store, workspace_id))[3]
    return found


def change_out(change: LoggedChange) -> ChangeOut:
    """A change as callers see it."""
    return ChangeOut(
        change.seq,
        change.at,
        change.actor_id,
        change.entity,
        change.id,
        change.op,
        _shown(change.set),
        _shown(change.was),
    )


def _shown(values: Values) -> Values:
    return {name: value for name, value in values.items() if name not in _HIDDEN}


def _before_and_after(op: str, set_: Values, was: Values) -> dict[str, FieldChange]:
    names: dict[str, Any] = was if op == "delete" else set_
    return {name: FieldChange(was.get(name), set_.get(name)) for name in names}
