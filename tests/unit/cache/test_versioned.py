"""The cache under seqs: what it finds, and that a value is loaded once however many ask."""

import asyncio

import pytest

from tidework.cache.versioned import VersionedCache
from tidework.errors import NotFound, Unavailable


class Source:
    """Values to load, counted; each load waits until it is let go."""

    def __init__(self, seq: int | None = 1) -> None:
        self.seq = seq
        self.calls = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def load(self) -> tuple[int | None, str]:
        self.calls += 1
        number = self.calls
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return self.seq, f"load {number}"


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_value_is_found_under_its_seq_only() -> None:
    cache: VersionedCache[str, str] = VersionedCache(10)
    cache.put("a", 5, "five")
    assert cache.get("a", 5) == "five"
    assert cache.get("a", 4) is None
    assert cache.get("a", 6) is None
    assert cache.get("b", 5) is None
    assert cache.latest("a") == (5, "five")
    assert (cache.hits, cache.misses, len(cache), cache.used) == (1, 3, 1, 1)


async def test_many_who_ask_at_once_cause_one_load() -> None:
    cache, source = VersionedCache[str, str](10), Source()
    waiting = [asyncio.create_task(cache.load("a", 1, source.load)) for _ in range(50)]
    await settle()
    source.go.set()
    assert set(await asyncio.gather(*waiting)) == {"load 1"}
    assert (source.calls, cache.joined) == (1, 49)
    assert cache.get("a", 1) == "load 1"


async def test_who_knows_a_later_seq_does_not_join_an_earlier_load() -> None:
    cache, source = VersionedCache[str, str](10), Source()
    early = asyncio.create_task(cache.load("a", 1, source.load))
    await settle()
    late = asyncio.create_task(cache.load("a", 2, source.load))
    await settle()
    source.go.set()
    assert await asyncio.gather(early, late) == ["load 1", "load 2"]


async def test_what_is_not_to_be_kept_is_not_shared_either() -> None:
    cache, source = VersionedCache[str, str](10), Source(seq=None)
    waiting = [asyncio.create_task(cache.load("a", 1, source.load)) for _ in range(3)]
    await settle()
    source.go.set()
    assert await asyncio.gather(*waiting) == ["load 1", "load 2", "load 3"]
    assert cache.get("a", 1) is None


async def test_one_who_goes_away_is_replaced_by_one_of_those_who_wait() -> None:
    cache, source = VersionedCache[str, str](10), Source()
    waiting = [asyncio.create_task(cache.load("a", 1, source.load)) for _ in range(5)]
    await settle()
    waiting[0].cancel()
    # Who merely waits may go away too, and takes nothing from the others.
    waiting[3].cancel()
    await settle()
    assert source.calls == 2
    source.go.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(one) for one in outcomes] == ["", "load 2", "load 2", "", "load 2"]


async def test_a_part_that_is_down_is_asked_once_for_all() -> None:
    cache, source = VersionedCache[str, str](10), Source()
    source.error = Unavailable("The database is away.")
    waiting = [asyncio.create_task(cache.load("a", 1, source.load)) for _ in range(5)]
    await settle()
    source.go.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in outcomes)
    assert source.calls == 1
    source.error = None
    assert await cache.load("a", 1, source.load) == "load 2"


async def test_any_other_error_is_met_by_its_own_caller_only() -> None:
    cache, source = VersionedCache[str, str](10), Source()
    refusals = [NotFound("for the first one only")]

    async def load() -> tuple[int | None, str]:
        await source.go.wait()
        if refusals:
            raise refusals.pop()
        return 1, "there"

    waiting = [asyncio.create_task(cache.load("a", 1, load)) for _ in range(3)]
    await settle()
    source.go.set()
    with pytest.raises(NotFound):
        await waiting[0]
    assert await asyncio.gather(*waiting[1:]) == ["there", "there"]


def test_it_is_bounded_by_the_size_of_what_it_keeps() -> None:
    cache: VersionedCache[int, bytes] = VersionedCache(100, len)
    for number in range(30):
        cache.put(number, 1, b"x" * 10)
    assert (cache.used, len(cache)) == (100, 10)
    assert cache.get(29, 1) is not None
    assert cache.get(0, 1) is None
