"""Names that stand twice in one JSON object.

Decoders take the last one and forget the first without a word (RFC 8259, section 4, leaves it open);
whoever sends both has made a mistake that should not become data.
"""

import json
from typing import Any, Final

import msgspec

from tidework.errors import Malformed

_BEFORE_COLON: Final = (b" :", b"\n:", b"\t:", b"\r:")
_SHOWN: Final = 60


class _Twice(ValueError):
    """A name that stands twice."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            raise _Twice(name)
        names.add(name)


_reader = json.JSONDecoder(object_pairs_hook=_once)


def check_names(body: bytes) -> None:
    """Raise `Malformed` when an object of the body has a name twice; what is no JSON is let pass.

    As many members as there are colons after quotes: then none was written over. That is counted in
    well under a microsecond for an ordinary body. Only where a text holds such a thing, or there is
    space before a colon, each object is looked at.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if _members(value) == body.count(b'":') and not any(space in body for space in _BEFORE_COLON):
        return
    try:
        _reader.decode(body.decode())
    except _Twice as twice:
        name = str(twice)[:_SHOWN]
        raise Malformed(
            f"The body has {name!r} twice in one object. Send it once.", code="duplicate_name"
        ) from None
    except (ValueError, RecursionError):
        return


def _members(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_members(v) for v in value.values() if isinstance(v, dict | list))
    if isinstance(value, list):
        return sum(_members(v) for v in value if isinstance(v, dict | list))
    return 0
