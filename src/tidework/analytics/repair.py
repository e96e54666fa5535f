"""Making statistics what the log leads to, and comparing them with it; beside running servers.

The log is folded in memory, once; the rows are read and compared with what it leads to. What differs
is written only while the consumer is still where it was, so that whatever it takes in meanwhile is
in neither or in both.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, select

from tidework.analytics.rows import KEYS, VALUES, Rows, columns, rows_of, written
from tidework.analytics.tally import Tally
from tidework.errors import Gone, NotFound, Unavailable
from tidework.log import Operation, Values
from tidework.store.protocol import Contended, Store
from tidework.store.sql.queries import STREAM
from tidework.store.sql.schema import inbox, metadata
from tidework.store.sql.statement import Statement

NAME: Final = "analytics"
"""The consumer, as its places are kept."""

Advance = Callable[[int, int], None]
"""Called with how many commits are done, and of how many."""

_PAGE = 2000
_AT_ONCE = 2000
_ATTEMPTS = 50
_PAUSE_S = 0.05
_ENOUGH = 100

_ALL = {
    table: Statement(
        f"{table}_all",
        select(*columns(table)).where(metadata.tables[table].c.stream_id == bindparam("stream_id")),
        heavy=True,
    )
    for table in KEYS
}
PLACE = Statement(
    "analytics_place",
    select(inbox.c.seq).where(
        inbox.c.stream_id == bindparam("stream_id"), inbox.c.consumer == bindparam("consumer")
    ),
)


class Rebuilt(NamedTuple):
    """Up to which seq the statistics are now, and how many of their rows had been otherwise."""

    seq: int
    repaired: int


class _Folded:
    """The log of a stream, as far as it has been asked for."""

    def __init__(self, store: Store, stream_id: str, advance: Advance | None) -> None:
        self._store = store
        self._stream_id = stream_id
        self._advance = advance
        self.seq = 0
        self.tally = Tally()

    async def to(self, seq: int) -> Rows:
        """Every row that the log leads to at a seq, which is never less than the time before."""
        while self.seq < seq:
            page = await self._store.log(self._stream_id, since=self.seq, until=seq, limit=_PAGE)
            if not page:
                raise NotFound("There is no such stream any more.")
            self.tally.take(page)
            self.seq = page[-1].seq
            if self._advance is not None:
                self._advance(self.seq, seq)
        return rows_of(self.tally)


async def repair(store: Store, stream_id: str, advance: Advance | None = None) -> Rebuilt:
    """Make the statistics of a stream what its log leads to, up to where the consumer is.

    Needs the memory of the stream's tasks and the time of reading its log; writes only rows that
    are otherwise. Raises `NotFound`; `Gone` when the log no longer begins with the first commit;
    `Unavailable` when others have written on and on.
    """
    log = _Folded(store, stream_id, advance)
    for _ in range(_ATTEMPTS):
        at = await place_of(store, stream_id)
        found = await store.fetch(STREAM, {"stream_id": stream_id})
        if not found:
            raise NotFound(f"There is no stream {stream_id}.")
        if found[0][3]:
            raise Gone(
                f"The log of {stream_id} begins after seq {found[0][3]} only; the statistics stay"
                " as they are."
            )
        wanted = await log.to(at)
        operations = list(_repairs(stream_id, wanted, await _present(store, stream_id)))
        try:
            await _write(store, stream_id, operations, at)
        except Contended:
            await asyncio.sleep(_PAUSE_S)
            continue
        return Rebuilt(at, len(operations))
    raise Unavailable("Others are writing to it all the time; try again when they write less.")


async def compare(store: Store, stream_id: str) -> list[str] | None:
    """What of the statistics of a stream is otherwise than its log leads to, as text, a hundred at
    most; None when others wrote all the time, or the log no longer begins with the first commit.
    """
    log = _Folded(store, stream_id, None)
    for _ in range(_ATTEMPTS):
        at = await place_of(store, stream_id)
        found = await store.fetch(STREAM, {"stream_id": stream_id})
        if not found or found[0][3]:
            return None
        rows = await _present(store, stream_id)
        if await place_of(store, stream_id) == at:
            return list(_differences(await log.to(at), rows))[:_ENOUGH]
        await asyncio.sleep(_PAUSE_S)
    return None


async def place_of(store: Store, stream_id: str) -> int:
    """The seq up to which the statistics of a stream are, 0 before its first commit."""
    rows = await store.fetch(PLACE, {"stream_id": stream_id, "consumer": NAME})
    return rows[0][0] if rows else 0


async def _present(store: Store, stream_id: str) -> Rows:
    rows: Rows = {}
    for table, keys in KEYS.items():
        names, width = VALUES[table], len(keys)
        rows[table] = {
            tuple(row[:width]): dict(zip(names, row[width:], strict=True))
            for row in await store.fetch(_ALL[table], {"stream_id": stream_id})
        }
    return rows


def _changed(wanted: Rows, present: Rows) -> Iterator[tuple[str, Any, Values | None]]:
    for table, of_table in wanted.items():
        there = present[table]
        for key in there.keys() - of_table.keys():
            yield table, key, None
        for key, row in of_table.items():
            if there.get(key) != row:
                yield table, key, row


def _repairs(stream_id: str, wanted: Rows, present: Rows) -> Iterator[Operation]:
    for table, key, row in _changed(wanted, present):
        yield written(stream_id, table, key, row)


def _differences(wanted: Rows, present: Rows) -> Iterator[str]:
    for table, key, row in _changed(wanted, present):
        found = present[table].get(key)
        name = " ".join([table, *(str(part) for part in key)])
        if row is None or found is None:
            yield f"{name}: {'is there' if row is None else 'is missing'}, against the log"
            continue
        for column, value in row.items():
            if found[column] != value:
                yield f"{name}: {column} is {found[column]!r}, the log leads to {value!r}"


async def _write(store: Store, stream_id: str, operations: list[Operation], at: int) -> None:
    """Write in transactions of bounded size, each only while the consumer is at `at`. One that is
    cut off leaves less to repair.
    """
    place = {"stream_id": stream_id, "consumer": NAME}
    still = Operation("inbox", "update", {**place, "seq": at}, {"seq": at}, rows=1)
    if not at:
        still = Operation("inbox", "update", place, {"seq": at}, rows=0)
    for start in range(0, len(operations), _AT_ONCE):
        await store.operate([still, *operations[start : start + _AT_ONCE]])
