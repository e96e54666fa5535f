"""Filters of task lists that somebody has saved under a name, for themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import asdict

from tidework.errors import Conflict, NotFound
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import RequestContext
from tidework.ids import new_id
from tidework.log import Change, Commit, Committed, Expect
from tidework.store.protocol import Store, UniqueConflict
from tidework.store.retry import retried
from tidework.times import now
from tidework.users import queries
from tidework.users.filter_schemas import SavedFilter
from tidework.users.values import clean_name, name_key

MAX_FILTERS = 100
_ENTITY = "saved_filter"


class SavedFilters:
    """The saved filters of accounts. What a workspace is to its filters is nobody's business here: one
    that is gone leaves a filter that finds nothing.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, user_id: str) -> list[SavedFilter]:
        """Somebody's filters, by name."""
        return (await self._read(user_id))[1]

    @retried
    async def create(
        self, user_id: str, values: Mapping[str, Any], context: RequestContext
    ) -> SavedFilter:
        """Save one. Raises `Conflict` when the name is taken, and when there are too many."""
        seq, known = await self._read(user_id)
        if len(known) >= MAX_FILTERS:
            raise Conflict(
                f"An account has {MAX_FILTERS} saved filters at most. Remove one first.",
                code="too_many_filters",
            )
        at = now()
        made = SavedFilter(new_id(), "", None, "", at, at, 0)
        fields = _fields({"workspace_id": None, **values}) | {"created_at": at}
        change = Change(_ENTITY, made.id, "create", fields)
        committed = await self._append(user_id, context, change, at=at, base_seq=seq)
        return _left(committed, made)

    @retried
    async def update(
        self, user_id: str, filter_id: str, values: Mapping[str, Any], context: RequestContext
    ) -> SavedFilter:
        """Change some of it. Raises `NotFound`, `PreconditionFailed`, `Conflict`."""
        seq, present = await self._one(user_id, filter_id, context)
        fields = _fields(values)
        if all(asdict(present).get(name, value) == value for name, value in fields.items()):
            context.seq = seq
            return present
        same = Expect(_ENTITY, filter_id, {"version": [present.version]})
        change = Change(_ENTITY, filter_id, "update", fields)
        return _left(await self._append(user_id, context, change, [same]), present)

    @retried
    async def delete(self, user_id: str, filter_id: str, context: RequestContext) -> None:
        """Remove one. Raises `NotFound`, `PreconditionFailed`."""
        _, present = await self._one(user_id, filter_id, context)
        same = Expect(_ENTITY, filter_id, {"version": [present.version]})
        await self._append(user_id, context, Change(_ENTITY, filter_id, "delete"), [same])

    async def _one(
        self, user_id: str, filter_id: str, context: RequestContext
    ) -> tuple[int, SavedFilter]:
        seq, known = await self._read(user_id)
        for present in known:
            if present.id == filter_id:
                break
        else:
            raise NotFound("You have no such saved filter; it may have been removed already.")
        versions = expected_versions(context.if_match)
        if versions is not None and present.version not in versions:
            raise changed()
        return seq, present

    async def _read(self, user_id: str) -> tuple[int, list[SavedFilter]]:
        rows = await self._store.fetch(queries.SAVED_FILTERS, {"user_id": user_id})
        found = [SavedFilter(*row[1:]) for row in rows if row[1] is not None]
        return (rows[0][0] if rows else 0), found

    async def _append(
        self,
        user_id: str,
        context: RequestContext,
        change: Change,
        expects: Sequence[Expect] = (),
        *,
        at: str | None = None,
        base_seq: int | None = None,
    ) -> Committed:
        commit = Commit(
            stream_id=user_id,
            actor_id=user_id,
            at=at or now(),
            changes=[change],
            expects=expects,
            base_seq=base_seq,
            request_id=context.request_id,
            idempotency=context.idempotency,
        )
        try:
            committed = await self._store.append(commit)
        except UniqueConflict as conflict:
            if conflict.constraint != "saved_filters_name":
                raise
            raise Conflict(
                "You have a saved filter of this name already; choose another name.",
                code="name_taken",
            ) from conflict
        context.seq = committed.seq
        return committed


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(values)
    if fields.get("workspace_id") is not None:
        fields["workspace_id"] = str(fields["workspace_id"])
    if "name" in fields:
        fields["name"] = clean_name(fields["name"])
        fields["name_key"] = name_key(fields["name"])
    return fields


def _left(committed: Committed, before: SavedFilter) -> SavedFilter:
    """What a commit has left of a filter."""
    done = committed.changes[0]
    values = {**asdict(before), **(committed.after[0] if committed.after else done.set)}
    values |= {"id": done.id, "updated_at": done.at, "version": committed.seq}
    return SavedFilter(**{name: values[name] for name in asdict(before)})
