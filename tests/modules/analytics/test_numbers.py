"""Each number, as docs/api/analytics.md defines it, on either database."""

from typing import Any

import pytest
from tests.modules.analytics.counted import check, take_in
from tests.services.commits import commit, member_fields, new_task, new_workspace, update

from tidework.analytics.api import Day, Numbers, Part, Spread, Wanted
from tidework.analytics.service import AnalyticsService, spread
from tidework.errors import Invalid
from tidework.ids import new_id
from tidework.log import Change
from tidework.store.protocol import Store

ADA, BEN = "01900000-0000-7000-8000-00000000ada0", "01900000-0000-7000-8000-00000000be00"
TIDES, REEFS = "01900000-0000-7000-8000-000000000b01", "01900000-0000-7000-8000-000000000b02"
URGENT, LATER = "01900000-0000-7000-8000-000000000a01", "01900000-0000-7000-8000-000000000a02"
MARCH = Wanted("2019-03-01", "2019-03-05")


def at(day: int, hour: int = 12) -> str:
    return f"2019-03-{day:02}T{hour:02}:00:00.000000Z"


class Board:
    """A workspace whose tasks are changed at given times, as an import does it."""

    def __init__(self, store: Store, workspace_id: str) -> None:
        self.store = store
        self.id = workspace_id
        self._numbers = 0

    async def write(self, when: str, *changes: Change, actor: str | None = ADA) -> int:
        authorship = [(actor, when)] * len(changes)
        done = await self.store.append(commit(self.id, *changes, authorship=authorship))
        return done.seq

    async def make(self, when: str, **fields: Any) -> str:
        self._numbers += 1
        place = {"number": self._numbers, "position": f"a{self._numbers}V"}
        task_id = new_id()
        await self.write(when, new_task(task_id, created_at=when, **place, **fields))
        return task_id

    async def move(self, when: str, task_id: str, status: str) -> None:
        done = when if status == "completed" else None
        await self.write(when, update(task_id, status=status, completed_at=done))

    async def numbers(self, wanted: Wanted = MARCH) -> Numbers:
        """What is counted, which the slow way must come to as well."""
        await take_in(self.store, self.id)
        return await check(self.store, self.id, wanted)

    async def day(self, number: int, wanted: Wanted = MARCH) -> Day:
        return (await self.numbers(wanted)).days[number - 1]


@pytest.fixture
async def board(store: Store) -> Board:
    return Board(store, await new_workspace(store))


def test_percentiles_are_by_nearest_rank() -> None:
    assert spread([]) == Spread(0, None, None, None)
    assert spread([7, None]) == Spread(1, 7, 7, 7)
    assert spread(range(1, 101)) == Spread(100, 50, 85, 95)
    assert spread([1, 2, 3]) == Spread(3, 2, 3, 3)


async def test_an_empty_workspace_has_zeros_for_each_day(board: Board) -> None:
    numbers = await board.numbers()
    assert [day.day for day in numbers.days] == [f"2019-03-0{n}" for n in range(1, 6)]
    assert {day.scope for day in numbers.days} == {0}
    assert (numbers.created, numbers.by_project, numbers.seq) == (0, [], 1)


async def test_a_task_that_is_completed_reopened_and_completed_again(board: Board) -> None:
    task = await board.make(at(1))
    await board.move(at(2, 0), task, "in_progress")
    await board.move(at(2, 6), task, "completed")
    await board.move(at(3), task, "pending")
    await board.move(at(4), task, "in_progress")
    await board.move(at(5), task, "completed")
    numbers = await board.numbers()
    assert [day.completed for day in numbers.days] == [0, 1, 0, 0, 1]
    assert [day.throughput for day in numbers.days] == [0, 0, 0, 0, 1]
    assert [day.reopened for day in numbers.days] == [0, 0, 1, 0, 0]
    assert [day.open for day in numbers.days] == [1, 0, 1, 1, 0]
    assert [day.in_completed for day in numbers.days] == [0, 1, 0, 0, 1]
    assert {day.scope for day in numbers.days} == {1}
    assert numbers.lead_time == Spread(1, *[4 * 86400] * 3)
    # From when it was first begun.
    assert numbers.cycle_time == Spread(1, *[3 * 86400 + 12 * 3600] * 3)


