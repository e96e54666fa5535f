"""Reports of defects to Sentry. Loaded only when the settings have its address.

Only what is unexpected is reported: a line of the log at the level of errors with an exception that
is none of ours. What leaves is chosen, not what stays: where in the code it happened, the exceptions'
types, and the ids by which the log can be searched. Messages of exceptions stay here, since they
quote what people wrote; so do variables, requests, accounts and addresses.
"""

from collections.abc import Mapping
from typing import Any, Final

import sentry_sdk
from sentry_sdk.utils import event_from_exception

from tidework import __version__
from tidework.errors import TideworkError
from tidework.http.logs import redact_text

_FLUSH_S: Final = 2.0
_TAGS: Final = ("event", "logger", "request_id", "trace_id", "method", "check", "query", "worker")
_FRAME: Final = ("function", "module", "lineno", "in_app", "context_line")
_IN_HOUSE: Final = ("opentelemetry", "sentry_sdk", "urllib3")


class Sentry:
    """Takes the log's errors; give `report` to `logs.on_error`."""

    def __init__(self, dsn: str) -> None:
        self._client = sentry_sdk.Client(
            dsn=dsn,
            release=f"tidework@{__version__}",
            # Integrations would take what they find; here it is chosen.
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            server_name="",
            shutdown_timeout=_FLUSH_S,
            before_send=_chosen,
        )

    def report(self, error: BaseException, line: Mapping[str, Any]) -> None:
        """Report the exception of a line of the log. Returns at once, and never raises."""
        if isinstance(error, TideworkError) and error.status != TideworkError.status:
            return
        if str(line.get("logger", "")).startswith(_IN_HOUSE):
            return
        try:
            event, hint = event_from_exception(error, client_options=self._client.options)
            event["tags"] = {
                name: redact_text(str(line[name])[:200])
                for name in _TAGS
                if line.get(name) is not None
            }
            self._client.capture_event(event, hint)
        except Exception:
            # The log has it; reporting must not make it worse.
            return

    def close(self) -> None:
        """Send what waits, for two seconds at most."""
        self._client.close(timeout=_FLUSH_S)


def _chosen(event: Any, _hint: Any) -> Any:
    """What leaves of an event."""
    kept = {
        name: event[name]
        for name in ("event_id", "timestamp", "platform", "release", "environment", "tags")
        if name in event
    }
    values = event.get("exception", {}).get("values", [])
    kept["level"] = "error"
    kept["exception"] = {"values": [_exception(value) for value in values]}
    return kept


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames", [])
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": "See the log: the request's id is among the tags.",
        "stacktrace": {"frames": [_frame(frame) for frame in frames]},
    }


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: frame[name] for name in _FRAME if name in frame}
    # A path may have somebody's name in it; the last parts say enough.
    kept["filename"] = "/".join(str(frame.get("filename", "")).split("/")[-3:])
    return kept
