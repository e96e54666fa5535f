"""Reading request bodies: size, media type, and what JSON must not contain."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec

from tidework.errors import (
    Invalid,
    Malformed,
    TooLarge,
    TooSlow,
    UnsupportedMediaType,
    invalid,
)
from tidework.http.context import RequestContext
from tidework.http.names import check_names
from tidework.http.problem import from_validation_error, malformed_json, too_deep

T = TypeVar("T")
Receive = Callable[[], Awaitable[Any]]

MAX_DEPTH: Final = 32
MAX_FIELDS: Final = 1000
_MAX_DIGITS: Final = 18


async def read_body(
    receive: Receive,
    headers: Iterable[tuple[bytes, bytes]],
    limit: int,
    seconds: float = 60.0,
) -> bytes:
    """The whole body of a request, of at most `limit` bytes, which must come within `seconds`.

    Raise `TooLarge` (from Content-Length before anything is read, or as soon as what came is more),
    `Malformed` for a Content-Length that is no number, `TooSlow`, and
    `Malformed` (`cut_off`) when it ended before all of it had come.
    """
    for name, value in headers:
        if name == b"content-length":
            if not value.isdigit():
                raise Malformed("Content-Length is not a number. Send the size of the body.")
            if len(value) > _MAX_DIGITS or int(value) > limit:
                raise _too_large(limit)
            break
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, limit)
    except TimeoutError:
        raise TooSlow(
            f"The body did not come within {seconds:.0f} s. Send it again over a better connection,"
            " or in smaller parts."
        ) from None


async def _read(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed(
                "The body ended before all of it had come. Send it again.", code="cut_off"
            )
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return b"".join([*chunks, chunk]) if chunks else chunk
        chunks.append(chunk)


def noted(receive: Receive, context: RequestContext) -> Receive:
    """Notes in the context when all of a body has come: who then waits for more waits in vain."""

    async def receive_noted() -> Any:
        message = await receive()
        if not message.get("more_body", False):
            context.unread = False
        return message

    return receive_noted


async def drain(receive: Receive, limit: int, seconds: float) -> None:
    """Read what is left of a body, at most `limit` bytes for `seconds`, and forget it.

    A connection that is closed while the caller still sends loses the answer on most systems.
    """
    try:
        async with asyncio.timeout(seconds):
            while limit > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                limit -= len(message.get("body", b""))
    except TimeoutError:
        return


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes. Send it in smaller parts.")


# --- media type ----------------------------------------------------------------------------------

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"

_CHARSETS: Final = ("utf-8", "utf8", "us-ascii")
_PLAIN: Final = frozenset(
    f"{media_type}{parameter}".encode()
    for media_type in (JSON, MERGE_PATCH)
    for parameter in ("", "; charset=utf-8", ";charset=utf-8", "; charset=UTF-8", ";charset=UTF-8")
)


def check_media_type(content_type: bytes | None, coding: bytes | None = None) -> None:
    """Raise `UnsupportedMediaType` unless the body is JSON or a JSON merge patch, in UTF-8.

    `content_type` and `coding` are the Content-Type and Content-Encoding headers, None when there
    is none. No body is decompressed: a small one could become any size.
    """
    if coding is not None and coding.strip().lower() not in (b"", b"identity"):
        raise UnsupportedMediaType("Compressed bodies are not taken. Send it without coding.")
    if content_type in _PLAIN:
        return
    text = (content_type or b"").decode("latin-1").lower()
    media_type, *parameters = (part.strip() for part in text.split(";"))
    if media_type not in (JSON, MERGE_PATCH):
        came = f"is {media_type[:80]!r}" if media_type else "is missing"
        raise UnsupportedMediaType(
            f"The Content-Type {came}. Send JSON with 'Content-Type: {JSON}' "
            f"(or {MERGE_PATCH} for a PATCH)."
        )
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in (
            "utf-8",
            "utf8",
            "us-ascii",
        ):
            raise UnsupportedMediaType("The charset is not UTF-8. Send the body encoded as UTF-8.")


# --- JSON ----------------------------------------------------------------------------------------

# Linear for any input: the group is atomic, and a text without an end is consumed to the end of the
# body rather than looked for again from each of its quotes.
_STRINGS: Final = re.compile(rb'"(?>[^"\\]*(?:\\.[^"\\]*)*)\\?(?:"|\Z)', re.DOTALL)
_NOT_BRACKETS: Final = bytes(c for c in range(256) if c not in b"[]{}")
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_SUSPECT: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
# Consumes everything that is allowed and ends at a backslash: then what follows is not.
_FORBIDDEN_ESCAPE: Final = re.compile(
    rb"(?>(?:[^\\]+"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\(?!u0000|u[dD][89a-fA-F]).)*)\\",
    re.DOTALL,
)
_FORBIDDEN_CHARACTER: Final = re.compile("[\0\ud800-\udfff]")


def check_json(body: bytes, max_depth: int = MAX_DEPTH, max_fields: int = MAX_FIELDS) -> None:
    """Refuse what a decoder would take and we do not; the decoder still has to be run.

    Raise `Malformed` for an empty body, invalid UTF-8, objects and arrays nested more than
    `max_depth` deep, more than `max_fields` members of objects in all, and a name that stands twice
    in an object; raise `Invalid`, with the pointer, for a NUL or half of a surrogate pair in a
    string, which no store keeps. An ordinary body costs 2 µs; nothing loops in Python over a text.
    """
    if not body:
        raise Malformed("The body is empty. Send a JSON object.", code="empty_body")
    if not body.isascii():
        _check_utf8(body)
    if body.count(b"{") + body.count(b"[") > max_depth or body.count(b":") > max_fields:
        _check_structure(body, max_depth, max_fields)
    if b"\\u" in body and _SUSPECT.search(body) and _FORBIDDEN_ESCAPE.match(body):
        raise _forbidden_character(body)
    check_names(body)


def _check_utf8(body: bytes) -> None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Malformed(
            f"The body is not valid UTF-8 (byte {exc.start}). Send it encoded as UTF-8."
        ) from None


def _check_structure(body: bytes, max_depth: int, max_fields: int) -> None:
    bare = _STRINGS.sub(b"", body)
    if bare.count(b":") > max_fields:
        raise Malformed(
            f"The body has more than {max_fields} fields. Send it in smaller parts.",
            code="too_many_fields",
        )
    # Which kind closes which is the decoder's to check.
    brackets = bare.translate(_ONE_KIND, _NOT_BRACKETS)
    # Each round takes away the innermost pairs, so the rounds needed are the depth.
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if not brackets:
        return
    if brackets.count(b"[") != brackets.count(b"]"):
        raise malformed_json("its brackets do not match")
    raise Malformed(
        f"The body is nested more than {max_depth} levels deep. Send it flatter.", code="too_deep"
    )


def _forbidden_character(body: bytes) -> Invalid | Malformed:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return malformed_json("an escape in a text is not valid")
    pointer = _find_forbidden(value, "") or ""
    return invalid(
        pointer,
        "invalid_text",
        f"{pointer or 'The body'}: a text holds a NUL or half of a surrogate pair. Remove it.",
    )


def _find_forbidden(value: object, pointer: str) -> str | None:
    if isinstance(value, str):
        return pointer if _FORBIDDEN_CHARACTER.search(value) else None
    if isinstance(value, dict):
        for name, member in value.items():
            if _FORBIDDEN_CHARACTER.search(name):
                return pointer
            step = name.replace("~", "~0").replace("/", "~1")
            found = _find_forbidden(member, f"{pointer}/{step}")
            if found is not None:
                return found
    elif isinstance(value, list):
        for index, member in enumerate(value):
            found = _find_forbidden(member, f"{pointer}/{index}")
            if found is not None:
                return found
    return None


def check_well_formed(body: bytes) -> None:
    """Raise `Malformed` unless the body is JSON at all."""
    try:
        msgspec.json.decode(body)
    except msgspec.DecodeError as exc:
        raise malformed_json(str(exc)) from None
    except RecursionError:
        raise too_deep() from None


def decode_json(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """`body`, checked by `check_json` before, as the decoder's type.

    Raise `Malformed` for what is no JSON and `Invalid`, with the pointer, for what does not fit.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as exc:
        # The decoder stops at the first value that does not fit; what comes later may be no JSON.
        check_well_formed(body)
        raise from_validation_error(exc, kind=decoder.type) from None
    except msgspec.DecodeError as exc:
        raise malformed_json(str(exc)) from None
    except UnicodeDecodeError:
        raise Malformed("The body is not valid UTF-8. Send it encoded as UTF-8.") from None
    except RecursionError:
        raise too_deep() from None
