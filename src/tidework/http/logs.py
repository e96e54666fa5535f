"""Structured logs: one line an event, console or JSON, ours and the libraries', without secrets.

Everything that is written passes `redact`, also what libraries log, also exceptions with their
tracebacks. It masks by name (`password`, `token`, `authorization`, …) at any depth, and by look
(tokens of ours, JWTs, bearer headers, passwords in URLs, private keys) inside of any text. It is a
net under the rule that secrets are not logged, not a licence to log them.
"""

import logging
import logging.config
import re
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final, Literal, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from tidework.errors import Unavailable
from tidework.http.log_file import Both, LogFile
from tidework.http.request_lines import EVENT, NAME, RequestLines
from tidework.settings import Settings

request_id: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The request that is being served; every line that is logged meanwhile bears its id."""

trace: Final[ContextVar[tuple[str, str] | None]] = ContextVar("trace", default=None)
"""Trace id and span id of that request, where it has any; they stand in its lines too."""

_traceparent = re.compile(
    rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?"
).fullmatch

MASK: Final = "[masked]"
_MAX_DEPTH: Final = 8
_PAIR: Final = 2
_MAX_TEXT: Final = 20_000

_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|secret|token|authorization|cookie|credential"
    r"|(?:signing|private|api|encryption)[_-]?key",
    re.IGNORECASE,
)
_NAME: Final = r"[\w-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|authorization|(?:signing|private|api)[_-]?key)"
_SECRET_TEXT: Final = re.compile(
    "|".join(
        (
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
            r"\btw[a-z]_[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]+)*",
            r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*",
            r"\$argon2\w+\$\S+|\$2[abxy]\$\d\d\$[./A-Za-z0-9]+",
            # A JWK's private part.
            r"(?<=[\"']d[\"']:)\s*[\"'][A-Za-z0-9_-]{20,}[\"']",
            # The password of scheme://user:password@host.
            r"(?<=://)(?P<user>[^/\s:@\"']*:)[^/\s\"']+(?=@)",
            r"(?i:(?P<scheme>\b(?:bearer|basic)\s+))[A-Za-z0-9._~+/=-]{6,}",
            r"(?i:(?P<cookie>\bcookie[\"']?\s*[:=,]\s*))[^\r\n]+",
            # name=value, "name": "value", 'name': ['value'] and ('name', b'value').
            r"(?i:(?P<name>\b" + _NAME + r"(?:[\"']?\s*[:=]\s*|[\"']\s*,\s*)(?:b(?=[\"']))?))"
            r"(?:\"[^\"\r\n]*\"|'[^'\r\n]*'|\[[^\]\r\n]*|\([^)\r\n]*|\{[^}\r\n]*"
            r"|(?i:(?:bearer|basic)\s+)?[^\s,;&\"')}\]]+)",
        )
    ),
    re.DOTALL,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_BREAK: Final = re.compile(r"[\n\t]")


# One of these stands in every match of the expression: most texts are done after looking for them.
_MARKS: Final = (
    *("passw", "passphrase", "secret", "token", "authorization", "cookie", "bearer", "basic"),
    *("key", "tw", "eyj", "$", "://", '"d"', "'d'"),
)


# What consists of these only (ids, times, addresses, statuses) holds none of the marks.
_is_harmless = re.compile(
    r"[0-9a-fA-FTZ:.-]*|GET|HEAD|POST|PUT|PATCH|DELETE|info|request"
).fullmatch


def begin(request: str, traceparent: bytes | None) -> None:
    """Give what is logged from here on, in this task and those it starts, a request's ids.

    `traceparent` is the W3C header; one that is malformed counts as none.
    """
    request_id.set(request)
    found = None if traceparent is None else _traceparent(traceparent)
    trace.set(None if found is None else (found[1].decode(), found[2].decode()))


_requests: RequestLines | None = None


def request(fields: dict[str, Any]) -> None:
    """Write the line of a request, of texts and numbers. On the event loop only."""
    if _requests is None:
        # For a terminal, in colours; or not at all.
        get_logger(NAME).info(EVENT, **fields)
    else:
        _requests.add(fields, request_id.get(), trace.get())


Report = Callable[[BaseException, Mapping[str, Any]], None]
_report: Report | None = None


def on_error(report: Report | None) -> None:
    """Let `report` see each exception that is logged as an error, with its line; None for nobody.

    It gets the line before anything in it is masked.
    """
    global _report
    _report = report


def redact_text(text: str) -> str:
    """`text` with everything masked that looks like a secret, and cut off when it is very long."""
    if len(text) > _MAX_TEXT:
        text = text[:_MAX_TEXT] + "…"
    lowered = text.lower()
    for mark in _MARKS:
        if mark in lowered:
            return _SECRET_TEXT.sub(_masked, text)
    return text


def _masked(match: re.Match[str]) -> str:
    kept = match["user"] or match["scheme"] or match["cookie"] or match["name"] or ""
    return kept + MASK


def redact(value: Any, depth: int = 0) -> Any:
    """`value` as what JSON can hold, without secrets.

    Mappings and sequences are copied; anything that is not JSON is put down as its `repr`.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _masked_text(value)
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {
            _safe_name(name): MASK if _hides(name, member) else redact(member, depth + 1)
            for name, member in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        if isinstance(value, tuple) and len(value) == _PAIR and _hides(value[0], value[1]):
            return [redact(value[0], depth + 1), MASK]
        return [redact(member, depth + 1) for member in value]
    try:
        return _safe(redact_text(repr(value)))
    except Exception:
        return f"<{type(value).__name__}>"


def _masked_text(text: str) -> str:
    return text if _is_harmless(text) else _safe(redact_text(text))


def _masked_line(text: str) -> str:
    return _LINE_BREAK.sub(_escaped, _masked_text(text))


def _hides(name: object, value: object) -> bool:
    if value is None or isinstance(value, bool) or not isinstance(name, str | bytes):
        return False
    return _is_secret_name(str(name))


def _safe_name(name: object) -> str:
    return name if type(name) is str and name.isidentifier() else _safe(str(name))


@lru_cache(maxsize=1024)
def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _safe(text: str) -> str:
    # Control characters could forge a line or steer a terminal; a lone surrogate cannot be encoded.
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if text.isprintable() else _CONTROL.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that stands before every renderer."""
    redacted: EventDict = redact(event)
    return redacted


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    current = request_id.get()
    if current is not None:
        event.setdefault("request_id", current)
    ids = trace.get()
    if ids is not None:
        event.setdefault("trace_id", ids[0])
        event.setdefault("span_id", ids[1])
    return event


def _report_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if _report is not None and event.get("level") in ("error", "critical"):
        found = event.get("exc_info")
        if found is True:
            found = sys.exc_info()
        error = found[1] if isinstance(found, tuple) else found
        if isinstance(error, BaseException):
            _report(error, event)
    return event


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if name not in ("exception", "stack") and isinstance(value, str):
            event[name] = _LINE_BREAK.sub(_escaped, value)
    return event


def _as_json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event).decode("utf-8")


class _Output:
    """Where structlog's loggers write to; it has the name that a logger was asked for with."""

    __slots__ = ("_stream", "name")

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self.name = name

    def write(self, line: str) -> None:
        if _requests is not None:
            _requests.flush()
        # One call a line, or two threads would mix theirs.
        self._stream.write(line + "\n")
        self._stream.flush()

    debug = info = warning = error = critical = msg = log = write


def configure(
    log_format: Literal["console", "json"],
    level: str,
    stream: TextIO | None = None,
) -> None:
    """Send all logs of the process, structlog's and the standard library's, to `stream`.

    `level` is a name such as `info`; `stream` is standard error if None. Call it once in every
    process, before anything logs: a logger keeps the settings of its first use. Raise ValueError
    for a level that does not exist.
    """
    global _requests
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"{level!r} is no log level. Use debug, info, warning or error.")
    out = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _report_error,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    rendering: list[Processor] = [redact_event, *_renderer(log_format, out)]

    def logger_factory(*names: Any) -> _Output:
        return _Output(out, str(names[0]) if names else "tidework")

    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=logger_factory,
        cache_logger_on_first_use=True,
    )
    _requests = None
    if number <= logging.INFO and not out.isatty():
        mask = _masked_text if log_format == "json" else _masked_line
        _requests = RequestLines(out, log_format, mask)
    _configure_standard_library(number, out, shared, rendering)


