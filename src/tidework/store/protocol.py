"""What every store promises.

A store keeps the log, the state tables that the log leads to, and the operational tables beside
them. `append` is the only function that writes what people own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tidework.errors import Conflict, TideworkError, Unavailable
from tidework.log import Commit, Committed, LoggedChange, Operation
from tidework.store.sql.statement import Statement

Row = Sequence[Any]
"""A row of a result: text, integers, booleans, null, and lists or dicts for JSON columns. Ids are
canonical text, times canonical text (`tidework.times`), whatever the database keeps them as."""


class Contended(Unavailable):
    """Somebody else's commit came in between: read again, decide again, append again.

    Services retry it; a caller meets it only when that failed many times in a row.
    """

    code = "contended"

    def __init__(self, detail: str = "Too many changes at the same moment; try again.") -> None:
        super().__init__(detail)


class UniqueConflict(Conflict):
    """A unique constraint would be broken; `constraint` is its name in the schema."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"That value is taken already ({constraint}); choose another one.")
        self.constraint = constraint


class StreamMissing(TideworkError):
    """The commit's stream does not exist, or, for one that creates it, exists already."""

    status = 404
    title = "Not found"
    code = "not_found"


class Reader(Protocol):
    """What can be read with; see `Store`."""

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        """See `Store.fetch`."""
        ...

    async def log(
        self, stream_id: str, *, since: int = 0, limit: int = 1000, until: int | None = None
    ) -> list[LoggedChange]:
        """See `Store.log`."""
        ...


class Store(Protocol):
    """See the module; every method may raise `errors.Unavailable` when the database is away.

    All methods may be called concurrently. Cancelling a caller never disturbs another one: a commit
    that has been handed over goes on and its caller alone does not learn of it; a read that is cut
    off gives up its connection.
    """

    dialect: str

    @property
    def history(self) -> int:
        """Changes when what has been seen or acknowledged may be gone, as after a fail-over to a
        server that had not got it all: then a seq may stand for something else than before.
        """
        ...

    async def start(self) -> None:
        """Connect. Raises `SchemaMismatch` when the database is older or newer than this code."""

    async def close(self) -> None:
        """Finish the commits that wait, then disconnect."""

    async def append(self, commit: Commit) -> Committed:
        """Write a commit, durably, and say what it became.

        When this returns, the commit survives the death of the process and of the machine, and
        every later `seqs` and `fetch` of every copy sees it. Commits of one stream get consecutive
        seqs in the order in which they become visible; a commit that fails leaves no gap and no
        trace. A `number` that a created task leaves out is the stream's next one; the answer has it.

        Raises the error of the first expectation that does not hold, or `Contended`;
        `UniqueConflict`; `StreamMissing`; `errors.OutcomeUnknown` when the connection broke and it
        cannot be found out whether the commit happened; `errors.Unavailable` when it certainly did
        not. Raises `errors.Invalid` when the idempotency key was used for something else.
        """
        ...

    async def operate(self, operations: Sequence[Operation]) -> None:
        """Write operational rows alone, all or none, durably. Raises as `append` does."""

    async def seqs(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """The present seq of each stream; one that does not exist is left out.

        Never older than what any copy has acknowledged before this was called. Callers that wait at
        the same moment share one query.
        """
        ...

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        """The rows of one query, all of them, from one snapshot.

        A statement marked `heavy` does not hold up the others.
        """
        ...

    async def log(
        self, stream_id: str, *, since: int = 0, limit: int = 1000, until: int | None = None
    ) -> list[LoggedChange]:
        """The changes with `since < seq <= until` in order; whole commits, `limit` changes or a
        little more, so that a page never ends inside a commit.
        """
        ...

    async def redact(
        self, stream_id: str, entity: str, entity_id: str, values: Mapping[str, Any]
    ) -> None:
        """Rewrite what the log and the state say of some fields of an entity, in one transaction.

        For erasing a person: wherever a change of the entity names one of the fields of `values`,
        in what it set or in what it was before, it says the given value from then on. Fold and
        state stay equal; no seq moves.
        """

    async def purge(self, stream_id: str, operations: Sequence[Operation] = ()) -> None:
        """Remove everything of a stream, its log included, for ever, in one transaction.

        `operations` are written in it too.
        """

    async def ping(self) -> None:
        """Ask the database for a sign of life."""
