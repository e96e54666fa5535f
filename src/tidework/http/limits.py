"""Rate limits: fixed windows that start with a caller's first request, counted in a storage.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` says what is
allowed (quota `q` per `w` seconds), `RateLimit` what is left (`r` for the next `t` seconds).
"""

import math
import threading
import time
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from limits import RateLimitItem, parse
from limits.storage import Storage

from tidework.settings_values import RateLimits

Header = tuple[bytes, bytes]


def limits_of(rates: RateLimits) -> dict[str, RateLimitItem]:
    """The limits that a setting means, by kind; none when they are off."""
    if not rates.enabled:
        return {}
    kinds = {
        "anonymous": rates.anonymous,
        "account": rates.account,
        "admin": rates.admin,
        "login": rates.login,
    }
    return {kind: parse(rate) for kind, rate in kinds.items()}


def address_key(address: str) -> str:
    """What an address is counted under: itself, or its /64 for IPv6.

    A single IPv6 customer has at least 2^64 addresses. Text that is no address is its own key.
    """
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


class BoundedMemoryStorage(Storage):
    """Counters in this process, at most `capacity` of them.

    The library's own memory storage starts a thread every 10 ms, which walks over all counters; a
    flood of addresses would make that the most expensive thing the server does. Here a counter is
    looked at when it is used, and when there is no more room the expired ones go, and then those
    that counted least: a flood of new addresses cannot push out a caller who is being held back.
    """

    STORAGE_SCHEME = None

    def __init__(self, capacity: int = 50_000) -> None:
        super().__init__()
        self._capacity = capacity
        self._lock = threading.Lock()
        # The count, and the time in seconds since the epoch at which its window ends.
        self._counters: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            count, end = self._counters.get(key, (0, 0.0))
            if end <= now:
                # Put at the end again: of two that counted alike, the older window goes first.
                self._counters.pop(key, None)
                if len(self._counters) >= self._capacity:
                    self._make_room(now)
                count, end = 0, now + expiry
            count += amount
            self._counters[key] = (count, end)
            return count

    def _make_room(self, now: float) -> None:
        kept = {key: counter for key, counter in self._counters.items() if counter[1] > now}
        surplus = len(kept) - self._capacity * 9 // 10
        if surplus > 0:
            for key in sorted(kept, key=lambda key: kept[key][0])[:surplus]:
                del kept[key]
        self._counters = kept

    def get(self, key: str) -> int:
        count, end = self._counters.get(key, (0, 0.0))
        return count if end > time.time() else 0

    def get_expiry(self, key: str) -> float:
        end = self._counters.get(key, (0, 0.0))[1]
        return max(end, time.time())

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._lock:
            forgotten = len(self._counters)
            self._counters.clear()
        return forgotten

    def clear(self, key: str) -> None:
        with self._lock:
            self._counters.pop(key, None)


class Decision(NamedTuple):
    """Whether a request may go on; `retry_after` is in whole seconds, 0 when it may."""

    allowed: bool
    headers: list[Header]
    retry_after: int


_UNLIMITED: Final = Decision(True, [], 0)


class _Rule(NamedTuple):
    amount: int
    seconds: int
    prefix: str
    policy: Header
    left: bytes


class RateLimiter:
    """Counts requests by kind (`anonymous`, `account`, `admin`, `login`) and key."""

    __slots__ = ("_rules", "_storage")

    def __init__(self, limits: Mapping[str, RateLimitItem], storage: Storage | None = None) -> None:
        """`limits` as `limits_of` gives them; `storage` keeps the counters, memory if None."""
        self._storage = BoundedMemoryStorage() if storage is None else storage
        self._rules: dict[str, _Rule] = {}
        for kind, item in limits.items():
            seconds = item.get_expiry()
            self._rules[kind] = _Rule(
                amount=item.amount,
                seconds=seconds,
                prefix=f"{kind}/{item.amount}/{seconds}/",
                policy=(b"ratelimit-policy", f'"{kind}";q={item.amount};w={seconds}'.encode()),
                left=f'"{kind}";r=%d;t=%d'.encode(),
            )

    def hit(self, kind: str, key: str, cost: int = 1) -> Decision:
        """Count a request of `cost` and say whether it is within the limit. 2 µs in memory.

        A kind without a limit allows everything and has no headers. The key of `anonymous` is an
        address, counted as `address_key` says. A refused request counts too, and does not make the
        window longer.
        """
        rule = self._rules.get(kind)
        if rule is None:
            return _UNLIMITED
        name = rule.prefix + (address_key(key) if kind == "anonymous" else key)
        left = rule.amount - self._storage.incr(name, rule.seconds, cost)
        return _decide(rule, left >= 0, left, self._storage.get_expiry(name))

    def peek(self, kind: str, key: str) -> Decision:
        """Whether another request would be allowed, without counting one."""
        rule = self._rules.get(kind)
        if rule is None:
            return _UNLIMITED
        name = rule.prefix + (address_key(key) if kind == "anonymous" else key)
        left = rule.amount - self._storage.get(name)
        return _decide(rule, left > 0, left, self._storage.get_expiry(name))

    def forget(self, kind: str, key: str) -> None:
        """Start anew for this key, as after a log-in that succeeded."""
        rule = self._rules.get(kind)
        if rule is not None:
            self._storage.clear(rule.prefix + (address_key(key) if kind == "anonymous" else key))


def _decide(rule: _Rule, allowed: bool, left: int, end: float) -> Decision:
    seconds = max(1, math.ceil(end - time.time()))
    headers = [rule.policy, (b"ratelimit", rule.left % (max(left, 0), seconds))]
    return Decision(allowed, headers, 0 if allowed else seconds)
