"""What goes to `tidework_commit` and what comes back, as the callers of a store know it."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from tidework.errors import Unavailable
from tidework.log import Commit, Committed, LoggedChange, Operation
from tidework.store.committer import Item, Outcome
from tidework.store.protocol import Contended, StreamMissing, UniqueConflict
from tidework.store.sql.acceptable import refused_value
from tidework.store.sql.rows import encode_json
from tidework.store.sql.schema import LATER

NOTHING = "The database cut the change off again and again; nothing was changed. Try again."


class Lost(Unavailable):
    """What was sent certainly left nothing, through no fault of its own."""

    code = "database"


LOST = Lost(NOTHING)


def arguments(commit: Commit) -> tuple[Any, ...]:
    """The parameters of `tidework_commit`."""
    expects = [
        {"entity": e.entity, "id": e.id, "fields": e.fields, "absent": e.absent}
        for e in commit.expects
    ]
    changes = []
    for ordinal, change in enumerate(commit.changes):
        actor, at = commit.author_of(ordinal)
        changes.append(
            {
                "entity": change.entity,
                "id": change.id,
                "op": change.op,
                "set": change.set,
                "actor": actor,
                "at": at,
                "origin": commit.origin,
            }
        )
    return (
        commit.stream_id,
        commit.id,
        commit.creates,
        commit.base_seq,
        commit.request_id,
        encode_json(expects),
        encode_json(changes),
        encode_json(commit.operations),
        None if commit.idempotency is None else encode_json(commit.idempotency),
    )


def outcome_of(commit: Commit, row: Any) -> Outcome:
    """What a commit became, from its row."""
    seq, written, refused = row
    if refused is not None:
        return _refusal(commit, refused)
    logged, after = [], []
    for ordinal, (change, (set_, was, left)) in enumerate(
        zip(commit.changes, written, strict=True)
    ):
        actor, at = commit.author_of(ordinal)
        place = (commit.stream_id, seq, ordinal, actor, at, commit.request_id)
        what = (change.entity, change.id, change.op, set_, was, commit.origin)
        logged.append(LoggedChange(*place, *what))
        later = LATER.get(change.entity, ()) if change.op == "update" else ()
        after.append({**dict.fromkeys(later), **left})
    return Committed(commit.stream_id, seq, logged, after=after)


def _refusal(item: Commit | Sequence[Operation], refused: str) -> BaseException:
    """What a refusal of `tidework_commit` means to the caller."""
    if refused.startswith("expected ") and isinstance(item, Commit):
        return item.expects[int(refused.split()[1])].error or Contended()
    if refused == "repeated":
        return UniqueConflict("idempotency_pkey")
    if refused == "missing":
        return StreamMissing("There is no such stream; it may have been removed.")
    return Contended()


def translated(error: BaseException, item: Item) -> BaseException:
    """What an error of the database means to the caller; `LOST` when another attempt may do better."""
    if not isinstance(error, asyncpg.PostgresError):
        return error
    if isinstance(error, asyncpg.UniqueViolationError):
        return UniqueConflict(error.constraint_name or "unknown")
    if error.sqlstate == "TW001":
        return _refusal(item, str(error.args[0]))
    if isinstance(error, asyncpg.DataError):
        return refused_value()
    if isinstance(error, asyncpg.InsufficientResourcesError):
        return Unavailable(
            "The database has run out of space or connections; nothing was changed. Try again.",
            code="storage_full",
            retry_after=30,
            reason=str(error),
        )
    if isinstance(error, asyncpg.LockNotAvailableError):
        return busy()
    if isinstance(error, asyncpg.TransactionRollbackError):
        # A deadlock with another copy, or the like.
        return Lost(NOTHING)
    if isinstance(error, _PASSING):
        return Unavailable(
            "The database takes no changes at the moment; nothing was changed. Try again.",
            code="database",
            reason=str(error),
        )
    return error


def busy() -> Unavailable:
    """Somebody else kept a lock for too long."""
    return Unavailable(
        "Another process kept the data locked; nothing was changed. Try again.", code="busy"
    )


_PASSING = (
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
)
