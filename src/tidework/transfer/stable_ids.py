"""Ids that follow from what they stand for, so that an import that is repeated finds its own."""

import hashlib
import re
from datetime import UTC

from tidework.times import parse

_WITHIN = 2**48 - 1


def stable_id(at: str, *parts: str) -> str:
    """A UUIDv7 whose time is the canonical time `at` and whose other bits follow from `parts`.

    The same arguments give the same id, on every machine. A time before 1970 counts as 1970.
    """
    milliseconds = int(parse(at).astimezone(UTC).timestamp() * 1000)
    ms = min(max(0, milliseconds), _WITHIN)
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()
    value = ms << 80 | int.from_bytes(digest[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", f"{value:032x}")


def digest(*parts: str, size: int = 16) -> str:
    """A short hexadecimal fingerprint of texts."""
    data = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:size]
