"""Token buckets: how much somebody may still do. In the memory of a process; see `redis_buckets`.

A bucket holds `capacity` tokens and, once used, fills up again evenly over `period` seconds. What is
kept of it is how many tokens are gone, and when that was so; a bucket that is full is not kept.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple, Protocol

SLACK: Final = 1e-6
"""Tokens that may be missing: who waits exactly as long as was said is let through, whatever the
rounding."""

# When there is no more room: how many are looked at, how often while all of them are used by half.
_LOOKED_AT: Final = 16
_TURNS: Final = 32
_MUCH: Final = 0.5


class Charge(NamedTuple):
    """`cost` tokens to be taken out of the bucket `name`, or put back into it when negative.

    The same name always comes with the same `capacity` and `period` (in seconds).
    """

    name: str
    capacity: int
    period: int
    cost: int = 1


class Taken(NamedTuple):
    """What became of some charges: whether the tokens were taken, and how many are gone now.

    `used` has a number for each charge, in their order: 0 is a full bucket.
    """

    allowed: bool
    used: Sequence[float]


class Buckets(Protocol):
    """Where the buckets are."""

    async def take(self, charges: Sequence[Charge]) -> Taken:
        """Take all of what is asked for, or, when one of the buckets has too little, none of it.

        This is one step, however many ask at once. The charges name different buckets. A refusal
        changes nothing; a bucket never holds more than its capacity, whatever is put back. A charge
        of more than the capacity counts as one of the capacity. Never raises.
        """
        ...

    async def fill(self, charges: Sequence[Charge]) -> None:
        """Make these buckets full, whatever the cost says."""
        ...


def missing_for(charge: Charge, used: float) -> float:
    """Seconds until the bucket has what the charge takes; 0 when it has it."""
    lacking = used + min(charge.cost, charge.capacity) - charge.capacity
    return lacking * charge.period / charge.capacity if lacking > SLACK else 0.0


def full_in(charge: Charge, used: float) -> float:
    """Seconds until the bucket is full again."""
    return used * charge.period / charge.capacity


class MemoryBuckets:
    """Buckets of this process, at most `capacity` for each length of period, about 280 bytes each.

    When there is no more room, full ones go, or the least used of a few: a flood of new names cannot
    push out one who is being held back. Setting the clock changes nothing. For use on one thread.
    """

    def __init__(self, capacity: int = 50_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        # By period: tokens gone, when, and the bucket's capacity.
        self._tables: dict[int, OrderedDict[str, tuple[float, float, int]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._tables.values()))

    def take_now(self, charges: Sequence[Charge]) -> Taken:
        """`take`, without waiting. 1.5 µs for one charge."""
        now = self._clock()
        if len(charges) == 1:
            charge = charges[0]
            used = self._used(charge, now)
            cost = min(charge.cost, charge.capacity)
            if cost > 0 and used + cost > charge.capacity + SLACK:
                return Taken(False, (used,))
            return Taken(True, (self._put(charge, used + cost, now),))
        before = [self._used(charge, now) for charge in charges]
        if any(
            charge.cost > 0 and missing_for(charge, used)
            for charge, used in zip(charges, before, strict=True)
        ):
            return Taken(False, before)
        return Taken(
            True,
            [
                self._put(charge, used + min(charge.cost, charge.capacity), now)
                for charge, used in zip(charges, before, strict=True)
            ],
        )

    async def take(self, charges: Sequence[Charge]) -> Taken:
        return self.take_now(charges)

    async def fill(self, charges: Sequence[Charge]) -> None:
        for charge in charges:
            self._tables.get(charge.period, OrderedDict()).pop(charge.name, None)

    def _used(self, charge: Charge, now: float) -> float:
        table = self._tables.get(charge.period)
        kept = None if table is None else table.get(charge.name)
        if kept is None:
            return 0.0
        return max(0.0, kept[0] - (now - kept[1]) * charge.capacity / charge.period)

    def _put(self, charge: Charge, used: float, now: float) -> float:
        table = self._tables.get(charge.period)
        if table is None:
            table = self._tables[charge.period] = OrderedDict()
        if used <= 0:
            table.pop(charge.name, None)
            return 0.0
        if charge.name not in table and len(table) >= self._capacity:
            self._make_room(charge.period, now)
        table[charge.name] = (used, now, charge.capacity)
        return used

    def _make_room(self, period: int, now: float) -> None:
        """Let one go at least. Those that stay are looked at again only after all others."""
        table = self._tables[period]
        for turn in range(1, _TURNS + 1):
            shares = {
                name: used / capacity - (now - at) / period
                for name, (used, at, capacity) in islice(table.items(), _LOOKED_AT)
            }
            least = min(shares, key=shares.__getitem__)
            enough = shares[least] < _MUCH or turn == _TURNS
            for name, share in shares.items():
                if share <= 0 or (enough and name == least):
                    del table[name]
                else:
                    table.move_to_end(name)
            if enough:
                return
