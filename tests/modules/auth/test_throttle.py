import asyncio
import ipaddress

import pytest

from tidework.auth.throttle import Throttle
from tidework.cache.buckets import MemoryBuckets
from tidework.errors import TooManyRequests

HOME, OFFICE, STRANGER = "192.0.2.1", "192.0.2.2", "198.51.100.7"
OWNER = "owner@example.org"


@pytest.fixture
def throttle(bench):
    return Throttle(bench.buckets)


async def _fail(throttle, account, address, times=1):
    for _ in range(times):
        await throttle.check(account, address)


async def _log_in(throttle, account, address):
    await throttle.check(account, address)
    await throttle.succeeded(account, address)


async def _refused(throttle, account, address):
    with pytest.raises(TooManyRequests) as refused:
        await throttle.check(account, address)
    return refused.value


async def test_the_sixth_failure_of_a_pair_is_refused_until_one_is_forgotten(bench, throttle):
    await _fail(throttle, OWNER, HOME, 4)
    bench.shift(60)
    await _fail(throttle, OWNER, HOME)
    refused = await _refused(throttle, OWNER, HOME)
    assert refused.retry_after == 120
    assert refused.headers["Retry-After"] == "120"
    assert "2 minutes" in refused.detail
    await _fail(throttle, OWNER, OFFICE)
    bench.shift(120)
    await _fail(throttle, OWNER, HOME)
    await _refused(throttle, OWNER, HOME)
    bench.shift(900)
    await _fail(throttle, OWNER, HOME, 5)
    await _refused(throttle, OWNER, HOME)


async def test_the_copies_count_together(bench):
    throttles = [Throttle(await bench.copy()) for _ in range(8)]
    await _log_in(throttles[0], OWNER, OFFICE)
    outcomes = await asyncio.gather(
        *(throttles[number % 8].check(OWNER, HOME) for number in range(80)), return_exceptions=True
    )
    assert outcomes.count(None) == 5
    for number in range(15):
        await throttles[number % 8].check(OWNER, f"198.51.100.{number}")
    for throttle in throttles:
        await _refused(throttle, OWNER, STRANGER)
    # Where the owner has logged in, every copy knows them.
    await throttles[5].check(OWNER, OFFICE)
    await throttles[6].succeeded(OWNER, OFFICE)
    await _fail(throttles[7], OWNER, OFFICE, 5)
    await _refused(throttles[1], OWNER, OFFICE)


async def test_a_refused_attempt_uses_up_no_other_bound(bench, throttle):
    await _fail(throttle, OWNER, STRANGER, 5)
    for _ in range(30):
        await _refused(throttle, OWNER, STRANGER)
    # The account's twenty are still there for other addresses.
    for number in range(15):
        await _fail(throttle, OWNER, f"203.0.113.{number}")
    await _refused(throttle, OWNER, HOME)


async def test_guesses_sent_at_once_are_counted_like_any(throttle):
    outcomes = await asyncio.gather(
        *(throttle.check(OWNER, HOME) for _ in range(100)), return_exceptions=True
    )
    assert outcomes.count(None) == 5
    assert sum(isinstance(outcome, TooManyRequests) for outcome in outcomes) == 95


async def test_success_forgets_the_failures_of_the_pair(throttle):
    await _fail(throttle, OWNER, HOME, 4)
    await _log_in(throttle, OWNER, HOME)
    await _fail(throttle, OWNER, HOME, 5)
    await _refused(throttle, OWNER, HOME)


async def test_log_ins_that_succeed_are_never_refused(throttle):
    for number in range(200):
        await _log_in(throttle, f"{number}@example.org", HOME)
        await _log_in(throttle, OWNER, f"192.0.2.{number}")


async def test_a_stranger_at_many_addresses_does_not_lock_the_owner_out(bench, throttle):
    await _log_in(throttle, OWNER, HOME)
    bench.shift(24 * 3600)
    refused = 0
    for number in range(1000):
        try:
            await throttle.check(OWNER, f"198.51.{number % 250}.7")
        except TooManyRequests:
            refused += 1
    assert refused == 980
    await _fail(throttle, OWNER, HOME, 4)
    await _log_in(throttle, OWNER, HOME)


