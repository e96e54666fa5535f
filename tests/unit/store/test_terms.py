"""What full-text search keeps of a text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.store.sql.terms import spaced
from tidework.tasks.filters import words_of


@given(st.text())
def test_what_is_looked_for_is_what_is_kept(text: str) -> None:
    kept = set(spaced(text).split())
    assert {spaced(word) for word in words_of(text)} <= kept
    assert all(unicodedata.category(c)[0] in "LMN" for word in kept for c in word)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Buy green TEA", "buy green tea"),
        ("fix C++ `foo_bar(x)` in v1.2", "fix c foo bar x in v1 2"),
        ("\u201eUnten\u201c\u2014Straße", "unten straße"),
        ("ΣΊΣΥΦΟΣ Σίσυφος", "σίσυφοσ σίσυφοσ"),
        ("हिन्दी भाषा", "हिन्दी भाषा"),
        ("İstanbul", "istanbul"),
    ],
)
def test_words_are_letters_and_digits_in_lower_case(text: str, kept: str) -> None:
    assert spaced(text).split() == kept.split()


@pytest.mark.parametrize("before", [0, 1, 249, 250, 499, 500])
@pytest.mark.parametrize("length", [499, 500, 501, 749, 5000])
def test_of_a_long_word_the_beginning_is_kept(before: int, length: int) -> None:
    text = f"{'- ' * before}{'ab' * length} end"
    assert spaced(text).split() == [("ab" * length)[:500], "end"]
