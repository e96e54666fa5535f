"""The errors that a caller can meet.

Each class carries its HTTP status and its code; one handler (`http/problem.py`) turns any of them
into an `application/problem+json` answer (RFC 9457), and the command line prints `detail` as its one
clear line. `detail` says what happened and what to do next.
"""

import errno
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class FieldError(NamedTuple):
    """One invalid value of a request.

    `pointer` is a JSON Pointer into the body (RFC 6901), or `?name` for a query parameter.
    """

    pointer: str
    code: str
    detail: str


class TideworkError(Exception):
    """Base of everything that is reported to a caller rather than logged as a defect."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    code: str = "internal"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        if code is not None:
            self.code = code


class Malformed(TideworkError):
    """The request cannot be read at all."""

    status = 400
    title = "Malformed request"
    code = "malformed"


class Unauthenticated(TideworkError):
    """No valid credentials came with the request."""

    status = 401
    title = "Not authenticated"
    code = "unauthenticated"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail, code=code, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(TideworkError):
    """The caller is known, and may not do this."""

    status = 403
    title = "Not allowed"
    code = "forbidden"


class NotFound(TideworkError):
    """There is no such thing, or the caller may not know of it."""

    status = 404
    title = "Not found"
    code = "not_found"


class MethodNotAllowed(TideworkError):
    """The path exists, the method does not."""

    status = 405
    title = "Method not allowed"
    code = "method_not_allowed"


class TooSlow(TideworkError):
    """The body did not come in time."""

    status = 408
    title = "Too slow"
    code = "too_slow"


class Conflict(TideworkError):
    """The request contradicts the present state."""

    status = 409
    title = "Conflict"
    code = "conflict"


class Gone(TideworkError):
    """What was asked for is no longer kept."""

    status = 410
    title = "No longer kept"
    code = "gone"


class PreconditionFailed(TideworkError):
    """`If-Match` named another version than the present one (RFC 9110, 13.1.1)."""

    status = 412
    title = "Changed in the meantime"
    code = "precondition_failed"


class TooLarge(TideworkError):
    """The body is larger than the server takes."""

    status = 413
    title = "Too large"
    code = "too_large"


class UriTooLong(TideworkError):
    """The path or query is longer than the server takes."""

    status = 414
    title = "Address too long"
    code = "uri_too_long"


class UnsupportedMediaType(TideworkError):
    """The body is of a type that the route does not take."""

    status = 415
    title = "Unsupported media type"
    code = "unsupported_media_type"


class Invalid(TideworkError):
    """Values that can be read and are not acceptable; `errors` names each."""

    status = 422
    title = "Invalid values"
    code = "invalid"


class TooManyRequests(TideworkError):
    """A limit is used up; `retry_after` is in whole seconds."""

    status = 429
    title = "Too many requests"
    code = "rate_limited"

    def __init__(
        self, detail: str, *, retry_after: int, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after), **(headers or {})})
        self.retry_after = retry_after


class Unavailable(TideworkError):
    """A part that is needed is down or overloaded; `retry_after` is in whole seconds.

    `reason` is for whoever runs the server: commands print it, answers do not have it.
    """

    status = 503
    title = "Temporarily unavailable"
    code = "unavailable"

    def __init__(
        self, detail: str, *, code: str | None = None, retry_after: int = 1, reason: str = ""
    ) -> None:
        super().__init__(detail, code=code, headers={"Retry-After": str(retry_after)})
        self.reason = reason


class OutcomeUnknown(Unavailable):
    """The connection broke while a commit was under way: it may or may not have happened."""

    code = "outcome_unknown"


def invalid(pointer: str, code: str, detail: str) -> Invalid:
    """An `Invalid` for a single value."""
    return Invalid(detail, errors=[FieldError(pointer, code, detail)])


def has_no_room(error: OSError) -> bool:
    """Whether a file could not be written because the disk, or what one may use of it, is full."""
    return error.errno in _NO_ROOM


def no_room(error: OSError) -> Unavailable:
    """What to tell when it `has_no_room`."""
    return Unavailable(
        "The disk is full; nothing was changed. Free some space and try again.",
        code="storage_full",
        retry_after=30,
        reason=str(error),
    )
