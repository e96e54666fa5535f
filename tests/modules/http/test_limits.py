import time

import pytest
import time_machine
from tests.services.buckets import Bench

from tidework.cache.buckets import Charge, MemoryBuckets
from tidework.http.limits import Decision, RateLimiter, address_key, limits_of
from tidework.settings_values import RateLimits, rate_limits


class Limits:
    """A limiter that is asked in the one way that its buckets have."""

    def __init__(self, bench: Bench, text: str) -> None:
        self.limiter = RateLimiter(limits_of(rate_limits(text)), bench.buckets)

    async def hit(self, kind: str, key: str, cost: int = 1, token: str | None = None) -> Decision:
        return await self.limiter.hit_shared(kind, key, cost, token)


def left(decision: Decision) -> str:
    return dict(decision.headers)[b"ratelimit"].decode()


async def test_a_caller_is_held_back_until_there_is_enough(bench: Bench) -> None:
    limits = Limits(bench, "account=3/minute")
    outcomes = [(await limits.hit("account", "a")).allowed for _ in range(4)]
    assert outcomes == [True, True, True, False]
    assert (await limits.hit("account", "b")).allowed


async def test_headers_follow_the_draft(bench: Bench) -> None:
    limits = Limits(bench, "account=3/minute")
    assert (await limits.hit("account", "a")).headers == [
        (b"ratelimit-policy", b'"account";q=3;w=60'),
        (b"ratelimit", b'"account";r=2;t=20'),
    ]
    bench.shift(10)
    assert left(await limits.hit("account", "a")) == '"account";r=1;t=30'
    # Half a token is none.
    assert left(await limits.hit("account", "a")) == '"account";r=0;t=50'
    refused = await limits.hit("account", "a")
    assert left(refused) == '"account";r=0;t=10'
    assert refused.retry_after == 10


async def test_what_costs_more_has_to_wait_longer(bench: Bench) -> None:
    limits = Limits(bench, "account=10/minute")
    assert left(await limits.hit("account", "a", cost=8)) == '"account";r=2;t=48'
    refused = await limits.hit("account", "a", cost=5)
    assert (refused.allowed, refused.retry_after) == (False, 18)
    assert left(refused) == '"account";r=2;t=18'
    assert (await limits.hit("account", "a", cost=2)).allowed


async def test_an_api_token_has_a_bucket_of_its_own_besides_the_accounts(bench: Bench) -> None:
    limits = Limits(bench, "account=5/minute, admin=50/minute, token=3/minute")
    first = await limits.hit("account", "a", token="t1")
    assert first.headers == [
        (b"ratelimit-policy", b'"account";q=5;w=60, "token";q=3;w=60'),
        (b"ratelimit", b'"account";r=4;t=12, "token";r=2;t=20'),
    ]
    for _ in range(2):
        assert (await limits.hit("account", "a", token="t1")).allowed
    refused = await limits.hit("account", "a", token="t1")
    assert (refused.allowed, refused.retry_after) == (False, 20)
    # It was not the account's, which still has what it had.
    assert left(await limits.hit("account", "a")) == '"account";r=1;t=48'
    assert (await limits.hit("account", "a", token="t2")).allowed
    held_by_the_account = await limits.hit("account", "a", token="t3")
    assert (held_by_the_account.allowed, held_by_the_account.retry_after) == (False, 12)
    assert (await limits.hit("admin", "b", token="t1")).allowed is False


async def test_kinds_do_not_share(bench: Bench) -> None:
    limits = Limits(bench, "on")
    assert (await limits.hit("anonymous", "1.2.3.4", cost=100)).allowed
    assert not (await limits.hit("anonymous", "1.2.3.4")).allowed
    assert (await limits.hit("account", "1.2.3.4", cost=1000)).allowed
    assert not (await limits.hit("account", "1.2.3.4", cost=100)).allowed
    assert (await limits.hit("admin", "1.2.3.4", cost=10_000)).allowed


async def test_off_allows_everything_without_headers(bench: Bench) -> None:
    limits = Limits(bench, "off")
    for _ in range(2000):
        decision = await limits.hit("account", "a", cost=1000, token="t")
    assert decision == (True, [], 0)


async def test_an_ipv6_customer_is_one_caller(bench: Bench) -> None:
    limits = Limits(bench, "anonymous=2/minute")
    assert (await limits.hit("anonymous", "2001:db8:1:2::1")).allowed
    assert (await limits.hit("anonymous", "2001:db8:1:2:ffff::9")).allowed
    assert not (await limits.hit("anonymous", "2001:db8:1:2::3")).allowed
    assert (await limits.hit("anonymous", "2001:db8:1:3::1")).allowed


class CountingBuckets(MemoryBuckets):
    """Says how often it was asked."""

    asked = 0

    async def take(self, charges):
        self.asked += 1
        return self.take_now(charges)


