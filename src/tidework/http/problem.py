"""Problem details: the one shape of every failed answer (RFC 9457).

`type` is `/problems/<code>`, a relative reference that stays the same for a code for ever; `code`
is the same word without the path, for programs that compare it. `from_exception` maps whatever was
raised, by us, by the framework or by a decoder, to a `TideworkError`; what it does not know becomes
an internal error whose answer says nothing about the inside.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ImproperlyConfiguredException, ValidationException

from tidework.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Gone,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotFound,
    PreconditionFailed,
    TideworkError,
    TooLarge,
    TooManyRequests,
    TooSlow,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    UriTooLong,
    invalid,
)
from tidework.http.wording import choices, sentence

MEDIA_TYPE: Final = "application/problem+json"
MAX_DETAIL: Final = 500

Header = tuple[bytes, bytes]


class ProblemError(msgspec.Struct, frozen=True):
    """One invalid value: where it stands, a code for programs, a sentence for people."""

    pointer: str
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every failed answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[ProblemError] = []


_encoder = msgspec.json.Encoder()


def render(error: TideworkError, request_id: str) -> tuple[int, list[Header], bytes]:
    """Status, headers and body of the answer to `error`.

    The headers are Content-Type, `Cache-Control: no-store` and those that the error carries
    (`Allow`, `Retry-After`, `WWW-Authenticate`); Content-Length, X-Request-Id and the security
    headers are the edge's. Never raises, whatever text the error quotes.
    """
    problem = Problem(
        type=f"/problems/{error.code}",
        title=error.title,
        status=error.status,
        detail=_clip(error.detail),
        code=error.code,
        request_id=request_id,
        errors=[ProblemError(_clean(e.pointer), e.code, _clip(e.detail)) for e in error.errors],
    )
    body = _encoder.encode(problem)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"cache-control", b"no-store"),
    ]
    headers += [(_header_text(k).lower(), _header_text(v)) for k, v in error.headers.items()]
    return error.status, headers, body


def _clean(text: str) -> str:
    # A detail may quote what the caller sent, and a lone surrogate cannot be encoded.
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _clip(text: str) -> str:
    return _clean(text if len(text) <= MAX_DETAIL else text[: MAX_DETAIL - 1] + "…")


def _header_text(text: str) -> bytes:
    # A line break in a header would let quoted input write headers of its own.
    return "".join(c for c in text if c.isprintable()).encode("latin-1", "replace")


def from_exception(exc: BaseException) -> TideworkError:
    """The error to answer with for anything that was raised while a request was served.

    Known: `TideworkError` (returned as it is), Litestar's HTTP exceptions, msgspec's decode and
    validation errors, Unicode errors, the recursion limit of a decoder. Anything else is a defect
    of ours: an internal error (500) whose detail is always the same sentence. The caller logs it.
    """
    if isinstance(exc, TideworkError):
        return exc
    if isinstance(exc, msgspec.ValidationError):
        return from_validation_error(exc)
    if isinstance(exc, msgspec.DecodeError):
        return malformed_json(str(exc))
    if isinstance(exc, HTTPException):
        return _from_http_exception(exc)
    if isinstance(exc, UnicodeDecodeError):
        return Malformed("The request is not valid UTF-8. Send it encoded as UTF-8.")
    if isinstance(exc, UnicodeEncodeError):
        return Invalid(
            "A text holds half of a surrogate pair, which is no character. Remove it.",
            code="invalid_text",
        )
    if isinstance(exc, RecursionError) and "deserializing" in str(exc):
        return too_deep()
    return internal()


def internal() -> TideworkError:
    """The answer to a defect of ours; it never says anything about the inside."""
    return TideworkError(
        "Something went wrong on the server. It has been logged; try again, and if it stays, "
        "report it with the request id."
    )


def nothing_here() -> NotFound:
    """The answer to a path that there is not."""
    return NotFound("There is nothing at this address. The API is described at /api/docs.")


def method_not_allowed(allowed: str) -> MethodNotAllowed:
    """The answer to a method that a path does not take; `allowed` are those that it does."""
    more = f" Allowed here: {allowed}." if allowed else ""
    headers = {"Allow": allowed} if allowed else {}
    return MethodNotAllowed(f"This address does not take that method.{more}", headers=headers)


def too_deep() -> Malformed:
    """The answer to a body whose nesting is more than a decoder takes."""
    return Malformed("The body is nested too deeply. Send it flatter.", code="too_deep")


def malformed_json(message: str) -> Malformed:
    """The answer to a body that no JSON decoder can read; `message` is the decoder's."""
    if message == "Input data was truncated":
        message = "the text ends too early"
    return Malformed(f"The body is not valid JSON: {message}. Correct it and send it again.")


