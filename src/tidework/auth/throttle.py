"""Slowing down those who guess passwords, without locking the owner out.

An attempt is counted before the password is looked at, and given back when it was right: of a
hundred guesses sent at once, no more get through than of a hundred sent one after the other.
"""

import hashlib
import ipaddress
import math
import time
from collections import OrderedDict

import limits
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter

from tidework.errors import TooManyRequests

_KNOWN_FOR_S = 30 * 24 * 3600


class BoundedMemoryStorage(Storage):
    """Counters in this process's memory, of bounded number, for `limits`.

    There are at most `max_counters` for each length of window, about 300 bytes each; the one that
    would end first makes room. (The memory storage of `limits` itself has no bound, and walks
    through all of its keys again and again in a thread.)
    """

    STORAGE_SCHEME = None

    def __init__(self, max_counters: int = 100_000) -> None:
        super().__init__()
        self._max_counters = max_counters
        # By length of window: (count, end in Unix time), in the order in which they end.
        self._windows: dict[int, OrderedDict[str, tuple[int, float]]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        window = self._windows.setdefault(expiry, OrderedDict())
        now = time.time()
        count, ends_at = window.get(key, (0, 0.0))
        if ends_at <= now:
            window.pop(key, None)
            while window and (
                len(window) >= self._max_counters or next(iter(window.values()))[1] <= now
            ):
                window.popitem(last=False)
            count, ends_at = 0, now + expiry
        window[key] = (count + amount, ends_at)
        return count + amount

    async def get(self, key: str) -> int:
        return self._find(key)[0]

    async def get_expiry(self, key: str) -> float:
        return self._find(key)[1]

    async def check(self) -> bool:
        return True

    async def clear(self, key: str) -> None:
        for window in self._windows.values():
            window.pop(key, None)

    async def reset(self) -> int:
        dropped = sum(map(len, self._windows.values()))
        self._windows.clear()
        return dropped

    def _find(self, key: str) -> tuple[int, float]:
        now = time.time()
        for window in self._windows.values():
            count, ends_at = window.get(key, (0, 0.0))
            if ends_at > now:
                return count, ends_at
        return 0, now


class Throttle:
    """Bounds on failed log-ins, by account and by address.

    Three bounds, each counted from its first failure on:

    - `pair`: one account from one address;
    - `account`: one account from all addresses that it has not logged in from in the last 30 days;
    - `address`: one address over all accounts that have not logged in from it.

    A stranger therefore uses up `account` and is slowed down, while the owner at an address where
    they have logged in before is held to their own `pair` only. What is known of an address is as
    lasting as the storage; a caller who knows it from elsewhere (a session's record, a device's
    refresh token) says so with `known`.

    An account is named by its normalised e-mail address, whether or not it exists: answers are the
    same. IPv6 addresses count by their /64, which is what one subscriber has. Names and addresses
    reach the storage only as hashes. The storage is shared by all copies of the server, or is
    a `BoundedMemoryStorage`.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        pair: str = "5 per 15 minutes",
        account: str = "20 per 15 minutes",
        address: str = "50 per 15 minutes",
        enabled: bool = True,
    ) -> None:
        """Bounds are in the notation of `limits`; raises `ValueError` for one that is not."""
        self._storage = storage
        self._limiter = FixedWindowRateLimiter(storage)
        self._pair = limits.parse(pair)
        self._account = limits.parse(account)
        self._address = limits.parse(address)
        self._enabled = enabled

    async def check(self, account_key: str, address: str, *, known: bool = False) -> None:
        """Count an attempt to log in, or raise `TooManyRequests` when a bound is used up.

        The attempt stays counted, as failed, unless `succeeded` or `release` follows with the same
        arguments.
        """
        bounds = await self._bounds(account_key, address, known)
        for limit, key in bounds:
            if not await self._limiter.test(limit, key):
                raise await self._refusal(limit, key)
        for limit, key in bounds:
            if not await self._limiter.hit(limit, key):
                raise await self._refusal(limit, key)

    async def succeeded(self, account_key: str, address: str, *, known: bool = False) -> None:
        """The password was right: forget the pair's failures, and know the address from now on.

        To be called also when the owner has proved themselves otherwise (a reset by e-mail), which
        lets them in while strangers keep the account's bound used up.
        """
        if not self._enabled:
            return
        await self.release(account_key, address, known=known)
        await self._storage.clear(self._pair.key_for(_key("pair", account_key, _network(address))))
        known_key = _key("known", account_key, _network(address))
        await self._storage.clear(known_key)
        await self._storage.incr(known_key, _KNOWN_FOR_S)

    async def release(self, account_key: str, address: str, *, known: bool = False) -> None:
        """Take an attempt back whose password was not looked at (the server was overloaded)."""
        for limit, key in await self._bounds(account_key, address, known):
            stored = limit.key_for(key)
            if await self._storage.get(stored) > 0:
                await self._storage.incr(stored, limit.get_expiry(), amount=-1)

    async def _bounds(
        self, account_key: str, address: str, known: bool
    ) -> list[tuple[limits.RateLimitItem, str]]:
        if not self._enabled:
            return []
        network = _network(address)
        bounds = [(self._pair, _key("pair", account_key, network))]
        if not (known or await self._storage.get(_key("known", account_key, network))):
            bounds.append((self._account, _key("account", account_key)))
            bounds.append((self._address, _key("address", network)))
        return bounds

    async def _refusal(self, limit: limits.RateLimitItem, key: str) -> TooManyRequests:
        ends_at = await self._storage.get_expiry(limit.key_for(key))
        seconds = max(1, math.ceil(ends_at - time.time()))
        wait = f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
        return TooManyRequests(
            f"Too many failed log-ins. Try again in {wait}, or reset the password.",
            retry_after=seconds,
        )


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    # An IPv4 client as a dual-stack socket shows it; all of them lie in one /64.
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"


def _key(kind: str, *parts: str) -> str:
    # Lengths in front, so that no two different lists of parts read the same.
    text = kind + "".join(f"|{len(part)}:{part}" for part in parts)
    hashed = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16)
    return f"login-{hashed.hexdigest()}"
