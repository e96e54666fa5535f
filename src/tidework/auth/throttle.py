"""Slowing down those who guess passwords, without locking the owner out.

An attempt is counted before the password is looked at, and given back when it was right: of a
hundred guesses sent at once, no more get through than of a hundred sent one after the other.
"""

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from typing import Final

from tidework.cache.buckets import Buckets, Charge, MemoryBuckets, missing_for
from tidework.errors import TooManyRequests
from tidework.settings_values import amount_and_seconds

_KNOWN_FOR_S: Final = 30 * 24 * 3600


class Throttle:
    """Bounds on failed log-ins, by account and by address.

    Three bounds, each a bucket of failures that fills up again evenly over its time:

    - `pair`: one account from one address;
    - `account`: one account from all addresses that it has not logged in from in the last 30 days;
    - `address`: one address over all accounts that have not logged in from it.

    A stranger therefore uses up `account` and is slowed down, while the owner at an address where
    they have logged in before is held to their own `pair` only. What is known of an address is as
    lasting as the buckets; a caller who knows it from elsewhere (a session's record, a device's
    refresh token) says so with `known`.

    An account is named by its normalised e-mail address, whether or not it exists: answers are the
    same. IPv6 addresses count by their /64, which is what one subscriber has. Names and addresses
    reach the buckets only as hashes. The buckets are those that all copies of the server share, or
    this process's own when None.
    """

    def __init__(
        self,
        buckets: Buckets | None = None,
        *,
        pair: str = "5 per 15 minutes",
        account: str = "20 per 15 minutes",
        address: str = "50 per 15 minutes",
        enabled: bool = True,
    ) -> None:
        """Bounds are in the notation of `settings_values`; raises `ValueError` for one that is not."""
        self._buckets: Buckets = MemoryBuckets(100_000) if buckets is None else buckets
        self._pair = amount_and_seconds(pair)
        self._account = amount_and_seconds(account)
        self._address = amount_and_seconds(address)
        self._enabled = enabled

    async def check(self, account_key: str, address: str, *, known: bool = False) -> None:
        """Count an attempt to log in, or raise `TooManyRequests` when a bound is used up.

        The attempt stays counted, as failed, unless `succeeded` or `release` follows with the same
        arguments.
        """
        bounds = await self._bounds(account_key, address, known, 1)
        taken = await self._buckets.take(bounds)
        if not taken.allowed:
            raise _refusal(max(map(missing_for, bounds, taken.used)))

    async def succeeded(self, account_key: str, address: str, *, known: bool = False) -> None:
        """The password was right: forget the pair's failures, and know the address from now on.

        To be called also when the owner has proved themselves otherwise (a reset by e-mail), which
        lets them in while strangers keep the account's bound used up.
        """
        if not self._enabled:
            return
        await self.release(account_key, address, known=known)
        network = _network(address)
        mark = _mark(account_key, network)
        await self._buckets.fill([self._of_pair(account_key, network, 0), mark])
        await self._buckets.take([mark])

    async def release(self, account_key: str, address: str, *, known: bool = False) -> None:
        """Take an attempt back whose password was not looked at (the server was overloaded)."""
        await self._buckets.take(await self._bounds(account_key, address, known, -1))

    async def _bounds(
        self, account_key: str, address: str, known: bool, cost: int
    ) -> Sequence[Charge]:
        if not self._enabled:
            return ()
        network = _network(address)
        bounds = [self._of_pair(account_key, network, cost)]
        if not (known or await self._is_known(account_key, network)):
            account, addresses = _key("account", account_key), _key("address", network)
            bounds.append(Charge(account, *self._account, cost))
            bounds.append(Charge(addresses, *self._address, cost))
        return bounds

    def _of_pair(self, account_key: str, network: str, cost: int) -> Charge:
        return Charge(_key("pair", account_key, network), *self._pair, cost)

    async def _is_known(self, account_key: str, network: str) -> bool:
        taken = await self._buckets.take([_mark(account_key, network)._replace(cost=0)])
        return taken.used[0] > 0


def _mark(account_key: str, network: str) -> Charge:
    """That an account has logged in from a network: a bucket that takes 30 days to fill up."""
    return Charge(_key("known", account_key, network), 1, _KNOWN_FOR_S)


def _refusal(wait: float) -> TooManyRequests:
    seconds = max(1, math.ceil(wait))
    text = f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
    return TooManyRequests(
        f"Too many failed log-ins. Try again in {text}, or reset the password.",
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
