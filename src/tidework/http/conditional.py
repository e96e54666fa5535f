"""Conditional requests (RFC 9110, 13).

The entity tag of a task or another entity is its version, of a list the seq of its stream, of
anything else a hash of the body. A version is a strong tag as long as the body goes out as it is,
and a weak one, `W/"17"`, when it is compressed: two sequences of bytes must not share a strong tag
(RFC 9110, 8.8.3.3). Tags are compared weakly, also for `If-Match`, which asks for the strong
comparison: it is there against lost updates, and a version names one state exactly, whichever way
it was coded on its way, by this server or by a proxy.
"""

import hashlib
import re
from collections.abc import Sequence

from tidework.errors import Malformed, PreconditionFailed, TideworkError

_SEQ_DIGITS = 18
_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST = re.compile(
    r'\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*'
)


def version_tag(version: int) -> str:
    """The entity tag of an entity at this version."""
    return f'"{version}"'


def list_tag(seq: int) -> str:
    """The entity tag of what a query says of a stream at this seq."""
    return f'W/"s{seq}"'


def body_tag(body: bytes) -> str:
    """The entity tag of any other answer."""
    return f'W/"h{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def weak(tag: str) -> str:
    """The tag for any coding of what `tag` names."""
    return tag if tag.startswith("W/") else f"W/{tag}"


def matches(header: str, tag: str) -> bool:
    """Whether `If-None-Match` names this tag, or any."""
    if header == tag:
        return True
    if header.strip() == "*":
        return True
    opaque = _TAG.match(tag)
    return opaque is not None and opaque[1] in _TAG.findall(header)


def expected_versions(header: str | None) -> Sequence[int] | None:
    """The versions that `If-Match` allows; None when it allows any.

    A tag that is no version of ours matches nothing. Raises `Malformed`.
    """
    if header is None or header.strip() == "*":
        return None
    if not _LIST.fullmatch(header):
        raise Malformed('If-Match must be * or entity tags in quotes, such as "17".')
    tags = [tag for tag in _TAG.findall(header) if tag.isascii() and tag.isdigit()]
    return [int(tag) for tag in tags if len(tag) <= _SEQ_DIGITS]


def check_seq(header: bytes) -> None:
    """Raise `Malformed` unless a `Tidework-Seq` is one.

    Nothing else has to be done with it: every read is held to the seq that the primary tells when it
    comes, and is never older than what any copy has acknowledged.
    """
    if not header.isdigit() or len(header) > _SEQ_DIGITS:
        raise Malformed("Tidework-Seq must be the number that the answer to a write had.")


def changed() -> TideworkError:
    """The error of a failed `If-Match`."""
    return PreconditionFailed(
        "It has been changed since you read it. Read it again, then repeat your change on what it"
        " is now."
    )
