"""Checking a workspace's file before anything of it is written."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Integer, String

from tidework.ids import is_id
from tidework.log import Entities, Entity, LoggedChange, step
from tidework.log.fold import BrokenLog
from tidework.store.sql.schema import ENTITIES as TABLES
from tidework.store.sql.schema import fields_of
from tidework.store.sql.schema_parts import ID, TIME
from tidework.tasks.api import is_recurrence
from tidework.times import parse
from tidework.transfer.import_read import Head, Piece
from tidework.transfer.mapping import PRIORITIES, STATUSES
from tidework.transfer.portable import (
    ENTITIES,
    ChangeOut,
    CommitOut,
    MarkOut,
    PersonOut,
    exported,
    imported,
    is_person_mark,
)
from tidework.transfer.sources import BadSource
from tidework.transfer.text import DESCRIPTION_MAX, TITLE_MAX
from tidework.workspaces.api import MAX_NAME

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_ALIAS = re.compile(r"p[1-9]\d{0,8}")
_CHOICES = {
    ("task", "status"): STATUSES,
    ("task", "priority"): PRIORITIES,
    ("member", "role"): ("owner", "editor", "commenter", "viewer"),
    ("relation", "kind"): ("blocks", "duplicates", "relates_to"),
}
_LONGEST = {
    "title": TITLE_MAX, "description": DESCRIPTION_MAX, "body": DESCRIPTION_MAX, "name": MAX_NAME,
}  # fmt: skip
_PEOPLE = frozenset({"created_by", "assignee_id", "author_id"})
# Fields that there have not always been: a log may be older than they are.
_LATER = frozenset({"recurrence", "previous_id"})
_REFERENCES = {
    "project_id": "project", "parent_id": "task", "task_id": "task", "other_id": "task",
}  # fmt: skip
# Deleting what it refers to may leave an empty place in the past, never a dangling one at the end.
_WORKSPACE = "workspace"


class Checked:
    """What a file holds: people, how many commits, and the state that its log leads to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.head: Head | None = None
        self.people: list[PersonOut] = []
        self.commits = 0
        self.changes = 0
        self.begun = ""
        self._state: Entities = {}
        self._aliases: set[str] = set()
        self._seen: set[tuple[str, str]] = set()

    @property
    def members(self) -> list[str]:
        """The people who are members at the end."""
        return [id_ for entity, id_ in self._state if entity == "member"]

    def run(self, pieces: Iterator[Piece]) -> None:
        """Check everything. Raises `BadSource`. Memory: the state of the workspace."""
        last = 0
        for section, piece in pieces:
            if section == "head":
                self.head = piece
            elif section == "people":
                self._person(piece)
            elif section == "commits":
                self._commit(piece, last)
                last = piece.seq
            elif section == "marks":
                self._mark(piece)
            else:
                self._entity(*piece)
        assert self.head is not None
        if not self.commits or last > self.head.seq:
            raise self._bad(f"the log ends at seq {last}, not at {self.head.seq}")
        if len(self._seen) != len(self._state):
            raise self._bad("its state is not what its log leads to")
        self._check_references()

    def _person(self, person: PersonOut) -> None:
        if not _ALIAS.fullmatch(person.id) or person.id in self._aliases:
            raise self._bad(f"person {person.id!r} is not p1, p2, … or there twice")
        self._aliases.add(person.id)
        self.people.append(person)

    def _commit(self, commit: CommitOut, last: int) -> None:
        where = f"commit {commit.seq}"
        if commit.seq <= last or not commit.changes or (last == 0 and commit.seq != 1):
            raise self._bad(f"{where} does not follow {last}")
        first = commit.changes[0]
        if last == 0:
            self.begun = first.at
            if (first.entity, first.op) != ("workspace", "create"):
                raise self._bad("its log does not begin with the workspace")
        for ordinal, change in enumerate(commit.changes):
            self._change(commit, ordinal, change)
        self.commits += 1
        self.changes += len(commit.changes)

    def _change(self, commit: CommitOut, ordinal: int, change: ChangeOut) -> None:
        where = f"commit {commit.seq}, change {ordinal + 1}"
        if change.entity not in ENTITIES:
            raise self._bad(f"{where}: {change.entity!r} is not part of a workspace")
        if change.op not in ("create", "update", "delete"):
            raise self._bad(f"{where}: {change.op!r} is not an operation")
        if not _is_time(change.at):
            raise self._bad(f"{where}: its time is not as we write them")
        if change.actor is not None and change.actor not in self._aliases:
            raise self._bad(f"{where}: {change.actor} is not among the people")
        self._check_id(change, where)
        values = imported(change.entity, change.op, change.set, lambda person: person)
        self._check_fields(change, values, where)
        logged = LoggedChange(
            _WORKSPACE, commit.seq, ordinal, change.actor, change.at, commit.request_id,
            change.entity, change.id, change.op, values, {},  # type: ignore[arg-type]
        )  # fmt: skip
        try:
            step(self._state, logged)
        except BrokenLog as error:
            raise self._bad(str(error)) from error

    def _check_id(self, change: ChangeOut, where: str) -> None:
        if change.entity == "workspace":
            good = change.id == _WORKSPACE and change.op != "delete"
        elif change.entity == "member":
            good = change.id in self._aliases
        else:
            good = is_id(change.id)
        if not good:
            raise self._bad(f"{where}: {change.entity} {change.id!r} cannot be there")

    def _check_fields(self, change: ChangeOut, values: dict[str, Any], where: str) -> None:
        fields = fields_of(change.entity)
        unknown = sorted(set(values) - set(fields))
        missing = sorted(set(fields) - set(values) - _LATER) if change.op == "create" else []
        if unknown or missing or (change.op == "delete" and values):
            wrong = ", ".join(unknown + missing) or "its fields"
            raise self._bad(f"{where}: {wrong} should not, or should, be there")
        for name, value in values.items():
            column = TABLES[change.entity].columns[name]
            if not self._fits(change.entity, column, value):
                raise self._bad(f"{where}: {name} cannot be {str(value)[:60]!r}")

    def _fits(self, entity: str, column: Column[Any], value: Any) -> bool:
        if value is None:
            return bool(column.nullable)
        if column.name in _PEOPLE:
            return value in self._aliases
        kind = column.type
        if isinstance(kind, Boolean):
            return isinstance(value, bool)
        if isinstance(kind, Integer):
            return type(value) is int and 0 < value < 2**53
        if column.name == "recurrence":
            return is_recurrence(value)
        if isinstance(kind, JSON):
            return isinstance(value, list) and all(isinstance(v, str) and is_id(v) for v in value)
        if not isinstance(value, str) or "\0" in value:
            return False
        if kind is ID:
            return is_id(value)
        if kind is TIME:
            return _is_time(value)
        choices = _CHOICES.get((entity, column.name))
        if choices is not None:
            return value in choices
        return isinstance(kind, String) and len(value) <= _LONGEST.get(column.name, MAX_NAME * 4)

    def _mark(self, mark: MarkOut) -> None:
        good = (
            mark.entity_id in self._aliases
            if is_person_mark(mark.foreign_id)
            else is_id(mark.entity_id)
        )
        if not good or "\0" in mark.source + mark.foreign_id + mark.fingerprint:
            raise self._bad(f"the mark {mark.foreign_id!r} cannot be there")

    def _entity(self, kind: str, entity: dict[str, Any]) -> None:
        key = (kind, str(entity.get("id")))
        held = self._state.get(key)
        if held is None or key in self._seen or entity != _shown(kind, key[1], held):
            raise self._bad(f"its state of {kind} {key[1]} is not what its log leads to")
        self._seen.add(key)

    def _check_references(self) -> None:
        for (kind, id_), entity in self._state.items():
            references = [
                (target, entity.fields[name])
                for name, target in _REFERENCES.items()
                if entity.fields.get(name) is not None
            ]
            references += [("label", label) for label in entity.fields.get("label_ids", ())]
            for target, other in references:
                if (target, other) not in self._state:
                    raise self._bad(f"{kind} {id_} refers to {target} {other}, which is not there")

    def _bad(self, what: str) -> BadSource:
        return BadSource(
            f"{self.name}: {what}. Nothing was imported; use the file as `tidework export` wrote it."
        )


def _shown(kind: str, id_: str, entity: Entity) -> dict[str, Any]:
    fields = exported(kind, entity.fields, lambda person: person)
    return fields | {"id": id_, "version": entity.version, "updated_at": entity.updated_at}


def _is_time(text: Any) -> bool:
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return False
    try:
        parse(text)
    except ValueError:
        return False
    return True
