import threading

import time_machine

from tidework.http.limits import BoundedMemoryStorage, RateLimiter, address_key, limits_of
from tidework.settings_values import RateLimits, rate_limits

NOW = 1_800_000_000


def limiter(text: str) -> RateLimiter:
    return RateLimiter(limits_of(rate_limits(text)))


def test_a_caller_is_held_back_until_the_window_ends() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        limits = limiter("account=3/minute")
        assert [limits.hit("account", "a").allowed for _ in range(4)] == [True, True, True, False]
        assert limits.hit("account", "b").allowed
        clock.shift(59)
        assert limits.hit("account", "a").retry_after == 1
        clock.shift(1)
        assert limits.hit("account", "a").allowed


def test_headers_follow_the_draft() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        limits = limiter("account=3/minute")
        assert limits.hit("account", "a").headers == [
            (b"ratelimit-policy", b'"account";q=3;w=60'),
            (b"ratelimit", b'"account";r=2;t=60'),
        ]
        clock.shift(10.5)
        assert limits.hit("account", "a", cost=2).headers[1] == (
            b"ratelimit",
            b'"account";r=0;t=50',
        )
        refused = limits.hit("account", "a")
        assert refused.headers[1] == (b"ratelimit", b'"account";r=0;t=50')
        assert refused.retry_after == 50


def test_refused_requests_do_not_make_the_window_longer() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        limits = limiter("login=1/minute")
        limits.hit("login", "a")
        for _ in range(50):
            clock.shift(1)
            assert not limits.hit("login", "a").allowed
        clock.shift(10)
        assert limits.hit("login", "a").allowed


def test_kinds_do_not_share_and_a_cost_is_counted() -> None:
    limits = limiter("on")
    assert not limits.hit("anonymous", "1.2.3.4", cost=101).allowed
    assert limits.hit("account", "1.2.3.4", cost=1000).allowed
    assert not limits.hit("account", "1.2.3.4").allowed
    assert limits.hit("admin", "1.2.3.4", cost=10_000).allowed


def test_off_allows_everything_without_headers() -> None:
    limits = limiter("off")
    for _ in range(2000):
        decision = limits.hit("account", "a", cost=1000)
    assert decision == (True, [], 0)


def test_peek_counts_nothing_and_forget_starts_anew() -> None:
    limits = limiter("login=2/minute")
    for _ in range(10):
        assert limits.peek("login", "a").allowed
    limits.hit("login", "a")
    assert limits.peek("login", "a").headers[1][1].startswith(b'"login";r=1;')
    limits.hit("login", "a")
    assert not limits.peek("login", "a").allowed
    assert limits.peek("login", "a").retry_after > 0
    limits.forget("login", "a")
    assert limits.peek("login", "a").allowed


def test_an_ipv6_customer_is_one_caller() -> None:
    limits = limiter("anonymous=2/minute")
    assert limits.hit("anonymous", "2001:db8:1:2::1").allowed
    assert limits.hit("anonymous", "2001:db8:1:2:ffff::9").allowed
    assert not limits.hit("anonymous", "2001:db8:1:2::3").allowed
    assert limits.hit("anonymous", "2001:db8:1:3::1").allowed


def test_address_keys() -> None:
    assert address_key("1.2.3.4") == "1.2.3.4"
    assert address_key("2001:DB8::1") == "2001:db8::/64"
    assert address_key("::ffff:1.2.3.4") == "1.2.3.4"
    assert address_key("no:address") == "no:address"


def test_a_flood_of_addresses_is_bounded_and_frees_nobody() -> None:
    storage = BoundedMemoryStorage(capacity=1000)
    limits = RateLimiter(limits_of(RateLimits()), storage)
    for _ in range(6):
        limits.hit("login", "guessed@example.com")
    for i in range(20_000):
        limits.hit("anonymous", f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}")
    assert len(storage._counters) <= 1000
    assert not limits.hit("login", "guessed@example.com").allowed


def test_expired_counters_go_first() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        storage = BoundedMemoryStorage(capacity=10)
        for i in range(9):
            storage.incr(f"old{i}", 10, 100)
        clock.shift(11)
        storage.incr("young", 10)
        storage.incr("younger", 10)
        assert list(storage._counters) == ["young", "younger"]


def test_counting_from_many_threads_loses_nothing() -> None:
    storage = BoundedMemoryStorage()

    def work() -> None:
        for _ in range(5000):
            storage.incr("a", 60)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("a") == 40_000


def test_the_setting() -> None:
    limits = limits_of(RateLimits())
    assert {kind: (item.amount, item.get_expiry()) for kind, item in limits.items()} == {
        "anonymous": (100, 900),
        "account": (1000, 60),
        "admin": (10_000, 60),
        "login": (5, 900),
    }
    assert limits_of(rate_limits("off")) == {}
    for unit, seconds in (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400)):
        assert limits_of(rate_limits(f"account=7/{unit}"))["account"].get_expiry() == seconds
        profile = limits_of(rate_limits(f"account=7 per 3 {unit}s"))["account"]
        assert (profile.amount, profile.get_expiry()) == (7, 3 * seconds)
