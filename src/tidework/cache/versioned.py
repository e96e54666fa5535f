"""A cache in memory of what stays true while a stream's seq stands."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from tidework.cache.memory import BoundedCache
from tidework.errors import Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Load = Callable[[], Awaitable[tuple[int | None, V]]]

_NOT_SHARED = LookupError("What is not kept is not shared.")


class VersionedCache(Generic[K, V]):
    """Keeps values under a key and a seq; whoever knows a later seq does not find them.

    `bound` and `size` as with `BoundedCache`. A value that several ask for at once is loaded once.
    For use on one thread.
    """

    __slots__ = ("_entries", "_loading", "hits", "joined", "misses")

    def __init__(self, bound: int, size: Callable[[V], int] | None = None) -> None:
        sized = None if size is None else lambda entry: size(entry[1])
        self._entries: BoundedCache[K, tuple[int, V]] = BoundedCache(bound, sized)
        self._loading: dict[tuple[K, int], asyncio.Future[tuple[V] | Exception | None]] = {}
        self.hits = 0
        self.misses = 0
        self.joined = 0

    @property
    def used(self) -> int:
        """The sum of the sizes of what is kept."""
        return self._entries.used

    def get(self, key: K, seq: int) -> V | None:
        """What is kept for `seq`, or None."""
        entry = self._entries.get(key)
        if entry is None or entry[0] != seq:
            self.misses += 1
            return None
        self.hits += 1
        return entry[1]

    def put(self, key: K, seq: int, value: V) -> None:
        """Keep a value for `seq`, in place of what was kept for another."""
        self._entries.put(key, (seq, value))

    def latest(self, key: K) -> tuple[int, V] | None:
        """What is kept, with its seq, whichever that is: a hint, not the truth."""
        return self._entries.get(key)

    def renew(self, key: K, seq: int, value: V) -> V:
        """Keep a value that `get` did not find for a later seq, and turns out to stand there too."""
        self.put(key, seq, value)
        self.misses -= 1
        self.hits += 1
        return value

    def clear(self) -> None:
        """Forget everything; nobody joins a load that is under way any more."""
        self._entries.clear()
        self._loading = {}

    async def load(self, key: K, seq: int, load: Load[V]) -> V:
        """The value for `seq` or later, from `load`, or from a call of it that is under way.

        `load` returns the value and the seq that it stands for, which may be later, or None for a
        value that is not to be kept: that is its own caller's alone, as it may follow from more than
        the key. Raises what `load` raises: `Unavailable` to all who waited, any other error to its
        own caller alone. Whoever waited for what is somebody else's alone asks for themselves.
        """
        place = (key, seq)
        while (pending := self._loading.get(place)) is not None:
            # None: that caller has gone away, and somebody else takes over.
            outcome = await asyncio.shield(pending)
            if isinstance(outcome, Unavailable):
                raise outcome
            if isinstance(outcome, Exception):
                return (await load())[1]
            if outcome is not None:
                self.joined += 1
                return outcome[0]
        pending = self._loading[place] = asyncio.get_running_loop().create_future()
        result: tuple[V] | Exception | None = None
        try:
            at, value = await load()
            if at is None:
                result = _NOT_SHARED
            else:
                self.put(key, at, value)
                result = (value,)
            return value
        except Exception as error:
            result = error
            raise
        finally:
            if self._loading.get(place) is pending:
                del self._loading[place]
            pending.set_result(result)

    def __len__(self) -> int:
        return len(self._entries)
