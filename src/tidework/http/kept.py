"""Answers that are kept, and what a condition (RFC 9110, 13.1) makes of an answer."""

from collections.abc import Mapping

from tidework.http.answer import Answer
from tidework.http.compression import VARY, choose, is_compressible
from tidework.http.conditional import body_tag, matches, weak
from tidework.http.context import Items, RequestContext
from tidework.http.headers import PRIVATE

_ENTRY_OVERHEAD = 1024
_ITEM_OVERHEAD = 128

Key = tuple[str, str, bytes]
"""Of an answer: the workspace, the caller where it is theirs alone, the path and the query."""


class NotKept(Exception):
    """An answer that is nobody's but the caller's own."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Kept:
    """An answer to keep; `size` is what it may come to in memory.

    `entity` is the one that it follows from, if it is a single one.
    """

    __slots__ = (
        "_coded",
        "_items",
        "_plain",
        "answer",
        "compressible",
        "entity",
        "route",
        "size",
        "tag",
    )

    def __init__(self, answer: Answer, tag: str, route: str | None, key: Key) -> None:
        self.answer = answer
        self.tag = tag
        self.route = route
        self.entity: str | None = None
        self.compressible = is_compressible(b"application/json", len(answer.body))
        # Compressed it comes to a third or so, in each of the codings that callers take.
        bodies = 2 if self.compressible else 1
        self.size = bodies * len(answer.body) + len(key[2]) + _ENTRY_OVERHEAD
        self._items: Items = ("", ())
        self._plain: Answer | None = None
        self._coded: Answer | None = None

    def hold(self, items: Items) -> None:
        """Say which items the answer is a list of."""
        self._items = items
        self.size += _ITEM_OVERHEAD * len(items[1])

    def has(self, folder: str, item_id: str) -> bool:
        """Whether it is a list with this item."""
        return folder == self._items[0] and item_id in self._items[1]

    def unchanged(self, *, coded: bool) -> Answer:
        """The 304, with the tag that the body would have now (RFC 9110, 15.4.5)."""
        if coded and self.compressible:
            if self._coded is None:
                self._coded = unchanged(weak(self.tag), vary=True)
            return self._coded
        if self._plain is None:
            self._plain = unchanged(self.tag, vary=self.compressible)
        return self._plain


def unchanged(tag: str, *, vary: bool) -> Answer:
    """A 304 to a private answer."""
    return Answer(304, [(b"etag", tag.encode()), PRIVATE, *([VARY] if vary else [])], b"")


def size_of(kept: Kept) -> int:
    """What an answer may come to in memory, in bytes."""
    return kept.size


def takes_coding(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the caller takes a compressed body."""
    accepted = headers.get(b"accept-encoding")
    return accepted is not None and choose(accepted) is not None


def described(answer: Answer, context: RequestContext, method: str) -> Answer:
    """The answer with the headers that its route has asked for."""
    if answer.status < 300 and method != "GET":
        if context.location is not None:
            answer.headers.append((b"location", context.location.encode()))
        if context.etag is not None:
            answer.headers.append((b"etag", context.etag.encode()))
    return answer


def give_tag(answer: Answer, context: RequestContext) -> str:
    """Give a fresh answer its entity tag."""
    tag = context.etag or body_tag(answer.body)
    answer.headers += [(b"etag", tag.encode()), PRIVATE]
    return tag


def conditional(answer: Answer, context: RequestContext, headers: Mapping[bytes, bytes]) -> Answer:
    """Give a fresh answer to a GET its entity tag, or a 304 in its place."""
    if any(name == b"cache-control" for name, _ in answer.headers):
        return answer
    tag = give_tag(answer, context)
    wanted = headers.get(b"if-none-match")
    if wanted is not None and matches(wanted.decode("latin-1"), tag):
        compressible = is_compressible(b"application/json", len(answer.body))
        if compressible and takes_coding(headers):
            tag = weak(tag)
        return unchanged(tag, vary=compressible)
    return answer
