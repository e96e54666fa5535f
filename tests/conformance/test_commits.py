"""A commit happens whole, or not at all, and says why not."""

import pytest
from tests.services.commits import (
    add_task,
    commit,
    folded,
    label_fields,
    member_fields,
    new_task,
    new_workspace,
    task_fields,
    update,
    whole_log,
    workspace_fields,
)
from tests.services.stores import Database

from tidework.errors import Forbidden, PreconditionFailed
from tidework.ids import new_id
from tidework.log import Change, Commit, Expect, Operation
from tidework.store.protocol import Contended, Store, StreamMissing, UniqueConflict
from tidework.store.verify import verify_stream
from tidework.times import now


async def test_a_commit_answers_with_what_it_logged(store: Store) -> None:
    stream = await new_workspace(store)
    actor, at = new_id(), "2026-05-06T07:08:09.000010Z"
    create = new_task(title="Paint the boat", label_ids=["a", "b"])
    first = await store.append(
        commit(stream, create, actor_id=actor, at=at, request_id="request-1")
    )
    second = await store.append(commit(stream, update(create.id, title="Sell the boat")))

    assert (first.seq, second.seq) == (2, 3)
    assert not first.replayed
    entry = first.changes[0]
    assert (entry.actor_id, entry.at, entry.request_id) == (actor, at, "request-1")
    assert (entry.stream_id, entry.seq, entry.ordinal) == (stream, 2, 0)
    assert entry.set == task_fields(
        title="Paint the boat", label_ids=["a", "b"], number=1, position=entry.set["position"]
    )
    assert entry.was == {}
    assert second.changes[0].set == {"title": "Sell the boat"}
    assert second.changes[0].was == {"title": "Paint the boat"}
    assert [*first.changes, *second.changes] == (await whole_log(store, stream))[1:]


async def test_after_is_what_a_change_left_its_entity_at(store: Store) -> None:
    stream = await new_workspace(store)
    create = new_task(due_at="2026-03-04T05:06:07.000008Z")
    made = await store.append(commit(stream, create))
    changed = await store.append(commit(stream, update(create.id, status="completed")))
    gone = await store.append(commit(stream, Change("task", create.id, "delete")))

    assert made.after[0] == made.changes[0].set
    assert changed.after[0] == made.changes[0].set | {"status": "completed"}
    assert gone.after == [{}]
    assert gone.changes[0].was == changed.after[0]


async def test_authorship_says_who_and_when_for_each_change(store: Store) -> None:
    stream, who = await new_workspace(store), new_id()
    authors = [(who, "1999-01-01T00:00:00.000000Z"), (None, "2000-01-01T00:00:00.000000Z")]
    create = new_task()
    done = await store.append(
        commit(stream, create, update(create.id, title="Later"), authorship=authors)
    )

    assert [(entry.actor_id, entry.at) for entry in done.changes] == authors
    assert (await folded(store, stream))["task", create.id].updated_at == authors[1][1]
    assert await verify_stream(store, stream) == []


@pytest.mark.parametrize(
    "spoil",
    [
        Change("label", new_id(), "create", label_fields("Taken")),
        Change("task", new_id(), "update", {"title": "There is no such task"}),
        Change("task", new_id(), "delete"),
        new_task(number=1),
    ],
    ids=["unique", "update-missing", "delete-missing", "number"],
)
async def test_a_failed_commit_leaves_nothing(
    store: Store, database: Database, spoil: Change
) -> None:
    stream = await new_workspace(store)
    await store.append(
        commit(stream, new_task(), Change("label", new_id(), "create", label_fields("taken")))
    )
    before, email = await whole_log(store, stream), f"{new_id()}@example.org"
    failing = commit(
        stream,
        new_task(title="Never"),
        spoil,
        operations=[Operation("emails", "insert", {"email": email}, {"user_id": new_id()})],
    )
    with pytest.raises((UniqueConflict, Contended)):
        await store.append(failing)

    assert await whole_log(store, stream) == before
    assert await store.seqs([stream]) == {stream: 2}
    assert await verify_stream(store, stream) == []
    assert database.execute(f"SELECT 1 FROM emails WHERE email = '{email}'") == [[]]
    _, next_one = await add_task(store, stream)
    assert (next_one.seq, next_one.changes[0].set["number"]) == (3, 2)


