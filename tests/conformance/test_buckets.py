"""What `Buckets` promises, of those in memory and those in Redis."""

import asyncio
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.buckets import Bench

from tidework.cache.buckets import Buckets, Charge, MemoryBuckets, full_in, missing_for

FIVE = Charge("five", 5, 60)


async def takes(buckets: Buckets, charge: Charge, most: int = 1000) -> int:
    """How often a charge is taken in a row."""
    for taken in count():
        if taken == most or not (await buckets.take([charge])).allowed:
            return taken
    raise AssertionError


async def test_a_full_bucket_gives_its_capacity_and_fills_up_evenly(bench: Bench) -> None:
    assert await takes(bench.buckets, FIVE) == 5
    for _ in range(4):
        bench.shift(12)
        assert await takes(bench.buckets, FIVE) == 1
    bench.shift(11.5)
    assert await takes(bench.buckets, FIVE) == 0
    bench.shift(36.5)
    assert await takes(bench.buckets, FIVE) == 4


async def test_a_bucket_never_holds_more_than_its_capacity(bench: Bench) -> None:
    assert await takes(bench.buckets, FIVE) == 5
    bench.shift(3600)
    assert await takes(bench.buckets, FIVE) == 5
    await bench.buckets.take([FIVE._replace(cost=-100)])
    assert await takes(bench.buckets, FIVE) == 5


async def test_a_refusal_changes_nothing(bench: Bench) -> None:
    await takes(bench.buckets, FIVE)
    bench.shift(6)
    for _ in range(20):
        assert not (await bench.buckets.take([FIVE])).allowed
    bench.shift(6)
    assert (await bench.buckets.take([FIVE])).allowed


@pytest.mark.parametrize(("capacity", "period"), [(5, 60), (7, 60), (1000, 60), (3, 900), (1, 1)])
async def test_who_waits_as_long_as_was_said_gets_through(
    bench: Bench, capacity: int, period: int
) -> None:
    charge = Charge("waits", capacity, period)
    for _ in range(3):
        await takes(bench.buckets, charge, most=10_000)
        refused = await bench.buckets.take([charge])
        if refused.allowed:
            # Redis's own clock goes on between two questions.
            continue
        bench.shift(missing_for(charge, refused.used[0]))
        assert (await bench.buckets.take([charge])).allowed


async def test_waiting_in_real_time(bench: Bench) -> None:
    charge = Charge("real", 2, 2)
    while True:
        taken = await bench.buckets.take([charge])
        if not taken.allowed:
            break
    wait = missing_for(charge, taken.used[0])
    assert 0.5 < wait <= 1.0
    if bench.server is None:
        bench.clock.now += wait
    else:
        await asyncio.sleep(wait)
    assert (await bench.buckets.take([charge])).allowed


async def test_a_cost_is_taken_at_once_or_not_at_all(bench: Bench) -> None:
    assert (await bench.buckets.take([FIVE._replace(cost=3)])).allowed
    refused = await bench.buckets.take([FIVE._replace(cost=3)])
    assert not refused.allowed
    assert missing_for(FIVE._replace(cost=3), refused.used[0]) == pytest.approx(12, abs=0.5)
    assert await takes(bench.buckets, FIVE) == 2
    assert full_in(FIVE, (await bench.buckets.take([FIVE])).used[0]) == pytest.approx(60, abs=0.5)


async def test_a_cost_above_the_capacity_is_the_whole_bucket(bench: Bench) -> None:
    dear = FIVE._replace(cost=50)
    assert (await bench.buckets.take([dear])).allowed
    refused = await bench.buckets.take([dear])
    assert missing_for(dear, refused.used[0]) == pytest.approx(60, abs=0.5)
    bench.shift(60)
    assert (await bench.buckets.take([dear])).allowed


