"""What the log says of a workspace: history, changes since a seq, undo."""

from collections.abc import Iterable, Sequence
from typing import Any

from tidework.errors import Conflict, Gone, NotFound, TideworkError
from tidework.http import cursor as cursors
from tidework.http.context import Membership, RequestContext, Role, membership_of
from tidework.http.query import Query
from tidework.log import Change, Commit, Expect, LoggedChange, Operation, inverse
from tidework.store.protocol import Store, UniqueConflict
from tidework.store.retry import retried
from tidework.store.sql.queries import ENTITY_LOG, MAX_SEQ, STREAM
from tidework.tasks import queries
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

_REFERENCES = {
    "task": {"project_id": "project", "parent_id": "task", "assignee_id": "member"},
    "comment": {"task_id": "task"},
    "relation": {"task_id": "task", "other_id": "task"},
}
_HIDDEN = frozenset({"name_key"})


def _in_the_way() -> TideworkError:
    return Conflict(
        "Later changes build on this one. Undo those first, newest first.", code="later_changes"
    )


class LogService:
    """Reads a workspace's log, and takes commits back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def history(self, workspace_id: str, task_id: str, raw_query: bytes) -> HistoryPage:
        """A page of a task's changes, oldest first."""
        query = Query(raw_query, ("limit", "cursor"))
        limit = query.number("limit", 1, 500) or 100
        since = 0
        if (text := query.text("cursor")) is not None:
            (since,) = cursors.decode(text, [int])
        params = {"stream_id": workspace_id, "entity_id": task_id, "since": since}
        # A commit may change a task more than once; a page ends between commits.
        rows = await self._store.fetch(ENTITY_LOG, {**params, "limit": limit + 500})
        logged = [LoggedChange(*row) for row in rows]
        shown = logged[:limit]
        shown += [change for change in logged[limit:] if change.seq == shown[-1].seq]
        more = len(logged) > len(shown)
        entries = [HistoryEntry(c.seq, c.at, c.actor_id, c.op, _before_and_after(c)) for c in shown]
        return HistoryPage(entries, cursors.encode([shown[-1].seq]) if more else None)

    async def changes(self, workspace_id: str, raw_query: bytes) -> ChangesOut:
        """What came after a seq, whole commits only. Raises `Gone` when it is no longer kept."""
        query = Query(raw_query, ("since", "limit"))
        since = query.number("since", 0, MAX_SEQ // 10) or 0
        limit = query.number("limit", 1, 1000) or 100
        stream = await self._store.fetch(STREAM, {"stream_id": workspace_id})
        _, seq, _, kept_since = stream[0]
        if since < kept_since:
            raise Gone(
                f"Changes up to {kept_since} are no longer kept one by one. Read everything anew,"
                f" then ask for what came after {seq}."
            )
        logged = await self._store.log(workspace_id, since=since, limit=limit, until=seq)
        last = logged[-1].seq if logged else max(since, seq)
        shown = [
            ChangeOut(c.seq, c.at, c.actor_id, c.entity, c.id, c.op, _shown(c.set), _shown(c.was))
            for c in logged
        ]
        return ChangesOut(shown, last, last < seq)

    @retried
    async def undo(self, member: Membership, seq: int, context: RequestContext) -> UndoOut:
        """Reverse one commit by a new one.

        Raises `NotFound`, `Forbidden` when undoing needs more rights, `Conflict` when later changes
        stand in the way, `Gone` when the commit is no longer kept.
        """
        head = await self._store.fetch(STREAM, {"stream_id": member.workspace_id})
        _, present, _, kept_since = head[0]
        logged = await self._store.log(member.workspace_id, since=seq - 1, until=seq)
        if not logged:
            if seq <= kept_since:
                raise Gone("This commit is no longer kept; it cannot be undone.")
            raise NotFound("There is no such commit in this workspace.")
        role = _role_for(logged)
        membership_of(context, role)
        changes, expects = inverse(logged)
        await self._refuse_dependents(member.workspace_id, logged)
        commit = Commit(
            stream_id=member.workspace_id,
            actor_id=member.user_id,
            at=now(),
            request_id=context.request_id,
            changes=changes,
            expects=[
                still(member, role),
                *(Expect(e.entity, e.id, e.fields, e.absent, _in_the_way()) for e in expects),
                *_referred(changes),
            ],
            base_seq=present,
            operations=_lookups(member.workspace_id, changes),
            idempotency=context.idempotency,
        )
        try:
            committed = await self._store.append(commit)
        except UniqueConflict as conflict:
            raise _in_the_way() from conflict
        context.seq = committed.seq
        return UndoOut(committed.seq, seq)

    async def _refuse_dependents(self, workspace_id: str, logged: Sequence[LoggedChange]) -> None:
        """Raise when something else hangs on a task whose creation is to be undone."""
        made = {change.id for change in logged if change.op == "create"}
        tasks = [c.id for c in logged if c.op == "create" and c.entity == "task"]
        params = {"stream_id": workspace_id, "ids": tasks}
        for statement in (queries.CHILDREN, queries.COMMENT_IDS, queries.RELATION_IDS):
            if tasks:
                rows = await self._store.fetch(statement, params)
                if any(row[0] not in made for row in rows):
                    raise _in_the_way()
        for entity, statement in (("project", queries.OF_PROJECTS), ("member", queries.OF_MEMBERS)):
            ids = [c.id for c in logged if c.op == "create" and c.entity == entity]
            params = {"stream_id": workspace_id, "ids": ids}
            if ids and any(
                row[0] not in made for row in await self._store.fetch(statement, params)
            ):
                raise _in_the_way()
        labels = [c.id for c in logged if c.op == "create" and c.entity == "label"]
        if labels:
            params = {"stream_id": workspace_id, "labels": labels}
            rows = await self._store.fetch(queries.OF_LABELS, params)
            if any(row[0] not in made for row in rows):
                raise _in_the_way()


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _HIDDEN}


