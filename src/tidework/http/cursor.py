"""Cursors: where a page ended, as opaque text that is good for its own list only."""

import base64
import binascii
import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from tidework.errors import Invalid, invalid
from tidework.ids import is_id
from tidework.times import parse

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(list)
_LONGEST = 7000
_SEAL = 9
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")


def encode(of: Sequence[Any], values: Sequence[Any]) -> str:
    """The cursor of these values: texts and integers. `of` is what makes the list this one: its
    name, whose it is, its filters. 2 µs.
    """
    sealed = [_seal(of, values), *values]
    return base64.urlsafe_b64encode(_encoder.encode(sealed)).rstrip(b"=").decode()


def decode(text: str, of: Sequence[Any], kinds: Sequence[type]) -> list[Any]:
    """The values of a cursor. Raises `Invalid` unless it was made for this list, and they are of
    these types.
    """
    if len(text) > _LONGEST:
        raise wrong()
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        values = _decoder.decode(raw)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        raise wrong() from None
    values = values[1:]
    # The last letter has bits that nothing is made of.
    if [type(value) for value in values] != list(kinds) or encode(of, values) != text:
        raise wrong()
    for value in values:
        if isinstance(value, str) and "\0" in value:
            raise wrong()
        if isinstance(value, int) and abs(value) >= 2**63:
            raise wrong()
    return values


def _seal(of: Sequence[Any], values: Sequence[Any]) -> str:
    # It tells lists apart and notices what was garbled; a cursor gives nobody a right, so that it
    # needs no key.
    return blake2b(_encoder.encode([of, values]), digest_size=_SEAL).hexdigest()


def wrong() -> Invalid:
    """The error for a cursor that is none of ours."""
    return invalid(
        "?cursor", "invalid_cursor", "?cursor: not a cursor of this list. Start without one."
    )


def is_place(sort: str, key: object, entity_id: str) -> bool:
    """Whether a cursor's key and id can have been made for a list sorted by `sort`."""
    if not is_id(entity_id):
        return False
    return not sort.endswith("_at") or is_time(key)


def is_time(value: object) -> bool:
    """Whether a value is a canonical time that exists."""
    if not isinstance(value, str) or not _TIME.match(value):
        return False
    try:
        parse(value)
    except ValueError:
        return False
    return True