def start(settings: Settings) -> None:
    """`configure` as the settings say, with the file that they name.

    Raises `Unavailable` when that cannot be opened.
    """
    stream: TextIO | None = None
    if settings.log_file is not None:
        try:
            file = LogFile(settings.log_file, settings.log_file_bytes, settings.log_file_count)
        except OSError as error:
            raise Unavailable(
                f"The log file {settings.log_file} cannot be written: {error.strerror}. Make its"
                " folder, let the server's user write there, or name another TIDEWORK_LOG_FILE."
            ) from error
        stream = cast(TextIO, Both(file))
    configure(settings.log_format, settings.log_level, stream)


def _renderer(log_format: str, out: TextIO) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.JSONRenderer(serializer=_as_json)]
    console = structlog.dev.ConsoleRenderer(
        colors=out.isatty(),
        timestamp_key="time",
        # The traceback comes as text, redacted: a prettier one would print local variables.
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [_one_line, console]


def _configure_standard_library(
    level: int, out: TextIO, shared: list[Processor], rendering: list[Processor]
) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # A log call with wrong arguments would print them, unmasked, to standard error.
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    logging.config.dictConfig(server_log_config())
    for chatty in ("alembic", "asyncio", "httpcore"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def server_log_config() -> dict[str, Any]:
    """What to give to Granian as `log_dictconfig`, so that its loggers write through ours."""
    through = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {},
        "handlers": {},
        "loggers": {"_granian": dict(through), "granian.access": dict(through)},
    }


def get_logger(name: str = "tidework") -> FilteringBoundLogger:
    """A logger: `log.info("what happened", key=value)`. Below the level a call costs 0.1 µs."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger
