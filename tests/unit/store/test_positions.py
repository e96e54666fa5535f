"""There is room between any two positions, and only one key is made for it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.store.sql.positions import between, is_position, position_of

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEYS = st.text(DIGITS, min_size=1, max_size=12).filter(is_position)
MANY = 10_000


def inserted(left: str | None, right: str | None) -> str:
    key = between(left, right)
    assert is_position(key)
    assert left is None or left < key
    assert right is None or key < right
    return key


@given(KEYS, KEYS)
def test_between_any_two(one: str, two: str) -> None:
    if one == two:
        with pytest.raises(ValueError, match="no position between"):
            between(one, two)
        return
    left, right = sorted((one, two))
    inserted(left, right)
    with pytest.raises(ValueError, match="no position between"):
        between(right, left)


@given(KEYS)
def test_before_and_after_any(key: str) -> None:
    inserted(None, key)
    inserted(key, None)


def test_between_nothing_and_nothing() -> None:
    inserted(None, None)


@pytest.mark.parametrize("ends", [(position_of(7), position_of(8)), (None, None)])
def test_ten_thousand_times_just_after_the_first(ends: tuple[str | None, str | None]) -> None:
    left, right = ends
    for _ in range(MANY):
        right = inserted(left, right)
    assert right is not None
    assert len(right) < 20


@pytest.mark.parametrize("ends", [(position_of(7), position_of(8)), (None, None)])
def test_ten_thousand_times_just_before_the_last(ends: tuple[str | None, str | None]) -> None:
    left, right = ends
    for _ in range(MANY):
        left = inserted(left, right)
    assert left is not None
    assert len(left) < 20


def test_ten_thousand_times_beside_the_one_made_last() -> None:
    left, right = position_of(7), position_of(8)
    longest = 0
    for i in range(MANY):
        key = inserted(left, right)
        if i % 2:
            left = key
        else:
            right = key
        longest = max(longest, len(key))
    # Always between the last two is the one way that has to cost length.
    assert longest < MANY


def test_ten_thousand_times_anywhere() -> None:
    choose = random.Random(1)
    keys = [position_of(number) for number in range(1, 4)]
    for _ in range(MANY):
        place = choose.randint(0, len(keys))
        left = keys[place - 1] if place else None
        right = keys[place] if place < len(keys) else None
        keys.insert(place, inserted(left, right))
    assert keys == sorted(set(keys))
    assert max(map(len, keys)) < 40


@given(st.integers(1, 10**15), st.integers(1, 10**15))
def test_the_position_of_a_number_follows_those_of_lower_ones(one: int, two: int) -> None:
    assert (position_of(one) < position_of(two)) == (one < two)
    assert is_position(position_of(one))


@pytest.mark.parametrize("text", ["", "0", "a0", "a-", "é", "a b", "V0"])
def test_what_is_no_position(text: str) -> None:
    assert not is_position(text)
