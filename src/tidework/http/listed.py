"""What a list has read answers for each of its items.

Whoever looks at a list opens what stands on it. Where an item is, byte for byte, what a GET of it
alone is answered with, the list that is kept has that answer, and nothing is copied before somebody
asks.
"""

from typing import Final

import msgspec

from tidework.cache.memory import BoundedCache
from tidework.cache.versioned import VersionedCache
from tidework.http.answer import Answer
from tidework.http.conditional import version_tag
from tidework.http.headers import JSON, PRIVATE
from tidework.http.kept import Kept, Key

_MOST_LISTS: Final = 4
# A key that is remembered here may outlive what was kept under it.
_LONGEST_QUERY: Final = 512
_KEY_OVERHEAD: Final = 256


class _Item(msgspec.Struct, gc=False):
    id: str
    version: int


_decode = msgspec.json.Decoder(_Item).decode


class Listed:
    """Which lists were read last in each workspace. They are kept in `bodies`, not here: `bound` is
    what their keys may come to, in bytes.
    """

    def __init__(self, bodies: VersionedCache[Key, Kept], bound: int) -> None:
        self._bodies = bodies
        self._lists: BoundedCache[str, tuple[Key, ...]] = BoundedCache(bound, _size_of)

    def add(self, key: Key) -> None:
        """Say that a list with items has been read, and is kept under `key`."""
        if len(key[2]) <= _LONGEST_QUERY:
            others = self._lists.get(key[0]) or ()
            kept = [other for other in others if other != key][: _MOST_LISTS - 1]
            self._lists.put(key[0], (key, *kept))

    def find(self, key: Key, after: int) -> tuple[str, tuple[int, Kept]] | None:
        """The id of the item that a GET is about, if a list later than `after` has it; the seq of
        that list, and the answer, whose route is not known here.
        """
        if not key[2].endswith(b"?"):
            return None
        path = key[2][:-1].decode("utf-8", "surrogatepass")
        folder, _, item_id = path.rpartition("/")
        found: Kept | None = None
        for other in self._lists.get(key[0]) or ():
            latest = self._bodies.latest(other)
            if latest is not None and latest[0] > after and latest[1].has(folder, item_id):
                after, found = latest
        body = None if found is None else item_in(found.answer.body, item_id)
        if body is None:
            return None
        tag = version_tag(_decode(body).version)
        answer = Answer(200, [JSON, (b"etag", tag.encode()), PRIVATE], body, {})
        kept = Kept(answer, tag, None, key)
        kept.entity = item_id
        return item_id, (after, kept)

    def clear(self) -> None:
        """Forget everything."""
        self._lists.clear()


def item_in(body: bytes, item_id: str) -> bytes | None:
    """The object in a JSON text whose first field is this `id` and whose last is its `version`; None
    when there is none. 10 µs.

    An unescaped quote is no part of a string, so that no text that somebody typed is taken for it.
    """
    begin = body.find(b'{"id":"%s",' % item_id.encode())
    end = body.find(b"}", body.find(b',"version":', begin))
    item = body[begin : end + 1] if 0 <= begin < end else b""
    try:
        return item if _decode(item).id == item_id else None
    except msgspec.MsgspecError:
        return None


def _size_of(keys: tuple[Key, ...]) -> int:
    return sum(len(key[2]) + _KEY_OVERHEAD for key in keys)
