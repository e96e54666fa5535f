"""The front: what can be answered from memory is answered here, before a handler is called.

For each request it asks once, strictly, for the present seqs of the caller's account and of the
workspace. While these stand, who the caller is, what they may and what the last answer was are
known, and the answer is sent again, or a 304. Everything else goes on to the routes, whose answer
is kept when the route has said under which seq it stays true.
"""

import time
from collections.abc import Awaitable, Hashable, Mapping
from typing import Any, Literal, TypeVar, cast

from litestar import Litestar

from tidework.cache.second_tier import SecondTier, WholeAnswer
from tidework.cache.versioned import VersionedCache
from tidework.errors import TideworkError, TooManyRequests, Unauthenticated
from tidework.http.answer import Answer, App, Receive, Scope, collect
from tidework.http.conditional import check_seq, matches
from tidework.http.context import (
    Authenticator,
    Membership,
    Memberships,
    Principal,
    RequestContext,
    check_scopes,
)
from tidework.http.costs import cost_of, searches
from tidework.http.dispatch import Dispatch
from tidework.http.idempotency import Idempotency
from tidework.http.kept import (
    Kept,
    Key,
    NotKept,
    conditional,
    described,
    give_tag,
    size_of,
    takes_coding,
)
from tidework.http.limits import RateLimiter
from tidework.http.listed import Listed
from tidework.http.problem import render
from tidework.http.touches import Touches
from tidework.ids import is_id
from tidework.store.protocol import Store

BASE = "/api/v1"
WORKSPACES = f"{BASE}/workspaces/"
_PREFIX = len(WORKSPACES)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")

# Every page load of every browser makes one: an office behind one address makes many.
_RENEWALS = frozenset({f"{BASE}/auth/refresh", f"{BASE}/auth/logout"})
_MOST_OF_A_RENEWAL = 8192
_SHARE_OF_KEYS = 32
_LIMITED_AS = {"user": "account", "admin": "admin"}