async def test_an_operation_that_fails_takes_its_commit_with_it(store: Store) -> None:
    stream = await new_workspace(store)
    taken = Operation("emails", "insert", {"email": "a@example.org"}, {"user_id": new_id()})
    await store.operate([taken])
    with pytest.raises(UniqueConflict) as caught:
        await store.append(commit(stream, new_task(), operations=[taken]))
    assert caught.value.constraint == "emails_pkey"
    missing = Operation("emails", "delete", {"email": "nobody@example.org"}, rows=1)
    with pytest.raises(Contended):
        await store.append(commit(stream, new_task(), operations=[missing]))
    assert await store.seqs([stream]) == {stream: 1}


async def test_unique_conflicts_carry_the_name_in_the_schema(store: Store) -> None:
    stream = await new_workspace(store)
    task_id, _ = await add_task(store, stream)
    await store.append(commit(stream, Change("label", new_id(), "create", label_fields("x"))))
    project = {"description": "", "archived": False, **label_fields("x")}
    await store.append(commit(stream, Change("project", new_id(), "create", project)))
    saved_filter = {"workspace_id": None, "query": "", **label_fields("x")}
    saved_filter.pop("color", None)
    await store.append(commit(stream, Change("saved_filter", new_id(), "create", saved_filter)))
    conflicts = {
        "tasks_pkey": new_task(task_id),
        "tasks_number": new_task(number=1),
        "labels_name": Change("label", new_id(), "create", label_fields("X")),
        "projects_name": Change("project", new_id(), "create", project),
        "saved_filters_name": Change("saved_filter", new_id(), "create", saved_filter),
        "workspaces_pkey": Change("workspace", stream, "create", workspace_fields()),
    }
    for constraint, change in conflicts.items():
        with pytest.raises(UniqueConflict) as caught:
            await store.append(commit(stream, change))
        assert caught.value.constraint == constraint


async def test_an_expectation_may_allow_several_values(store: Store) -> None:
    stream = await new_workspace(store)
    member = new_id()
    await store.append(commit(stream, Change("member", member, "create", member_fields("editor"))))

    def expecting(*roles: str) -> Commit:
        return commit(stream, new_task(), expects=[Expect("member", member, {"role": roles})])

    assert (await store.append(expecting("owner", "editor"))).seq == 3
    with pytest.raises(Contended):
        await store.append(expecting("owner", "viewer"))
    assert await store.seqs([stream]) == {stream: 3}


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({"version": [2]}, True),
        ({"version": [1, 3]}, False),
        ({"label_ids": [[], ["a", "b"]]}, True),
        ({"label_ids": [["b", "a"]]}, False),
        ({"due_at": [None]}, True),
        ({"due_at": []}, False),
        ({"title": ["Mend the boat"], "status": ["pending", "completed"]}, True),
        ({"title": ["Mend the boat"], "status": ["completed"]}, False),
        ({}, True),
    ],
)
async def test_expected_fields(
    store: Store, expected: dict[str, list[object]], holds: bool
) -> None:
    stream = await new_workspace(store)
    task_id, _ = await add_task(store, stream, label_ids=["a", "b"])
    attempt = commit(
        stream, update(task_id, title="New"), expects=[Expect("task", task_id, expected)]
    )
    if holds:
        assert (await store.append(attempt)).seq == 3
    else:
        with pytest.raises(Contended):
            await store.append(attempt)
        assert await store.seqs([stream]) == {stream: 2}


async def test_the_first_expectation_that_does_not_hold_gives_its_error(store: Store) -> None:
    stream = await new_workspace(store)
    task_id, _ = await add_task(store, stream)
    forbidden, changed = Forbidden("No."), PreconditionFailed("Changed.")
    expects = [
        Expect("task", task_id, {"version": [2]}, error=PreconditionFailed("It holds.")),
        Expect("member", new_id(), {"role": ["owner"]}, error=forbidden),
        Expect("task", task_id, {"version": [99]}, error=changed),
    ]
    with pytest.raises(Forbidden) as caught:
        await store.append(commit(stream, update(task_id, title="No"), expects=expects))
    assert caught.value is forbidden
    with pytest.raises(PreconditionFailed, match="Changed"):
        await store.append(commit(stream, update(task_id, title="No"), expects=expects[::2]))


async def test_absence_can_be_expected(store: Store) -> None:
    stream = await new_workspace(store)
    task_id, _ = await add_task(store, stream)
    free = Expect("task", new_id(), absent=True)
    taken = Expect("task", task_id, absent=True, error=Forbidden("It is there."))
    assert (await store.append(commit(stream, new_task(), expects=[free]))).seq == 3
    with pytest.raises(Forbidden, match="It is there"):
        await store.append(commit(stream, new_task(), expects=[free, taken]))


