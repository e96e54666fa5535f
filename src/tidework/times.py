"""Times: canonical text inside, RFC 3339 outside.

Canonical is `YYYY-MM-DDTHH:MM:SS.ffffffZ`: UTC, always the same width, so that text sorts as time.
"""

from datetime import UTC, datetime, timedelta


def now() -> str:
    """The present time, canonical."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical(moment: datetime) -> str:
    """`moment`, which must know its offset, as canonical text.

    Raises OverflowError when the time in UTC falls outside the years 1 to 9999.
    """
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def parse(text: str) -> datetime:
    """The moment that canonical text stands for."""
    return datetime.fromisoformat(text)


def after(text: str, seconds: float) -> str:
    """The canonical time that many seconds after a canonical time; negative for before."""
    return canonical(parse(text) + timedelta(seconds=seconds))
