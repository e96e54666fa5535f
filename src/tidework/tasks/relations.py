"""Relations between tasks. One row is both sides of it."""

import hashlib

from tidework.errors import Conflict, Invalid, NotFound, invalid
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import Membership, RequestContext
from tidework.log import Change, Commit, Committed, Expect
from tidework.store.answers import Answers, FromStore
from tidework.store.protocol import Store
from tidework.store.retry import retried
from tidework.tasks import queries
from tidework.tasks.keys import Key, id_of, unknown_task
from tidework.tasks.reads import blocks_in_circle, stream_of, task_missing
from tidework.tasks.schemas import RelationKind, RelationOut
from tidework.times import now
from tidework.workspaces.api import present, still

_REVERSED = {"blocked_by": "blocks", "duplicated_by": "duplicates"}
_SEEN_FROM_OTHER: dict[str, RelationKind] = {
    "blocks": "blocked_by",
    "duplicates": "duplicated_by",
    "relates_to": "relates_to",
}


def stored_form(kind: str, task_id: str, other_id: str) -> tuple[str, str, str]:
    """Kind, task and other as the one row of both sides has them."""
    if kind in _REVERSED:
        return _REVERSED[kind], other_id, task_id
    if kind == "relates_to" and other_id < task_id:
        return kind, other_id, task_id
    return kind, task_id, other_id


def relation_id(kind: str, task_id: str, other_id: str) -> str:
    """The id of a relation in its stored form: the same relation has the same id (UUIDv8)."""
    digest = hashlib.sha256(f"{kind} {task_id} {other_id}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


class RelationService:
    """The relations of tasks."""

    def __init__(self, store: Store, answers: Answers | None = None) -> None:
        self._store = store
        self._answers = answers or FromStore(store)

    async def all(
        self, workspace_id: str, task_id: str, at_least: int | None = None
    ) -> tuple[int, list[RelationOut]]:
        """A task's relations, seen from it, and the seq at which it is so."""
        params = {"stream_id": workspace_id, "id": task_id}
        rows = await self._answers.at(workspace_id, at_least).fetch(queries.RELATIONS, params)
        found = []
        for _, _, kind, task, other, created_at, version in rows:
            if task == task_id:
                found.append(RelationOut(kind, other, created_at, version))
            else:
                found.append(RelationOut(_SEEN_FROM_OTHER[kind], task, created_at, version))
        return (rows[0][0] if rows else 0), found

    @retried
    async def create(
        self,
        editor: Membership,
        task_id: str,
        kind: RelationKind,
        key: Key,
        context: RequestContext,
    ) -> RelationOut:
        """Relate two tasks. Raises `Conflict` when they are already, `Invalid` for a circle and for
        another one that is not there.
        """
        other_id = await id_of(self._store, editor.workspace_id, key, "/task_id")
        if other_id is None:
            raise unknown_task("/task_id")
        if task_id == other_id:
            raise invalid("/task_id", "self", "/task_id: a task cannot be related to itself.")
        stored, task, other = stored_form(kind, task_id, other_id)
        base_seq = None
        if stored == "blocks":
            base_seq = await self._refuse_circle(editor.workspace_id, task, other)
        taken = Conflict("These tasks are related in this way already.", code="relation_exists")
        made = relation_id(stored, task, other)
        at = now()
        fields = {"kind": stored, "task_id": task, "other_id": other, "created_at": at}
        expects = [
            Expect("relation", made, absent=True, error=taken),
            present("task", other_id, "/task_id"),
            Expect("task", task_id, error=task_missing()),
        ]
        change = Change("relation", made, "create", fields)
        committed = await self._commit(editor, context, change, expects, at, base_seq)
        done = committed.changes[0]
        return RelationOut(kind, other_id, done.set["created_at"], committed.seq)

    async def _refuse_circle(self, workspace_id: str, task: str, other: str) -> int:
        """The seq at which `task` may block `other`. Raises `Invalid`."""
        seq: int = (await stream_of(self._store, workspace_id))[1]
        if await blocks_in_circle(self._store, workspace_id, [(task, other)]):
            raise invalid("/task_id", "cycle", "/task_id: the tasks would block each other.")
        return seq

    async def delete(
        self, editor: Membership, task_id: str, kind: str, key: Key, context: RequestContext
    ) -> None:
        """Take a relation away, on both sides. Raises `NotFound`, `PreconditionFailed`."""
        if kind not in _REVERSED and kind not in _SEEN_FROM_OTHER:
            raise NotFound(f"There is no kind of relation {kind[:40]!r}.")
        missing = NotFound("These tasks are not related in this way.")
        try:
            other_id = await id_of(self._store, editor.workspace_id, key, "task_id")
        except Invalid:
            other_id = None
        if other_id is None:
            raise missing
        made = relation_id(*stored_form(kind, task_id, other_id))
        expects = [Expect("relation", made, error=missing)]
        if (versions := expected_versions(context.if_match)) is not None:
            expects.append(Expect("relation", made, {"version": versions}, error=changed()))
        change = Change("relation", made, "delete")
        await self._commit(editor, context, change, expects, now())

    async def _commit(
        self,
        editor: Membership,
        context: RequestContext,
        change: Change,
        expects: list[Expect],
        at: str,
        base_seq: int | None = None,
    ) -> Committed:
        commit = Commit(
            stream_id=editor.workspace_id,
            actor_id=editor.user_id,
            at=at,
            request_id=context.request_id,
            changes=[change],
            expects=[still(editor, "editor"), *expects],
            base_seq=base_seq,
            idempotency=context.idempotency,
        )
        committed = await self._store.append(commit)
        context.seq = committed.seq
        return committed
