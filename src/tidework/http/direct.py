"""Routes that are asked so often that the framework's part of an answer would be most of it.

They answer straight behind the front. The framework knows them too: from there they are described
in the OpenAPI document, and both ways call the same functions.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from tidework.errors import Malformed
from tidework.http.answer import Answer
from tidework.http.body import decode_json
from tidework.http.context import RequestContext

T = TypeVar("T")

Handler = Callable[[RequestContext, str, bytes], Awaitable[Answer]]
"""Answers a request, given the last step of its path and its query string."""

Direct = Mapping[tuple[str, str], Handler]
"""Handlers by method and path below the workspace, `*` standing for a last step of any text."""

_encode = msgspec.json.Encoder().encode
_JSON = (b"content-type", b"application/json")


def find(direct: Direct, method: str, rest: str) -> tuple[Handler | None, str]:
    """The handler for a path below a workspace, if it is one of these, and its last step."""
    handler = direct.get((method, rest))
    if handler is not None:
        return handler, ""
    start, slash, last = rest.rpartition("/")
    if not slash or not last:
        return None, ""
    return direct.get((method, f"{start}/*")), last


def reply(status: int, value: Any) -> Answer:
    """A value as the JSON of an answer."""
    body = _encode(value)
    return Answer(status, [_JSON, (b"content-length", b"%d" % len(body))], body)


def received(decoder: msgspec.json.Decoder[T], context: RequestContext) -> T:
    """The body of a request. Raises `Malformed` or `Invalid`."""
    if not context.body:
        raise Malformed("The body is empty. Send a JSON object.", code="empty_body")
    return decode_json(decoder, context.body)