async def test_a_commit_based_on_an_older_seq_is_contended(store: Store) -> None:
    stream = await new_workspace(store)
    assert (await store.append(commit(stream, new_task(), base_seq=1))).seq == 2
    for stale in (0, 1, 3):
        with pytest.raises(Contended):
            await store.append(commit(stream, new_task(), base_seq=stale))
    assert (await store.append(commit(stream, new_task(), base_seq=2))).seq == 3


async def test_a_stream_must_exist_unless_the_commit_creates_it(store: Store) -> None:
    with pytest.raises(StreamMissing):
        await store.append(commit(new_id(), new_task()))
    stream = await new_workspace(store)
    with pytest.raises(UniqueConflict) as caught:
        await store.append(commit(stream, new_task(), creates="workspace"))
    assert caught.value.constraint == "streams_pkey"
    refused = new_id()
    with pytest.raises(Forbidden):
        await store.append(
            commit(
                refused,
                Change("workspace", refused, "create", workspace_fields()),
                creates="workspace",
                expects=[Expect("member", new_id(), error=Forbidden("No."))],
            )
        )
    assert await store.seqs([refused]) == {}


async def test_streams_are_apart(store: Store) -> None:
    one, two = await new_workspace(store), await new_workspace(store)
    task_id, _ = await add_task(store, one)
    with pytest.raises(Contended):
        await store.append(commit(two, update(task_id, title="Not mine")))
    with pytest.raises(Contended):
        await store.append(commit(two, Change("task", task_id, "delete")))
    with pytest.raises(Contended):
        await store.append(commit(two, new_task(), expects=[Expect("task", task_id)]))
    # The same id, name and number may live in both.
    await store.append(commit(two, new_task(task_id, title="Mine")))
    for stream in (one, two):
        await store.append(commit(stream, Change("label", new_id(), "create", label_fields("a"))))
    await store.append(commit(one, Change("task", task_id, "delete")))

    assert ("task", task_id) not in await folded(store, one)
    mine = (await folded(store, two))["task", task_id]
    assert (mine.fields["title"], mine.fields["number"]) == ("Mine", 1)
    assert await verify_stream(store, one) == await verify_stream(store, two) == []


async def test_an_entity_may_change_several_times_in_a_commit(store: Store) -> None:
    stream, task_id = await new_workspace(store), new_id()
    done = await store.append(
        commit(
            stream,
            new_task(task_id, title="1"),
            update(task_id, title="2"),
            Change("task", task_id, "delete"),
            new_task(task_id, title="3", number=7),
            update(task_id, status="completed"),
        )
    )
    assert [entry.was.get("title") for entry in done.changes] == [None, "1", "2", None, None]
    assert [entry.ordinal for entry in done.changes] == [0, 1, 2, 3, 4]
    assert await verify_stream(store, stream) == []


async def test_a_number_may_be_given_and_those_after_it_go_on_from_the_highest(
    store: Store,
) -> None:
    stream = await new_workspace(store)
    done = await store.append(
        commit(stream, new_task(), new_task(number=40), new_task(), new_task(number=7), new_task())
    )
    assert [entry.set["number"] for entry in done.changes] == [1, 40, 41, 7, 42]
    _, after = await add_task(store, stream)
    assert after.changes[0].set["number"] == 43
    positions = [entry.set["position"] for entry in (*done.changes, *after.changes)]
    assert sorted(positions) == [positions[i] for i in (0, 3, 1, 2, 4, 5)]


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [Change("task", new_id(), "update", {"no_such_field": 1})],
        [Change("task", new_id(), "update", {"version": 7})],
        [Change("task", new_id(), "delete", {"title": "x"})],
        [Change("boat", new_id(), "create", {})],
    ],
    ids=["none", "unknown-field", "derived-field", "delete-sets", "unknown-entity"],
)
async def test_a_commit_that_could_not_be_folded_back_is_a_defect(
    store: Store, changes: list[Change]
) -> None:
    stream = await new_workspace(store)
    with pytest.raises(ValueError, match=r"commit|field|entity|delete"):
        await store.append(Commit(stream_id=stream, actor_id=None, at=now(), changes=changes))
    assert await store.seqs([stream]) == {stream: 1}