class Front:
    """Answers requests to the API. `cache_bytes` bounds the bodies that are kept."""

    def __init__(
        self,
        app: Litestar,
        store: Store,
        authenticator: Authenticator,
        memberships: Memberships,
        limiter: RateLimiter,
        *,
        cache_bytes: int = 128 * 1024 * 1024,
        second_tier: SecondTier | None = None,
        touches: Touches | None = None,
    ) -> None:
        self._framework = cast(App, app)
        self._dispatch = Dispatch(app)
        self._store = store
        self._authenticator = authenticator
        self._memberships = memberships
        self._limiter = limiter
        self._idempotency = Idempotency(store)
        self._second_tier = second_tier
        self._history = store.history
        self._touches = touches or Touches()
        self.bodies: VersionedCache[Key, Kept] = VersionedCache(cache_bytes, size_of)
        self._listed = Listed(self.bodies, cache_bytes // _SHARE_OF_KEYS)
        self.principals: VersionedCache[tuple[str, str], Principal] = VersionedCache(20_000)
        self.members: VersionedCache[tuple[str, str], Membership | Literal[False]] = VersionedCache(
            50_000
        )

    async def admit(
        self, context: RequestContext, scope: Scope, headers: Mapping[bytes, bytes]
    ) -> None:
        """Find out who is calling and hold them to their limit; nothing of the body is needed.

        Raises `TooManyRequests`, and `Forbidden` for an API token whose scopes do not suffice.
        """
        authorization = headers.get(b"authorization")
        if authorization is not None:
            await self._identify(context, authorization, _workspace_of(scope["path"]))
        principal = context.principal
        if principal is None and _may_renew(scope, headers):
            # Whose it is stands in what has not been read yet.
            context.uncounted = True
        else:
            await self._limit(context, scope, headers)
        if principal is not None and principal.scopes is not None:
            check_scopes(principal.scopes, scope["method"], scope["path"])

    async def answer(
        self,
        context: RequestContext,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
    ) -> Answer:
        """The answer to a request that has been admitted, and whose body has been read.

        Raises `TideworkError` for what is refused.
        """
        method: str = scope["method"]
        if context.uncounted:
            owner = await self._authenticator.renewing(context, headers)
            await self._limit(context, scope, headers, owner)
        if method == "GET":
            seen = headers.get(b"tidework-seq")
            if seen is not None:
                check_seq(seen)
            membership = context.membership
            if membership is not None:
                return await self._read(context, membership, scope, headers, receive)
            answer = await self._ask(context, scope, receive)
            return conditional(answer, context, headers) if answer.status == 200 else answer
        if method == "POST" and b"idempotency-key" in headers:
            return await self._once(context, scope, headers[b"idempotency-key"], receive)
        return await self._ask(context, scope, receive)

    # --- who is calling ----------------------------------------------------------------------

    async def _identify(
        self, context: RequestContext, authorization: bytes, workspace: str | None
    ) -> None:
        """Find out who is calling and what they are in the workspace."""
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            context.unauthenticated = Unauthenticated(
                "The Authorization header must be 'Bearer <token>'.", code="token_invalid"
            )
            return
        try:
            credential = self._authenticator.read(token.strip())
            proved = (credential.id, credential.secret)
            if workspace == "personal":
                latest = self.principals.latest(proved)
                if latest is not None:
                    workspace = latest[1].personal_workspace_id
            streams = [credential.user_id]
            if workspace is not None and is_id(workspace):
                streams.append(workspace)
            seqs = await self._store.seqs(streams)
            if self._store.history != self._history:
                self._forget()
            seq = seqs.get(credential.user_id, 0)
            principal = self.principals.get(proved, seq)
            if principal is None:
                principal = await self.principals.load(
                    proved, seq, lambda: self._settled(self._authenticator.principal(credential))
                )
            if credential.kind == "token" and principal.credential.expires_at <= time.time():
                raise Unauthenticated("The token has expired.", code="token_expired")
        except Unauthenticated as error:
            context.unauthenticated = error
            return
        context.principal = principal
        context.account_seq = seq
        if workspace is not None:
            await self._admit_to(context, principal.user_id, seqs, workspace)

    def _forget(self) -> None:
        """Another history has begun: what is remembered may never have happened."""
        self._history = self._store.history
        self.bodies.clear()
        self._listed.clear()
        self.principals.clear()
        self.members.clear()
        self._touches.clear()

    async def _renewed(
        self,
        cache: VersionedCache[K, V],
        key: K,
        known: tuple[int, V] | None,
        place: tuple[str, str],
        seq: int,
    ) -> V | None:
        """What is known of an earlier seq, when nothing since has been about its entity: `place` has
        the workspace and the id.
        """
        if known is None:
            return None
        since, value = known
        history = self._history
        untouched = await self._touches.untouched(self._store, *place, since, seq)
        if not untouched or self._store.history != history:
            return None
        return cache.renew(key, max(since, seq), value)

    async def _settled(self, load: Awaitable[tuple[int | None, T]]) -> tuple[int | None, T]:
        """What was loaded, not to be kept if another history has begun meanwhile."""
        history = self._history
        at, value = await load
        return (at if self._store.history == history else None), value

    async def _admit_to(
        self, context: RequestContext, user_id: str, seqs: Mapping[str, int], workspace: str
    ) -> None:
        """Find out what the caller is in a workspace that is there."""
        if workspace == "personal":
            assert context.principal is not None
            workspace = context.principal.personal_workspace_id
            seqs = await self._store.seqs([workspace])
        seq = seqs.get(workspace)
        if seq is None:
            return
        context.workspace_seq = seq
        key = (workspace, user_id)
        member = self.members.get(key, seq)
        if member is None:
            known = self.members.latest(key)
            renewed = await self._renewed(self.members, key, known, key, seq)
            member = renewed
        if member is None:

            async def load() -> tuple[int, Membership | Literal[False]]:
                at, found = await self._memberships.membership(workspace, user_id)
                return at, found or False

            member = await self.members.load(key, seq, lambda: self._settled(load()))
        context.membership = member or None

    async def _limit(
        self,
        context: RequestContext,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        owner: str | None = None,
    ) -> None:
        """Count the request for the caller, else for the account `owner`, else for the address."""
        principal, token = context.principal, None
        if principal is None:
            kind, key = ("anonymous", context.address) if owner is None else ("account", owner)
        else:
            kind, key = _LIMITED_AS[principal.role], principal.user_id
            if principal.credential.kind == "token":
                token = principal.credential.id
        cost = cost_of(
            scope["method"], scope["path"], scope["query_string"], headers.get(b"content-length")
        )
        limiter = self._limiter
        if limiter.is_shared:
            decision = await limiter.hit_shared(kind, key, cost, token)
        else:
            decision = limiter.hit(kind, key, cost, token)
        context.limited = decision.headers
        if not decision.allowed:
            raise TooManyRequests(
                f"Too many requests; wait {decision.retry_after} s before the next one.",
                retry_after=decision.retry_after,
            )

    # --- answering ---------------------------------------------------------------------------

    async def _read(
        self,
        context: RequestContext,
        membership: Membership,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
    ) -> Answer:
        """Answer a GET of a workspace's data, from memory where it is still true."""
        query: bytes = scope["query_string"]
        # `assignee=me` means somebody else to everybody.
        owner = membership.user_id if b"me" in query else ""
        rest: str = scope["path"][_PREFIX:].partition("/")[2]
        key = (membership.workspace_id, owner, rest.encode("utf-8", "surrogatepass") + b"?" + query)
        seq = context.workspace_seq
        kept = self.bodies.get(key, seq)
        if kept is None:
            kept = await self._still_true(key, seq, scope["path"])
        if kept is None:
            try:
                kept = await self.bodies.load(
                    key, seq, lambda: self._settled(self._load(key, context, scope, receive))
                )
            except NotKept as other:
                return other.answer
        context.route = kept.route
        wanted = headers.get(b"if-none-match")
        if wanted is not None and matches(wanted.decode("latin-1"), kept.tag):
            return kept.unchanged(coded=kept.compressible and takes_coding(headers))
        return kept.answer

    async def _still_true(self, key: Key, seq: int, path: str) -> Kept | None:
        """What is kept of an earlier seq, by itself or in a list, when it is true at this one."""
        bodies, since = self.bodies, 0
        known = bodies.latest(key)
        if known is not None and known[1].entity is not None:
            since = known[0]
            found = await self._renewed(bodies, key, known, (key[0], known[1].entity), seq)
            if found is not None:
                return found
        item = self._listed.find(key, since)
        if item is None:
            return None
        item_id, known = item
        known[1].route = self._dispatch.route(path)
        return await self._renewed(bodies, key, known, (key[0], item_id), seq)

    async def _load(
        self, key: Key, context: RequestContext, scope: Scope, receive: Receive
    ) -> tuple[int | None, Kept]:
        """Ask the route for an answer to keep, or another copy's memory. Raises `NotKept`."""
        history = self._history
        tier = self._second_tier if searches(scope["query_string"]) else None
        if tier is not None:
            found = await tier.get(key, f"{history}:{context.workspace_seq}")
            if found is not None:
                kept = Kept(Answer(200, found.headers, found.body, {}), found.tag, found.route, key)
                return context.workspace_seq, kept
        answer = await self._ask(context, scope, receive)
        if answer.status != 200 or any(name == b"cache-control" for name, _ in answer.headers):
            raise NotKept(answer)
        tag = give_tag(answer, context)
        answer.variants = {}
        if tier is not None and context.kept_seq is not None:
            whole = WholeAnswer(answer.headers, answer.body, tag, context.route)
            tier.put(key, f"{history}:{context.kept_seq}", whole)
        kept = Kept(answer, tag, context.route, key)
        kept.entity = context.kept_entity
        if context.kept_items is not None:
            kept.hold(context.kept_items)
            self._listed.add(key)
        return context.kept_seq, kept

    async def _ask(self, context: RequestContext, scope: Scope, receive: Receive) -> Answer:
        method: str = scope["method"]
        if method == "OPTIONS":
            return Answer(204, [(b"allow", self._dispatch.allowed(scope["path"]).encode())], b"")
        call, values = self._dispatch.find(method, scope["path"])
        if call is None:
            answer = await collect(self._framework, scope, receive, context.body)
            context.route = scope.get("path_template")
        else:
            context.route = call.route
            answer = await call.run(context, scope, call.prepare(context, values))
        return described(answer, context, method)

    async def _once(
        self, context: RequestContext, scope: Scope, key: bytes, receive: Receive
    ) -> Answer:
        """Answer a POST that bears an idempotency key. Rights are asked each time, also when the
        first answer is given again.
        """
        call, values = self._dispatch.find("POST", scope["path"])
        arguments: dict[str, Any] = {}
        if call is not None:
            context.route = call.route
            arguments = call.prepare(context, values)

        async def run() -> Answer:
            if call is None:
                return await self._ask(context, scope, receive)
            try:
                answer = await call.run(context, scope, arguments)
            except TideworkError as error:
                return Answer(*render(error, context.request_id))
            return described(answer, context, "POST")

        target = f"POST {scope['path']}?".encode("utf-8", "surrogatepass") + scope["query_string"]
        return await self._idempotency.run(context, key.decode("latin-1"), target, run)


def _workspace_of(path: str) -> str | None:
    if not path.startswith(WORKSPACES):
        return None
    return path[_PREFIX:].partition("/")[0].lower() or None


def _may_renew(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request can bear a refresh token, in a body that is soon read."""
    if scope["method"] != "POST" or scope["path"] not in _RENEWALS:
        return False
    size = headers.get(b"content-length", b"0")
    return len(size) < len(b"10000") and size.isdigit() and int(size) <= _MOST_OF_A_RENEWAL
