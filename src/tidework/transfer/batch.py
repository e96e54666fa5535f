"""Many changes as one commit."""

from collections.abc import Sequence
from typing import Any

from tidework.log import Change, Commit, Expect, Operation
from tidework.times import now


class Batch:
    """Collects what is to happen in one commit of an import.

    Every change has an actor and a time of its own.
    """

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.operations: list[Operation] = []
        self.written: dict[str, int] = {}
        self.base_seq: int | None = None
        self._authorship: list[tuple[str | None, str]] = []
        self._expects: dict[tuple[str, str], dict[str, Sequence[Any]]] = {}
        self._created: set[tuple[str, str]] = set()

    def add(self, change: Change, actor: str | None, at: str) -> None:
        """Add a change."""
        self.changes.append(change)
        self._authorship.append((actor, at))
        self.count(f"{change.entity}s {change.op}d")
        if change.op == "create":
            self._created.add((change.entity, change.id))

    def create(self, entity: str, id: str, actor: str | None, at: str, **fields: Any) -> None:
        """Add the creation of an entity. What imports have nothing to say of is null."""
        if entity == "task":
            fields = {"recurrence": None, "previous_id": None, **fields}
        self.add(Change(entity, id, "create", fields), actor, at)

    def update(self, entity: str, id: str, actor: str | None, at: str, **fields: Any) -> None:
        """Add an update of an entity; it must exist when the commit happens."""
        self.add(Change(entity, id, "update", fields), actor, at)

    def delete(self, entity: str, id: str, actor: str | None, at: str) -> None:
        """Add the deletion of an entity; it must exist when the commit happens."""
        self.add(Change(entity, id, "delete"), actor, at)

    def count(self, what: str) -> None:
        """Count something for the report."""
        self.written[what] = self.written.get(what, 0) + 1

    def expect(self, entity: str, id: str, **fields: Sequence[Any]) -> None:
        """Let the commit happen only while the entity exists, and its fields have listed values."""
        if (entity, id) not in self._created:
            self._expects.setdefault((entity, id), {}).update(fields)

    def commit(self, stream_id: str, actor_id: str | None) -> Commit:
        """The commit of everything so far."""
        return Commit(
            stream_id=stream_id,
            actor_id=actor_id,
            at=now(),
            changes=self.changes,
            authorship=self._authorship,
            operations=self.operations,
            base_seq=self.base_seq,
            expects=[Expect(entity, id, f) for (entity, id), f in self._expects.items()],
        )
