"""Whom an `@` means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.notifications.mentions import Named, Names

TEAM = [
    Named("ada", "Ada Lovelace", "ada@example.com"),
    Named("bob", "Bob", "bob.s@example.org"),
    Named("smith", "Bob Smith", "smith@example.org"),
    Named("carl", "Carl Ada", "carl@example.org"),
    Named("eva1", "Eva", "eva@one.org"),
    Named("eva2", "Eva", "eva@two.org"),
    Named("zoe", "Zoë Ñandú", None),
    Named("ops", "Anna (ops)", "anna@example.org"),
]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@ada", "ada"),
        ("@Ada Lovelace, please", "ada"),
        ("@ADA  LOVELACE", "ada"),
        ("@AdaLovelace", "ada"),
        ("@lovelace", None),
        ('@"Ada Lovelace"!', "ada"),
        ('@"Ada"', None),
        ("@ada@example.com.", "ada"),
        # The longest name wins, and ends where the line does.
        ("@Bob", "bob"),
        ("@bob's", "bob"),
        ("@Bob Smith's", "smith"),
        ("@Bob\nSmith", "bob"),
        ("@bob.s", "bob"),
        ("@smith", "smith"),
        ("@Carl", "carl"),
        # Two of them: it could be either.
        ("@Eva", None),
        ('@"Eva"', None),
        ("@eva@two.org", "eva2"),
        ("@zoe\u0308 n\u0303andu\u0301", "zoe"),
        ("@ZOË", "zoe"),
        ('@"Anna (ops)"', "ops"),
        ("@anna", "ops"),
        # What is no mention.
        ("mail ada@example.com", None),
        ("a@ada", None),
        ("@ ada", None),
        ("@@ada", None),
        ("@adalovelacex", None),
        ("`@ada`", None),
        ("``a ` @ada``", None),
        ("```\n@ada\n```", None),
        ("```\n@ada", None),
        ("(@ada)", "ada"),
        ("**@ada**", "ada"),
        ("[@ada](https://example.org)", "ada"),
        ("/@ada", "ada"),
    ],
)
def test_who_is_meant(text: str, who: str | None) -> None:
    assert Names(TEAM).mentioned(text) == ({who} if who else set())


def test_several() -> None:
    found = Names(TEAM).mentioned("@ada and @Bob Smith; @carl,@nobody")
    assert found == {"ada", "smith", "carl"}


def test_a_whole_name_is_more_than_a_first_name() -> None:
    names = Names([Named("one", "Max", None), Named("two", "Max Mustermann", None)])
    assert names.mentioned("@max") == {"one"}
    assert names.mentioned("@Max Mustermann") == {"two"}


@given(st.text(max_size=400))
def test_no_text_is_too_much(text: str) -> None:
    assert Names(TEAM).mentioned("@" + text) <= {person.user_id for person in TEAM}


_LETTERS = st.characters(
    codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters='"“”„`~'
)


@given(st.lists(st.text(_LETTERS, min_size=1, max_size=12), min_size=1, max_size=6))
def test_everybody_can_be_named_in_quotes(words: list[str]) -> None:
    name = " ".join(words)
    assert Names([Named("one", name, None)]).mentioned(f'hi @"{name}".') == {"one"}
