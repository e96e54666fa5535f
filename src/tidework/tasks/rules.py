"""Rules of recurrence: RRULE of RFC 5545 (3.3.10), searched no further than some years ahead.

dateutil knows which days a rule names. Left to itself it would look for the next day of a rule that
has none up to the year 9999, and it takes what no task can mean, such as every second.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import FunctionType, SimpleNamespace
from typing import Any, Final, NamedTuple

from dateutil import rrule as dateutil_rrule

YEARS_AHEAD: Final = 10
LONGEST_RULE: Final = 500
_MAX_INTERVAL: Final = 1000
_MAX_COUNT: Final = 1000
_TIMES_A_DAY: Final = 24
_MAX_POSITIONS: Final = 10
_WEEKS_OF_MONTH: Final = 5
_YEARS: Final = range(1970, 9999)
_WEEK: Final = timedelta(days=7)

_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LONGEST: Final = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Whether negative ones count from the end, and how far they go.
_NUMBERS: Final[dict[str, tuple[bool, int, int]]] = {
    "BYMONTH": (False, 1, 12),
    "BYMONTHDAY": (True, 1, 31),
    "BYYEARDAY": (True, 1, 366),
    "BYWEEKNO": (True, 1, 53),
    "BYSETPOS": (True, 1, 366),
    "BYHOUR": (False, 0, 23),
    "BYMINUTE": (False, 0, 59),
}
_ONLY_IN: Final[dict[str, tuple[str, ...]]] = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
    "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"),
}
_NAMES: Final = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_NUMBERS)
_CHOOSE_DAYS: Final = ("BYDAY", "BYMONTHDAY", "BYYEARDAY")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,5}")
_DAY: Final = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(_DAYS)})")
_UNTIL: Final = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


class BadRule(ValueError):
    """A rule that is not taken; `code` says what is wrong with it in a word."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Until(NamedTuple):
    """The end of a series: a local day, a local time, or a moment in UTC; it is within."""

    local: datetime
    utc: bool

    def passed(self, wall: datetime, moment: datetime) -> bool:
        """Whether a date of the series, given as local time and as moment, lies behind it."""
        if self.utc:
            return moment > self.local.replace(tzinfo=UTC)
        return wall > self.local


