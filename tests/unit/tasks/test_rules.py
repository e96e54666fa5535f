"""Rules of recurrence, held against dateutil's own, and what must be refused."""

# ruff: noqa: DTZ001 - local times are what this is about

import contextlib
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from dateutil import rrule as dateutil_rrule
from hypothesis import assume, given
from hypothesis import strategies as st

from tidework.tasks import rules
from tidework.tasks.rules import YEARS_AHEAD, BadRule, read_rule

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
AT = datetime(2026, 1, 31, 9, 0)


def some(values: Any, most: int) -> st.SearchStrategy[str]:
    chosen = st.lists(st.sampled_from(list(values)), min_size=1, max_size=most, unique=True)
    return chosen.map(lambda found: ",".join(str(one) for one in found))


@st.composite
def rule_texts(draw: Any) -> str:
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = {"FREQ": freq, "INTERVAL": str(draw(st.integers(1, 5)))}

    def maybe(name: str, values: st.SearchStrategy[str]) -> None:
        if draw(st.booleans()):
            parts[name] = draw(values)

    maybe("WKST", st.sampled_from(DAYS))
    maybe("BYMONTH", some(range(1, 13), 4))
    counted = freq in ("MONTHLY", "YEARLY") and draw(st.booleans())
    far = [] if freq == "MONTHLY" or "BYMONTH" in parts else [-53, 53, 30]
    signs = [-5, -2, -1, 1, 2, 3, 5, *far] if counted else [""]
    maybe("BYDAY", some([f"{sign}{day}" for sign in signs for day in DAYS], 4))
    if freq != "WEEKLY":
        maybe("BYMONTHDAY", some([*range(1, 32), *range(-31, 0)], 5))
    if freq == "YEARLY":
        maybe("BYYEARDAY", some([*range(1, 367), *range(-366, 0)], 5))
        if not counted and "BYDAY" in parts:
            maybe("BYWEEKNO", some([*range(1, 54), *range(-53, 0)], 4))
    if draw(st.booleans()):
        parts["BYHOUR"] = draw(some(range(24), 3))
        parts["BYMINUTE"] = draw(some(range(60), 3))
    if freq != "WEEKLY" and len(parts.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYHOUR"}):
        maybe("BYSETPOS", some([-1, 1] if freq == "DAILY" else [-3, -2, -1, 1, 2, 3], 2))
    return ";".join(f"{name}={value}" for name, value in parts.items())


# Where dateutil alone ends soon, because the calendar does.
LATE = st.datetimes(datetime(9950, 1, 1), datetime(9980, 1, 1)).map(
    lambda found: found.replace(microsecond=0)
)


def by_dateutil(text: str, anchor: datetime, last_year: int) -> list[datetime]:
    if "BYHOUR" in text:
        text += ";BYSECOND=0"
    found: list[datetime] = []
    # At the end of the calendar it may fall over its edge.
    with contextlib.suppress(ValueError):
        for day in islice(dateutil_rrule.rrulestr(text, dtstart=anchor), 300):
            if day.year > last_year:
                break
            found.append(day)
    return [day for day in found if day > anchor]


@given(text=rule_texts(), anchor=LATE, days=st.integers(0, 3000))
def test_dates_are_those_of_dateutil(text: str, anchor: datetime, days: int) -> None:
    expected = by_dateutil(text, anchor, anchor.year + YEARS_AHEAD)
    rule = read_rule(text)
    assert list(islice(rule.dates(anchor), len(expected))) == expected
    near = anchor + timedelta(days=days)
    later = [day for day in expected if day > near]
    found = [day for day in islice(rule.dates(anchor, near), 600) if day > near]
    assert found[: len(later)] == later
    assert read_rule(rule.text).text == rule.text


@given(text=rule_texts(), anchor=LATE)
def test_of_a_counted_rule_what_is_left_goes_on_where_it_was(text: str, anchor: datetime) -> None:
    first = next(read_rule(text).dates(anchor), None)
    assume(first is not None and first.year < 9989)
    assert first is not None
    after = list(islice(read_rule(text).dates(anchor), 1, 5))
    assert list(islice(read_rule(text).dates(first), len(after))) == after
    assert read_rule(f"{text};COUNT=7").left(2).parts["COUNT"] == "5"


NEVER = (
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=7",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=YEARLY;INTERVAL=1000",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=1,2,3,4;BYMINUTE=1,2,3,4,5,6",
)


@pytest.mark.parametrize("text", NEVER)
def test_a_rule_that_never_comes_is_not_searched_to_the_end_of_time(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    rebuild = dateutil_rrule._iterinfo.rebuild  # type: ignore[attr-defined]

    def counting(self: Any, year: int, month: int) -> None:
        looked_at.append(year)
        rebuild(self, year, month)

    monkeypatch.setattr(dateutil_rrule._iterinfo, "rebuild", counting)  # type: ignore[attr-defined]
    assert list(read_rule(text).dates(AT)) == []
    assert max(looked_at) <= AT.year + YEARS_AHEAD + 1


def test_a_series_that_is_far_behind_is_not_walked_through() -> None:
    old, now = datetime(1970, 1, 1, 9), datetime(2026, 11, 22)
    text = "FREQ=DAILY;BYHOUR=1,2,3,4,5,6;BYMINUTE=0,15,30,45"
    found = next(read_rule(text).dates(old, now))
    assert now <= found <= now + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_allowed"),
        ("weekly", "not_allowed"),
        ("FREQ=SECONDLY", "not_allowed"),
        ("FREQ=MINUTELY;INTERVAL=5", "not_allowed"),
        ("FREQ=HOURLY", "not_allowed"),
        ("INTERVAL=2", "missing"),
        ("FREQ=DAILY;FREQ=WEEKLY", "repeated"),
        ("FREQ=DAILY;BYSECOND=1", "not_allowed"),
        ("FREQ=DAILY;BYEASTER=1", "not_allowed"),
        ("DTSTART=20260101;FREQ=DAILY", "not_allowed"),
        ("FREQ=DAILY\nDTSTART:20260101", "not_allowed"),
        ("FREQ=DAILY;INTERVAL=0", "out_of_range"),
        ("FREQ=DAILY;INTERVAL=-1", "out_of_range"),
        ("FREQ=DAILY;INTERVAL=1001", "out_of_range"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "out_of_range"),
        ("FREQ=DAILY;INTERVAL=\u0663", "out_of_range"),
        ("FREQ=DAILY;COUNT=0", "out_of_range"),
        ("FREQ=DAILY;COUNT=1000000", "out_of_range"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "not_together"),
        ("FREQ=DAILY;UNTIL=20270230", "invalid_format"),
        ("FREQ=DAILY;UNTIL=2027-01-01", "invalid_format"),
        ("FREQ=DAILY;UNTIL=00000101", "invalid_format"),
        ("FREQ=DAILY;UNTIL=19691231", "invalid_format"),
        ("FREQ=DAILY;UNTIL=99991231", "invalid_format"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,2,3,4,5,6,7,8,9,10,11", "too_many"),
        ("FREQ=DAILY;UNTIL=20270101T000000+0100", "invalid_format"),
        ("FREQ=WEEKLY;BYDAY=1MO", "not_together"),
        ("FREQ=WEEKLY;BYDAY=XX", "out_of_range"),
        ("FREQ=MONTHLY;BYDAY=0MO", "out_of_range"),
        ("FREQ=YEARLY;BYDAY=54MO", "out_of_range"),
        ("FREQ=MONTHLY;BYDAY=6MO", "out_of_range"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=-53MO", "out_of_range"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "not_together"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "out_of_range"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "out_of_range"),
        ("FREQ=MONTHLY;BYMONTHDAY=", "out_of_range"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "not_together"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "not_together"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=2MO", "not_together"),
        ("FREQ=DAILY;BYSETPOS=1", "not_together"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "out_of_range"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "out_of_range"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=8", "out_of_range"),
        ("FREQ=DAILY;BYHOUR=8,20;BYSETPOS=-3", "out_of_range"),
        ("FREQ=DAILY;BYMINUTE=5", "not_together"),
        ("FREQ=DAILY;BYHOUR=24", "out_of_range"),
        ("FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40", "out_of_range"),
        ("FREQ=DAILY;WKST=1", "not_allowed"),
        ("FREQ=DAILY;;INTERVAL=2", "not_allowed"),
        (f"FREQ=DAILY;BYMONTH={'1,' * 400}1", "too_long"),
    ],
)
def test_what_a_rule_cannot_be(text: str, code: str) -> None:
    with pytest.raises(BadRule) as caught:
        read_rule(text)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


@given(text=st.text(max_size=60) | rule_texts().map(lambda text: text + ";BYDAY=,"))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = read_rule(text)
    except BadRule:
        return
    assert list(islice(rule.dates(AT), 3)) is not None


@given(
    st.dictionaries(
        st.sampled_from(rules._NAMES),
        st.text("0123456789,+-MOTUWEDAILYRSFNH", max_size=8),
        max_size=5,
    )
)
def test_parts_put_together_anyhow_are_a_rule_or_refused(parts: dict[str, str]) -> None:
    text = ";".join(f"{name}={value}" for name, value in {"FREQ": "DAILY", **parts}.items())
    try:
        rule = read_rule(text)
    except BadRule:
        return
    assert list(islice(rule.dates(AT), 3)) is not None


def test_a_rule_is_kept_in_one_way() -> None:
    assert read_rule(" rrule:freq=weekly;byday=mo,th; ").text == "FREQ=WEEKLY;BYDAY=MO,TH"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=3", ["2026-02-03T09", "2026-02-06T09"]),
        ("FREQ=WEEKLY", ["2026-02-07T09", "2026-02-14T09"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH", ["2026-02-02T09", "2026-02-05T09"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", ["2026-02-09T09", "2026-02-23T09"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=SU", ["2026-02-09T09", "2026-02-23T09"]),
        # As RFC 5545 says: months without a 31st are left out.
        ("FREQ=MONTHLY", ["2026-03-31T09", "2026-05-31T09"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-02-28T09", "2026-03-31T09"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-02-27T09", "2026-03-31T09"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["2026-02-13T09", "2026-03-13T09"]),
        ("FREQ=YEARLY", ["2027-01-31T09", "2028-01-31T09"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29T09", "2032-02-29T09"]),
        # The day of the week is the first date's own, which dateutil does not say of itself.
        ("FREQ=YEARLY;BYWEEKNO=20", ["2026-05-16T09", "2027-05-22T09"]),
        ("FREQ=DAILY;BYHOUR=8,20", ["2026-01-31T20", "2026-02-01T08"]),
    ],
)
def test_dates(text: str, expected: list[str]) -> None:
    found = [f"{day:%Y-%m-%dT%H}" for day in islice(read_rule(text).dates(AT), 2)]
    assert found == expected
