"""Small things that routes share."""

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import UNSET, Struct
from msgspec.structs import fields

from tidework.errors import NotFound
from tidework.http.conditional import list_tag, version_tag
from tidework.http.context import Items, RequestContext
from tidework.ids import is_id

T = TypeVar("T")


def entity(context: RequestContext, seq: int, version: int, value: T) -> T:
    """An entity as it stands at this seq, with its version as entity tag."""
    context.etag = version_tag(version)
    context.keep(seq)
    return value


def listing(context: RequestContext, seq: int, value: T, items: Items | None = None) -> T:
    """A list as it stands at this seq, with the seq as entity tag. `items` are those that it answers
    for by the way.
    """
    if seq:
        context.etag = list_tag(seq)
        context.keep(seq)
        context.kept_items = items
    return value


def written(context: RequestContext, version: int, value: T, location: str | None = None) -> T:
    """What a write has made of an entity."""
    context.etag = version_tag(version)
    context.location = location
    return value


def given(data: Struct) -> dict[str, Any]:
    """The fields of a merge patch that were sent."""
    values = {field.name: getattr(data, field.name) for field in fields(data)}
    return {name: value for name, value in values.items() if value is not UNSET}


def known_id(text: str, what: str) -> str:
    """`text` when it is an id, in canonical form. Raises `NotFound` for what cannot be one."""
    lowered = text.lower()
    if not is_id(lowered):
        raise NotFound(f"There is no such {what}: {text[:60]!r} is not an id.")
    return lowered


def row_of(kind: type[T], row: Sequence[Any]) -> T:
    """A row of a query as the Struct whose fields it has in order."""
    return kind(*row)