@pytest.mark.parametrize("first", ["small", "large"])
async def test_of_several_buckets_all_give_or_none(bench: Bench, first: str) -> None:
    small, large = Charge("small", 2, 60), Charge("large", 10, 60)
    both = [small, large] if first == "small" else [large, small]
    outcomes = [(await bench.buckets.take(both)).allowed for _ in range(5)]
    assert outcomes == [True, True, False, False, False]
    assert await takes(bench.buckets, large) == 8


async def test_what_is_put_back_can_be_taken_again(bench: Bench) -> None:
    await takes(bench.buckets, FIVE)
    await bench.buckets.take([FIVE._replace(cost=-2)])
    assert await takes(bench.buckets, FIVE) == 2


async def test_a_look_takes_nothing(bench: Bench) -> None:
    look = FIVE._replace(cost=0)
    assert (await bench.buckets.take([look])).used[0] == 0
    await takes(bench.buckets, FIVE)
    for _ in range(3):
        looked = await bench.buckets.take([look])
        assert looked.allowed
        assert looked.used[0] == pytest.approx(5, abs=0.1)


async def test_filled_buckets_are_as_new(bench: Bench) -> None:
    other = Charge("other", 5, 60)
    await takes(bench.buckets, FIVE)
    await takes(bench.buckets, other)
    await bench.buckets.fill([FIVE, Charge("nobody", 5, 60)])
    assert await takes(bench.buckets, FIVE) == 5
    assert await takes(bench.buckets, other) == 0


async def test_nothing_asked_for_is_given(bench: Bench) -> None:
    assert (await bench.buckets.take([])).allowed


async def test_a_flood_from_eight_copies_gets_what_there_is(bench: Bench) -> None:
    copies = [await bench.copy() for _ in range(8)]
    # Several times: copies that race each other may be lucky once.
    for flood in range(8):
        charge = Charge(f"flood {flood}", 100 + 13 * flood, 86_400)
        taken = await asyncio.gather(*(copies[number % 8].take([charge]) for number in range(800)))
        assert sum(one.allowed for one in taken) == charge.capacity


async def test_a_flood_with_costs_and_two_buckets(bench: Bench) -> None:
    copies = [await bench.copy() for _ in range(8)]
    account, own = Charge("account", 300, 86_400, 3), Charge("token", 100, 86_400, 1)
    taken = await asyncio.gather(
        *(copies[number % 8].take([account, own]) for number in range(400))
    )
    assert sum(one.allowed for one in taken) == 100
    assert not (await copies[0].take([account])).allowed


async def test_names_are_told_apart(bench: Bench) -> None:
    taken = await asyncio.gather(
        *(bench.buckets.take([Charge(f"n{number % 10}", 3, 86_400)]) for number in range(100))
    )
    # Three for each of ten names: the first thirty, in the order in which they asked.
    assert [number for number, one in enumerate(taken) if one.allowed] == list(range(30))


async def test_who_leaves_takes_no_answer_from_others(bench: Bench) -> None:
    tasks = [asyncio.create_task(bench.buckets.take([FIVE])) for _ in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(tasks[place].result().allowed for place in (0, 2, 3))


@given(
    capacity=st.integers(1, 20),
    period=st.integers(1, 100),
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), max_size=60),
)
async def test_never_more_than_the_capacity_and_what_has_flowed_in(
    capacity: int, period: int, steps: list[tuple[float, int]]
) -> None:
    """Over every stretch of time, whatever comes when."""
    now = [0.0]
    buckets = MemoryBuckets(clock=lambda: now[0])
    charged: list[tuple[float, int]] = []
    for pause, cost in steps:
        now[0] += pause
        charge = Charge("x", capacity, period, cost)
        taken = buckets.take_now([charge])
        if taken.allowed:
            charged.append((now[0], min(cost, capacity)))
        for place, (start, _) in enumerate(charged):
            total = sum(cost for _, cost in charged[place:])
            assert total <= capacity + (now[0] - start) * capacity / period + 1e-3
        assert 0 <= taken.used[0] <= capacity + 1e-3
