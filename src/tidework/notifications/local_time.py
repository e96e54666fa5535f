"""Hours of a person's day, in their time zone, right over daylight-saving changes.

A wall time that is skipped on a day stands for the moment at which the clock would have shown it; of
one that comes twice the first counts.
"""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name; UTC for one that this machine does not know any more."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _moment(day: datetime, at: time, zone: ZoneInfo, fold: int = 0) -> datetime:
    local = datetime.combine(day.date(), at, zone).replace(fold=fold)
    return local.astimezone(UTC)


def next_local(after: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The first moment after `after` at which it is `at` there: once on each local day. In UTC."""
    day = after.astimezone(zone)
    # Two days ahead, where a zone has skipped one.
    for offset in (0, 1, 2):
        found = _moment(day + timedelta(days=offset), at, zone)
        if found > after:
            return found
    raise AssertionError("a day is never longer than two")


def quiet_until(moment: datetime, start: time, end: time, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end that `moment` lies in, in UTC; None when it lies in none.

    They begin at `start` and end before `end`, after midnight when `end` is the earlier one. Equal
    times are no quiet hours.
    """
    local = moment.astimezone(zone)
    wall = local.time().replace(tzinfo=None)
    if start <= end:
        quiet = start <= wall < end
    else:
        quiet = wall >= start or wall < end
    if not quiet:
        return None
    # When the clock goes back within them, it shows their end twice.
    ends = [
        _moment(local + timedelta(days=offset), end, zone, fold)
        for offset in (0, 1)
        for fold in (0, 1)
    ]
    return min(found for found in ends if found > moment)


def window_end(moment: datetime, minutes: int) -> datetime:
    """The end of the window of so many minutes that `moment` lies in; itself for 0."""
    if minutes <= 0:
        return moment
    width = minutes * 60
    seconds = int(moment.timestamp()) // width * width + width
    return datetime.fromtimestamp(seconds, UTC)
