"""A bounded cache in the memory of the process."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Keeps what was used last, up to a total size.

    `size` gives an entry's size; with the default every entry counts one. For use on one thread.
    """

    __slots__ = ("_bound", "_entries", "_size", "hits", "misses", "used")

    def __init__(self, bound: int, size: Callable[[V], int] | None = None) -> None:
        self._bound = bound
        self._size = size
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self.used = 0
        self.hits = 0
        self.misses = 0

    def get(self, key: K) -> V | None:
        """The entry, or None."""
        found = self._entries.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V) -> None:
        """Keep an entry; what was not used for longest makes room for it."""
        size = 1 if self._size is None else self._size(value)
        self.drop(key)
        if size > self._bound:
            return
        self._entries[key] = (value, size)
        self.used += size
        while self.used > self._bound:
            _, (_, freed) = self._entries.popitem(last=False)
            self.used -= freed

    def drop(self, key: K) -> None:
        """Forget an entry, if it is there."""
        found = self._entries.pop(key, None)
        if found is not None:
            self.used -= found[1]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.used = 0

    def __len__(self) -> int:
        return len(self._entries)
