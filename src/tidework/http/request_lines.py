"""The lines of requests, which are most of a log's lines: their fields are known, so that they cost
a fraction of what a line costs whose fields may be anything.

They read just as `logs` writes them.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Literal, TextIO

import msgspec

from tidework.times import now

Redact = Callable[[str], str]
NAME = "tidework.request"
EVENT = "request"
_LEVEL = "info"
_HEAD = f"[{_LEVEL:<9}] {EVENT:<30} [{NAME}]"
_QUOTED = frozenset(" \t=\r\n\"'")


class RequestLines:
    """Writes to `stream`, once in a turn of the event loop. `redact` masks secrets in a text."""

    def __init__(
        self, stream: TextIO, log_format: Literal["console", "json"], redact: Redact
    ) -> None:
        self._stream = stream
        self._render = _as_json if log_format == "json" else _as_text
        self._redact = redact
        self._waiting: list[str] = []

    def add(
        self,
        fields: dict[str, Any],
        request_id: str | None,
        trace: tuple[str, str] | None,
    ) -> None:
        """A line of these fields; texts among them may be hostile. On the event loop only."""
        if request_id is not None:
            fields["request_id"] = request_id
        for name, value in fields.items():
            if type(value) is str:
                fields[name] = self._redact(value)
        if trace is not None:
            fields["trace_id"], fields["span_id"] = trace
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(self._render(fields))

    def flush(self) -> None:
        """Write what waits; whoever writes another line calls it first, so that lines keep their order."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._stream.write("".join(waiting))
            self._stream.flush()


def _as_json(fields: dict[str, Any]) -> str:
    event = {**fields, "event": EVENT, "level": _LEVEL, "logger": NAME, "time": now()}
    return msgspec.json.encode(event).decode("utf-8") + "\n"


def _as_text(fields: dict[str, Any]) -> str:
    pairs = " ".join([f"{name}={_shown(fields[name])}" for name in sorted(fields)])
    return f"{now()} {_HEAD} {pairs}\n"


def _shown(value: Any) -> Any:
    return repr(value) if type(value) is str and not _QUOTED.isdisjoint(value) else value
