"""When a delivery that has failed is tried again, and when a webhook is given up."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from tidework.times import parse

PAUSES_S: Final = (5, 30, 120, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
"""The pauses after the first failures, before jitter; after one more the delivery has failed."""

ATTEMPTS: Final = len(PAUSES_S) + 1
DISABLE_AFTER_S: Final = 5 * 86400
DISABLE_AFTER_FAILURES: Final = 20
"""A webhook is disabled when nothing has been taken for that long, in so many attempts at least."""

_JITTER = 0.1
_LONGEST_S = PAUSES_S[-1]


def pause_after(attempts: int, headers: Mapping[str, str], at: str) -> float | None:
    """Seconds until the next attempt after that many have failed; None when there is none.

    What the receiver asks for (`Retry-After`) is waited for at least, up to half a day.
    """
    if attempts >= ATTEMPTS:
        return None
    jitter = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
    return max(PAUSES_S[attempts - 1] * jitter, _asked_for(headers, at))


def is_lost(failing_since: str | None, succeeded_at: str | None, failures: int, at: str) -> bool:
    """Whether a receiver has failed for so long that nothing more shall be sent to it."""
    if failing_since is None or failures < DISABLE_AFTER_FAILURES:
        return False
    last_good = max(failing_since, succeeded_at or failing_since)
    return (parse(at) - parse(last_good)).total_seconds() >= DISABLE_AFTER_S


def _asked_for(headers: Mapping[str, str], at: str) -> float:
    """The seconds that Retry-After says (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), _LONGEST_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    now: datetime = parse(at)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_S)