async def test_a_failing_owner_does_not_use_up_what_strangers_are_held_to(bench):
    throttle = Throttle(bench.buckets, account="5 per minute", address="5 per minute")
    await _log_in(throttle, OWNER, HOME)
    await _fail(throttle, OWNER, HOME, 5)
    await _fail(throttle, OWNER, OFFICE, 5)
    await _refused(throttle, OWNER, STRANGER)


async def test_a_caller_can_vouch_for_an_address(throttle):
    for number in range(20):
        await _fail(throttle, OWNER, f"198.51.100.{number}")
    await _refused(throttle, OWNER, HOME)
    await throttle.check(OWNER, HOME, known=True)
    await throttle.succeeded(OWNER, HOME, known=True)
    await throttle.check(OWNER, HOME)


async def test_a_known_address_is_known_for_thirty_days_from_the_last_log_in(bench, throttle):
    await _log_in(throttle, OWNER, HOME)
    bench.shift(29 * 24 * 3600)
    await _log_in(throttle, OWNER, HOME)
    bench.shift(29 * 24 * 3600)
    for number in range(20):
        await _fail(throttle, OWNER, f"198.51.100.{number}")
    await throttle.check(OWNER, HOME)
    bench.shift(2 * 24 * 3600)
    for number in range(20):
        await _fail(throttle, OWNER, f"198.51.100.{number}")
    await _refused(throttle, OWNER, HOME)


async def test_an_address_that_tries_many_accounts_is_refused_for_all_but_those_it_knows(throttle):
    await _log_in(throttle, OWNER, OFFICE)
    for number in range(50):
        await _fail(throttle, f"{number}@example.org", OFFICE)
    await _refused(throttle, "next@example.org", OFFICE)
    await _log_in(throttle, OWNER, OFFICE)
    await throttle.check("next@example.org", HOME)


async def test_own_success_does_not_reset_what_an_address_has_used_up(throttle):
    for number in range(50):
        await _fail(throttle, f"{number}@example.org", STRANGER)
        if number % 10 == 0:
            await _log_in(throttle, "mine@example.org", STRANGER)
    await _refused(throttle, "next@example.org", STRANGER)


async def test_an_attempt_that_was_not_judged_is_given_back(bench, throttle):
    for _ in range(100):
        await throttle.check(OWNER, HOME)
        await throttle.release(OWNER, HOME)
    await _fail(throttle, OWNER, HOME, 5)
    await _refused(throttle, OWNER, HOME)
    bench.shift(900)
    await throttle.release(OWNER, HOME)
    await _fail(throttle, OWNER, HOME, 5)
    await _refused(throttle, OWNER, HOME)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("unknown", "unknown", True),
        ("unknown", "", False),
    ],
)
async def test_addresses_count_as_one_subscriber_has_them(throttle, one, other, same):
    await _fail(throttle, OWNER, one, 5)
    if same:
        await _refused(throttle, OWNER, other)
    else:
        await throttle.check(OWNER, other)


async def test_accounts_and_addresses_are_not_mixed_up(throttle):
    await _fail(throttle, "a|b", "c", 5)
    await throttle.check("a", "b|c")
    await throttle.check("\ud800", "\ud800")


async def test_bounds_are_settable_and_can_be_off(bench):
    strict = Throttle(bench.buckets, pair="1 per hour")
    await _fail(strict, OWNER, HOME)
    assert (await _refused(strict, OWNER, HOME)).retry_after > 3000
    off = Throttle(bench.buckets, pair="1 per hour", enabled=False)
    for _ in range(100):
        await _log_in(off, OWNER, HOME)
        await _fail(off, OWNER, HOME)
    with pytest.raises(ValueError, match="some"):
        Throttle(pair="some per hour")


async def test_buckets_are_bounded_under_hostile_addresses():
    now = [0.0]
    buckets = MemoryBuckets(1000, clock=lambda: now[0])
    throttle = Throttle(buckets)
    await _log_in(throttle, OWNER, HOME)
    await _fail(throttle, OWNER, HOME, 5)
    for number in range(2000):
        now[0] += 0.001
        await _fail(throttle, OWNER[::-1] + str(number), str(ipaddress.ip_address(number << 96)))
    assert len(buckets) <= 1001
    # Neither is the owner forgotten, nor who is held back.
    await _refused(throttle, OWNER, HOME)
    for number in range(20):
        await _fail(throttle, OWNER, f"198.51.100.{number}")
    await _refused(throttle, OWNER, STRANGER)
    now[0] += 180
    await throttle.check(OWNER, HOME)
