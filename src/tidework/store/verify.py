"""Proving that the state tables are what the log leads to.

The log is read once, page by page; each page of a state table comes with the seq of its own snapshot,
up to which the log is folded before the two are compared. Others may write meanwhile.
"""

from collections.abc import AsyncIterator, Callable, Iterator

from sqlalchemy import ColumnElement, Table, and_, bindparam, func, select

from tidework.ids import LOWEST_ID
from tidework.log import Entities, LoggedChange, step
from tidework.log.fold import BrokenLog
from tidework.store.protocol import Row, Store
from tidework.store.sql import queries
from tidework.store.sql.schema import DERIVED, ENTITIES, changes, streams
from tidework.store.sql.statement import Statement

_PAGE = 500
_ENOUGH = 100


def _rows_of(entity: str, name: str, narrow: Callable[[Table], ColumnElement[bool]]) -> Statement:
    """Rows of an entity, each led by the stream's seq; one of nulls if there are none."""
    table = ENTITIES[entity]
    columns = [column for column in table.columns if column.name != "stream_id"]
    joined = streams.outerjoin(table, and_(table.c.stream_id == streams.c.stream_id, narrow(table)))
    return Statement(
        f"verify_{name}",
        select(streams.c.seq, *columns)
        .select_from(joined)
        .where(streams.c.stream_id == bindparam("stream_id"))
        .order_by(table.c.id)
        .limit(bindparam("limit")),
        heavy=True,
    )


_PAGES = {
    entity: _rows_of(entity, f"{entity}_page", lambda table: table.c.id > bindparam("after"))
    for entity in ENTITIES
}
_ROWS = {
    entity: _rows_of(entity, entity, lambda table: table.c.id == bindparam("id"))
    for entity in ENTITIES
}
# Both of one snapshot: others may write meanwhile.
_ENDS = Statement(
    "verify_ends",
    select(
        streams.c.seq,
        select(func.max(changes.c.seq))
        .where(changes.c.stream_id == bindparam("stream_id"))
        .scalar_subquery(),
    ).where(streams.c.stream_id == bindparam("stream_id")),
)


class _Follower:
    """The log of a stream, folded as far as it has been asked for."""

    def __init__(self, store: Store, stream_id: str) -> None:
        self._store = store
        self._stream_id = stream_id
        self._seq = 0
        self.state: Entities = {}
        self.last_number = 0
        self.broken: list[str] = []
        self._ordinal = -1

    async def advance(self, until: int) -> None:
        """Fold up to `until`, noting what does not fit."""
        while self._seq < until:
            page = await self._store.log(self._stream_id, since=self._seq, until=until, limit=_PAGE)
            if not page:
                self._note(f"the log ends at seq {self._seq}, the stream is at {until}")
                self._seq = until
                return
            for change in page:
                self._take(change)

    def _take(self, change: LoggedChange) -> None:
        if change.seq != self._seq:
            if change.seq != self._seq + 1:
                self._note(f"seq {self._seq} is followed by {change.seq}")
            self._ordinal = -1
        self._seq = change.seq
        if change.ordinal != self._ordinal + 1:
            self._note(f"seq {change.seq}: ordinal {change.ordinal} is out of order")
        self._ordinal = change.ordinal
        if change.entity == "task" and change.op == "create":
            self.last_number = max(self.last_number, change.set.get("number") or 0)
        try:
            step(self.state, change)
        except BrokenLog as broken:
            self._note(str(broken))

    def _note(self, what: str) -> None:
        if len(self.broken) < _ENOUGH:
            self.broken.append(f"log: {what}")


async def verify_stream(store: Store, stream_id: str) -> list[str]:
    """Compare a stream's state tables with its folded log.

    Returns the differences as text, a hundred or a little more at most; none is how it should be.
    Needs the memory that the stream's state takes. Raises `errors.Unavailable`.
    """
    follower = _Follower(store, stream_id)
    for at, last in await store.fetch(_ENDS, {"stream_id": stream_id}):
        if last is not None and last > at:
            follower.broken.append(f"log: the log has seq {last}, the stream is at {at}")
    differences: list[str] = []
    for entity in ENTITIES:
        async for difference in _compare(store, stream_id, entity, follower):
            differences.append(difference)
            if len(differences) >= _ENOUGH:
                return follower.broken + differences
    rows = await store.fetch(queries.STREAM, {"stream_id": stream_id})
    if not rows:
        return [f"stream {stream_id} does not exist"]
    _, seq, last_number, _ = rows[0]
    await follower.advance(seq)
    if last_number != follower.last_number:
        differences.append(
            f"stream: its last number is {last_number}, the log gave {follower.last_number}"
        )
    return follower.broken + differences


async def _compare(
    store: Store, stream_id: str, entity: str, follower: _Follower
) -> AsyncIterator[str]:
    place = {"stream_id": stream_id, "after": LOWEST_ID, "limit": _PAGE}
    seen: set[str] = set()
    full = True
    while full:
        page = await store.fetch(_PAGES[entity], place)
        full = len(page) == _PAGE
        for row in page:
            await follower.advance(row[0])
            if row[1] is not None:
                seen.add(row[1])
                for difference in _differences(entity, row, follower):
                    yield difference
        if page:
            place["after"] = page[-1][1]
    missing = [key[1] for key in follower.state if key[0] == entity and key[1] not in seen]
    for entity_id in missing:
        # Made after its page was read, or lost: that can be told from its own row only.
        rows = await store.fetch(
            _ROWS[entity], {"stream_id": stream_id, "id": entity_id, "limit": 1}
        )
        for row in rows:
            await follower.advance(row[0])
            if row[1] is None and (entity, entity_id) in follower.state:
                yield f"{entity} {entity_id}: in the log, and not in its table"
            elif row[1] is not None:
                for difference in _differences(entity, row, follower):
                    yield difference


def _differences(entity: str, row: Row, follower: _Follower) -> Iterator[str]:
    found = follower.state.get((entity, row[1]))
    if found is None:
        yield f"{entity} {row[1]}: in its table, and not in the log"
        return
    names = [column.name for column in ENTITIES[entity].columns if column.name != "stream_id"]
    derived = {"id": row[1], "version": found.version, "updated_at": found.updated_at}
    for name, value in zip(names, row[1:], strict=True):
        wanted = derived[name] if name in DERIVED else found.fields.get(name)
        if value != wanted:
            yield f"{entity} {row[1]}: {name} is {value!r}, the log leads to {wanted!r}"
