"""The front: what can be answered from memory is answered here, before the framework.

For each request it asks once, strictly, for the present seqs of the caller's account and of the
workspace. While these stand, who the caller is, what they may and what the last answer was are
known, and the answer is sent again, or a 304. Everything else goes on to the framework, whose answer
is kept when the route has said under which seq it stays true.
"""

import time
from collections.abc import Mapping

from tidework.cache.memory import BoundedCache
from tidework.errors import Forbidden, TooManyRequests, Unauthenticated
from tidework.http.answer import Answer, App, Header, Receive, Scope, collect
from tidework.http.conditional import body_tag, matches
from tidework.http.context import (
    Authenticator,
    Membership,
    Memberships,
    Principal,
    RequestContext,
)
from tidework.http.direct import Direct, find
from tidework.http.headers import PRIVATE
from tidework.http.idempotency import Idempotency
from tidework.http.limits import RateLimiter
from tidework.ids import is_id
from tidework.store.protocol import Store

BASE = "/api/v1"
_WORKSPACES = f"{BASE}/workspaces/"
_PREFIX = len(_WORKSPACES)
_ENTRY_OVERHEAD = 1024
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class _Kept:
    """An answer that stays true while its stream is at `seq`."""

    __slots__ = ("answer", "route", "seq", "tag", "unchanged")

    def __init__(self, seq: int, answer: Answer, tag: str, route: str | None) -> None:
        self.seq = seq
        self.answer = answer
        self.tag = tag
        self.route = route
        self.unchanged = Answer(304, [(b"etag", tag.encode()), PRIVATE], b"")


def _size(kept: _Kept) -> int:
    return len(kept.answer.body) + _ENTRY_OVERHEAD