class Rule:
    """A rule that has been looked at. `text` is how it is kept, `count` and `until` what ends it."""

    __slots__ = ("_by", "_by_year", "_wkst", "count", "freq", "interval", "parts", "until")

    def __init__(self, parts: Mapping[str, str]) -> None:
        self.parts = dict(parts)
        self.freq = parts["FREQ"]
        self.interval = _number(parts, "INTERVAL", _MAX_INTERVAL) or 1
        self.count = _number(parts, "COUNT", _MAX_COUNT)
        self.until = _until(parts["UNTIL"]) if "UNTIL" in parts else None
        self._wkst = _DAYS.index(_one_of("WKST", parts.get("WKST", "MO"), _DAYS))
        self._by = {name: _numbers(name, parts[name]) for name in _NUMBERS if name in parts}
        _check(self, self._by)
        # Few days, which are found ten times as fast a year at a time as day by day.
        self._by_year = (
            self.freq == "DAILY"
            and self.interval == 1
            and "BYSETPOS" not in self._by
            and not self._by.keys().isdisjoint({"BYMONTH", "BYMONTHDAY"})
        )

    @property
    def text(self) -> str:
        """The rule as it is kept."""
        return ";".join(f"{name}={value}" for name, value in self.parts.items())

    @property
    def sets_time(self) -> bool:
        """Whether it says itself at which hours."""
        return "BYHOUR" in self._by

    def left(self, used: int) -> "Rule":
        """The rule when that many of its `COUNT` are used up."""
        if self.count is None:
            return self
        return Rule({**self.parts, "COUNT": str(self.count - used)})

    def dates(self, anchor: datetime, near: datetime | None = None) -> Iterator[datetime]:
        """The local times after `anchor`, and not before `near` where it is given, in order.

        Ends `YEARS_AHEAD` years after the later of both
        at the latest.
        """
        begin = self._period(anchor, max(anchor, near or anchor).date())
        first = anchor if near is None else max(anchor, near - timedelta(seconds=1))
        last_year = min(MAXYEAR, max(anchor, near or anchor).year + YEARS_AHEAD)
        for found in _bounded(last_year)(**self._arguments(anchor, begin)):
            when = found.replace(microsecond=0 if self.sets_time else anchor.microsecond)
            if when > first:
                yield when

    def _period(self, anchor: datetime, near: date) -> date:
        """The first day of the last period of the series that has begun on `near`."""
        day, step = anchor.date(), self.interval
        if self.freq == "YEARLY" or self._by_year:
            return date(day.year + (near.year - day.year) // step * step, 1, 1)
        if self.freq == "MONTHLY":
            first = day.year * 12 + day.month - 1
            month = first + (near.year * 12 + near.month - 1 - first) // step * step
            return date(month // 12, month % 12 + 1, 1)
        if self.freq == "WEEKLY":
            day -= timedelta(days=(day.weekday() - self._wkst) % 7)
            return day + (near - day) // (_WEEK * step) * (_WEEK * step)
        return day + (near - day) // timedelta(days=step) * timedelta(days=step)

    def _arguments(self, anchor: datetime, begin: date) -> dict[str, Any]:
        by = dict(self._by)
        days = _weekdays(self.parts["BYDAY"]) if "BYDAY" in self.parts else None
        if not any(name in self.parts for name in _CHOOSE_DAYS):
            # RFC 5545: what the rule leaves open is as in the date that the series begins with.
            if self.freq == "WEEKLY" or "BYWEEKNO" in by:
                days = [dateutil_rrule.weekday(anchor.weekday())]
            elif self.freq != "DAILY":
                by["BYMONTHDAY"] = (anchor.day,)
                if self.freq == "YEARLY":
                    by.setdefault("BYMONTH", (anchor.month,))
        if self._by_year and days is None and "BYMONTHDAY" not in by:
            days = [dateutil_rrule.weekday(number) for number in range(7)]
        hours = by.pop("BYHOUR", (anchor.hour,))
        minutes = by.pop("BYMINUTE", (0 if self.sets_time else anchor.minute,))
        return {
            "freq": getattr(dateutil_rrule, "YEARLY" if self._by_year else self.freq),
            "dtstart": datetime.combine(begin, time()),
            "interval": self.interval,
            "wkst": self._wkst,
            "byweekday": days,
            "byhour": hours,
            "byminute": minutes,
            "bysecond": 0 if self.sets_time else anchor.second,
            **{name.lower(): numbers for name, numbers in by.items()},
        }


@lru_cache(maxsize=512)
def read_rule(text: str) -> Rule:
    """The rule that `text` is, also behind "RRULE:". Raises `BadRule`."""
    if len(text) > LONGEST_RULE:
        raise BadRule("too_long", f"must have {LONGEST_RULE} characters at most.")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or name not in _NAMES:
            raise BadRule("not_allowed", _unknown(part))
        if name in parts:
            raise BadRule("repeated", f"has {name} twice.")
        parts[name] = value
    if "FREQ" not in parts:
        raise BadRule("missing", "must say how often: FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.")
    return Rule(parts)


def _unknown(part: str) -> str:
    if part.startswith("BYSECOND"):
        return "cannot have BYSECOND: tasks repeat by the minute at the finest."
    return (
        f"cannot have {part[:40]!r}; it is an RRULE of RFC 5545 without DTSTART, such as"
        " FREQ=WEEKLY;BYDAY=MO,TH."
    )


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise BadRule("not_allowed", f"has {name}={value[:40]}; it can be {', '.join(allowed)}.")
    return value


def _number(parts: Mapping[str, str], name: str, most: int) -> int | None:
    if name not in parts:
        return None
    text = parts[name]
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        raise BadRule("out_of_range", f"has {name}={text[:40]}; it can be 1 to {most}.")
    return int(text)


def _numbers(name: str, value: str) -> tuple[int, ...]:
    signed, low, high = _NUMBERS[name]
    found = []
    for text in value.split(","):
        number = int(text) if _WHOLE.fullmatch(text) else None
        if number is None or not low <= (abs(number) if signed else number) <= high:
            way = f"{low} to {high}" + (f", or -{low} to -{high}" if signed else "")
            raise BadRule("out_of_range", f"has {text[:40]!r} in {name}; it can be {way}.")
        found.append(number)
    if name == "BYSETPOS" and len(found) > _MAX_POSITIONS:
        raise BadRule("too_many", f"can have {_MAX_POSITIONS} numbers in BYSETPOS at most.")
    return tuple(dict.fromkeys(found))


def _weekdays(value: str) -> list[dateutil_rrule.weekday]:
    found = []
    for text in dict.fromkeys(value.split(",")):
        match = _DAY.fullmatch(text)
        nth = int(match[1]) if match and match[1] else None
        if match is None or nth == 0 or abs(nth or 1) > 53:
            raise BadRule("out_of_range", f"has {text[:40]!r} in BYDAY; use MO, -1FR or the like.")
        found.append(dateutil_rrule.weekday(_DAYS.index(match[2]), nth))
    return found


def _until(text: str) -> Until:
    match = _UNTIL.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        day = datetime.strptime(match[1], "%Y%m%d")  # noqa: DTZ007
        if day.year not in _YEARS:
            raise ValueError
        if match[2] is None:
            return Until(datetime.combine(day, time.max), utc=False)
        at = datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise BadRule(
            "invalid_format",
            f"has UNTIL={text[:40]}; it is a day (20271231), a local time (20271231T090000) or a"
            " time in UTC (20271231T090000Z).",
        ) from None
    return Until(at, utc=match[3] == "Z")


def _check(rule: Rule, by: Mapping[str, tuple[int, ...]]) -> None:
    """What parts cannot stand together."""
    if rule.freq not in _FREQUENCIES:
        raise BadRule(
            "not_allowed", f"has FREQ={rule.freq[:40]}; it can be {', '.join(_FREQUENCIES)}."
        )
    for name, frequencies in _ONLY_IN.items():
        if name in by and rule.freq not in frequencies:
            raise BadRule("not_together", f"cannot have {name} with FREQ={rule.freq}.")
    if rule.count is not None and rule.until is not None:
        raise BadRule("not_together", "can end by COUNT or by UNTIL, not by both.")
    if "BYDAY" in rule.parts:
        counted = max(abs(day.n or 0) for day in _weekdays(rule.parts["BYDAY"]))
        if counted and (rule.freq not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in by):
            raise BadRule(
                "not_together",
                "can count days in BYDAY (such as 1MO) only with FREQ=MONTHLY, or with YEARLY"
                " without BYWEEKNO.",
            )
        if counted > _WEEKS_OF_MONTH and (rule.freq == "MONTHLY" or "BYMONTH" in by):
            raise BadRule("out_of_range", "can count days in BYDAY to 5 within a month.")
    if "BYSETPOS" in by and len(rule.parts.keys() & {"BYDAY", *_NUMBERS}) < 2:
        raise BadRule("not_together", "can have BYSETPOS only beside another BY… to choose from.")
    if "BYMINUTE" in by and "BYHOUR" not in by:
        raise BadRule("not_together", "can have BYMINUTE only with BYHOUR.")
    times = len(by.get("BYHOUR", (0,))) * len(by.get("BYMINUTE", (0,)))
    if times > _TIMES_A_DAY:
        raise BadRule("out_of_range", f"can come {_TIMES_A_DAY} times a day at most.")
    most = times * _LONGEST[rule.freq]
    if any(abs(position) > most for position in by.get("BYSETPOS", ())):
        raise BadRule("out_of_range", f"chooses by BYSETPOS from {most} dates at most.")


@lru_cache(maxsize=64)
def _bounded(last_year: int) -> type[dateutil_rrule.rrule]:
    """A rule of dateutil, whose search ends with a year.

    It compares with UNTIL only what it has found; a rule that names no day at all ends at the last
    year that there is, and which one that is can be said only here.
    """
    known = vars(dateutil_rrule)
    end = SimpleNamespace(**vars(known["datetime"]))
    end.MAXYEAR = last_year
    search = FunctionType(vars(dateutil_rrule.rrule)["_iter"].__code__, {**known, "datetime": end})
    return type("BoundedRule", (dateutil_rrule.rrule,), {"_iter": search})
