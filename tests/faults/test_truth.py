"""The judge of all these tests is held to what it must notice."""

from typing import Any

import pytest
from tests.faults.harness.caller import Told
from tests.faults.harness.record import Attempt
from tests.faults.harness.truth import Found, gaps, judge, unequal


def change(seq: int, task: str, op: str = "create", **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "entity": "task", "id": task, "op": op, "set": fields, "was": {}}


LOG = [
    change(1, "a", title="one"),
    change(2, "b", title="two.0"),
    change(2, "c", title="two.1"),
    change(3, "a", "update", description="three"),
    change(4, "a", "update", description="four"),
    change(5, "b", "delete"),
    change(6, "d", title="twice"),
    change(7, "e", title="twice"),
]


def attempt(told: Told, *words: str, **options: Any) -> Attempt:
    return Attempt("w", "create", list(words), told=told, **options)


@pytest.mark.parametrize(
    "right",
    [
        attempt(Told.DONE, "one", seq=1),
        attempt(Told.DONE, "two.0", "two.1", seq=2),
        attempt(Told.DONE, "b", seq=5),
        attempt(Told.DONE, "four", seq=4, based=3),
        attempt(Told.UNKNOWN, "three", based=1),
        attempt(Told.UNKNOWN, "never"),
        attempt(Told.REFUSED, "never"),
    ],
)
def test_what_is_true_is_let_be(right: Attempt) -> None:
    assert list(judge(right, Found(LOG))) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (attempt(Told.DONE, "never", seq=9), "LOST"),
        (attempt(Told.DONE, "one", seq=2), "instead of 2"),
        (attempt(Told.DONE, "twice", seq=6), "DOUBLED"),
        (attempt(Told.UNKNOWN, "twice"), "DOUBLED"),
        (attempt(Told.DONE, "two.0", "two.1", "two.2", seq=2), "IN PART"),
        (attempt(Told.UNKNOWN, "one", "two.0"), "IN PART"),
        (attempt(Told.REFUSED, "one"), "TOLD TO HAVE FAILED"),
        (attempt(Told.DONE, "four", seq=4, based=1), "OVERWRITTEN"),
        (attempt(Told.UNKNOWN, "four", based=1), "OVERWRITTEN"),
    ],
)
def test_what_is_wrong_is_said(wrong: Attempt, said: str) -> None:
    [finding] = judge(wrong, Found(LOG))
    assert said in finding


def test_gaps_and_steps_back_are_found() -> None:
    assert list(gaps(LOG)) == []
    assert list(gaps([*LOG[:2], *LOG[3:4]])) == []
    assert list(gaps([*LOG[:1], *LOG[3:]])) == ["seq 1 is followed by 3"]
    assert next(gaps(LOG[::-1])) == "seq 0 is followed by 7"


def test_a_list_that_is_not_what_the_log_leads_to_is_found() -> None:
    shown = ("title", "description", "status", "priority", "number", "position")
    whole = dict.fromkeys(shown, "x")
    log = [change(1, "a", **whole), change(2, "b", **whole), change(3, "b", "delete")]
    there = {"a": whole | {"version": 1}}
    assert list(unequal(log, there)) == []
    assert list(unequal(log, {})) == ["task a is only in the log"]
    assert list(unequal(log, there | {"b": there["a"]})) == ["task b is only in the list"]
    assert "version is 2, not 1" in next(unequal(log, {"a": whole | {"version": 2}}))