async def test_a_flood_over_the_limit_costs_no_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    buckets = CountingBuckets(clock=lambda: now[0])
    limits = RateLimiter(limits_of(rate_limits("account=10/minute")), buckets)
    decisions = [await limits.hit_shared("account", "a", cost=4) for _ in range(50)]
    assert [one.allowed for one in decisions] == [True, True] + [False] * 48
    assert {one.retry_after for one in decisions[2:]} == {12}
    assert buckets.asked == 3
    # What costs less is another question, and what is said shrinks with the time.
    assert (await limits.hit_shared("account", "a", cost=2)).allowed
    now[0] += 5
    assert (await limits.hit_shared("account", "a", cost=4)).retry_after == 7
    assert buckets.asked == 4
    now[0] += 7
    assert not (await limits.hit_shared("account", "a", cost=4)).allowed
    now[0] += 12
    assert (await limits.hit_shared("account", "a", cost=4)).allowed


def test_setting_the_clock_changes_nothing() -> None:
    limits = RateLimiter(limits_of(rate_limits("account=3/hour")))
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        assert limits.hit("account", "a", cost=3).allowed
        for shift in (86_400, -10 * 86_400, 400 * 86_400):
            clock.shift(shift)
            refused = limits.hit("account", "a")
            assert not refused.allowed
            assert refused.retry_after == 1200


def test_in_memory_nothing_waits() -> None:
    limits = RateLimiter(limits_of(rate_limits("account=3/hour, token=2/hour")))
    assert not limits.is_shared
    outcomes = [limits.hit("account", "a", token="t").allowed for _ in range(3)]
    assert outcomes == [True, True, False]
    assert [limits.hit("account", "a").allowed for _ in range(2)] == [True, False]


def test_address_keys() -> None:
    assert address_key("1.2.3.4") == "1.2.3.4"
    assert address_key("2001:DB8::1") == "2001:db8::/64"
    assert address_key("::ffff:1.2.3.4") == "1.2.3.4"
    assert address_key("no:address") == "no:address"


def test_a_flood_of_addresses_is_bounded_and_frees_nobody() -> None:
    buckets = MemoryBuckets(capacity=1000)
    guessed = Charge("guessed@example.com", 5, 900, 5)
    assert buckets.take_now([guessed]).allowed
    for number in range(20_000):
        buckets.take_now([Charge(f"address {number}", 100, 900)])
    assert len(buckets) <= 1000
    assert not buckets.take_now([guessed._replace(cost=1)]).allowed


def test_many_who_are_held_back_stay_so_in_a_flood() -> None:
    buckets = MemoryBuckets(capacity=200)
    held = [Charge(f"held {number}", 5, 900, 5) for number in range(60)]
    for charge in held:
        assert buckets.take_now([charge]).allowed
    for number in range(5_000):
        buckets.take_now([Charge(f"address {number}", 100, 900)])
    assert len(buckets) == 200
    assert not any(buckets.take_now([charge._replace(cost=1)]).allowed for charge in held)


def test_the_least_used_makes_room() -> None:
    buckets = MemoryBuckets(capacity=10, clock=lambda: 0.0)
    costs = [40, 30, 45, 20, 9, 33, 12, 44, 45, 10]
    for number, cost in enumerate(costs):
        buckets.take_now([Charge(f"n{number}", 100, 900, cost)])
    buckets.take_now([Charge("new", 100, 900)])
    looks = [Charge(f"n{number}", 100, 900, 0) for number in range(10)]
    used = [buckets.take_now([look]).used[0] for look in looks]
    assert used == [40, 30, 45, 20, 0, 33, 12, 44, 45, 10]


def test_full_buckets_make_room_first() -> None:
    now = [0.0]
    buckets = MemoryBuckets(capacity=10, clock=lambda: now[0])
    for number in range(9):
        buckets.take_now([Charge(f"old{number}", 10, 10, 9)])
    now[0] += 10
    buckets.take_now([Charge("young", 10, 10)])
    buckets.take_now([Charge("younger", 10, 10)])
    assert len(buckets) == 2
    # What is put back whole is not kept either.
    buckets.take_now([Charge("young", 10, 10, -1)])
    assert len(buckets) == 1


def test_the_setting() -> None:
    assert limits_of(RateLimits()) == {
        "anonymous": (100, 900),
        "account": (1000, 60),
        "admin": (10_000, 60),
        "token": (1000, 60),
    }
    assert limits_of(rate_limits("off")) == {}
    for unit, seconds in (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400)):
        assert limits_of(rate_limits(f"account=7/{unit}"))["account"] == (7, seconds)
        assert limits_of(rate_limits(f"token=7 per 3 {unit}s"))["token"] == (7, 3 * seconds)
