"""Scenarios are data; what is wrong in one is said when it is read."""

from pathlib import Path

import pytest
from bench import texts
from bench.client import BenchError
from bench.model import read, scenarios


def test_those_of_the_repository_can_be_read_and_end_with_create() -> None:
    found = list(scenarios())
    assert {"list", "get", "unchanged", "search", "mix", "read-heavy", "create"} == set(found)
    # It makes the databases grow.
    assert found[-1] == "create"


def test_a_peer_is_asked_for_what_it_has() -> None:
    unchanged = scenarios()["unchanged"]
    assert unchanged.mix_for("pocketbase") == {"list": 100}
    assert unchanged.mix_for("express") == {"unchanged": 100}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = 'a'\nmix = { list = 90 }", "90 percent"),
        ("title = 'a'\nmix = { lists = 100 }", "lists"),
        ("title = 'a'\nmix = { list = 100 }\nconnection = 3", "connection"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "10-a.toml"
    path.write_text(text)
    with pytest.raises(BenchError, match=said):
        read(path)


def test_words_are_in_as_many_tasks_as_was_asked_for() -> None:
    bodies = [{"title": f"common {'seldom' * (n < 3)}", "description": ""} for n in range(10)]
    # A word is looked for as the beginning of one: "seldomest" also counts for "seldom".
    bodies[9]["description"] = "seldomest"
    assert texts.words(bodies, 2, 4) == ["seldom"]
    assert texts.words(bodies, 10, 10) == ["common"]
