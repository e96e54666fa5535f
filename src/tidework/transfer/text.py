"""Foreign text and foreign times, made fit to be kept."""

import re
from datetime import UTC, date, datetime
from typing import Any

from tidework.times import canonical

TITLE_MAX = 200
DESCRIPTION_MAX = 65_536
LABELS_MAX = 100

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# PostgreSQL cannot keep NUL, UTF-8 cannot carry half of a surrogate pair.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
REPLACEMENT = "\ufffd"


class BadRecord(ValueError):
    """A record of the source that cannot be taken; the message says what is wrong with it."""


def decode(line: bytes) -> tuple[str, bool]:
    """The text of a line, and whether it was not UTF-8.

    What is not UTF-8 is read as Windows-1252, which is what such files mostly are; its five
    undefined bytes are read as Latin-1.
    """
    try:
        return line.decode("utf-8"), False
    except UnicodeDecodeError:
        try:
            return line.decode("cp1252"), True
        except UnicodeDecodeError:
            return line.decode("latin-1"), True


def keepable(text: str) -> tuple[str, int]:
    """The text with NUL and lone surrogates replaced by U+FFFD, and how many there were."""
    return _UNKEEPABLE.subn(REPLACEMENT, text)


def keepable_values(value: Any) -> tuple[Any, int]:
    """`keepable` for every text inside of JSON values, names of members included."""
    if isinstance(value, str):
        if not _UNKEEPABLE.search(value):
            return value, 0
        # A pair that was escaped as two halves is one character.
        joined = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        kept = joined.replace("\0", REPLACEMENT)
        return kept, kept.count(REPLACEMENT) - value.count(REPLACEMENT)
    if isinstance(value, list):
        parts = [keepable_values(part) for part in value]
        return [part for part, _ in parts], sum(n for _, n in parts)
    if isinstance(value, dict):
        items = [(keepable_values(k), keepable_values(v)) for k, v in value.items()]
        return {k[0]: v[0] for k, v in items}, sum(k[1] + v[1] for k, v in items)
    return value, 0


def one_line(text: str) -> str:
    """The text on one line: runs of control characters become one space, the ends are trimmed."""
    return _CONTROL.sub(" ", text).strip()


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters of the text, with an ellipsis when something is cut off."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def moment(value: Any, where: str) -> str:
    """A foreign time as canonical text: ISO 8601 with any offset, or milliseconds since 1970.

    A time without an offset is read as UTC. Raises `BadRecord`, also outside of the years 1 to 9999.
    """
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return canonical(datetime.fromtimestamp(value / 1000, UTC))
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value.strip())
            return canonical(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
    except (ValueError, OverflowError, OSError):
        pass
    raise BadRecord(f"{where} is not a time that can be kept: {_shown(value)}")


def day(value: Any, where: str) -> str | None:
    """The calendar day that a foreign text begins with, `YYYY-MM-DD`; None for nothing.

    Raises `BadRecord` when it is no day of the calendar.
    """
    if value is None or value == "":
        return None
    found = _DAY.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise BadRecord(f"{where} is not a date: {_shown(value)}")
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        raise BadRecord(f"{where} is not a date: {_shown(value)}") from None


def _shown(value: Any) -> str:
    return shortened(one_line(repr(value)), 60)
