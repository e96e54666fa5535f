"""Query parameters, read strictly: an unknown name or a wrong value is said, never ignored."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from urllib.parse import unquote_plus

from tidework.errors import Invalid, Malformed, invalid
from tidework.ids import is_id
from tidework.times import canonical

_LONGEST_LIST = 200
_DATE_LENGTH = 10


class Query:
    """The parameters of one request.

    `known` are the names that the route takes. Raises `Malformed` for what is not UTF-8, `Invalid`
    for a name that is not known or has nothing behind it.
    """

    def __init__(self, raw: bytes, known: Sequence[str]) -> None:
        self._values: dict[str, list[str]] = {}
        if not raw:
            return
        try:
            for pair in raw.decode("ascii").split("&"):
                if pair:
                    name, _, value = pair.partition("=")
                    key = unquote_plus(name, errors="strict")
                    self._values.setdefault(key, []).append(unquote_plus(value, errors="strict"))
        except UnicodeDecodeError:
            raise Malformed("The query is not valid UTF-8. Percent-encode it as UTF-8.") from None
        for name, values in self._values.items():
            if name not in known:
                takes = f"Known: {', '.join(known)}." if known else "This address takes none."
                raise invalid(
                    f"?{name[:60]}",
                    "unknown_parameter",
                    f"There is no parameter {name[:60]!r} here. {takes}",
                )
            if any("\0" in value for value in values):
                raise invalid(f"?{name}", "invalid_text", f"?{name} must not contain NUL.")
            if "" in values:
                raise _empty(name)

    def text(self, name: str) -> str | None:
        """The value, None when it is not there. Raises `Invalid` when there are several."""
        values = self._values.get(name)
        if not values:
            return None
        if len(values) > 1:
            raise invalid(f"?{name}", "repeated", f"?{name} may be given once only.")
        return values[0]

    def texts(self, name: str) -> list[str]:
        """The values of a parameter that may be repeated, as they are. Raises `Invalid`."""
        found = self._values.get(name, [])
        if len(found) > _LONGEST_LIST:
            raise invalid(f"?{name}", "too_many", f"?{name} takes {_LONGEST_LIST} values at most.")
        return found

    def items(self, name: str) -> list[str]:
        """The values of a parameter that may be repeated or hold several, comma-separated. Raises
        `Invalid` also when one of them is empty.
        """
        found = [item.strip() for value in self._values.get(name, ()) for item in value.split(",")]
        if "" in found:
            raise _empty(name)
        if len(found) > _LONGEST_LIST:
            raise invalid(f"?{name}", "too_many", f"?{name} takes {_LONGEST_LIST} values at most.")
        return found

    def choices(self, name: str, allowed: Sequence[str]) -> list[str]:
        """Values that are each one of a few words. Raises `Invalid`."""
        found = self.items(name)
        for item in found:
            if item not in allowed:
                raise invalid(
                    f"?{name}", "not_allowed", f"?{name} must be one of {', '.join(allowed)}."
                )
        return found

    def ids(self, name: str, words: Mapping[str, str | None]) -> tuple[list[str], bool]:
        """Ids, and whether `none` was among them. `words` stand for an id; None is `none`."""
        found: list[str] = []
        none = False
        for item in self.items(name):
            if item in words:
                word = words[item]
                none = none or word is None
                if word is not None:
                    found.append(word)
            elif is_id(item.lower()):
                found.append(item.lower())
            else:
                allowed = ", ".join(["an id", *words])
                raise invalid(f"?{name}", "not_an_id", f"?{name} must be one of: {allowed}.")
        return found, none

    def id(self, name: str) -> str | None:
        """One id. Raises `Invalid`."""
        text = self.text(name)
        if text is None or is_id(text.lower()):
            return None if text is None else text.lower()
        raise invalid(f"?{name}", "not_an_id", f"?{name} must be an id.")

    def day(self, name: str) -> str | None:
        """A day, `YYYY-MM-DD`. Raises `Invalid`."""
        text = self.text(name)
        if text is not None and not is_day(text):
            raise invalid(f"?{name}", "invalid_day", f"?{name} must be a day such as 2026-11-22.")
        return text

    def number(self, name: str, lowest: int, highest: int) -> int | None:
        """An integer in these bounds. Raises `Invalid`."""
        text = self.text(name)
        if text is None:
            return None
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            raise invalid(f"?{name}", "not_a_number", f"?{name} must be a whole number.")
        value = int(text)
        if not lowest <= value <= highest:
            raise invalid(
                f"?{name}", "out_of_range", f"?{name} must be from {lowest} to {highest}."
            )
        return value

    def flag(self, name: str) -> bool:
        """Whether it is `true`; false when it is not there. Raises `Invalid`."""
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise invalid(f"?{name}", "not_allowed", f"?{name} must be true or false.")
        return text == "true"

    def time(self, name: str) -> str | None:
        """A moment (RFC 3339) or a day (its beginning in UTC), canonical. Raises `Invalid`."""
        text = self.text(name)
        if text is None:
            return None
        # A plus sign that was not percent-encoded arrives as a space.
        candidate = text.replace(" ", "+") if "T" in text else text
        try:
            moment = datetime.fromisoformat(candidate)
            if len(candidate) == _DATE_LENGTH:
                moment = moment.replace(tzinfo=UTC)
            if moment.tzinfo is not None:
                return canonical(moment)
        except (ValueError, OverflowError):
            pass
        raise invalid(
            f"?{name}",
            "invalid_time",
            f"?{name} must be a time such as 2026-11-22T09:00:00Z or a day such as 2026-11-22.",
        )


def _empty(name: str) -> Invalid:
    # A script whose variable is empty must not get everything.
    return invalid(
        f"?{name}", "missing", f"?{name} has an empty value. Give it one, or leave ?{name} out."
    )


def is_day(text: str) -> bool:
    """Whether this is a day, `YYYY-MM-DD`."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
