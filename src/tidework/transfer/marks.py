"""What an import has written before, by the names of the source.

A mark stands in the same commit as what it marks, so an import that was interrupted, or is repeated,
goes on where it was: what has a mark is there, what has none is not.
"""

from typing import Any

from sqlalchemy import bindparam, select

from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import import_marks
from tidework.store.sql.statement import Statement
from tidework.transfer.spool import Spool

_PAGE = 5_000

MARKS = Statement(
    "import_marks",
    select(import_marks.c.foreign_id, import_marks.c.entity_id, import_marks.c.fingerprint)
    .where(
        import_marks.c.stream_id == bindparam("stream_id"),
        import_marks.c.source == bindparam("source"),
        import_marks.c.foreign_id > bindparam("after"),
    )
    .order_by(import_marks.c.foreign_id)
    .limit(bindparam("limit")),
)


class Marks:
    """The marks of one source in one workspace; read into the spool by `load`."""

    def __init__(self, store: Store, stream_id: str, source: str, spool: Spool) -> None:
        self._store = store
        self._stream_id = stream_id
        self._source = source
        self._spool = spool

    async def load(self) -> None:
        """Read all marks anew, as other imports may have added some."""
        after = ""
        while True:
            params: dict[str, Any] = {
                "stream_id": self._stream_id,
                "source": self._source,
                "after": after,
                "limit": _PAGE,
            }
            rows = await self._store.fetch(MARKS, params)
            self._spool.many("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def get(self, foreign_id: str) -> tuple[str, str] | None:
        """The entity and the fingerprint of a mark, or None."""
        found: tuple[str, str] | None = self._spool.execute(
            "SELECT entity_id, fingerprint FROM marks WHERE foreign_id = ?", (foreign_id,)
        ).fetchone()
        return found

    def below(self, prefix: str) -> set[str]:
        """The marks whose foreign id begins with `prefix`."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        found = self._spool.rows(
            "SELECT foreign_id FROM marks WHERE foreign_id >= ? AND foreign_id < ?", (prefix, end)
        )
        return {row[0] for row in found}

    def added(self, foreign_id: str, entity_id: str, fingerprint: str) -> Operation:
        """The operation that adds a mark; it fails when another import has added it."""
        return Operation(
            "import_marks",
            "insert",
            key=self._key(foreign_id),
            set={"entity_id": entity_id, "fingerprint": fingerprint},
        )

    def moved(self, foreign_id: str, old: str, fingerprint: str) -> Operation:
        """The operation that gives a mark a new fingerprint; it fails when it is no longer `old`."""
        return Operation(
            "import_marks",
            "update",
            key=self._key(foreign_id) | {"fingerprint": old},
            set={"fingerprint": fingerprint},
            rows=1,
        )

    def put(self, foreign_id: str, entity_id: str, fingerprint: str = "") -> Operation:
        """The operation that makes a mark what it should be, whatever it was."""
        return Operation(
            "import_marks",
            "upsert",
            key=self._key(foreign_id),
            set={"entity_id": entity_id, "fingerprint": fingerprint},
        )

    def remember(self, operations: list[Operation]) -> None:
        """Keep in the spool what has been written."""
        for operation in operations:
            name = operation.key["foreign_id"]
            if operation.op == "update":
                self._spool.execute(
                    "UPDATE marks SET fingerprint = ? WHERE foreign_id = ?",
                    (operation.set["fingerprint"], name),
                )
            else:
                values = (name, operation.set["entity_id"], operation.set["fingerprint"])
                self._spool.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", values)

    def _key(self, foreign_id: str) -> dict[str, Any]:
        return {"stream_id": self._stream_id, "source": self._source, "foreign_id": foreign_id}
