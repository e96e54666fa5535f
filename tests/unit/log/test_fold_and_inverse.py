"""Folding and undoing, on random histories."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.log import Change, Entities, Expect, LoggedChange, fold, inverse, step
from tidework.log.fold import BrokenLog

IDS = ["a", "b", "c"]
FIELDS = ["title", "labels", "done"]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(max_size=3),
    "labels": st.lists(st.sampled_from("xy"), max_size=2),
    "done": st.booleans() | st.none(),
}


@st.composite
def histories(draw: st.DrawFn) -> list[list[LoggedChange]]:
    """Commits that follow from each other, as a store would log them."""
    state: Entities = {}
    commits = []
    for seq in range(1, draw(st.integers(1, 8)) + 1):
        logged = []
        for ordinal in range(draw(st.integers(1, 5))):
            change = draw(changes_of(state, seq, ordinal))
            step(state, change)
            logged.append(change)
        commits.append(logged)
    return commits


@st.composite
def changes_of(draw: st.DrawFn, state: Entities, seq: int, ordinal: int) -> LoggedChange:
    entity_id = draw(st.sampled_from(IDS))
    present = state.get(("task", entity_id))
    if present is None:
        values = {name: draw(VALUES[name]) for name in FIELDS}
        return logged(seq, ordinal, Change("task", entity_id, "create", values), {})
    if draw(st.booleans()):
        return logged(seq, ordinal, Change("task", entity_id, "delete"), present.fields)
    names = draw(st.lists(st.sampled_from(FIELDS), unique=True))
    values = {name: draw(VALUES[name]) for name in names}
    was = {name: present.fields[name] for name in names}
    return logged(seq, ordinal, Change("task", entity_id, "update", values), was)


def logged(seq: int, ordinal: int, change: Change, was: dict[str, Any]) -> LoggedChange:
    at = f"2026-01-01T00:00:{seq:02}.000000Z"
    return LoggedChange(
        "s", seq, ordinal, None, at, None, change.entity, change.id, change.op, change.set, was
    )


def write(state: Entities, seq: int, changes: list[Change]) -> None:
    """Apply changes as a store does, which finds out itself what was."""
    for ordinal, change in enumerate(changes):
        present = state.get((change.entity, change.id))
        names = change.set if change.op == "update" else present.fields if present else {}
        was = {name: present.fields[name] for name in names} if present else {}
        step(state, logged(seq, ordinal, change, was))


def holds(state: Entities, expect: Expect) -> bool:
    present = state.get((expect.entity, expect.id))
    if expect.absent:
        return present is None
    return present is not None and all(
        present.fields[name] in allowed for name, allowed in expect.fields.items()
    )


def fields(state: Entities) -> dict[tuple[str, str], Any]:
    return {key: entity.fields for key, entity in state.items()}


def flat(commits: list[list[LoggedChange]]) -> list[LoggedChange]:
    return [change for commit in commits for change in commit]


@given(histories())
def test_folding_in_parts_is_folding_at_once(commits: list[list[LoggedChange]]) -> None:
    whole = fold(flat(commits))
    for cut in range(len(commits) + 1):
        assert fold(flat(commits[cut:]), fold(flat(commits[:cut]))) == whole


@given(histories())
def test_an_entity_is_as_its_last_change_left_it(commits: list[list[LoggedChange]]) -> None:
    last: dict[tuple[str, str], LoggedChange] = {}
    for change in flat(commits):
        last[change.entity, change.id] = change
    state = fold(flat(commits))
    assert state.keys() == {key for key, change in last.items() if change.op != "delete"}
    for key, entity in state.items():
        assert (entity.version, entity.updated_at) == (last[key].seq, last[key].at)
        assert entity.fields.items() >= last[key].set.items()


@given(histories())
def test_undoing_the_last_commit_leads_back(commits: list[list[LoggedChange]]) -> None:
    before, state = fold(flat(commits[:-1])), fold(flat(commits))
    undo, expects = inverse(commits[-1])
    assert all(holds(state, expect) for expect in expects)
    write(state, 99, undo)
    assert fields(state) == fields(before)


@given(histories())
def test_undoing_all_in_reverse_order_leads_back_to_nothing(
    commits: list[list[LoggedChange]],
) -> None:
    state = fold(flat(commits))
    for seq, commit in enumerate(reversed(commits), 50):
        undo, expects = inverse(commit)
        assert all(holds(state, expect) for expect in expects)
        write(state, seq, undo)
    assert state == {}


@given(histories(), st.data())
def test_an_earlier_commit_is_undone_only_where_nothing_is_lost(
    commits: list[list[LoggedChange]], data: st.DataObject
) -> None:
    chosen = data.draw(st.integers(0, len(commits) - 1))
    undo, expects = inverse(commits[chosen])
    state = fold(flat(commits))
    if not all(holds(state, expect) for expect in expects):
        return
    left = fields(copy.deepcopy(state))
    write(state, 99, undo)
    # What the commit did not touch stays as it is.
    touched: dict[tuple[str, str], set[str]] = {}
    for change in commits[chosen]:
        names = set(FIELDS) if change.op != "update" else set(change.set)
        touched.setdefault((change.entity, change.id), set()).update(names)
    for key in left.keys() | fields(state).keys():
        names = touched.get(key, set())
        for name in set(FIELDS) - names:
            assert fields(state).get(key, {}).get(name) == left.get(key, {}).get(name)


@given(histories())
def test_undoing_an_undo_does_it_again(commits: list[list[LoggedChange]]) -> None:
    state = fold(flat(commits))
    done = fields(copy.deepcopy(state))
    undo, _ = inverse(commits[-1])
    undone: list[LoggedChange] = []
    for ordinal, change in enumerate(undo):
        present = state.get((change.entity, change.id))
        names = change.set if change.op == "update" else present.fields if present else {}
        was = {name: present.fields[name] for name in names} if present else {}
        undone.append(logged(99, ordinal, change, was))
        step(state, undone[-1])
    redo, expects = inverse(undone)
    assert all(holds(state, expect) for expect in expects)
    write(state, 100, redo)
    assert fields(state) == done


CREATE = Change("task", "a", "create", {"title": "1"})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([(CREATE, {}), (CREATE, {})], "it exists already"),
        ([(Change("task", "a", "update", {"title": "2"}), {"title": "1"})], "does not exist"),
        ([(Change("task", "a", "delete"), {"title": "1"})], "does not exist"),
        (
            [(CREATE, {}), (Change("task", "a", "update", {"title": "2"}), {"title": "0"})],
            "the log says it was",
        ),
        ([(CREATE, {}), (Change("task", "a", "delete"), {"title": "0"})], "the log says it was"),
    ],
)
def test_a_log_that_contradicts_itself(
    changes: list[tuple[Change, dict[str, Any]]], says: str
) -> None:
    entries = [logged(seq, 0, change, was) for seq, (change, was) in enumerate(changes, 1)]
    with pytest.raises(BrokenLog, match=f"s seq {len(entries)}: .* task a.*{says}"):
        fold(entries)


def test_folding_copies_what_it_is_given() -> None:
    values = {"title": "1", "labels": ["x"]}
    state = fold([logged(1, 0, Change("task", "a", "create", values), {})])
    fold([logged(2, 0, Change("task", "a", "update", {"title": "2"}), {"title": "1"})], state)
    assert values == {"title": "1", "labels": ["x"]}