class Front:
    """Answers requests to the API.

    `direct` are the routes that need no framework, `cache_bytes` bounds the bodies that are kept.
    """

    def __init__(
        self,
        app: App,
        store: Store,
        authenticator: Authenticator,
        memberships: Memberships,
        limiter: RateLimiter,
        *,
        direct: Direct | None = None,
        cache_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self._app = app
        self._store = store
        self._authenticator = authenticator
        self._memberships = memberships
        self._limiter = limiter
        self._direct: Direct = direct or {}
        self._idempotency = Idempotency(store)
        self.bodies: BoundedCache[tuple[str, str, bytes], _Kept] = BoundedCache(cache_bytes, _size)
        self.principals: BoundedCache[str, tuple[int, Principal]] = BoundedCache(20_000)
        self.members: BoundedCache[tuple[str, str], tuple[int, Membership | None]] = BoundedCache(
            50_000
        )

    async def answer(
        self,
        context: RequestContext,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
    ) -> tuple[Answer, list[Header]]:
        """The answer to a request, and the headers that say what is left of the caller's limit.

        Raises `TideworkError` for what is refused before the framework sees it.
        """
        path: str = scope["path"]
        workspace = _workspace_of(path)
        authorization = headers.get(b"authorization")
        if authorization is not None:
            workspace = await self._identify(context, authorization, workspace)
        elif workspace is not None and not is_id(workspace):
            workspace = None
        limited = self._limit(context)
        method: str = scope["method"]
        if method == "GET" and workspace is not None and context.membership is not None:
            return await self._read(context, scope, headers, receive, workspace), limited
        if context.principal is not None:
            _check_scope(context.principal, method, path)
        if method == "POST" and b"idempotency-key" in headers:
            key = headers[b"idempotency-key"].decode("latin-1")
            target = f"{method} {path}?".encode() + scope["query_string"]
            answer = await self._idempotency.run(
                context, key, target, lambda: self._ask(context, scope, receive)
            )
        else:
            answer = await self._ask(context, scope, receive)
        if method == "GET" and answer.status == 200:
            answer = _conditional(answer, context, headers)
        return answer, limited

    async def _identify(
        self, context: RequestContext, authorization: bytes, workspace: str | None
    ) -> str | None:
        """Find out who is calling and what they are in the workspace; the workspace's id."""
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            context.unauthenticated = Unauthenticated(
                "The Authorization header must be 'Bearer <token>'.", code="token_invalid"
            )
            return None
        try:
            credential = self._authenticator.read(token.strip())
            known = self.principals.get(credential.id)
            if workspace == "personal" and known is not None:
                workspace = known[1].personal_workspace_id
            streams = [credential.user_id]
            if workspace is not None and is_id(workspace):
                streams.append(workspace)
            seqs = await self._store.seqs(streams)
            user_seq = seqs.get(credential.user_id, 0)
            if (
                known is None
                or known[0] != user_seq
                or known[1].credential.secret != credential.secret
            ):
                known = await self._authenticator.principal(credential)
                self.principals.put(credential.id, known)
            principal = known[1]
            if credential.kind == "token" and principal.credential.expires_at <= time.time():
                raise Unauthenticated("The token has expired.", code="token_expired")
        except Unauthenticated as error:
            context.unauthenticated = error
            return None
        context.principal = principal
        if workspace == "personal":
            workspace = principal.personal_workspace_id
            seqs = await self._store.seqs([workspace])
        if workspace is None or workspace not in seqs:
            return None
        context.seqs = {workspace: seqs[workspace]}
        key = (workspace, principal.user_id)
        member = self.members.get(key)
        if member is None or member[0] != seqs[workspace]:
            member = await self._memberships.membership(workspace, principal.user_id)
            self.members.put(key, member)
        context.membership = member[1]
        return workspace

    def _limit(self, context: RequestContext) -> list[Header]:
        principal = context.principal
        if principal is None:
            decision = self._limiter.hit("anonymous", context.address)
        elif principal.role == "admin":
            decision = self._limiter.hit("admin", principal.user_id)
        else:
            decision = self._limiter.hit("account", principal.user_id)
        if decision.allowed:
            return decision.headers
        headers = {name.decode(): value.decode() for name, value in decision.headers}
        raise TooManyRequests(
            f"Too many requests; wait {decision.retry_after} s before the next one.",
            retry_after=decision.retry_after,
            headers=headers,
        )

    async def _read(
        self,
        context: RequestContext,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        workspace: str,
    ) -> Answer:
        """Answer a GET of a workspace's data, from memory where it is still true."""
        assert context.principal is not None
        _check_scope(context.principal, "GET", scope["path"])
        query: bytes = scope["query_string"]
        # `assignee=me` means somebody else to everybody.
        owner = context.principal.user_id if b"me" in query else ""
        rest = scope["path"][_PREFIX:].partition("/")[2]
        key = (workspace, owner, rest.encode() + b"?" + query)
        kept = self.bodies.get(key)
        if kept is None or kept.seq != context.seqs[workspace]:
            answer = await self._ask(context, scope, receive)
            if answer.status != 200:
                return answer
            answer = _tagged(answer, context)
            tag = context.etag or ""
            kept = _Kept(context.kept_seq or 0, answer, tag, context.route)
            if context.kept_seq is not None:
                answer.variants = {}
                self.bodies.put(key, kept)
        context.route = kept.route
        wanted = headers.get(b"if-none-match")
        if wanted is not None and matches(wanted.decode("latin-1"), kept.tag):
            return kept.unchanged
        return kept.answer

    async def _ask(self, context: RequestContext, scope: Scope, receive: Receive) -> Answer:
        rest = scope["path"][_PREFIX:].partition("/")[2] if context.membership else ""
        handler, last = find(self._direct, scope["method"], rest)
        if handler is not None:
            answer = await handler(context, last, scope["query_string"])
        else:
            answer = await collect(self._app, scope, receive, context.body)
            context.route = scope.get("path_template")
        if context.location is not None and answer.status < 300:
            answer.headers.append((b"location", context.location.encode()))
        if context.etag is not None and answer.status < 300 and scope["method"] != "GET":
            answer.headers.append((b"etag", context.etag.encode()))
        return answer


def _workspace_of(path: str) -> str | None:
    if not path.startswith(_WORKSPACES):
        return None
    return path[_PREFIX:].partition("/")[0] or None


def _check_scope(principal: Principal, method: str, path: str) -> None:
    """Raise `Forbidden` when an API token's scopes do not cover the request."""
    scopes = principal.scopes
    if scopes is None:
        return
    needed = "read" if method in _SAFE else "write"
    if path.startswith(f"{BASE}/admin/"):
        needed = "admin"
    if needed not in scopes:
        raise Forbidden(
            f"This API token lacks the scope '{needed}'. Make a token that has it, or log in.",
            code="scope_missing",
        )


def _tagged(answer: Answer, context: RequestContext) -> Answer:
    if context.etag is None:
        context.etag = body_tag(answer.body)
    answer.headers.append((b"etag", context.etag.encode()))
    answer.headers.append(PRIVATE)
    return answer


def _conditional(answer: Answer, context: RequestContext, headers: Mapping[bytes, bytes]) -> Answer:
    """Give a fresh answer to a GET its entity tag, or a 304 in its place."""
    if any(name == b"cache-control" for name, _ in answer.headers):
        return answer
    answer = _tagged(answer, context)
    wanted = headers.get(b"if-none-match")
    assert context.etag is not None
    if wanted is not None and matches(wanted.decode("latin-1"), context.etag):
        return Answer(304, [(b"etag", context.etag.encode()), PRIVATE], b"")
    return answer
