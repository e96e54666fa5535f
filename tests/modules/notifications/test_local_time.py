"""Hours of a person's day, over the changes of their clock."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from tidework.notifications.local_time import next_local, quiet_until, window_end, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (time(22), time(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-01-10T06:59", "2026-01-10T07:00"),
        ("2026-01-10T07:00", "2026-01-11T07:00"),
        # The clock goes forward on March 29th: eight there is an hour earlier from then on.
        ("2026-03-28T07:00", "2026-03-29T06:00"),
        ("2026-03-29T06:00", "2026-03-30T06:00"),
        # And back on October 25th.
        ("2026-10-24T06:00", "2026-10-25T07:00"),
        ("2026-10-25T07:00", "2026-10-26T07:00"),
    ],
)
def test_eight_in_the_morning(after: str, expected: str) -> None:
    assert next_local(utc(after), time(8), BERLIN) == utc(expected)


def test_a_skipped_hour_comes_once_and_a_doubled_one_too() -> None:
    moment, seen = utc("2026-03-28T12:00"), []
    for _ in range(3):
        moment = next_local(moment, time(2, 30), BERLIN)
        seen.append(moment)
    assert seen == [utc("2026-03-29T01:30"), utc("2026-03-30T00:30"), utc("2026-03-31T00:30")]
    moment, seen = utc("2026-10-24T12:00"), []
    for _ in range(3):
        moment = next_local(moment, time(2, 30), BERLIN)
        seen.append(moment)
    assert seen == [utc("2026-10-25T00:30"), utc("2026-10-26T01:30"), utc("2026-10-27T01:30")]


@pytest.mark.parametrize(
    "zone", ["Pacific/Kiritimati", "Pacific/Niue", "Asia/Kolkata", "Pacific/Apia", "UTC"]
)
def test_once_a_day_all_year_everywhere(zone: str) -> None:
    """Apia went from December 29th 2011 straight to the 31st."""
    there = ZoneInfo(zone)
    moment, days = utc("2011-12-20T00:00"), []
    for _ in range(20):
        moment = next_local(moment, time(8), there)
        days.append(moment.astimezone(there).date())
    assert len(set(days)) == len(days)
    assert days == sorted(days)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-01-10T20:59", None),
        ("2026-01-10T21:00", "2026-01-11T06:00"),
        ("2026-01-11T05:59", "2026-01-11T06:00"),
        ("2026-01-11T06:00", None),
        # Nights in which the clock changes end at seven as well.
        ("2026-03-28T22:00", "2026-03-29T05:00"),
        ("2026-10-24T22:00", "2026-10-25T06:00"),
    ],
)
def test_quiet_nights(moment: str, until: str | None) -> None:
    assert quiet_until(utc(moment), *NIGHT, BERLIN) == (until and utc(until))


def test_quiet_hours_within_a_day() -> None:
    noon = (time(12), time(13))
    assert quiet_until(utc("2026-01-10T11:30"), *noon, BERLIN) == utc("2026-01-10T12:00")
    assert quiet_until(utc("2026-01-10T12:00"), *noon, BERLIN) is None
    assert quiet_until(utc("2026-01-10T12:00"), time(8), time(8), BERLIN) is None


def test_quiet_hours_that_end_while_an_hour_comes_twice() -> None:
    night = (time(22), time(2, 30))
    # The second 02:15 is quiet until the second 02:30, not for another day.
    assert quiet_until(utc("2026-10-25T01:15"), *night, BERLIN) == utc("2026-10-25T01:30")
    assert quiet_until(utc("2026-10-25T01:30"), *night, BERLIN) is None


def test_windows_end_together() -> None:
    assert window_end(utc("2026-01-10T10:00:01"), 5) == utc("2026-01-10T10:05")
    assert window_end(utc("2026-01-10T10:04:59"), 5) == utc("2026-01-10T10:05")
    assert window_end(utc("2026-01-10T10:05"), 5) == utc("2026-01-10T10:10")
    assert window_end(utc("2026-01-10T10:05"), 0) == utc("2026-01-10T10:05")


def test_a_zone_that_is_not_known_any_more_is_utc() -> None:
    assert zone_of("Europe/Atlantis").key == "UTC"
