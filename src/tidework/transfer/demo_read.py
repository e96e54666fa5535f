"""The files of `demo_data` as events of a team's last weeks."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tidework.times import canonical

_FOLDER = Path(__file__).parent / "demo_data"
_ENTRY = re.compile(r"(\d+) (\w+)(?:: (.+)| (.+))")
_WORD = re.compile(
    r"(?P<status>start|done|cancel|reopen)|(?P<priority>low|medium|high|urgent)"
    r"|@(?P<assignee>\w+)|due(?P<due>[+-]\d+)|\+(?P<label>[\w ]+)|(?P<new>new)"
)
_STATUS = {
    "start": "in_progress",
    "done": "completed",
    "cancel": "cancelled",
    "reopen": "in_progress",
}
# In seconds of the day, UTC.
_MORNING = 8 * 3600
_EVENING = 17 * 3600
_OVERTIME = 2 * 3600
_GAP = timedelta(minutes=11)
_SATURDAY = 5


class Team(NamedTuple):
    """Who they are: name and role by person, name, description and colour by project, colour by
    label; `begun` is how many days ago.
    """

    workspace: str
    begun: int
    people: Mapping[str, tuple[str, str]]
    projects: Mapping[str, tuple[str, str, str]]
    labels: Mapping[str, str]


class Event(NamedTuple):
    """Something that somebody did to a task: made it, changed fields, or said something.

    `fields` are those of a task, with people, projects, labels and tasks under their short names.
    """

    at: str
    person: str
    task: str
    kind: str
    fields: dict[str, Any]
    comment: str = ""


class Relation(NamedTuple):
    """One task's relation to another, made when the later of them was."""

    at: str
    person: str
    kind: str
    task: str
    other: str


def read_team() -> Team:
    """The team."""
    raw = tomllib.loads((_FOLDER / "team.toml").read_text("utf-8"))
    return Team(
        raw["workspace"],
        raw["begun"],
        {short: (name, role) for short, (name, role) in raw["people"].items()},
        {short: (name, text, color) for short, (name, text, color) in raw["projects"].items()},
        raw["labels"],
    )


def read_events(team: Team, today: datetime) -> tuple[list[Event], list[Relation]]:
    """What happened before `today`, in order, and the relations of the tasks."""
    events: list[Event] = []
    made: dict[str, Event] = {}
    wanted: list[tuple[str, str, str]] = []
    for project in team.projects:
        raw = tomllib.loads((_FOLDER / f"{project}.toml").read_text("utf-8"))
        for number, task in enumerate(raw["task"]):
            key = task.get("key", f"{project}-{number}")
            own = list(_events(key, project, task, today))
            made[key] = own[0]
            events += own
            for name, kind in (
                ("blocks", "blocks"), ("relates", "relates_to"), ("duplicates", "duplicates"),
            ):  # fmt: skip
                wanted += [(kind, key, other) for other in task.get(name, ())]
    relations = []
    for kind, key, other in wanted:
        later = max(made[key], made[other])
        relations.append(Relation(later.at, later.person, kind, key, other))
    return sorted(events), sorted(relations)


def _events(key: str, project: str, task: dict[str, Any], today: datetime) -> Iterator[Event]:
    fields = {
        "title": task["title"],
        "description": task.get("text", "").strip(),
        "project_id": project,
        "parent_id": task.get("parent"),
        "label_ids": list(task.get("labels", ())),
        "status": "pending",
        "priority": "medium",
        "due_at": None,
        "assignee_id": None,
    }
    last = datetime.min.replace(tzinfo=UTC)
    for index, entry in enumerate(task["log"]):
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise ValueError(f"{key}: {entry!r} is no entry of a log")
        days, person, comment, words = found.groups()
        moment = max(_moment(today, int(days), f"{key}/{index}"), last + _GAP)
        last = moment
        at = canonical(moment)
        if comment:
            yield Event(at, person, key, "comment", {}, comment)
        else:
            changed = _fields(words, fields["label_ids"], today)
            kind = "create" if index == 0 else "update"
            yield Event(at, person, key, kind, {**fields, **changed} if index == 0 else changed)


def _fields(words: str, labels: list[str], today: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for word in words.split():
        found = _WORD.fullmatch(word)
        if found is None:
            raise ValueError(f"{word!r} is no word of a log")
        if found["status"]:
            fields["status"] = _STATUS[found["status"]]
        elif found["priority"]:
            fields["priority"] = found["priority"]
        elif found["assignee"]:
            fields["assignee_id"] = None if found["assignee"] == "nobody" else found["assignee"]
        elif found["due"]:
            day = today.date() + timedelta(days=int(found["due"]))
            fields["due_at"] = canonical(datetime.combine(day, time(16), UTC))
        elif found["label"]:
            fields["label_ids"] = [*labels, found["label"]]
    return fields


def _moment(today: datetime, days: int, what: str) -> datetime:
    """A working hour of the day so many days ago, always the same for the same event.

    What falls on a weekend happened late on Friday, which leaves the order of the days as it is.
    """
    day = today.date() - timedelta(days=days)
    late = max(0, day.weekday() - _SATURDAY + 1)
    drawn = int.from_bytes(hashlib.sha256(what.encode()).digest()[:4], "big") / 2**32
    begin = _MORNING if not late else _EVENING + (late - 1) * _OVERTIME
    seconds = int((_OVERTIME if late else _EVENING - _MORNING) * drawn)
    midnight = datetime.combine(day - timedelta(days=late), time(), UTC)
    return midnight + timedelta(seconds=begin + seconds)
