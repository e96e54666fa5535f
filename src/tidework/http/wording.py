"""What a decoder says of a value, in words of JSON and for people.

msgspec speaks of its types ("Expected `str | null`, got `int`"); whoever sent JSON from another
language knows texts, numbers and lists. And where only some values are allowed, it does not say
which: those are looked up in the type that was decoded.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from msgspec import inspect

_TIME: Final = "2026-11-22T10:00:00Z"
_TYPES: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "uuid": "an id (a UUID)",
    "datetime": "a time",
    "date": "a day, such as 2026-11-22",
    "bytes": "base64",
}
_GOT: Final = {**_TYPES, "float": "a fraction"}
_COUNTED: Final = {
    "str": ("character long", "characters long"),
    "array": ("entry long", "entries long"),
    "object": ("member large", "members large"),
}
_FORMATS: Final = {
    "UUID": _TYPES["uuid"],
    "RFC3339 encoded datetime": f"a time, such as {_TIME} (RFC 3339)",
    "RFC3339 encoded date": _TYPES["date"],
    "base64 encoded string": "base64",
}


_PATTERNS: Final[dict[str, str]] = {}


def in_words(pattern: str, words: str) -> str:
    """The pattern, for a field's type; a value that does not match it is told that it must be `words`."""
    _PATTERNS[pattern] = words
    return pattern


def _pattern(match: re.Match[str]) -> str:
    words = _PATTERNS.get(match[1])
    return f"Must be {words}." if words else f"Must match {match[1]}."


def _length(match: re.Match[str]) -> str:
    one, many = _COUNTED.get(match[1], ("byte long", "bytes long"))
    least = "at least" if match[2] == ">=" else "at most"
    return f"Must be {least} {match[3]} {one if match[3] == '1' else many}."


def _type(match: re.Match[str]) -> str:
    wanted = [_TYPES.get(name, name) for name in match[1].split(" | ")]
    got = f", not {_GOT.get(match[2], match[2])}" if match[2] else ""
    return f"Must be {_either(wanted)}{got}."


def _bound(match: re.Match[str]) -> str:
    bounds = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
    return f"Must be {bounds[match[1]]} {match[2]}."


_SENTENCES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"Expected `(\w+)` of length (>=|<=) (\d+)"), _length),
    (re.compile(r"Expected `\w+` (>=|<=|>|<) (\S+)"), _bound),
    (re.compile(r"Expected `str` matching regex '(.*)'"), _pattern),
    (
        re.compile(r"Expected `datetime` with a timezone component"),
        lambda _: f"Must be a time with its offset, such as {_TIME}.",
    ),
    (re.compile(r"Expected `([^`]+)`(?:, got `(\w+)`)?"), _type),
    (re.compile(r"Invalid (?:enum )?value (.+)"), lambda m: f"{m[1]} is not allowed here."),
    (
        re.compile(r"Invalid (.+)"),
        lambda m: f"Must be {_FORMATS[m[1]]}." if m[1] in _FORMATS else f"This is no valid {m[1]}.",
    ),
)


def sentence(message: str) -> str:
    """The message about a value, without its place, as a sentence; others nearly as they are."""
    for pattern, said in _SENTENCES:
        if match := pattern.fullmatch(message):
            return said(match)
    return message.replace("`", "").rstrip(".") + "."


@lru_cache(maxsize=256)
def choices(kind: Any, path: tuple[str, ...]) -> str:
    """The values that are allowed at a place in a type, as a sentence; empty where any value is."""
    try:
        places = [inspect.type_info(kind)]
    except TypeError:
        return ""
    for step in path:
        places = [inner for place in places for inner in _below(_parts(place), step)]
    named = [str(v) for place in places for part in _parts(place) for v in _values(part)]
    return f"Must be {_either(list(dict.fromkeys(named)))}." if named else ""


def _parts(place: inspect.Type) -> Iterable[inspect.Type]:
    """A union's types, else the type alone, without what describes it."""
    while isinstance(place, inspect.Metadata):
        place = place.type
    if isinstance(place, inspect.UnionType):
        for one in place.types:
            yield from _parts(one)
    else:
        yield place


def _below(parts: Iterable[inspect.Type], step: str) -> Iterable[inspect.Type]:
    for part in parts:
        if isinstance(part, inspect.ListType) and step.isdigit():
            yield part.item_type
        elif isinstance(part, inspect.StructType):
            if step == part.tag_field:
                yield inspect.LiteralType((part.tag,))
            yield from (field.type for field in part.fields if field.encode_name == step)


def _values(part: inspect.Type) -> Iterable[Any]:
    if isinstance(part, inspect.LiteralType):
        yield from part.values
    elif isinstance(part, inspect.EnumType):
        yield from (member.value for member in part.cls)


def _either(words: list[str]) -> str:
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
