"""Texts by key, in the languages that there is a file for beside this module.

A text names its values as `{name}`. What depends on a number has the forms `one` and `other`. To add
a language, add its file, and its rule to `_FORMS` where that is not the English one.
"""

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

DEFAULT: Final = "en"
# Of what a stranger says to like, as much as is looked at.
_LONGEST: Final = 200
LANGUAGES: Final = tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


def _one_other(number: int) -> str:
    return "one" if number == 1 else "other"


_FORMS: Final[Mapping[str, Callable[[int], str]]] = {}


class Words:
    """The texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, Any]) -> None:
        self.language = language
        self.texts = texts
        self._form = _FORMS.get(language, _one_other)

    def __call__(self, key: str, n: int | None = None, /, **values: str) -> str:
        """The text of a key, such as `reset.subject`. `n` chooses the form, and is its `{n}`.

        Raises `KeyError` for a key or a value that is missing.
        """
        text = self._find(key)
        if n is not None:
            text = text[self._form(n)]
            values["n"] = str(n)
        # Values are put in as they are; braces in them mean nothing.
        return str(text).format_map(values)

    def has(self, key: str) -> bool:
        """Whether there is a text of this key."""
        try:
            self._find(key)
        except KeyError:
            return False
        return True

    def moment(self, time: str, zone: str) -> str:
        """A time as people write it, on the clock of a zone, which is named."""
        return self._written("moment", time, zone)

    def day(self, time: str, zone: str) -> str:
        """The day of a time, on the calendar of a zone."""
        return self._written("day", time, zone)

    def _written(self, form: str, time: str, zone: str) -> str:
        local = datetime.fromisoformat(time).astimezone(ZoneInfo(zone))
        dates = self.texts["dates"]
        return str(dates[form]).format(
            weekday=dates["weekdays"][local.weekday()],
            day=local.day,
            month=dates["months"][local.month - 1],
            year=local.year,
            time=f"{local:%H:%M}",
            zone=zone.replace("_", " "),
        )

    def _find(self, key: str) -> Any:
        found: Any = self.texts
        for part in key.split("."):
            found = found[part]
        return found


@lru_cache(maxsize=8)
def words(language: str | None) -> Words:
    """The texts of a language, or of English where there is none of that name."""
    name = language if language in LANGUAGES else DEFAULT
    return Words(name, tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text("utf-8")))


def accepted(header: str | None) -> str | None:
    """The first language named in `Accept-Language` that there are texts in. Browsers name the
    liked ones first.
    """
    for entry in (header or "")[:_LONGEST].lower().split(","):
        name = entry.partition(";")[0].partition("-")[0].strip()
        if name in LANGUAGES:
            return name
    return None
