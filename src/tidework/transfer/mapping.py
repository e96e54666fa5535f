"""What the words of another tracker become here; each table can be extended by a TOML file."""

import hashlib
import re
import tomllib
from collections.abc import Mapping as Map
from datetime import time
from pathlib import Path
from typing import Any, Literal

import msgspec

from tidework.errors import TideworkError

STATUSES = ("pending", "in_progress", "completed", "cancelled")
PRIORITIES = ("low", "medium", "high", "urgent")
RELATIONS = ("blocks", "blocked_by", "duplicates", "duplicated_by", "relates_to", "ignore")

_STATUS = {
    "pending": "open, reopened, new, to do, todo, backlog, received, accepted, triage, selected for"
    " development, volunteer needed, more details needed, waiting, on hold, blocked, pending",
    "in_progress": "in progress, in review, under review, code review, review, in development,"
    " in testing, testing, qa, verifying, patch available, started, in_progress",
    "completed": "resolved, closed, done, fixed, complete, completed, verified, released, finished",
    "cancelled": "cancelled, canceled, rejected, abandoned, won't do, won't fix, declined",
}
_CATEGORY = {
    "new": "pending",
    "undefined": "pending",
    "indeterminate": "in_progress",
    "done": "completed",
}
_CANCELLED = (
    "won't fix, wont fix, won't do, duplicate, cannot reproduce, incomplete, invalid, not a bug,"
    " not a problem, rejected, declined, abandoned, obsolete, cancelled, canceled, withdrawn"
)
_PRIORITY = {
    "urgent": "blocker, highest, urgent, p0, p1",
    "high": "critical, high, p2",
    "medium": "major, medium, normal, p3",
    "low": "minor, trivial, low, lowest, p4, p5",
}
# What a link of each type says from the issue that it goes out of.
_LINKS = {
    "blocks": "blocks",
    "blocker": "blocks",
    "dependency": "blocked_by",
    "depends": "blocked_by",
    "depends on": "blocked_by",
    "duplicate": "duplicates",
    "duplicates": "duplicates",
    "cloners": "relates_to",
    "related": "relates_to",
    "relates": "relates_to",
    "addresses": "relates_to",
}


class BadMapping(TideworkError):
    """A mapping file that cannot be used; `detail` says where and what may stand there."""

    status = 422
    title = "The mapping cannot be used"
    code = "bad_mapping"


class LabelNames(msgspec.Struct, frozen=True):
    """How labels are called; `{}` is the value. An empty text leaves the field out."""

    type: str = "type: {}"
    component: str = "component: {}"
    version: str = "version: {}"
    label: str = "{}"
    points: str = "points: {}"


class Mapping(msgspec.Struct, frozen=True):
    """The rules of an import. Names are compared in lower case.

    `due_time` is the time of day, in UTC, of a due date that is only a day: noon is the same day
    nearly everywhere. `restricted_comments` are those that not everybody may read at the source.
    """

    status: dict[str, str]
    resolution: dict[str, str]
    priority: dict[str, str]
    link: dict[str, str]
    label: LabelNames
    due_time: str = "12:00:00"
    restricted_comments: Literal["ignore", "import"] = "ignore"

    def status_of(self, status: str, category: str | None, resolution: str | None) -> str | None:
        """The status of a task; None for a word that the mapping does not know."""
        found = self.status.get(key_of(status)) or _CATEGORY.get(category or "")
        if found == "completed" and resolution is not None:
            return self.resolution.get(key_of(resolution), found)
        return found

    def priority_of(self, priority: str | None) -> str | None:
        """The priority of a task; None for a word that the mapping does not know."""
        return "medium" if priority is None else self.priority.get(key_of(priority))

    def relation_of(self, kind: str) -> str | None:
        """What a link of this type says from the issue that it goes out of."""
        return self.link.get(key_of(kind))

    def fingerprint(self) -> str:
        """Short text that differs when the mapping does."""
        encoded = msgspec.json.encode(self, order="sorted")
        return hashlib.sha256(encoded).hexdigest()[:8]


def key_of(text: str) -> str:
    """The form in which words are compared."""
    return " ".join(text.lower().replace("\u2019", "'").split())


def _inverted(table: Map[str, str]) -> dict[str, str]:
    return {key_of(word): to for to, words in table.items() for word in words.split(",")}


def default_mapping() -> Mapping:
    """The mapping without a file."""
    return Mapping(
        status=_inverted(_STATUS),
        resolution={key_of(word): "cancelled" for word in _CANCELLED.split(",")},
        priority=_inverted(_PRIORITY),
        link=dict(_LINKS),
        label=LabelNames(),
    )


def load_mapping(path: Path | None) -> Mapping:
    """The default mapping, changed by a TOML file:

        due_time = "17:00"
        restricted_comments = "import"
        [status]
        "Volunteer Needed" = "in_progress"
        [resolution]
        "Answered" = "cancelled"
        [priority]
        "Showstopper" = "urgent"
        [link]
        "Causes" = "relates_to"
        [label]
        version = ""

    Raises `BadMapping`.
    """
    mapping = default_mapping()
    if path is None:
        return mapping
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadMapping(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadMapping(f"{path} is not UTF-8; save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"{path} is not TOML: {error}.") from error
    return _changed(mapping, given, path.name)


def _changed(mapping: Mapping, given: dict[str, Any], name: str) -> Mapping:
    tables = {
        "status": (mapping.status, STATUSES),
        "resolution": (mapping.resolution, STATUSES),
        "priority": (mapping.priority, PRIORITIES),
        "link": (mapping.link, RELATIONS),
    }
    changes: dict[str, Any] = {}
    for part, value in given.items():
        if part in tables:
            known, allowed = tables[part]
            changes[part] = {**known, **_words(value, allowed, f"{name}, [{part}]")}
        elif part == "label":
            changes[part] = _label_names(value, f"{name}, [label]")
        elif part == "due_time":
            changes[part] = _time(value, name)
        elif part == "restricted_comments":
            if value not in ("ignore", "import"):
                raise BadMapping(f'{name}: restricted_comments is "ignore" or "import".')
            changes[part] = value
        else:
            known_parts = ", ".join([*tables, "label", "due_time", "restricted_comments"])
            raise BadMapping(f"{name}: {part!r} is not known; there are {known_parts}.")
    return msgspec.structs.replace(mapping, **changes)


def _words(value: Any, allowed: tuple[str, ...], where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadMapping(f'{where} is a table of lines like "Their word" = "{allowed[0]}".')
    for word, to in value.items():
        if to not in allowed:
            raise BadMapping(f"{where}: {word!r} becomes one of {', '.join(allowed)}, not {to!r}.")
    return {key_of(word): to for word, to in value.items()}


def _label_names(value: Any, where: str) -> LabelNames:
    known = LabelNames.__struct_fields__
    if not isinstance(value, dict) or set(value) - set(known):
        raise BadMapping(f"{where} is a table with {', '.join(known)}.")
    for word, to in value.items():
        if not isinstance(to, str) or (to and "{}" not in to):
            raise BadMapping(f'{where}: {word} is a text with {{}} for the value, or "".')
    return LabelNames(**value)


def _time(value: Any, name: str) -> str:
    text = value.isoformat() if isinstance(value, time) else value
    if isinstance(text, str) and re.fullmatch(r"\d\d:\d\d(:\d\d)?", text):
        try:
            return time.fromisoformat(text).isoformat("seconds")
        except ValueError:
            pass
    raise BadMapping(f'{name}: due_time is a time of day in UTC such as "17:00".')
