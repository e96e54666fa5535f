"""Rate limits: token buckets by kind of caller, in memory or, shared by all copies, in Redis.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` says what is
allowed (quota `q` per `w` seconds), `RateLimit` what is left now (`r`) and in how many seconds all of
it is there again (`t`; of a refusal, when there is enough for this request).
"""

import math
import time
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from tidework.cache.buckets import Buckets, Charge, MemoryBuckets, Taken, full_in, missing_for
from tidework.cache.memory import BoundedCache
from tidework.settings_values import RateLimits, amount_and_seconds

Header = tuple[bytes, bytes]

_REFUSALS_KEPT: Final = 10_000


def limits_of(rates: RateLimits) -> dict[str, tuple[int, int]]:
    """The limits of requests that a setting means, as amount and seconds by kind; none when off."""
    if not rates.enabled:
        return {}
    kinds = {
        "anonymous": rates.anonymous,
        "account": rates.account,
        "admin": rates.admin,
        "token": rates.token,
    }
    return {kind: amount_and_seconds(rate) for kind, rate in kinds.items()}


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
    policy: bytes
    left: bytes
    header: Header


class _Refusal(NamedTuple):
    taken: Taken
    at: float
    until: float


class RateLimiter:
    """Counts requests by kind (`anonymous`, `account`, `admin`) and key, and by API token.

    With `buckets` these are where requests are counted, and `hit_shared` is to be called; without,
    `hit`, which counts in this process.
    """

    __slots__ = ("_memory", "_refusals", "_rules", "_shared", "is_shared")

    def __init__(
        self, limits: Mapping[str, tuple[int, int]], buckets: Buckets | None = None
    ) -> None:
        """`limits` as `limits_of` gives them."""
        self._memory = MemoryBuckets()
        self._shared: Buckets = self._memory if buckets is None else buckets
        self.is_shared = buckets is not None
        self._refusals: BoundedCache[tuple[Charge, ...], _Refusal] = BoundedCache(_REFUSALS_KEPT)
        self._rules: dict[str, _Rule] = {}
        for kind, (amount, seconds) in limits.items():
            policy = f'"{kind}";q={amount};w={seconds}'.encode()
            self._rules[kind] = _Rule(
                amount=amount,
                seconds=seconds,
                prefix=f"{kind}/{amount}/{seconds}/",
                policy=policy,
                left=f'"{kind}";r=%d;t=%d'.encode(),
                header=(b"ratelimit-policy", policy),
            )

    def hit(self, kind: str, key: str, cost: int = 1, token: str | None = None) -> Decision:
        """Count a request of `cost` and say whether it is within the limits. 3 µs.

        The key of `anonymous` is an address, counted as `address_key` says. `token` is the id of
        the API token that it came with, which has a bucket of its own besides. A kind without
        a limit allows everything and has no headers. A refused request does not count. A request
        that costs more than there ever is takes all there is.
        """
        rules, charges = self._charges(kind, key, cost, token)
        if not rules:
            return _UNLIMITED
        return _decide(rules, charges, self._memory.take_now(charges))

    async def hit_shared(
        self, kind: str, key: str, cost: int = 1, token: str | None = None
    ) -> Decision:
        """`hit`, counted together with all other copies.

        Who has been refused is refused here until the time that was said: a flood of requests over
        the limit costs no questions.
        """
        rules, charges = self._charges(kind, key, cost, token)
        if not rules:
            return _UNLIMITED
        now = time.monotonic()
        refusal = self._refusals.get(charges)
        if refusal is not None and now < refusal.until:
            return _decide(rules, charges, refusal.taken, now - refusal.at)
        taken = await self._shared.take(charges)
        if not taken.allowed:
            wait = max(map(missing_for, charges, taken.used))
            # Counted from before it was asked.
            self._refusals.put(charges, _Refusal(taken, now, now + wait))
        return _decide(rules, charges, taken)

    def _charges(
        self, kind: str, key: str, cost: int, token: str | None
    ) -> tuple[tuple[_Rule, ...], tuple[Charge, ...]]:
        rule = self._rules.get(kind)
        if rule is None:
            return (), ()
        name = rule.prefix + (address_key(key) if kind == "anonymous" else key)
        charge = Charge(name, rule.amount, rule.seconds, cost)
        if token is None:
            return (rule,), (charge,)
        own = self._rules["token"]
        return (rule, own), (charge, Charge(own.prefix + token, own.amount, own.seconds, cost))


def _decide(
    rules: Sequence[_Rule], charges: Sequence[Charge], taken: Taken, waited: float = 0.0
) -> Decision:
    """The answer to what became of the charges, `waited` seconds ago."""
    retry_after = 0
    if not taken.allowed:
        wait = max(map(missing_for, charges, taken.used)) - waited
        retry_after = max(1, math.ceil(wait))
    parts = []
    for rule, charge, used in zip(rules, charges, taken.used, strict=True):
        left = max(0, int(rule.amount - used + 1e-6))
        seconds = retry_after or math.ceil(full_in(charge, used))
        parts.append(rule.left % (left, seconds))
    if len(rules) == 1:
        return Decision(taken.allowed, [rules[0].header, (b"ratelimit", parts[0])], retry_after)
    policies = b", ".join(rule.policy for rule in rules)
    headers = [(b"ratelimit-policy", policies), (b"ratelimit", b", ".join(parts))]
    return Decision(taken.allowed, headers, retry_after)