# --- msgspec -------------------------------------------------------------------------------------

_LOCATION: Final = re.compile(
    r"^(?P<message>.*) - at (?:`key` in )?`\$(?P<path>[^`]*)`$", re.DOTALL
)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_NAMED_FIELD: Final = re.compile(r"^Object (missing required|contains unknown) field `(.*)`$", re.S)
_RULES: Final = (
    (re.compile(r"^Expected `\w+` of length <= "), "too_long"),
    (re.compile(r"^Expected `\w+` of length >= "), "too_short"),
    (re.compile(r"^Expected `[^`]+` with (?:a|no) timezone"), "invalid_format"),
    (re.compile(r"^Expected `[^`]+` (?:of length|with) "), "wrong_length"),
    (re.compile(r"^Expected `[^`]+` matching regex"), "invalid_format"),
    (re.compile(r"^Expected `[^`]+` <=? "), "too_large"),
    (re.compile(r"^Expected `[^`]+` >=? "), "too_small"),
    (re.compile(r"^Expected .*, got `"), "wrong_type"),
    (re.compile(r"^Invalid enum value"), "not_allowed"),
    (re.compile(r"^Invalid value "), "not_allowed"),
    (re.compile(r"^Invalid "), "invalid_format"),
    (re.compile(r"out of range"), "out_of_range"),
)


def from_validation_error(
    exc: msgspec.ValidationError, *, base: str = "", kind: Any = None
) -> Invalid:
    """An `Invalid` with the JSON Pointer of the value that msgspec refused.

    msgspec reports the first failure only, so `errors` has one entry. An element of a free mapping
    has no name in msgspec's path: the pointer then names the mapping. `base` is a pointer to put in
    front, for a value that stands inside of another. `kind` is the type that was to be decoded: where
    only some values are allowed, the error says which.
    """
    message, path = _split(str(exc))
    steps = _steps(path)
    error = _field_error(message, base + _joined(steps))
    if kind is not None and error.code == "not_allowed" and (said := choices(kind, steps)):
        error = error._replace(detail=said)
    return Invalid(f"{_where(error.pointer)}: {error.detail}", errors=[error])


def _split(text: str) -> tuple[str, str]:
    match = _LOCATION.match(text)
    return (match["message"], match["path"]) if match else (text, "")


def _steps(path: str) -> tuple[str, ...]:
    return tuple(name or index for name, index in _STEP.findall(path.partition("[...]")[0]))


def _joined(steps: Iterable[str]) -> str:
    return "".join(f"/{_escape(step)}" for step in steps)


def _pointer(path: str) -> str:
    return _joined(_steps(path))


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _field_error(message: str, pointer: str, separator: str = "/") -> FieldError:
    named = _NAMED_FIELD.match(message)
    if named is not None:
        pointer += separator + _escape(named[2][:100])
        if named[1] == "missing required":
            return FieldError(pointer, "missing", "This field is required.")
        return FieldError(pointer, "unknown_field", "There is no such field here. Remove it.")
    code = next((code for rule, code in _RULES if rule.search(message)), "invalid")
    return FieldError(pointer, code, sentence(message))


def _where(pointer: str) -> str:
    return pointer or "The body"


# --- Litestar ------------------------------------------------------------------------------------

_MISSING_PARAMETER: Final = re.compile(r"^Missing required (\w+) parameter '([^']*)'")
_TRUNCATED: Final = re.compile(r"^(Input data was truncated|JSON is malformed)")


