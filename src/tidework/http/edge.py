"""The edge: the outermost ASGI layer, which every request and every answer passes.

Here a request gets its id and its address, is held to the limits of size, and here everything that
was raised becomes problem details. Who is calling is asked before anything of a body is read.
"""

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog

from tidework.cache.memory import BoundedCache
from tidework.errors import MethodNotAllowed, UriTooLong
from tidework.http import logs
from tidework.http.admission import Admission, Gate
from tidework.http.answer import Answer, App, Header, Receive, Scope, Send, collect
from tidework.http.body import (
    check_json,
    check_media_type,
    drain,
    noted,
    read_body,
)
from tidework.http.compression import (
    CONTENT_ENCODING,
    MIN_SIZE,
    VARY,
    choose,
    compress,
    is_compressible,
)
from tidework.http.conditional import weak
from tidework.http.context import SCOPE_KEY, RequestContext, membership_of
from tidework.http.cors import Cors
from tidework.http.front import BASE, WORKSPACES, Front
from tidework.http.headers import SecurityHeaders, new_request_id, valid_request_id
from tidework.http.metrics import Metrics, used_up
from tidework.http.paths import check_path
from tidework.http.problem import from_exception, render
from tidework.http.proxies import TrustedProxies
from tidework.http.refusal import Refusal
from tidework.http.request_headers import settle_headers
from tidework.http.stopping import CLOSE, Stopping
from tidework.http.uploads import Uploads
from tidework.store.patience import Patience, patience

_SLOW_S = 0.5
_BODYLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_KNOWN = "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"
_METHODS = frozenset(_KNOWN.split(", "))
_READING = "GET, HEAD, OPTIONS"
# How much of a body that is refused is read all the same, so that the caller gets to the answer.
_DRAINED = 16 * 1024 * 1024
# Mail programs send a form there (RFC 8058); what it says is not looked at.
_FORMS = frozenset({f"{BASE}/notifications/unsubscribe"})
_DRAINED_S = 5.0
_NO_BODY = frozenset({204, 304})
# From this size on compressing takes so long that other requests would notice.
_LARGE = 128 * 1024

_log = structlog.get_logger("tidework.request")


class SizeLimits(msgspec.Struct, frozen=True):
    """How much a request may bring, in bytes; `batch` is for the routes that take many at once.

    A body has 30 s to come, and as long as it takes at `slowest` bytes/s.
    """

    body: int = 1024 * 1024
    batch: int = 40 * 1024 * 1024
    query: int = 8192
    path: int = 2048
    fields: int = 1000
    batch_fields: int = 20_000
    slowest: int = 64 * 1024


