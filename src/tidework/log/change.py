"""What a commit is made of.

Values in changes are plain JSON (text, integers, booleans, null, lists of text); a time is canonical
text, see `tidework.times`.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from tidework.errors import TideworkError
from tidework.ids import new_id

Values = dict[str, Any]
Op = Literal["create", "update", "delete"]


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change of one entity.

    `set` holds every field for a create, the changed ones for an update, nothing for a delete. What
    the fields were before is found by the store while it holds the stream's lock, never by the
    caller: whatever a caller read may be stale by then.
    """

    entity: str
    id: str
    op: Op
    set: Values = {}


class LoggedChange(msgspec.Struct, frozen=True):
    """A change as it stands in the log; `was` is every field of a deleted entity.

    `origin` is where it came from when it was not done here and now: `import`, or None.
    """

    stream_id: str
    seq: int
    ordinal: int
    actor_id: str | None
    at: str
    request_id: str | None
    entity: str
    id: str
    op: Op
    set: Values
    was: Values
    origin: str | None = None


class Expect(msgspec.Struct, frozen=True):
    """What must hold, under the stream's lock, for a commit to happen.

    The entity exists and each of `fields` has one of the listed values; or it does not exist, when
    `absent` is set. `error` is what the caller of the commit gets otherwise; without one it is
    `store.protocol.Contended`, which says that reading again and deciding again may help.
    """

    entity: str
    id: str
    fields: dict[str, Sequence[Any]] = {}
    absent: bool = False
    error: TideworkError | None = None


class Operation(msgspec.Struct, frozen=True):
    """A write to an operational or look-up table, outside the log, in the commit it belongs to.

    `rows`, where given, is how many rows an update or delete must touch; otherwise the whole commit
    fails with `Contended`. An upsert's `key` is the whole primary key: it sets the columns of `set`
    where there is such a row, and inserts one where there is none; so does `keep`, which leaves a row
    that is there as it is. `redact` and `purge` are what
    `Store.redact` and `Store.purge` are made of; `expire` deletes the rows whose `expires_at` lies
    before the one in `set`. `relayed` says of a stream up to which seq the relay has published it.
    """

    table: str
    op: Literal[
        "insert", "upsert", "keep", "update", "delete", "redact", "purge", "expire", "relayed"
    ]
    key: Values = {}
    set: Values = {}
    rows: int | None = None


class IdempotencyKey(msgspec.Struct, frozen=True):
    """The record that makes a repeated command happen once.

    `scope` is whose key it is, `fingerprint` what was asked for, `expires_at` when it is forgotten.
    """

    scope: str
    key: str
    fingerprint: str
    expires_at: str


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A command's changes to one stream, at least one: all of them happen, or none.

    `creates` is the kind of the stream when this commit is its first. `base_seq`, when given, is the
    seq that the decision was made on: the commit fails with `Contended` if the stream has moved.
    `authorship` gives actor and time of each change, for what happened elsewhere and is being imported;
    such a commit is logged with the origin `import`.
    """

    stream_id: str
    actor_id: str | None
    at: str
    changes: Sequence[Change]
    request_id: str | None = None
    creates: Literal["account", "workspace"] | None = None
    base_seq: int | None = None
    expects: Sequence[Expect] = ()
    operations: Sequence[Operation] = ()
    idempotency: IdempotencyKey | None = None
    authorship: Sequence[tuple[str | None, str]] | None = None
    id: str = msgspec.field(default_factory=new_id)

    @property
    def origin(self) -> str | None:
        """What the log says of where the changes came from."""
        return None if self.authorship is None else "import"

    def author_of(self, ordinal: int) -> tuple[str | None, str]:
        """The actor and the time of one of the changes."""
        return self.authorship[ordinal] if self.authorship else (self.actor_id, self.at)


class Committed(msgspec.Struct, frozen=True):
    """The answer to a commit: its place in the stream and its changes as logged.

    `after` is what each change left its entity's fields at, empty for what was deleted. `replayed`
    says that the idempotency key had been used before, and this is what happened then.
    """

    stream_id: str
    seq: int
    changes: Sequence[LoggedChange]
    replayed: bool = False
    after: Sequence[Values] = ()