def _before_and_after(change: LoggedChange) -> dict[str, FieldChange]:
    names = change.was if change.op == "delete" else change.set
    return {name: FieldChange(change.was.get(name), change.set.get(name)) for name in names}


def _role_for(logged: Iterable[LoggedChange]) -> Role:
    """The role that undoing these changes needs. Raises `Conflict` for what cannot be undone."""
    role: Role = "editor"
    for change in logged:
        if change.entity == "workspace" and change.op != "update":
            raise Conflict("The making of a workspace cannot be undone; remove it instead.")
        if change.entity == "member":
            role = "owner"
            if "owner" in (change.set.get("role"), change.was.get("role")):
                raise Conflict(
                    "Changes of who owns the workspace are not undone; make them the other way.",
                    code="owners",
                )
        elif change.entity == "workspace":
            role = "owner"
    return role


def _referred(changes: Sequence[Change]) -> list[Expect]:
    """That what comes back still finds what it refers to."""
    returning = {change.id for change in changes if change.op == "create"}
    wanted: set[tuple[str, str]] = set()
    for change in changes:
        for field, entity in _REFERENCES.get(change.entity, {}).items():
            if change.set.get(field) is not None:
                wanted.add((entity, change.set[field]))
        wanted.update(("label", label) for label in change.set.get("label_ids") or ())
    return [
        Expect(entity, entity_id, error=_in_the_way())
        for entity, entity_id in sorted(wanted)
        if entity_id not in returning
    ]


def _lookups(workspace_id: str, changes: Sequence[Change]) -> list[Operation]:
    """The look-up rows that follow from members who come back or go."""
    return [
        Operation(
            "user_workspaces",
            "upsert" if change.op == "create" else "delete",
            {"user_id": change.id, "workspace_id": workspace_id},
        )
        for change in changes
        if change.entity == "member" and change.op != "update"
    ]
