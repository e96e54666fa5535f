"""Query parameters as the OpenAPI document has them.

`http.query.Query` reads them from the raw query string, so the framework does not know of them: a
route names them as `opt={QUERY: (...)}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Parameter = Mapping[str, Any]

QUERY: Final = "query"
"""The key in a route's `opt`."""

_UUID: Final = {"type": "string", "format": "uuid"}


def _parameter(name: str, description: str, schema: Mapping[str, Any], **more: Any) -> Parameter:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": dict(schema),
        **more,
    }


def several(
    name: str, description: str, choices: Sequence[str] = (), words: Sequence[str] = ()
) -> Parameter:
    """Values that may be repeated or comma-separated: choices, or ids and the words beside them."""
    item: Mapping[str, Any] = {"type": "string", "enum": list(choices)} if choices else _UUID
    if words:
        item = {"anyOf": [item, {"type": "string", "enum": list(words)}]}
    schema = {"type": "array", "items": item, "maxItems": 200}
    text = f"{description} Repeat it, or separate by commas, for several."
    return _parameter(name, text, schema, style="form", explode=True)


def text(name: str, description: str, example: str) -> Parameter:
    """Any text."""
    return _parameter(name, f"{description} Such as `{example}`.", {"type": "string"})


def time(name: str, description: str) -> Parameter:
    """A moment, or a day in UTC."""
    schema = {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]
    }
    example = "`2026-11-22T09:00:00Z` or `2026-11-22`"
    return _parameter(name, f"{description} Such as {example}.", schema)


def day(name: str, description: str) -> Parameter:
    """A day in UTC."""
    return _parameter(name, description, {"type": "string", "format": "date"})


def one(name: str, description: str) -> Parameter:
    """An id."""
    return _parameter(name, description, _UUID)


def flag(name: str, description: str) -> Parameter:
    """True or false."""
    return _parameter(name, description, {"type": "boolean", "default": False})


def choice(
    name: str, description: str, choices: Sequence[str], default: str | None = None
) -> Parameter:
    """One of a few words."""
    schema: dict[str, Any] = {"type": "string", "enum": list(choices)}
    if default is not None:
        schema["default"] = default
    return _parameter(name, description, schema)


def number(
    name: str, description: str, lowest: int, highest: int, default: int | None = None
) -> Parameter:
    """A whole number in these bounds."""
    schema: dict[str, Any] = {"type": "integer", "minimum": lowest, "maximum": highest}
    if default is not None:
        schema["default"] = default
    return _parameter(name, description, schema)


def limit(highest: int = 100, default: int = 20) -> Parameter:
    """How many a page has."""
    return number("limit", "How many to answer with at most.", 1, highest, default)


CURSOR: Final = _parameter(
    "cursor",
    "`next_cursor` of the page before; none for the first page. It stays right while others write.",
    {"type": "string"},
)
"""Where a page starts."""
