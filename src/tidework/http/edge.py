"""The edge: the outermost ASGI layer, which every request and every answer passes.

Here a request gets its id and its address, is held to the limits of size, and here everything that
was raised becomes problem details.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog

from tidework.errors import MethodNotAllowed, NotFound, UriTooLong
from tidework.http.answer import Answer, App, Header, Receive, Scope, Send, collect
from tidework.http.body import ClientGone, check_json, check_media_type, read_body
from tidework.http.compression import choose, compress, is_compressible
from tidework.http.context import SCOPE_KEY, RequestContext
from tidework.http.cors import Cors
from tidework.http.front import BASE, Front
from tidework.http.headers import SecurityHeaders, new_request_id, valid_request_id
from tidework.http.metrics import Metrics
from tidework.http.problem import from_exception, render
from tidework.http.proxies import TrustedProxies

_VARY = (b"vary", b"Accept-Encoding")
_SLOW_S = 0.5
_BODYLESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

_log = structlog.get_logger("tidework.request")


class SizeLimits(msgspec.Struct, frozen=True):
    """How much a request may bring, in bytes; `batch` is for the routes that take many at once."""

    body: int = 1024 * 1024
    batch: int = 40 * 1024 * 1024
    query: int = 8192
    path: int = 2048
    fields: int = 1000
    batch_fields: int = 20_000


class Edge:
    """An ASGI app. `front` answers what is below `/api/v1`, `plain` the paths that it names, and
    `rest` everything else."""

    def __init__(
        self,
        front: Front,
        rest: App,
        *,
        security: SecurityHeaders,
        cors: Cors,
        proxies: TrustedProxies,
        metrics: Metrics,
        limits: SizeLimits,
        plain: Mapping[str, App],
    ) -> None:
        self._front = front
        self._rest = rest
        self._security = security
        self._cors = cors
        self._proxies = proxies
        self._metrics = metrics
        self._limits = limits
        self._plain = plain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the process."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._rest(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id")
        request_id = (valid_request_id(given) if given is not None else None) or new_request_id()
        client = scope.get("client")
        peer = client[0] if client else "unknown"
        address, scheme, _ = self._proxies.client(peer, scope["headers"])
        context = RequestContext(request_id, address, scheme or scope["scheme"], started)
        scope[SCOPE_KEY] = context
        method: str = scope["method"]
        limited: list[Header] = []
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            answer, limited = await self._answer(context, scope, headers, receive)
        except ClientGone:
            return
        except Exception as error:
            answer = self._problem(error, context, scope)
        await self._send(answer, context, headers, method, limited, send)
        self._observe(context, scope, method, answer.status)

    async def _answer(
        self,
        context: RequestContext,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
    ) -> tuple[Answer, list[Header]]:
        method, path = scope["method"], scope["path"]
        if method not in _METHODS:
            raise MethodNotAllowed("This server does not know that method.")
        if len(scope["query_string"]) > self._limits.query or len(path) > self._limits.path:
            raise UriTooLong("The address is longer than this server takes. Shorten the query.")
        if method == "OPTIONS":
            allowed = self._cors.preflight(
                headers.get(b"origin"),
                headers.get(b"access-control-request-method"),
                headers.get(b"access-control-request-headers"),
            )
            if allowed is not None:
                return Answer(204, list(allowed), b""), []
        if method not in _BODYLESS:
            await self._read_body(context, path, headers, scope, receive)
        elif method == "HEAD":
            scope["method"] = "GET"
        if path.startswith(f"{BASE}/") and path not in self._plain:
            agent = headers.get(b"user-agent")
            context.user_agent = agent.decode("latin-1")[:300] if agent else None
            match = headers.get(b"if-match")
            context.if_match = match.decode("latin-1") if match else None
            return await self._front.answer(context, scope, headers, receive)
        app = self._plain.get(path) or self._plain.get(path.rpartition("/")[0] + "/")
        return await collect(app or self._rest, scope, receive, context.body), []

    async def _read_body(
        self,
        context: RequestContext,
        path: str,
        headers: Mapping[bytes, bytes],
        scope: Scope,
        receive: Receive,
    ) -> None:
        limits = self._limits
        many = path.endswith("/batch")
        size = limits.batch if many else limits.body
        context.body = await read_body(receive, scope["headers"], size)
        if context.body:
            check_media_type(headers.get(b"content-type"))
            fields = limits.batch_fields if many else limits.fields
            check_json(context.body, max_fields=fields)

    def _problem(self, error: Exception, context: RequestContext, scope: Scope) -> Answer:
        problem = from_exception(error)
        if problem.status == 500:
            self.defect(error, scope)
        return Answer(*render(problem, context.request_id))

    @staticmethod
    def defect(error: Exception, scope: Any) -> None:
        """Log a failure that is ours."""
        _log.error("defect", exc_info=error, method=scope["method"], path=scope["path"])

    async def _send(
        self,
        answer: Answer,
        context: RequestContext,
        request: Mapping[bytes, bytes],
        method: str,
        limited: Sequence[Header],
        send: Send,
    ) -> None:
        # The documentation page brings its own: of two policies a browser obeys both.
        secured = any(name == b"content-security-policy" for name, _ in answer.headers)
        headers = [
            *answer.headers,
            *(() if secured else self._security.api),
            (b"x-request-id", context.request_id.encode()),
            *limited,
            *self._cors.headers_for(request.get(b"origin")),
        ]
        if context.seq is not None:
            headers.append((b"tidework-seq", b"%d" % context.seq))
        body = answer.body
        if body and (accepted := request.get(b"accept-encoding")) is not None:
            body = _compressed(answer, headers, accepted)
        if method == "HEAD":
            body = b""
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _observe(self, context: RequestContext, scope: Scope, method: str, status: int) -> None:
        seconds = time.perf_counter() - context.started
        route = context.route or scope.get("path_template") or "other"
        self._metrics.observe_request(method, route, status, seconds)
        # A log line costs as much as answering from memory: what reads well and fast has none.
        if method not in _BODYLESS or status >= 400 or seconds > _SLOW_S:
            _log.info(
                "request",
                method=method,
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
                user_id=context.principal.user_id if context.principal else None,
                address=context.address,
            )


def _compressed(answer: Answer, headers: list[Header], accepted: bytes) -> bytes:
    """The body as the caller likes it; `headers` are put right."""
    kind = next((value for name, value in answer.headers if name == b"content-type"), b"")
    if not is_compressible(kind, len(answer.body)):
        return answer.body
    headers.append(_VARY)
    encoding = choose(accepted)
    if encoding is None:
        return answer.body
    variants = answer.variants
    body = variants.get(encoding) if variants is not None else None
    if body is None:
        body = compress(answer.body, encoding)
        if variants is not None:
            variants[encoding] = body
    headers[:] = [header for header in headers if header[0] != b"content-length"]
    headers.append((b"content-length", b"%d" % len(body)))
    headers.append((b"content-encoding", encoding.encode()))
    return body


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """The app behind every path that there is not."""
    raise NotFound("There is nothing at this address. The API is described at /api/docs.")
