"""UUIDv7 (RFC 9562, 5.7): ids that sort by the time they were made."""

import os
import re
import time
from typing import Final

LOWEST_ID: Final = "00000000-0000-0000-0000-000000000000"
"""Before every id: where a walk over ids begins."""

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


def new_id(at_ms: int | None = None) -> str:
    """A new id in canonical lower-case text.

    `at_ms` is the Unix time in milliseconds to put into it, the present by default. Ids of the same
    millisecond are in no order.
    """
    ms = time.time_ns() // 1_000_000 if at_ms is None else max(0, at_ms)
    value = (ms & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Whether `text` is an id in canonical form (of any UUID version)."""
    return _CANONICAL.match(text) is not None