async def test_what_was_never_begun_has_no_cycle_time(board: Board) -> None:
    await board.move(at(3), await board.make(at(1)), "completed")
    numbers = await board.numbers()
    assert (numbers.lead_time.count, numbers.cycle_time.count) == (1, 0)


async def test_cancelled_leaves_the_scope(board: Board) -> None:
    await board.make(at(1))
    await board.move(at(3), await board.make(at(1)), "cancelled")
    numbers = await board.numbers()
    assert [day.scope for day in numbers.days] == [2, 2, 1, 1, 1]
    assert [day.cancelled for day in numbers.days] == [0, 0, 1, 0, 0]
    assert numbers.throughput == 0


async def test_what_was_before_the_days_asked_for_still_stands(board: Board) -> None:
    await board.move(at(2), await board.make(at(1)), "completed")
    await board.make(at(3))
    last = await board.numbers(Wanted("2019-03-04", "2019-03-04"))
    assert (last.created, last.completed, last.days[0].scope, last.days[0].open) == (0, 0, 2, 1)
    assert last.by_project == [Part(None, 0, 0, 0, 0, 0, 1, None)]


async def test_a_task_counts_where_it_was_at_the_time(board: Board) -> None:
    task = await board.make(at(1), project_id=TIDES, assignee_id=ADA, label_ids=[URGENT])
    await board.write(at(3), update(task, project_id=REEFS, assignee_id=BEN, label_ids=[]))
    await board.move(at(4), task, "completed")
    numbers = await board.numbers()
    assert numbers.by_project == [
        Part(TIDES, 1, 0, 0, 0, 0, 0, None),
        Part(REEFS, 0, 1, 0, 0, 1, 0, None),
    ]
    assert [part.id for part in numbers.by_assignee] == [ADA, BEN]
    assert [part.id for part in numbers.by_label] == [URGENT, None]
    days = (await board.numbers(Wanted("2019-03-01", "2019-03-05", projects=(TIDES,)))).days
    assert [day.scope for day in days] == [1, 1, 0, 0, 0]
    days = (await board.numbers(Wanted("2019-03-01", "2019-03-05", assignees=(BEN,)))).days
    assert [day.scope for day in days] == [0, 0, 1, 1, 1]


async def test_filters_narrow_together_and_labels_count_no_task_twice(board: Board) -> None:
    await board.make(at(1), project_id=TIDES, assignee_id=ADA, label_ids=[URGENT, LATER])
    await board.make(at(1), project_id=TIDES, label_ids=[LATER])
    await board.make(at(1), assignee_id=ADA)
    assert (await board.numbers()).created == 3
    days = MARCH.since, MARCH.until
    for wanted, created in (
        (Wanted(*days, label=LATER), 2),
        (Wanted(*days, label=URGENT), 1),
        (Wanted(*days, projects=(TIDES,), label=LATER, assignees=(None,)), 1),
        (Wanted(*days, projects=(TIDES, None), assignees=(ADA,)), 2),
        (Wanted(*days, projects=(REEFS,)), 0),
    ):
        assert (await board.numbers(wanted)).created == created


async def test_what_is_removed_never_was_and_counts_again_when_it_comes_back(board: Board) -> None:
    task = await board.make(at(1), label_ids=[URGENT])
    await board.move(at(2), task, "in_progress")
    await board.move(at(3), task, "completed")
    before = await board.numbers()
    await board.write(at(4), Change("task", task, "delete"))
    gone = await board.numbers()
    assert (gone.created, gone.throughput, gone.days[2].scope, gone.by_label) == (0, 0, 0, [])
    removed = (await board.store.log(board.id, since=gone.seq - 1))[0].was
    await board.write(at(5), Change("task", task, "create", removed))
    back = await board.numbers()
    assert back.days[:3] == before.days[:3]
    assert (back.lead_time, back.cycle_time, back.by_label) == (
        before.lead_time,
        before.cycle_time,
        before.by_label,
    )


