"""When a recurring task is due again, in its time zone.

A date of a series is a local time. Where the clocks skip it, it stands for the time that they would
have shown without the change; where they show it twice, for the first one (RFC 5545, 3.3.5).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from tidework.errors import invalid
from tidework.log import Values
from tidework.tasks.rules import YEARS_AHEAD, BadRule, Rule, read_rule
from tidework.tasks.schemas import Recurrence, RecurrenceIn, RecurrencePatch
from tidework.times import canonical, parse

_EARLIEST: Final = "1970-01-01T00:00:00.000000Z"
_LATEST: Final = "9000-01-01T00:00:00.000000Z"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # "localtime" is another zone on each machine, and "Factory" none at all.
    return frozenset(available_timezones()) - {"localtime", "Factory"}


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo:
    """The zone of a name; UTC where this machine does not know it any more."""
    return ZoneInfo(name if name in _zones() else "UTC")


def recurrence_of(
    data: RecurrenceIn | RecurrencePatch, present: Mapping[str, Any] | None, pointer: str, zone: str
) -> Values:
    """What a request makes of a task's recurrence, as the log has it. `zone` is the caller's own.

    Raises `Invalid`.
    """
    values: Values = {"time_zone": zone, "from": "due", "time": None, **(present or {})}
    defaults: Values = {"time_zone": zone, "from": "due", "time": None}
    for field in msgspec.structs.fields(data):
        value = getattr(data, field.name)
        if value is not msgspec.UNSET:
            name = field.encode_name
            values[name] = defaults[name] if value is None else value
    if "rule" not in values:
        raise invalid(f"{pointer}/rule", "missing", f"{pointer}/rule must say how often.")
    if values["time_zone"] not in _zones():
        raise invalid(
            f"{pointer}/time_zone",
            "unknown_time_zone",
            f"{pointer}/time_zone: there is no such time zone; name one like Europe/Berlin.",
        )
    rule = _read(values["rule"], pointer)
    if values["time"] is not None:
        if rule.sets_time:
            raise invalid(
                f"{pointer}/time",
                "not_together",
                f"{pointer}/time cannot stand beside a rule that has BYHOUR.",
            )
        values["time"] = time.fromisoformat(values["time"]).isoformat()
    return {"rule": rule.text, **{name: values[name] for name in ("time_zone", "from", "time")}}


def _read(text: str, pointer: str) -> Rule:
    try:
        return read_rule(text)
    except BadRule as error:
        raise invalid(f"{pointer}/rule", error.code, f"{pointer}/rule {error}") from None


def check_recurrence(recurrence: Values, due_at: str | None, pointer: str) -> None:
    """Raise `Invalid` when a task that is due then cannot recur so."""
    if due_at is None:
        raise invalid(
            f"{pointer}/recurrence",
            "needs_due_date",
            f"{pointer}/recurrence: a task that recurs needs a due date; give due_at, or set"
            " recurrence to null.",
        )
    if not _EARLIEST <= due_at < _LATEST:
        raise invalid(
            f"{pointer}/due_at",
            "out_of_range",
            f"{pointer}/due_at of a task that recurs lies between the years 1970 and 9000.",
        )
    anchor = parse(due_at).astimezone(_zone(recurrence["time_zone"])).replace(tzinfo=None)
    if next(read_rule(recurrence["rule"]).dates(anchor), None) is None:
        raise invalid(
            f"{pointer}/recurrence/rule",
            "never",
            f"{pointer}/recurrence/rule names no date within {YEARS_AHEAD} years after the due"
            " date.",
        )


def is_recurrence(value: Any) -> bool:
    """Whether a value is a recurrence as the log has it. Its zone need not be known here."""
    if not isinstance(value, dict) or value.keys() != {"rule", "time_zone", "from", "time"}:
        return False
    try:
        given = msgspec.convert(value, Recurrence)
        read_rule(given.rule)
        return given.time is None or time.fromisoformat(given.time) is not None
    except ValueError:
        return False


def following(recurrence: Values, due_at: str | None, done_at: str) -> Values | None:
    """When the next one is due, and how it recurs; None when this one was the last.

    Dates that have passed when the task is done, at `done_at`, are left out; they count as used.
    """
    if due_at is None or not _EARLIEST <= due_at < _LATEST:
        return None
    zone, rule = _zone(recurrence["time_zone"]), read_rule(recurrence["rule"])
    done, due = parse(done_at), parse(due_at)
    by_completion = recurrence["from"] == "completion"
    begin = _local(done if by_completion else due, zone)
    if not rule.sets_time:
        wanted = recurrence["time"]
        at = time.fromisoformat(wanted) if wanted else _local(due, zone).time()
        begin = datetime.combine(begin.date(), at)
    past = done if by_completion else max(done, due)
    near = None if rule.count else _local(past, zone)
    for used, wall in enumerate(rule.dates(begin, _day_before(near)), 1):
        if rule.count is not None and used >= rule.count:
            return None
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if rule.until is not None and rule.until.passed(wall, moment):
            return None
        if moment > past:
            shown = _local(moment, zone).time()
            kept = None if rule.sets_time or shown == wall.time() else wall.time().isoformat()
            then = {**recurrence, "rule": rule.left(used).text, "time": kept}
            return {"due_at": canonical(moment), "recurrence": then}
    return None


def local_time(recurrence: Mapping[str, Any], due_at: str) -> datetime:
    """When a recurring task is due, in the time zone of its series, to the second.

    Where the clocks skip the series' own time of day, that is what is given, for the same moment.
    """
    due = parse(due_at).astimezone(_zone(recurrence["time_zone"])).replace(microsecond=0)
    if recurrence["time"] is not None:
        kept = time.fromisoformat(recurrence["time"]).replace(tzinfo=due.tzinfo)
        skipped = datetime.combine(due.date(), kept)
        if skipped.astimezone(UTC) == due.astimezone(UTC):
            return skipped
    return due


def rule_for_calendars(recurrence: Mapping[str, Any]) -> str | None:
    """The rule as other programs take it; None when it does not say what follows (see `from`)."""
    if recurrence["from"] != "due" or recurrence["time_zone"] not in _zones():
        return None
    rule = read_rule(recurrence["rule"])
    parts = dict(rule.parts)
    if rule.sets_time:
        parts.setdefault("BYMINUTE", "0")
        parts["BYSECOND"] = "0"
    if rule.until is not None and not rule.until.utc:
        end = rule.until.local.replace(tzinfo=_zone(recurrence["time_zone"])).astimezone(UTC)
        parts["UNTIL"] = f"{end:%Y%m%dT%H%M%SZ}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _day_before(moment: datetime | None) -> datetime | None:
    """Where to begin looking: on the day before, for the sake of the hours that clocks skip."""
    return None if moment is None else datetime.fromordinal(moment.toordinal() - 1)
