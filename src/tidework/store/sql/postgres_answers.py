"""What goes to `tidework_commit` and what comes back, as the callers of a store know it."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from tidework.errors import Unavailable
from tidework.log import Commit, Committed, LoggedChange, Operation
from tidework.store.committer import Item, Outcome
from tidework.store.protocol import Contended, StreamMissing, UniqueConflict
from tidework.store.sql.acceptable import refused_value
from tidework.store.sql.positions import position_of
from tidework.store.sql.rows import encode_json
from tidework.store.sql.schema import LATER
from tidework.store.sql.terms import spaced

NOTHING = "The database cut the change off again and again; nothing was changed. Try again."


class Lost(Unavailable):
    """What was sent certainly left nothing, through no fault of its own."""

    code = "database"


LOST = Lost(NOTHING)


def arguments(commit: Commit) -> tuple[Any, ...]:
    """The parameters of `tidework_commit`."""
    *plain, expects, changes, operations, key = _parts(commit)
    encoded = (encode_json(expects), encode_json(changes), encode_json(operations))
    return (*plain, *encoded, None if key is None else encode_json(key))


def _parts(commit: Commit) -> tuple[Any, ...]:
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
        _expects(commit),
        changes,
        commit.operations,
        commit.idempotency,
    )


def _expects(commit: Commit) -> list[dict[str, Any]]:
    return [
        {"entity": e.entity, "id": e.id, "fields": e.fields, "absent": e.absent}
        for e in commit.expects
    ]


class Group:
    """Commits that go out together, as `tidework_group` takes them.

    Those that only create tasks are written at once. On a stream that others change as well all go
    one after the other: each may rest on what the one before it has done.
    """

    __slots__ = ("_commits", "_plain")

    def __init__(self, commits: Sequence[Commit]) -> None:
        self._commits = commits
        mixed = {commit.stream_id for commit in commits if not creates_only(commit)}
        self._plain = [commit.stream_id not in mixed for commit in commits]

    def arguments(self) -> tuple[Any, ...]:
        """The parameters of `tidework_group`."""
        creates, others = [], []
        for commit, plain in zip(self._commits, self._plain, strict=True):
            if plain:
                creates.append(_creation(commit))
            else:
                others.append(_parts(commit))
        streams = list({commit.stream_id for commit in self._commits})
        return (
            streams,
            encode_json(creates) if creates else None,
            encode_json(others) if others else None,
        )

    def outcomes(self, row: Any) -> list[Outcome]:
        """What the commits became, from the answer."""
        created, committed = (iter(part or ()) for part in row)
        return [
            _outcome_of_creation(commit, next(created))
            if plain
            else outcome_of(commit, next(committed))
            for commit, plain in zip(self._commits, self._plain, strict=True)
        ]


def creates_only(commit: Commit) -> bool:
    """Whether a commit does nothing but create tasks, whose numbers it leaves to the stream."""
    if commit.creates is not None or commit.base_seq is not None or commit.operations:
        return False
    return all(
        change.entity == "task" and change.op == "create" and change.set.get("number") is None
        for change in commit.changes
    )


def _creation(commit: Commit) -> tuple[Any, ...]:
    changes = []
    for ordinal, change in enumerate(commit.changes):
        actor, at = commit.author_of(ordinal)
        words = spaced(f"{change.set.get('title')} {change.set.get('description')}")
        changes.append((change.id, change.set, words, actor, at))
    expects, key = _expects(commit), commit.idempotency
    stream_id, request_id = commit.stream_id, commit.request_id
    return (stream_id, commit.id, request_id, expects, key, changes, commit.origin)


def _outcome_of_creation(commit: Commit, row: Any) -> Outcome:
    seq, number, refused = row
    if refused is not None:
        return _refusal(commit, refused)
    logged, after = [], []
    for ordinal, change in enumerate(commit.changes):
        actor, at = commit.author_of(ordinal)
        made = change.set | {"number": number + ordinal}
        if made.get("position") is None:
            made["position"] = position_of(number + ordinal)
        place = (commit.stream_id, seq, ordinal, actor, at, commit.request_id)
        logged.append(
            LoggedChange(*place, change.entity, change.id, "create", made, {}, commit.origin)
        )
        after.append(dict(made))
    return Committed(commit.stream_id, seq, logged, after=after)


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
