"""The form in which a workspace leaves an installation: its log, with names of people instead of ids.

The file is one JSON object whose lists have an element a line, so that it can be read piece by
piece: `people` (by the names that the rest uses, p1, p2, … in the order in which they occur),
`commits` (the whole log, without what can be derived from it), `marks` (what imports have written,
so that they can be gone on with) and `state` (what the log comes to, for readers other than us).
What is in it does not depend on where it was written: exporting, importing and exporting again
gives the same bytes.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

FORMAT = "tidework"
VERSION = 1
OWN_SOURCE = "tidework"
"""The source of the marks of this kind of import; they are not exported."""

ENTITIES = ("workspace", "member", "project", "label", "task", "comment", "relation")
_PERSON_FIELDS = {
    "workspace": ("created_by",),
    "task": ("assignee_id", "created_by"),
    "comment": ("author_id",),
}
# Whose personal workspace it was does not travel: a copy is nobody's.
_LOCAL_FIELDS = {"workspace": ("personal",)}

encode = msgspec.json.Encoder(order="sorted").encode

Rename = Callable[[str], str]


class PersonOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who occurs in the workspace."""

    id: str
    name: str | None
    email: str | None


class ChangeOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of the log; `was` follows from the changes before it."""

    actor: str | None
    at: str
    entity: str
    id: str
    op: str
    set: dict[str, Any]


class CommitOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A commit of the log."""

    seq: int
    request_id: str | None
    changes: list[ChangeOut]


class MarkOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mark of an import; `entity_id` of a person is their name here."""

    source: str
    foreign_id: str
    entity_id: str
    fingerprint: str


def translated(entity: str, fields: Mapping[str, Any], person: Rename) -> dict[str, Any]:
    """Fields with people renamed."""
    named = _PERSON_FIELDS.get(entity, ())
    return {
        name: person(value) if name in named and value is not None else value
        for name, value in fields.items()
    }


def exported(entity: str, fields: Mapping[str, Any], person: Rename) -> dict[str, Any]:
    """Fields as they stand in the file."""
    local = _LOCAL_FIELDS.get(entity, ())
    return {k: v for k, v in translated(entity, fields, person).items() if k not in local}


def imported(entity: str, op: str, fields: Mapping[str, Any], person: Rename) -> dict[str, Any]:
    """The reverse of `exported`."""
    values = translated(entity, fields, person)
    if op == "create":
        values |= dict.fromkeys(_LOCAL_FIELDS.get(entity, ()), False)
    return values


def entity_id(entity: str, id_: str, workspace: Rename, person: Rename) -> str:
    """An entity's id: those of the workspace and of its members change with the place."""
    if entity == "workspace":
        return workspace(id_)
    return person(id_) if entity == "member" else id_


def is_person_mark(foreign_id: str) -> bool:
    """Whether a mark says which account somebody is."""
    return foreign_id.startswith("person/")
