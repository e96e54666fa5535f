"""When the next one is due: local times, clock changes, ends of series, lateness."""

# ruff: noqa: DTZ001 - local times are what this is about

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.tasks.recurrence import following
from tidework.times import canonical, parse

# Clocks that change by an hour, by half an hour, at midnight, and backwards for Ramadan; one zone
# has lost a whole day.
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
    "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "Asia/Kathmandu", "UTC",
)  # fmt: skip


def recurs(rule: str, zone: str = "Europe/Berlin", **more: Any) -> dict[str, Any]:
    return {"rule": rule, "time_zone": zone, "from": "due", "time": None, **more}


def local(text: str, zone: str) -> datetime:
    return parse(text).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def at(zone: str, text: str) -> str:
    return canonical(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def after(recurrence: dict[str, Any], due: str, done: str | None = None) -> str | None:
    """The local time at which the next one is due, from local times."""
    zone = recurrence["time_zone"]
    found = following(recurrence, at(zone, due), at(zone, done or due))
    return None if found is None else local(found["due_at"], zone).isoformat(timespec="minutes")


@given(
    zone=st.sampled_from(ZONES),
    begin=st.datetimes(datetime(2009, 1, 1), datetime(2030, 1, 1)),
    days=st.integers(1, 3),
)
def test_the_time_of_day_stays_over_a_year_whatever_the_clocks_do(
    zone: str, begin: datetime, days: int
) -> None:
    recurrence = recurs(f"FREQ=DAILY;INTERVAL={days}", zone)
    first = canonical(begin.replace(tzinfo=ZoneInfo(zone)))
    wanted = local(first, zone)
    due, day = first, wanted.date()
    for _ in range(400 // days):
        found = following(recurrence, due, due)
        assert found is not None
        day += timedelta(days=days)
        wall = datetime.combine(day, wanted.time())
        shown = local(found["due_at"], zone)
        if shown != wall:
            # The clocks skip it: it is as late as they then jump.
            moment = parse(found["due_at"])
            before = local(canonical(moment - timedelta(hours=25)), zone)
            jump = shown - (before + timedelta(hours=25))
            assert timedelta() < jump == shown - wall
            if shown.date() != day:
                return  # a day that never was
        else:
            # Shown twice, it is the first time.
            for minutes in (30, 60, 120):
                earlier = parse(found["due_at"]) - timedelta(minutes=minutes)
                assert local(canonical(earlier), zone) != wall
        assert found["due_at"] > due
        due, recurrence = found["due_at"], found["recurrence"]
        assert (recurrence["time"] is None) == (shown == wall)


@pytest.mark.parametrize(
    ("zone", "due", "expected"),
    [
        # 02:30 is skipped, and is 03:30 on that day only.
        ("Europe/Berlin", "2026-03-28T02:30", ["2026-03-29T03:30", "2026-03-30T02:30"]),
        ("America/New_York", "2026-03-07T02:30", ["2026-03-08T03:30", "2026-03-09T02:30"]),
        ("Australia/Lord_Howe", "2026-10-03T02:10", ["2026-10-04T02:40", "2026-10-05T02:10"]),
        ("Asia/Beirut", "2026-03-28T00:15", ["2026-03-29T01:15", "2026-03-30T00:15"]),
        ("Europe/Berlin", "2026-10-24T02:30", ["2026-10-25T02:30", "2026-10-26T02:30"]),
        ("Africa/Casablanca", "2026-02-14T09:00", ["2026-02-15T09:00", "2026-02-16T09:00"]),
    ],
)
def test_days_on_which_the_clocks_change(zone: str, due: str, expected: list[str]) -> None:
    recurrence = recurs("FREQ=DAILY", zone)
    moment = at(zone, due)
    for wall in expected:
        found = following(recurrence, moment, moment)
        assert found is not None
        moment, recurrence = found["due_at"], found["recurrence"]
        assert local(moment, zone).isoformat(timespec="minutes") == wall


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    found = following(
        recurs("FREQ=DAILY"), "2026-10-24T00:30:00.000000Z", "2026-10-24T00:30:00.000000Z"
    )
    assert found is not None
    assert found["due_at"] == "2026-10-25T00:30:00.000000Z"


def test_hours_of_the_rule_do_not_wander_off_where_a_clock_skips_them() -> None:
    zone, due = "Australia/Lord_Howe", "2026-10-03T02:00"
    recurrence = recurs("FREQ=DAILY;BYHOUR=2", zone)
    moment = at(zone, due)
    walls = []
    for _ in range(3):
        found = following(recurrence, moment, moment)
        assert found is not None
        moment, recurrence = found["due_at"], found["recurrence"]
        walls.append(local(moment, zone).isoformat(timespec="minutes"))
    assert walls == ["2026-10-04T02:30", "2026-10-05T02:00", "2026-10-06T02:00"]


def test_parts_of_seconds_stay() -> None:
    due = "2026-05-01T07:00:00.123456Z"
    found = following(recurs("FREQ=DAILY"), due, due)
    assert found is not None
    assert found["due_at"] == "2026-05-02T07:00:00.123456Z"


DAILY, WEEKLY = "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH"


@pytest.mark.parametrize(
    ("rule", "due", "done", "expected"),
    [
        # Before its time, and on its day: the next in the series.
        (DAILY, "2026-05-04T09:00", "2026-05-01T12:00", "2026-05-05T09:00"),
        (WEEKLY, "2026-05-04T09:00", "2026-05-04T23:00", "2026-05-07T09:00"),
        # Late: what has passed is left out.
        (DAILY, "2026-05-04T09:00", "2026-05-08T08:59", "2026-05-08T09:00"),
        (DAILY, "2026-05-04T09:00", "2026-05-08T09:00", "2026-05-09T09:00"),
        (DAILY, "1990-05-04T09:00", "2026-05-08T10:00", "2026-05-09T09:00"),
        (WEEKLY, "2026-05-04T09:00", "2026-05-12T10:00", "2026-05-14T09:00"),
        # The rhythm is that of the series.
        ("FREQ=WEEKLY;INTERVAL=2", "2026-05-04T09:00", "2026-05-12T10:00", "2026-05-18T09:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-05-31T09:00", "2026-06-15T09:00", "2026-07-31T09:00"),
        # Moved to another day, it goes on as the rule says.
        (WEEKLY, "2026-05-06T11:00", "2026-05-06T11:00", "2026-05-07T11:00"),
    ],
)
def test_late_or_early(rule: str, due: str, done: str, expected: str) -> None:
    assert after(recurs(rule), due, done) == expected


@pytest.mark.parametrize(
    ("rule", "due", "done", "expected"),
    [
        (DAILY + ";INTERVAL=3", "2026-05-04T09:00", "2026-05-06T14:00", "2026-05-09T09:00"),
        (DAILY, "2026-05-04T09:00", "2026-05-06T07:00", "2026-05-07T09:00"),
        (DAILY, "2026-05-09T09:00", "2026-05-06T07:00", "2026-05-07T09:00"),
        (WEEKLY, "2026-05-04T09:00", "2026-05-06T14:00", "2026-05-07T09:00"),
        ("FREQ=DAILY;BYHOUR=8,20", "2026-05-04T08:00", "2026-05-06T14:00", "2026-05-06T20:00"),
        ("FREQ=MONTHLY", "2026-05-04T09:00", "2026-06-15T10:00", "2026-07-15T09:00"),
    ],
)
def test_counted_from_completion(rule: str, due: str, done: str, expected: str) -> None:
    assert after(recurs(rule, **{"from": "completion"}), due, done) == expected


@pytest.mark.parametrize(
    ("rule", "due", "expected"),
    [
        (DAILY + ";UNTIL=20260505", "2026-05-04T23:30", "2026-05-05T23:30"),
        (DAILY + ";UNTIL=20260504", "2026-05-04T09:00", None),
        (DAILY + ";UNTIL=20260505T090000", "2026-05-04T09:00", "2026-05-05T09:00"),
        (DAILY + ";UNTIL=20260505T085959", "2026-05-04T09:00", None),
        (DAILY + ";UNTIL=20260505T070000Z", "2026-05-04T09:00", "2026-05-05T09:00"),
        (DAILY + ";UNTIL=20260505T065959Z", "2026-05-04T09:00", None),
        (DAILY + ";COUNT=1", "2026-05-04T09:00", None),
        (DAILY + ";COUNT=2", "2026-05-04T09:00", "2026-05-05T09:00"),
    ],
)
def test_a_series_ends(rule: str, due: str, expected: str | None) -> None:
    assert after(recurs(rule), due) == expected


@pytest.mark.parametrize(
    ("days_late", "made", "left"), [(0, 2, "COUNT=4"), (2, 4, "COUNT=2"), (3, 5, "COUNT=1")]
)
def test_dates_that_are_left_out_count(days_late: int, made: int, left: str) -> None:
    due = at("Europe/Berlin", "2026-05-01T09:00")
    done = canonical(parse(due) + timedelta(days=days_late, hours=1))
    found = following(recurs(DAILY + ";COUNT=5"), due, done)
    assert found is not None
    assert found["due_at"] == canonical(parse(due) + timedelta(days=made - 1))
    assert found["recurrence"]["rule"].endswith(left)


def test_a_counted_series_that_was_slept_through_is_over() -> None:
    assert after(recurs(DAILY + ";COUNT=5"), "2026-05-01T09:00", "2026-05-05T10:00") is None
    assert after(recurs(DAILY + ";COUNT=1000"), "1971-05-01T09:00", "2026-05-05T10:00") is None


def test_a_time_of_its_own_is_used_once() -> None:
    found = following(
        recurs(DAILY, time="09:00:00"),
        at("Europe/Berlin", "2026-05-01T12:00"),
        at("Europe/Berlin", "2026-05-01T12:00"),
    )
    assert found is not None
    assert local(found["due_at"], "Europe/Berlin").time() == time(9)
    assert found["recurrence"]["time"] is None


@pytest.mark.parametrize(
    "due", [None, "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"]
)
def test_what_cannot_go_on_ends(due: str | None) -> None:
    assert following(recurs(DAILY, "Pacific/Apia"), due, "2026-01-01T00:00:00.000000Z") is None


def test_a_zone_that_is_gone_is_taken_for_utc() -> None:
    due = "2026-05-01T07:00:00.000000Z"
    found = following(recurs(DAILY, "Mars/Olympus"), due, due)
    assert found is not None
    assert parse(found["due_at"]) == datetime(2026, 5, 2, 7, tzinfo=UTC)
