"""Traces, sent by OTLP over HTTP. Loaded only when the settings name a collector.

A request is traced when its trusted proxy has said so in `traceparent`, or else when the dice fall
that way; all others cost a look at a header and a random number. A span has ids, the route and the
status; nothing of what people write, no addresses, no text of a request.

Sending is done by a thread of its own. While the collector is away, what does not fit into the queue
is dropped; no request waits for it or learns of it.
"""

import asyncio
import logging
import os
import random
import re
import socket
import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from tidework import __version__
from tidework.http.answer import App, Receive, Scope, Send
from tidework.http.context import SCOPE_KEY, RequestContext
from tidework.http.logs import redact_text
from tidework.http.proxies import TrustedProxies

_PATH: Final = "/v1/traces"
_TIMEOUT_S: Final = 3.0
_FLUSH_S: Final = 5.0
_QUEUE: Final = 4096
_BATCH: Final = 512
_DELAY_MS: Final = 2000
_DEFECT: Final = 500
_TELL_EVERY_S: Final = 60.0
_traceparent = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})").fullmatch

current: Final[ContextVar[Span | None]] = ContextVar("span", default=None)
"""The span of the request that is being served, None when it is not traced."""


class _Seldom(logging.Filter):
    """Lets a failure to send be told once a minute, in words that say what to do."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._last = -_TELL_EVERY_S

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if record.levelno < logging.ERROR or now - self._last < _TELL_EVERY_S:
            return False
        self._last = now
        record.msg = (
            f"Traces cannot be sent to {self._address} and are dropped. Check the collector and"
            f" TIDEWORK_OTLP_ENDPOINT. ({record.getMessage()})"
        )
        record.args = ()
        return True


class Tracing:
    """Makes spans and sends them, from its start to `close`."""

    def __init__(self, endpoint: str, ratio: float, proxies: TrustedProxies) -> None:
        self._ratio = ratio
        self._proxies = proxies
        resource = Resource.create(
            {
                "service.name": "tidework",
                "service.version": __version__,
                "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
            }
        )
        address = endpoint if endpoint.endswith(_PATH) else endpoint + _PATH
        self._exporter = OTLPSpanExporter(endpoint=address, timeout=_TIMEOUT_S)
        self._sending = logging.getLogger(OTLPSpanExporter.__module__)
        self._seldom = _Seldom(address)
        self._sending.addFilter(self._seldom)
        # What is sampled is decided here, before anything is made.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=_QUEUE,
                schedule_delay_millis=_DELAY_MS,
                max_export_batch_size=_BATCH,
            )
        )
        self.tracer: Tracer = self._provider.get_tracer("tidework", __version__)

    def app(self, app: App) -> App:
        """`app`, its requests traced."""
        return _TracedApp(app, self)

    def begin(self, scope: Scope) -> Span | None:
        """The span of a request, None when it is not to be traced."""
        given: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"traceparent":
                given = value
        found = None if given is None else _traceparent(given)
        remote = None if found is None else _remote(found)
        client = scope.get("client")
        if remote is not None and self._proxies.trusts(client[0] if client else ""):
            if not remote.trace_flags.sampled:
                return None
            return self._start(scope, remote, [])
        # A stranger's trace is referred to, and does not decide anything.
        if random.random() >= self._ratio:  # noqa: S311
            return None
        return self._start(scope, None, [] if remote is None else [Link(remote)])

    def _start(self, scope: Scope, parent: SpanContext | None, links: list[Link]) -> Span:
        context = None
        if parent is not None:
            context = set_span_in_context(NonRecordingSpan(parent))
        method = scope["method"]
        attributes = {"http.request.method": method, "url.scheme": scope["scheme"]}
        return self.tracer.start_span(
            method, context=context, kind=SpanKind.SERVER, attributes=attributes, links=links
        )

    def child(self, parent: Span, name: str, attributes: Mapping[str, Any]) -> Span:
        """A span within another one."""
        return self.tracer.start_span(
            name, set_span_in_context(parent), SpanKind.CLIENT, dict(attributes)
        )

    async def close(self) -> None:
        """Send what waits; give up after some seconds."""
        shutdown: Any = self._provider.shutdown
        thread = threading.Thread(target=shutdown, name="last traces", daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, _FLUSH_S)
        if thread.is_alive():
            # Ends the attempt that is under way.
            abort: Any = self._exporter.shutdown
            abort()
        self._sending.removeFilter(self._seldom)


def _remote(found: re.Match[bytes]) -> SpanContext | None:
    context = SpanContext(
        int(found[1], 16),
        int(found[2], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(found[3], 16)),
    )
    return context if context.is_valid else None


class _TracedApp:
    """An ASGI app around another one, with a span for each request that is traced."""

    def __init__(self, app: App, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        span = self._tracing.begin(scope) if scope["type"] == "http" else None
        current.set(span)
        if span is None:
            await self._app(scope, receive, send)
            return
        ids = span.get_span_context()
        own = b"00-%032x-%016x-01" % (ids.trace_id, ids.span_id)
        # What is logged bears the ids of this header, the last one of its name.
        scope["headers"] = [*scope["headers"], (b"traceparent", own)]
        status = 0

        async def noting(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            _finish(span, scope, status)


def _finish(span: Span, scope: Scope, status: int) -> None:
    context: RequestContext | None = scope.get(SCOPE_KEY)
    if status:
        span.set_attribute("http.response.status_code", status)
    if status >= _DEFECT:
        span.set_status(StatusCode.ERROR)
    if context is not None:
        # The caller may have chosen it, and have put anything there.
        span.set_attribute("tidework.request_id", redact_text(context.request_id))
        if context.route is not None:
            span.update_name(f"{scope['method']} {context.route}")
            span.set_attribute("http.route", context.route)
        if context.principal is not None:
            span.set_attribute("user.id", context.principal.user_id)
        if context.membership is not None:
            span.set_attribute("tidework.workspace_id", context.membership.workspace_id)
    span.end()