async def test_a_new_task_of_an_old_id_has_none_of_its_history(board: Board) -> None:
    task = await board.make(at(1))
    await board.move(at(2), task, "in_progress")
    await board.write(at(3), Change("task", task, "delete"))
    await board.write(at(4), new_task(task, created_at=at(4), number=9, position="a9V"))
    numbers = await board.numbers()
    assert [day.created for day in numbers.days] == [0, 0, 0, 1, 0]
    assert numbers.days[3].in_pending == 1


async def test_what_an_import_makes_completed_was_open_until_then(board: Board) -> None:
    await board.make(at(1), status="completed", completed_at=at(4))
    numbers = await board.numbers()
    assert [day.open for day in numbers.days] == [1, 1, 1, 0, 0]
    assert [day.throughput for day in numbers.days] == [0, 0, 0, 1, 0]
    assert numbers.lead_time.p50 == 3 * 86400


async def test_nothing_counts_before_what_it_follows(board: Board) -> None:
    task = await board.make(at(3))
    await board.move(at(1), task, "completed")
    numbers = await board.numbers()
    assert [day.scope for day in numbers.days] == [0, 0, 1, 1, 1]
    assert [day.completed for day in numbers.days] == [0, 0, 1, 0, 0]
    # The task itself says when it was completed.
    assert [day.throughput for day in numbers.days] == [1, 0, 0, 0, 0]
    assert numbers.lead_time.p50 == 0


async def test_who_changed_something_was_active(board: Board) -> None:
    task = await board.make(at(1))
    await board.write(at(2), update(task, title="Another"), actor=BEN)
    await board.write(at(2, 15), update(task, title="And another"), actor=ADA)
    await board.write(at(3), update(task, title="By nobody"), actor=None)
    assert [day.active_users for day in (await board.numbers()).days] == [1, 2, 0, 0, 0]


async def test_overdue_is_of_this_moment_and_only_where_the_days_reach_it(board: Board) -> None:
    await board.make(at(1), due_at=at(2), project_id=TIDES, label_ids=[URGENT])
    await board.make(at(1), due_at="2999-01-01T00:00:00.000000Z")
    await board.move(at(5), await board.make(at(1), due_at=at(2)), "completed")
    assert (await board.numbers()).overdue is None
    ever = await board.numbers(Wanted("2998-12-30", "2998-12-31"))
    assert ever.overdue == 1
    assert ever.by_project == [Part(TIDES, 0, 0, 0, 0, 0, 1, 1), Part(None, 0, 0, 0, 0, 0, 1, 0)]
    other = await board.numbers(Wanted("2998-12-30", "2998-12-31", label=LATER))
    assert other.overdue == 0


async def test_a_stream_that_is_purged_leaves_nothing(board: Board) -> None:
    await board.write(at(1), Change("member", ADA, "create", member_fields()))
    await board.make(at(1))
    await board.numbers()
    await board.store.purge(board.id)
    numbers = await AnalyticsService(board.store).numbers(board.id, MARCH)
    assert (numbers.seq, numbers.created, numbers.days[0].active_users) == (0, 0, 0)


@pytest.mark.parametrize(
    ("since", "until", "where"),
    [
        ("2019-03-02", "2019-03-01", "?to"),
        ("2009-03-02", "2019-03-30", "?from"),
        ("20190301", "2019-03-30", "?from"),
        ("2019-W10-1", "2019-03-30", "?from"),
        ("2019-03-01", "2019-02-30", "?to"),
        ("2019-03-01", "", "?to"),
    ],
)
async def test_days_that_are_none_are_refused(
    board: Board, since: str, until: str, where: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await AnalyticsService(board.store).numbers(board.id, Wanted(since, until))
    assert [error.pointer for error in refused.value.errors] == [where]


async def test_the_first_and_the_last_day_of_all_can_be_asked_for(board: Board) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        assert len((await board.numbers(Wanted(day, day))).days) == 1