def _from_http_exception(exc: HTTPException) -> TideworkError:
    if isinstance(exc, ImproperlyConfiguredException):
        return internal()
    if isinstance(exc, ValidationException):
        return _from_parameters(exc)
    headers = {k.title(): v for k, v in (exc.headers or {}).items()}
    error = _by_status(exc.status_code, exc.detail, headers)
    for name, value in headers.items():
        error.headers.setdefault(name, value)
    return error


def _by_status(status: int, detail: str, headers: Mapping[str, str]) -> TideworkError:
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthenticated("Send a valid access token as 'Authorization: Bearer <token>'.")
    if status == HTTPStatus.NOT_FOUND:
        return nothing_here()
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return method_not_allowed(headers.get("Allow", ""))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge("The body is larger than the server takes. Send less at a time.")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return TooManyRequests("Too many requests. Wait and try again.", retry_after=1)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Unavailable("The service cannot answer now. Try again in a moment.")
    if status == HTTPStatus.BAD_REQUEST and _TRUNCATED.match(detail):
        return malformed_json(detail)
    kinds: dict[int, type[TideworkError]] = {
        403: Forbidden,
        408: TooSlow,
        409: Conflict,
        410: Gone,
        412: PreconditionFailed,
        414: UriTooLong,
        415: UnsupportedMediaType,
        422: Invalid,
    }
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return kinds.get(status, Malformed)(detail)
    return internal()


def _from_parameters(exc: ValidationException) -> TideworkError:
    """Litestar 2.25 keeps msgspec's error as the cause, with the handler's argument as first step.

    Its own `extra` drops parts of the path ("metadata.title" becomes "metatitle"), so for the body
    the cause is read. It collects every failure of the other arguments, so for these `extra` is.
    """
    missing = _MISSING_PARAMETER.match(exc.detail)
    if missing is not None:
        pointer = _parameter_pointer(missing[1], missing[2])
        return invalid(pointer, "missing", f"The {missing[1]} parameter {missing[2]} is required.")
    errors: list[FieldError] = []
    cause = exc.__cause__
    if isinstance(cause, msgspec.ValidationError):
        message, path = _split(str(cause))
        if not path and message == "Object missing required field `data`":
            return Malformed("The body is empty. Send a JSON object.", code="empty_body")
        if re.match(r"\.data(?:[.\[]|$)", path):
            errors.append(_field_error(message, _pointer(path[len(".data") :])))
    for entry in exc.extra if isinstance(exc.extra, list) else ():
        if entry.get("source") != "body":
            key = str(entry.get("key", ""))
            pointer = _parameter_pointer(str(entry.get("source", "query")), key)
            errors.append(_field_error(str(entry.get("message", "")), pointer))
    if not errors:
        return Malformed(exc.detail)
    summary = "; ".join(f"{_where(e.pointer)}: {e.detail}" for e in errors)
    return Invalid(summary, errors=errors)


def _parameter_pointer(source: str, name: str) -> str:
    source = source.rpartition(".")[2].lower()
    return f"?{name}" if source == "query" else f"{source}:{name}"


def exception_handlers(
    request_id: Callable[[Any], str],
    on_defect: Callable[[Exception, Any], None],
) -> dict[int | type[Exception], Callable[[Request[Any, Any, Any], Exception], Response[bytes]]]:
    """What to give to `Litestar(exception_handlers=...)`: one handler for every exception.

    `request_id` reads the id of the request from its ASGI scope. `on_defect` is called with the
    exception and the scope whenever the answer is an internal error, to log it with its trace.
    """

    def handle(request: Request[Any, Any, Any], exc: Exception) -> Response[bytes]:
        error = from_exception(exc)
        if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            on_defect(exc, request.scope)
        status, headers, body = render(error, request_id(request.scope))
        return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=_extra(headers))

    return {Exception: handle}


def _extra(headers: Iterable[Header]) -> dict[str, str]:
    # Litestar writes the content type itself.
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name != b"content-type"
    }
