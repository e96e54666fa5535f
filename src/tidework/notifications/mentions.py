"""`@name` in descriptions and comments: who is meant.

Directly behind an `@` that no letter, digit or one of `._%+-` stands before:

1. `@"Full Name"`: the member of exactly this name;
2. the longest run of words that is a member's full name, their name written as one word, their
   e-mail address, or what stands before its `@`;
3. else the first word, if it is the first name of one member only.

Capitals, accents written in two ways and the number of spaces do not matter. A name that several
members have means nobody. Nothing is looked for in code (between backticks).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_CODE = re.compile(r"(```|~~~).*?(?:\1|\Z)|(`+)[^`].*?\2", re.DOTALL)
_AT = re.compile(r"(?<![\w.%+\-@])@(?=[\w\"“„])")
_QUOTED = re.compile(r"[\"“„]([^\"“”„\n]{1,120})[\"”“]")
_WORD = re.compile(r"[^\s,;:!?()\[\]{}<>\"“”„*_~|/\\@]+(?:@[\w.\-]+)?")
_TRAILING = ".'\u2019-"
_LONGEST = 160
_MOST_WORDS = 10
_MOST = 200


class Named(NamedTuple):
    """Somebody who can be mentioned."""

    user_id: str
    name: str
    email: str | None


class Names:
    """What the members of a workspace can be called."""

    def __init__(self, people: Iterable[Named]) -> None:
        self._full: dict[str, set[str]] = defaultdict(set)
        self._strong: dict[str, set[str]] = defaultdict(set)
        self._first: dict[str, set[str]] = defaultdict(set)
        for person in people:
            self._add(person)

    def _add(self, person: Named) -> None:
        name = _key(person.name)
        if name:
            self._full[name].add(person.user_id)
            self._strong[name].add(person.user_id)
            self._strong[name.replace(" ", "")].add(person.user_id)
            self._first[name.partition(" ")[0]].add(person.user_id)
        if person.email:
            address = _key(person.email)
            self._strong[address].add(person.user_id)
            self._strong[address.rpartition("@")[0]].add(person.user_id)

    def mentioned(self, text: str) -> set[str]:
        """The ids of those whom a text mentions."""
        if "@" not in text:
            return set()
        plain = _CODE.sub(" ", text)
        found: set[str] = set()
        for count, at in enumerate(_AT.finditer(plain)):
            if count >= _MOST:
                break
            one = self._who(plain[at.end() : at.end() + _LONGEST])
            if one is not None:
                found.add(one)
        return found

    def _who(self, rest: str) -> str | None:
        quoted = _QUOTED.match(rest)
        if quoted is not None:
            return _only(self._full, _key(quoted[1]))
        words = _words(rest)
        for length in range(len(words), 0, -1):
            for key in _spellings(" ".join(words[:length])):
                if key in self._strong:
                    return _only(self._strong, key)
        for key in _spellings(words[0]) if words else ():
            if key in self._first:
                return _only(self._first, key)
        return None


def _words(rest: str) -> list[str]:
    """The words that a text begins with, as far as nothing but spaces is between them."""
    words: list[str] = []
    place = 0
    line = unicodedata.normalize("NFKC", rest.split("\n", 1)[0]).casefold()
    while len(words) < _MOST_WORDS:
        found = _WORD.match(line, place)
        if found is None:
            break
        words.append(found[0])
        place = found.end()
        blank = len(line[place:]) - len(line[place:].lstrip(" \t"))
        if blank == 0:
            break
        place += blank
    return words


def _spellings(text: str) -> list[str]:
    """A text as it stands, and without what may end a sentence or make a genitive."""
    bare = text.rstrip(_TRAILING)
    genitive = re.sub("['\u2019]s$", "", bare)
    return list(dict.fromkeys((text, bare, genitive)))


def _key(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _only(found: Mapping[str, set[str]], key: str) -> str | None:
    ids = found.get(key, set())
    return next(iter(ids)) if len(ids) == 1 else None
