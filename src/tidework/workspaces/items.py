"""Projects and labels: named things of a workspace that tasks refer to."""

from collections.abc import Sequence
from typing import Any, Literal

from tidework.errors import Conflict, NotFound
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import Membership, RequestContext
from tidework.ids import new_id
from tidework.log import Change, Commit, Committed, Expect, Values
from tidework.store.answers import Answers, FromStore
from tidework.store.protocol import Reader, Store, UniqueConflict
from tidework.store.retry import retried
from tidework.times import now
from tidework.workspaces import queries
from tidework.workspaces.api import still
from tidework.workspaces.names import clean_name, name_key

Entity = Literal["project", "label"]


class ItemService:
    """The projects, or the labels, of workspaces. Rows are in the order of the answer's fields."""

    def __init__(self, store: Store, entity: Entity, answers: Answers | None = None) -> None:
        self._store = store
        self._answers = answers or FromStore(store)
        self._entity: Entity = entity

    async def all(
        self, workspace_id: str, at_least: int | None = None
    ) -> tuple[int, list[Sequence[Any]]]:
        """All of them by name, and the seq at which it is so."""
        reader = self._answers.at(workspace_id, at_least)
        rows = await reader.fetch(queries.items(self._entity), {"stream_id": workspace_id})
        seq = rows[0][0] if rows else 0
        return seq, [row[1:] for row in rows if row[1] is not None]

    async def show(
        self, workspace_id: str, item_id: str, at_least: int | None = None
    ) -> tuple[int, Sequence[Any]]:
        """One of them, and the seq at which it is so. Raises `NotFound`."""
        return await self._find(self._answers.at(workspace_id, at_least), workspace_id, item_id)

    async def get(self, workspace_id: str, item_id: str) -> tuple[int, Sequence[Any]]:
        """The same for whoever decides a command on it."""
        return await self._find(self._store, workspace_id, item_id)

    async def _find(
        self, reader: Reader, workspace_id: str, item_id: str
    ) -> tuple[int, Sequence[Any]]:
        params = {"stream_id": workspace_id, "id": item_id}
        rows = await reader.fetch(queries.item(self._entity), params)
        if not rows:
            raise self._missing()
        return rows[0][0], rows[0][1:]

    async def create(
        self, editor: Membership, values: Values, context: RequestContext
    ) -> Sequence[Any]:
        """Make one. Raises `Conflict` when the name is taken."""
        at = now()
        name = clean_name(values["name"])
        fields = {**values, "name": name, "name_key": name_key(name), "created_at": at}
        change = Change(self._entity, new_id(), "create", fields)
        return self._row(await self._append(editor, context, [change], at=at))

    @retried
    async def update(
        self, editor: Membership, item_id: str, values: Values, context: RequestContext
    ) -> Sequence[Any]:
        """Change some fields. Raises `NotFound`, `PreconditionFailed`, `Conflict`."""
        seq, row = await self.get(editor.workspace_id, item_id)
        present = dict(zip(self._names(), row, strict=True))
        versions = expected_versions(context.if_match)
        if versions is not None and present["version"] not in versions:
            raise changed()
        if "name" in values:
            values = {**values, "name": clean_name(values["name"])}
        fields = {name: value for name, value in values.items() if present[name] != value}
        if not fields:
            context.seq = seq
            return row
        # What is left out because it is so already must still be so when the rest happens.
        same: dict[str, Sequence[Any]] = {n: [v] for n, v in values.items() if n not in fields}
        expects = [Expect(self._entity, item_id, same, error=None if same else self._missing())]
        if versions is not None:
            expects = [Expect(self._entity, item_id, {"version": versions}, error=changed())]
        if "name" in fields:
            fields["name_key"] = name_key(fields["name"])
        change = Change(self._entity, item_id, "update", fields)
        return self._row(await self._append(editor, context, [change], expects))

    @retried
    async def delete(self, editor: Membership, item_id: str, context: RequestContext) -> None:
        """Remove one, and it from its tasks, in one commit; the tasks themselves stay."""
        workspace = editor.workspace_id
        seq, row = await self.get(workspace, item_id)
        versions = expected_versions(context.if_match)
        if versions is not None and row[-1] not in versions:
            raise changed()
        changes = await self._detached(workspace, item_id)
        changes.append(Change(self._entity, item_id, "delete"))
        await self._append(editor, context, changes, base_seq=seq)

    async def _detached(self, workspace: str, item_id: str) -> list[Change]:
        if self._entity == "project":
            params: dict[str, Any] = {"stream_id": workspace, "id": item_id}
            rows = await self._store.fetch(queries.IN_PROJECT, params)
            return [Change("task", row[0], "update", {"project_id": None}) for row in rows]
        params = {"stream_id": workspace, "labels": [item_id]}
        rows = await self._store.fetch(queries.WITH_LABEL, params)
        return [
            Change("task", row[0], "update", {"label_ids": [x for x in row[1] if x != item_id]})
            for row in rows
        ]

    async def _append(
        self,
        editor: Membership,
        context: RequestContext,
        changes: Sequence[Change],
        expects: Sequence[Expect] = (),
        *,
        at: str | None = None,
        base_seq: int | None = None,
    ) -> Committed:
        commit = Commit(
            stream_id=editor.workspace_id,
            actor_id=editor.user_id,
            at=at or now(),
            request_id=context.request_id,
            changes=changes,
            expects=[still(editor, "editor"), *expects],
            base_seq=base_seq,
            idempotency=context.idempotency,
        )
        try:
            committed = await self._store.append(commit)
        except UniqueConflict as conflict:
            if conflict.constraint != f"{self._entity}s_name":
                raise
            raise Conflict(
                f"There is a {self._entity} of this name already; choose another name.",
                code="name_taken",
            ) from conflict
        context.seq = committed.seq
        return committed

    def _names(self) -> list[str]:
        table = queries.ITEM_TABLES[self._entity]
        return [c.name for c in table.columns if c.name not in ("stream_id", "name_key")]

    def _row(self, committed: Committed) -> Sequence[Any]:
        done = committed.changes[0]
        left = committed.after[0] if committed.after else done.set
        values = {**left, "id": done.id, "updated_at": done.at, "version": committed.seq}
        return [values[name] for name in self._names()]

    def _missing(self) -> NotFound:
        return NotFound(f"There is no such {self._entity} in this workspace.")
