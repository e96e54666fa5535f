"""Every language says everything, with the same values."""

import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import tidework
from tidework.languages import LANGUAGES, words
from tidework.notifications.kinds import DIGEST, KINDS
from tidework.users.api import Language

ENGLISH = words("en").texts
SOURCES = sorted(Path(tidework.__file__).parent.rglob("*.py"))


def entries(texts: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every text with its key; those that depend on a number as one."""
    for name, value in texts.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, dict) and not value.keys() <= {"one", "other"}:
            yield from entries(value, key)
        else:
            yield key, value


def values_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def all_values(text: Any) -> set[str]:
    if isinstance(text, dict):
        return set().union(*(values_of(one) for one in text.values()))
    return values_of(text)


def test_the_languages_are_those_that_an_account_can_have() -> None:
    assert set(get_args(Language)) == set(LANGUAGES) >= {"en", "de"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing_and_none_is_too_many(language: str) -> None:
    assert dict(entries(words(language).texts)).keys() == dict(entries(ENGLISH)).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_names_the_same_values(language: str) -> None:
    theirs = dict(entries(words(language).texts))
    for key, text in entries(ENGLISH):
        if isinstance(text, list):
            assert len(theirs[key]) == len(text), key
            continue
        assert isinstance(theirs[key], type(text)), key
        # A weekday's or a month's place in a date is the language's own affair.
        if not key.startswith("dates."):
            assert all_values(theirs[key]) == all_values(text), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_depends_on_a_number_has_a_form_for_each(language: str) -> None:
    text = words(language)
    plural = [key for key, value in entries(text.texts) if isinstance(value, dict)]
    assert plural
    for key in plural:
        values = dict.fromkeys(all_values(dict(entries(text.texts))[key]) - {"n"}, "x")
        for number in (0, 1, 2, 5, 11, 21, 100):
            assert text(key, number, **values)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_another_ones_by_mistake(language: str) -> None:
    # What is left untranslated: a text of some length that is the English one.
    same = [
        key
        for key, text in entries(words(language).texts)
        if language != "en" and isinstance(text, str) and text == dict(entries(ENGLISH))[key]
        if len(values_of(text)) == 0 and len(text) > 12
    ]
    assert same == []


def test_every_key_that_the_code_names_is_there() -> None:
    known = {key for key, _ in entries(ENGLISH)}
    named = set()
    for path in SOURCES:
        for key in re.findall(r'\btext\(\s*"([a-z_]+\.[a-z_.]+)"', path.read_text("utf-8")):
            named.add(key)
    assert len(named) > 25
    assert named <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_sentence_for_each_kind(language: str) -> None:
    for kind in KINDS:
        assert words(language).has(f"notification.one.{kind}"), kind
    for kind in (*KINDS, DIGEST):
        assert words(language).has(f"leaving.kind.{kind}"), kind


def test_a_language_that_there_is_not_is_english() -> None:
    assert words("tlh").language == words(None).language == "en"


def test_what_is_typed_is_no_pattern() -> None:
    typed = "{inviter.__class__} {0} {} {workspace"
    said = words("en")("invitation.text", inviter=typed, workspace=typed, days="7")
    assert said.count(typed) == 2


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "Europe/Berlin", "Sun, 29 March 2026, 03:30 (Europe/Berlin)"),
        ("de", "Europe/Berlin", "So., 29. März 2026, 03:30 Uhr (Europe/Berlin)"),
        ("en", "America/New_York", "Sat, 28 March 2026, 21:30 (America/New York)"),
        ("de", "Pacific/Kiritimati", "So., 29. März 2026, 15:30 Uhr (Pacific/Kiritimati)"),
    ],
)
def test_times_are_those_of_the_readers_clock(language: str, zone: str, said: str) -> None:
    assert words(language).moment("2026-03-29T01:30:00.000000Z", zone) == said
    assert words(language).day("2026-03-29T01:30:00.000000Z", zone) in said
