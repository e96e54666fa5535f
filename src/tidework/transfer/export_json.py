"""`tidework export --format json`: everything about a workspace; see `portable`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import groupby
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import and_, bindparam, or_, select

from tidework.errors import Gone, NotFound
from tidework.log import Entities, LoggedChange, fold
from tidework.store.protocol import Store
from tidework.store.sql.schema import import_marks
from tidework.store.sql.statement import Statement
from tidework.transfer.meter import Meter
from tidework.transfer.people import Directory
from tidework.transfer.portable import (
    ENTITIES,
    FORMAT,
    OWN_SOURCE,
    VERSION,
    ChangeOut,
    CommitOut,
    MarkOut,
    PersonOut,
    encode,
    entity_id,
    exported,
    is_person_mark,
)
from tidework.transfer.report import Progress
from tidework.transfer.spool import Spool

Write = Callable[[bytes], object]
_PAGE = 5_000
_LOG_PAGE = 500
_AT_A_TIME = 200

ALL_MARKS = Statement(
    "export_marks",
    select(
        import_marks.c.source,
        import_marks.c.foreign_id,
        import_marks.c.entity_id,
        import_marks.c.fingerprint,
    )
    .where(
        import_marks.c.stream_id == bindparam("stream_id"),
        or_(
            import_marks.c.source > bindparam("source"),
            and_(
                import_marks.c.source == bindparam("source"),
                import_marks.c.foreign_id > bindparam("after"),
            ),
        ),
    )
    .order_by(import_marks.c.source, import_marks.c.foreign_id)
    .limit(bindparam("limit")),
)


class Remembered(msgspec.Struct, frozen=True):
    """What the file of an import called somebody, and what they were called here at that time."""

    name: str | None
    email: str | None
    here: str | None


async def export_json(
    store: Store,
    workspace_id: str,
    directory: Directory,
    write: Write,
    *,
    progress: Progress | None = None,
) -> None:
    """Write a workspace, as it is when this is called, piece by piece.

    Raises `NotFound`, and `Gone` when the log no longer reaches back to its beginning. Memory: the
    state of the workspace.
    """
    until = (await store.seqs([workspace_id])).get(workspace_id)
    if until is None:
        raise NotFound("There is no such workspace; check its name or id.")
    with Spool() as spool:
        await _Export(store, workspace_id, directory, write, until, spool, progress).run()


class _Export:
    def __init__(
        self,
        store: Store,
        workspace_id: str,
        directory: Directory,
        write: Write,
        until: int,
        spool: Spool,
        progress: Progress | None,
    ) -> None:
        self._meter = Meter(progress)
        self._store = store
        self._workspace_id = workspace_id
        self._directory = directory
        self._write = write
        self._until = until
        self._spool = spool
        self._left_out = 0
        self._aliases: dict[str, str] = {}
        self._remembered: dict[str, Remembered] = {}

    async def run(self) -> None:
        state: Entities = {}
        first = True
        self._meter.begin(400, self._until)
        async for page in self._log():
            if first and page[0].seq != 1:
                raise Gone(
                    "The oldest part of this workspace's log has been compacted; a lossless export "
                    "is not possible any more. Use --format csv."
                )
            first = False
            for change in page:
                self._meet(change)
            fold(page, state)
        await self._load_marks()
        name = state["workspace", self._workspace_id].fields["name"]
        head = {
            "format": FORMAT,
            "version": VERSION,
            "name": name,
            "seq": self._until - self._left_out,
        }
        self._write(encode(head)[:-1])
        await self._people()
        await self._commits()
        self._marks()
        await self._state(state)
        self._write(b"\n}\n")

    async def _log(self) -> AsyncIterator[list[LoggedChange]]:
        """The log as it travels: without what belongs to this installation alone, such as webhooks,
        and without gaps.
        """
        since = left_out = 0
        while since < self._until:
            page = await self._store.log(
                self._workspace_id, since=since, limit=_LOG_PAGE, until=self._until
            )
            if not page:
                return
            self._meter.advance(page[-1].seq - since)
            since = page[-1].seq
            # The embedded database answers at once: others want their turn as well.
            await asyncio.sleep(0)
            travels = []
            for seq, changes in groupby(page, key=lambda change: change.seq):
                kept = [change for change in changes if change.entity in ENTITIES]
                left_out += not kept
                travels += [replace(change, seq=seq - left_out) for change in kept]
            self._left_out = left_out
            if travels:
                yield travels

    def _meet(self, change: LoggedChange) -> None:
        if change.actor_id is not None:
            self._alias(change.actor_id)
        self._entity_id(change.entity, change.id)
        exported(change.entity, dict(sorted(change.set.items())), self._alias)

    def _alias(self, user_id: str) -> str:
        return self._aliases.setdefault(user_id, f"p{len(self._aliases) + 1}")

    def _entity_id(self, entity: str, id_: str) -> str:
        return entity_id(entity, id_, lambda _: "workspace", self._alias)

    async def _load_marks(self) -> None:
        """Into the spool, which sorts by code points, wherever they come from."""
        source = after = ""
        while True:
            params: dict[str, Any] = {
                "stream_id": self._workspace_id,
                "source": source,
                "after": after,
                "limit": _PAGE,
            }
            rows = await self._store.fetch(ALL_MARKS, params)
            for source_, foreign_id, entity, fingerprint in rows:
                if source_ != OWN_SOURCE:
                    key = f"{source_}\x00{foreign_id}"
                    self._spool.execute(
                        "INSERT INTO marks VALUES (?, ?, ?)", (key, entity, fingerprint)
                    )
                elif is_person_mark(foreign_id):
                    self._remembered[entity] = msgspec.json.decode(fingerprint, type=Remembered)
            if len(rows) < _PAGE:
                break
            source, after = rows[-1][0], rows[-1][1]
        for key, entity in self._spool.rows("SELECT foreign_id, entity_id FROM marks ORDER BY 1"):
            if is_person_mark(key.partition("\x00")[2]):
                self._alias(entity)

    async def _people(self) -> None:
        users = list(self._aliases)
        accounts: dict[str, Any] = {}
        for start in range(0, len(users), _PAGE):
            accounts |= await self._directory.describe(users[start : start + _PAGE])
        self._list("people", (self._person(user, accounts) for user in users))

    def _person(self, user_id: str, accounts: Mapping[str, Any]) -> PersonOut:
        account = accounts.get(user_id)
        name = account.name if account is not None else None
        email = account.email if account is not None else None
        before = self._remembered.get(user_id)
        if before is not None and before.here == name:
            name, email = before.name, before.email
        return PersonOut(self._aliases[user_id], name, email)

    async def _commits(self) -> None:
        self._write(b',\n"commits":[')
        self._meter.begin(600, self._until)
        separator = b"\n"
        async for page in self._log():
            for seq, changes in groupby(page, key=lambda change: change.seq):
                self._write(separator + encode(self._commit(seq, list(changes))))
                separator = b",\n"
        self._write(b"\n]")

    def _commit(self, seq: int, changes: list[LoggedChange]) -> CommitOut:
        return CommitOut(
            seq,
            changes[0].request_id,
            [
                ChangeOut(
                    None if change.actor_id is None else self._alias(change.actor_id),
                    change.at,
                    change.entity,
                    self._entity_id(change.entity, change.id),
                    change.op,
                    exported(change.entity, change.set, self._alias),
                )
                for change in changes
            ],
        )

    def _marks(self) -> None:
        def marks() -> Any:
            for key, entity, fingerprint in self._spool.rows("SELECT * FROM marks ORDER BY 1"):
                source, _, foreign_id = key.partition("\x00")
                known = self._alias(entity) if is_person_mark(foreign_id) else entity
                yield MarkOut(source, foreign_id, known, fingerprint)

        self._list("marks", marks())

    async def _state(self, state: Entities) -> None:
        self._write(b',\n"state":{')
        for i, kind in enumerate(ENTITIES):
            ids = sorted(
                (self._entity_id(kind, id_), id_) for entity, id_ in state if entity == kind
            )
            self._write((b",\n" if i else b"\n") + encode(kind) + b":[")
            for j, (alias, id_) in enumerate(ids):
                if j % _AT_A_TIME == 0:
                    await asyncio.sleep(0)
                entity = state[kind, id_]
                fields = exported(kind, entity.fields, self._alias)
                more = {"id": alias, "version": entity.version, "updated_at": entity.updated_at}
                self._write((b",\n" if j else b"\n") + encode(fields | more))
            self._write(b"\n]")
        self._write(b"\n}")

    def _list(self, name: str, elements: Any) -> None:
        self._write(b",\n" + encode(name) + b":[")
        for i, element in enumerate(elements):
            self._write((b",\n" if i else b"\n") + encode(element))
        self._write(b"\n]")