class Edge:
    """An ASGI app. `front` answers what is below `/api/v1`, `plain` the paths that it names, which
    can only be read (one that ends in a slash names all that is below), and `rest` everything else.
    `socket` takes the WebSockets, `uploads` bodies that are files.
    """

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
        admission: Admission | None = None,
        stopping: Stopping | None = None,
        socket: App | None = None,
        uploads: Uploads | None = None,
    ) -> None:
        self._front = front
        self._socket = socket
        self._uploads = uploads
        self._rest = rest
        self._security = security
        self._cors = cors
        self._proxies = proxies
        self._metrics = metrics
        self._limits = limits
        self._plain = plain
        self._admission = admission or Admission()
        self._stopping = stopping or Stopping()
        self._refusal = Refusal(security, cors, self._stopping)
        self._variants: BoundedCache[bytes, dict[str, bytes]] = BoundedCache(64)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the process."""
        if scope["type"] == "http":
            gate = self._admission.gate(scope["method"], scope["path"])
            if gate is not None and gate.refuses():
                await self._refusal.send(gate.retry_after(), scope, send)
                self._metrics.count_refusal(scope["method"])
            else:
                await self._serve(scope, receive, send, gate)
        elif scope["type"] == "lifespan":
            await self._rest(scope, receive, send)
        elif self._socket is not None:
            await self._socket(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send, gate: Gate | None) -> None:
        started = time.perf_counter()
        patience.set(Patience(self._admission.wait))
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id")
        request_id = (valid_request_id(given) if given is not None else None) or new_request_id()
        client = scope.get("client")
        peer = client[0] if client else "unknown"
        address, scheme, _ = self._proxies.client(peer, scope["headers"])
        context = RequestContext(request_id, address, scheme or scope["scheme"], started)
        scope[SCOPE_KEY] = context
        method: str = scope["method"]
        logs.begin(request_id, headers.get(b"traceparent"))
        self._metrics.in_flight += 1
        try:
            answer = await self._answer(context, scope, headers, receive, gate)
        except Exception as error:
            answer = self._problem(error, context, scope)
            if context.unread and b"expect" not in headers:
                await drain(receive, _DRAINED, _DRAINED_S)
        finally:
            self._metrics.in_flight -= 1
        if answer.stream is not None:
            self._observe(context, scope, method, answer.status)
        await self._send(answer, context, headers, method, send)
        if answer.stream is None:
            self._observe(context, scope, method, answer.status)
        elif method != "HEAD":
            await answer.stream(receive, send)

    async def _answer(
        self,
        context: RequestContext,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        gate: Gate | None,
    ) -> Answer:
        method, path = scope["method"], scope["path"]
        check_path(path)
        settle_headers(scope, headers)
        if method not in _METHODS:
            raise MethodNotAllowed(
                f"This server does not know that method. It knows {_KNOWN}.",
                headers={"Allow": _KNOWN},
            )
        if len(scope["query_string"]) > self._limits.query or len(path) > self._limits.path:
            raise UriTooLong("The address is longer than this server takes. Shorten the query.")
        if method == "HEAD":
            scope["method"] = "GET"
        elif method == "OPTIONS":
            allowed = self._cors.preflight(
                headers.get(b"origin"),
                headers.get(b"access-control-request-method"),
                headers.get(b"access-control-request-headers"),
            )
            if allowed is not None:
                # This answer has the headers for the origin already.
                headers.pop(b"origin")
                return Answer(204, list(allowed), b"")
        plain = self._plain.get(path)
        if plain is None and path.startswith(f"{BASE}/"):
            context.unread = method not in _BODYLESS
            if context.unread:
                receive = noted(receive, context)
                await self._front.admit(context, scope, headers)
                if self._uploads is not None and self._uploads.takes(method, path):
                    return await self._with_file(
                        self._uploads, context, scope, headers, receive, gate
                    )
                await self._read_body(context, scope, headers, receive)
            return await self._api(context, scope, headers, receive, gate)
        if path.startswith(f"{BASE}/"):
            await self._front.admit(context, scope, headers)
        return await self._other(plain, context, scope, receive)

    async def _with_file(
        self,
        uploads: Uploads,
        context: RequestContext,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        gate: Gate | None,
    ) -> Answer:
        """Answer a request whose body is a file."""
        context.upload = await uploads.take(context, scope["headers"], receive)
        # What a key of idempotency is compared by.
        context.body = context.upload.digest.encode()
        try:
            return await self._api(context, scope, headers, receive, gate)
        finally:
            await uploads.discard(context.upload)

    async def _api(
        self,
        context: RequestContext,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        gate: Gate | None,
    ) -> Answer:
        """Answer what is of the API, in the place that it takes. A body has been read by now: one
        that comes slowly must not keep others from theirs.
        """
        reads = scope["method"] in _BODYLESS
        if gate is not None:
            await gate.enter(receive if reads else None)
        entered = time.perf_counter()
        try:
            if reads:
                await self._front.admit(context, scope, headers)
            return await self._front.answer(context, scope, headers, receive)
        finally:
            if gate is not None:
                gate.leave(time.perf_counter() - entered)

    async def _read_body(
        self,
        context: RequestContext,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
    ) -> None:
        path, limits = scope["path"], self._limits
        many = path.startswith(WORKSPACES) and path.endswith("/tasks/batch")
        if many:
            # Only who may use so large a body has it read.
            membership_of(context, "editor")
        size = limits.batch if many else limits.body
        agent, match = headers.get(b"user-agent"), headers.get(b"if-match")
        context.user_agent = agent.decode("latin-1")[:300] if agent else None
        context.if_match = match.decode("latin-1") if match else None
        seconds = 30 + size / limits.slowest
        context.body = await read_body(receive, scope["headers"], size, seconds)
        if context.body and path not in _FORMS:
            check_media_type(headers.get(b"content-type"), headers.get(b"content-encoding"))
            fields = limits.batch_fields if many else limits.fields
            check_json(context.body, max_fields=fields)

    async def _other(
        self, plain: App | None, context: RequestContext, scope: Scope, receive: Receive
    ) -> Answer:
        """Answer what is not of the API."""
        method, path = scope["method"], scope["path"]
        context.route = path
        if plain is None:
            folder = path.rpartition("/")[0] + "/"
            plain, context.route = self._plain.get(folder), folder
        if plain is None:
            context.route = None
            answer = await collect(self._rest, scope, receive, b"")
            context.route = scope.get("path_template")
            return answer
        if method == "OPTIONS":
            return Answer(204, [(b"allow", _READING.encode())], b"")
        if method != "GET":
            raise MethodNotAllowed(
                f"This address can only be read. Allowed here: {_READING}.",
                headers={"Allow": _READING},
            )
        answer = await collect(plain, scope, receive, b"")
        tag = next((value for name, value in answer.headers if name == b"etag"), None)
        if tag is not None:
            answer.variants = self._variants.get(tag)
            if answer.variants is None:
                answer.variants = {}
                self._variants.put(tag, answer.variants)
        return answer

    def _problem(self, error: Exception, context: RequestContext, scope: Scope) -> Answer:
        problem = from_exception(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
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
        send: Send,
    ) -> None:
        body = answer.body
        headers = [*answer.headers, (b"x-request-id", context.request_id.encode())]
        if (
            len(body) >= MIN_SIZE
            and not answer.coded
            and is_compressible(_type_of(headers), len(body))
        ):
            headers.append(VARY)
            accepted = request.get(b"accept-encoding")
            if accepted is not None:
                body = await _coded(answer, headers, accepted)
        if answer.status not in _NO_BODY and answer.stream is None:
            headers.append((b"content-length", b"%d" % len(body)))
        # The documentation page brings its own: of two policies a browser obeys both.
        if not answer.secured:
            headers += self._security.api
        headers += context.limited
        if not answer.for_all:
            headers += self._cors.headers_for(request.get(b"origin"))
        if context.seq is not None:
            headers.append((b"tidework-seq", b"%d" % context.seq))
        if self._stopping.begun:
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.stream is None or method == "HEAD":
            await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    def _observe(self, context: RequestContext, scope: Scope, method: str, status: int) -> None:
        seconds = time.perf_counter() - context.started
        self._metrics.observe_request(method, context.route, status, seconds)
        if context.principal is not None:
            self._metrics.active.seen(context.principal.user_id, context.started)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            self._metrics.refused(used_up(context.limited))
        # A log line costs as much as answering from memory: what reads well and fast has none.
        if method not in _BODYLESS or status >= HTTPStatus.BAD_REQUEST or seconds > _SLOW_S:
            logs.request(
                {
                    "method": method,
                    "path": scope["path"],
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                    "user_id": context.principal.user_id if context.principal else None,
                    "address": context.address,
                }
            )


def _type_of(headers: list[Header]) -> bytes:
    return next((value for name, value in headers if name == b"content-type"), b"")


async def _coded(answer: Answer, headers: list[Header], accepted: bytes) -> bytes:
    """The body as the caller likes it; `headers` are put right."""
    encoding = choose(accepted)
    if encoding is None:
        return answer.body
    variants = answer.variants
    body = variants.get(encoding) if variants is not None else None
    if body is None:
        if len(answer.body) < _LARGE:
            body = compress(answer.body, encoding)
        else:
            body = await asyncio.to_thread(compress, answer.body, encoding)
        # What a kept answer may come to is twice its body.
        if variants is not None and sum(map(len, variants.values())) + len(body) < len(answer.body):
            variants[encoding] = body
    for place, (name, value) in enumerate(headers):
        if name == b"etag" and value.startswith(b'"'):
            headers[place] = (name, weak(value.decode("latin-1")).encode("latin-1"))
    headers.append(CONTENT_ENCODING[encoding])
    return body
