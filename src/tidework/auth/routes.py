"""Routes of auth."""

from typing import Any

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from tidework.auth.api_tokens import ApiTokens
from tidework.auth.cookies import RefreshCookies
from tidework.auth.keys import KeySet
from tidework.auth.resets import Resets
from tidework.auth.schemas import (
    Accepted,
    Jwks,
    LoggedIn,
    Login,
    PasswordChange,
    PasswordForgot,
    PasswordReset,
    Refresh,
    Register,
    SessionList,
    SessionOut,
    TokenCreate,
    TokenList,
    TokenMade,
)
from tidework.auth.service import AuthService
from tidework.auth.sessions import Pair
from tidework.errors import Forbidden, Unauthenticated
from tidework.http.context import Principal, RequestContext, principal_of
from tidework.http.openapi import BEARER, PUBLIC, problem_responses
from tidework.http.origins import Origins
from tidework.http.replies import known_id
from tidework.users.api import Account, view

_NO_STORE = {"Cache-Control": "no-store"}
_SENT = Accepted("If there is an account with this address, a mail with a link is on its way.")

# API tokens are refused here: who finds one must not get further with it.
_READ = problem_responses(403)
_WRITE = problem_responses(403)
_GONE = problem_responses(403, 404)
_MAYBE: list[dict[str, list[str]]] = [{BEARER: []}, *PUBLIC]


@post(
    "/register",
    operation_id="register",
    summary="Make an account and log in",
    responses=problem_responses(403),
    security=PUBLIC,
)
async def register(
    data: JSONBody[Register],
    context: NamedDependency[RequestContext],
    auth: NamedDependency[AuthService],
    jar: NamedDependency[RefreshCookies],
) -> Response[LoggedIn]:
    """The first account of an installation becomes its administrator."""
    account, pair, seq = await auth.register(
        data.email, data.password, data.name, data.invitation, context
    )
    context.seq = seq
    context.location = "/api/v1/users/me"
    return _logged_in(account, pair, context, jar if data.cookie else None)


@post(
    "/login",
    status_code=200,
    operation_id="login",
    summary="Log in",
    responses=problem_responses(401),
    security=PUBLIC,
)
async def login(
    data: JSONBody[Login],
    context: NamedDependency[RequestContext],
    auth: NamedDependency[AuthService],
    jar: NamedDependency[RefreshCookies],
) -> Response[LoggedIn]:
    """The answer is the same for a wrong password and for an address without an account."""
    account, pair = await auth.log_in(data.email, data.password, context)
    return _logged_in(account, pair, context, jar if data.cookie else None)


@post(
    "/refresh",
    status_code=200,
    operation_id="refresh",
    summary="Exchange a refresh token for the next pair",
    responses=problem_responses(401, 403),
    security=PUBLIC,
)
async def refresh(
    request: Request[Any, Any, Any],
    context: NamedDependency[RequestContext],
    auth: NamedDependency[AuthService],
    jar: NamedDependency[RefreshCookies],
    data: JSONBody[Refresh | None] = None,
) -> Response[LoggedIn]:
    """A refresh token is used up by this. Its retry within 30 seconds gets the same pair again; used
    later than that, the whole session ends. Counts for the account when the token is good.
    """
    given = data.refresh_token if data is not None else None
    text = given or jar.proof(request, context)
    if not text:
        raise Unauthenticated(
            "There is no refresh token in the body and no cookie. Log in.", code="refresh_missing"
        )
    try:
        pair = await auth.sessions.refresh(text, context)
        account = await auth.account_of(pair)
    except Unauthenticated as error:
        raise error if given else jar.useless(error, context) from None
    return _logged_in(account, pair, context, None if given else jar)


@post(
    "/logout",
    status_code=204,
    operation_id="logout",
    summary="End this session, everywhere and at once",
    responses=problem_responses(401, 403, 404),
    security=_MAYBE,
)
async def logout(
    request: Request[Any, Any, Any],
    context: NamedDependency[RequestContext],
    auth: NamedDependency[AuthService],
    jar: NamedDependency[RefreshCookies],
    data: JSONBody[Refresh | None] = None,
) -> Response[None]:
    """Takes the access token, or a refresh token in the body or the cookie."""
    given = data.refresh_token if data is not None else None
    if context.principal is not None:
        user_id, session_id = context.principal.user_id, _session_of(context.principal)
    else:
        text = given or jar.proof(request, context)
        if not text:
            principal_of(context)
        try:
            token, session = await auth.sessions.find(text or "")
        except Unauthenticated as error:
            raise error if given else jar.useless(error, context) from None
        user_id, session_id = token.user_id, session.id
    context.seq = (await auth.sessions.end(user_id, session_id, "logout", context)).seq
    cleared = [jar.removed(context)] if jar.sent(request, context) else []
    return Response(None, status_code=204, headers=_NO_STORE, cookies=cleared)


@get("/sessions", operation_id="listSessions", summary="Where I am logged in", responses=_READ)
async def list_sessions(
    caller: NamedDependency[Principal], auth: NamedDependency[AuthService]
) -> SessionList:
    """The last used one first."""
    current = _session_of(caller)
    return SessionList(
        [
            SessionOut(
                id=s.id,
                created_at=s.created_at,
                used_at=s.used_at,
                expires_at=s.expires_at,
                user_agent=s.user_agent,
                address=s.address,
                current=s.id == current,
            )
            for s in await auth.sessions.live(caller.user_id)
        ]
    )


@delete(
    "/sessions/{session_id:str}",
    operation_id="endSession",
    summary="End a session",
    responses=_GONE,
)
async def end_session(
    session_id: FromPath[str],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    auth: NamedDependency[AuthService],
) -> None:
    """Its access token, refresh token and live connections end at once, everywhere."""
    _session_of(caller)
    wanted = known_id(session_id, "session")
    context.seq = (await auth.sessions.end(caller.user_id, wanted, "ended", context)).seq


@post(
    "/password/change",
    status_code=204,
    operation_id="changePassword",
    summary="Change my password; all other sessions end",
    responses=_WRITE,
)
async def change_password(
    data: JSONBody[PasswordChange],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    auth: NamedDependency[AuthService],
) -> None:
    """All other sessions end, and all mailed links."""
    _session_of(caller)
    context.seq = await auth.change_password(
        caller, data.current_password, data.new_password, context
    )


@post(
    "/password/forgot",
    status_code=202,
    operation_id="forgotPassword",
    summary="Have a link mailed to set a new password",
    responses=problem_responses(),
    security=PUBLIC,
)
async def forgot_password(
    data: JSONBody[PasswordForgot],
    context: NamedDependency[RequestContext],
    resets: NamedDependency[Resets],
) -> Accepted:
    """The answer is the same for every address."""
    await resets.forgot(data.email, context.address)
    return _SENT


@post(
    "/password/reset",
    status_code=204,
    operation_id="resetPassword",
    summary="Set a new password with a mailed link; all sessions end",
    responses=problem_responses(403),
    security=PUBLIC,
)
async def reset_password(
    data: JSONBody[PasswordReset],
    context: NamedDependency[RequestContext],
    auth: NamedDependency[AuthService],
) -> None:
    """The link works once. An invited person's account becomes theirs by it."""
    context.seq = await auth.reset_password(data.token, data.password, context)


@get("/tokens", operation_id="listTokens", summary="My API tokens", responses=_READ)
async def list_tokens(
    caller: NamedDependency[Principal], api_tokens: NamedDependency[ApiTokens]
) -> TokenList:
    """Without their secrets, expired ones too."""
    _session_of(caller)
    return TokenList(await api_tokens.of(caller.user_id))


@post(
    "/tokens",
    operation_id="createToken",
    summary="Make an API token; its secret is shown once",
    responses=_WRITE,
)
async def create_token(
    data: JSONBody[TokenCreate],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    api_tokens: NamedDependency[ApiTokens],
) -> Response[TokenMade]:
    """What a token may do is bounded by its scopes and by its account's role."""
    _session_of(caller)
    made, context.seq = await api_tokens.create(
        caller, data.name, data.scopes, data.expires_at, context
    )
    context.location = f"/api/v1/auth/tokens/{made.id}"
    return Response(made, headers=_NO_STORE)


@delete(
    "/tokens/{token_id:str}",
    operation_id="deleteToken",
    summary="Make an API token useless at once",
    responses=_GONE,
)
async def delete_token(
    token_id: FromPath[str],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    api_tokens: NamedDependency[ApiTokens],
) -> None:
    """The next request that bears it is refused."""
    _session_of(caller)
    context.seq = await api_tokens.remove(caller, known_id(token_id, "API token"), context)


@get(
    "/.well-known/jwks.json",
    operation_id="getKeys",
    summary="The public keys that access tokens are signed with",
    security=PUBLIC,
)
async def jwks(keys: NamedDependency[KeySet]) -> Response[Jwks]:
    """A JWK Set (RFC 7517), for verifying access tokens elsewhere."""
    # Short, since a new key signs within a second of its rotation.
    return Response(Jwks(keys.jwks()["keys"]), headers={"Cache-Control": "public, max-age=60"})


def routers(
    auth: AuthService, resets: Resets, api_tokens: ApiTokens, origins: Origins
) -> list[Router]:
    """The routes, with the services that they call."""
    handlers = [
        register,
        login,
        refresh,
        logout,
        list_sessions,
        end_session,
        change_password,
        forgot_password,
        reset_password,
        list_tokens,
        create_token,
        delete_token,
    ]
    jar = RefreshCookies(origins, auth.sessions.lifetime_s)
    services = {
        "jar": Provide(lambda: jar, sync_to_thread=False),
        "auth": Provide(lambda: auth, sync_to_thread=False),
        "resets": Provide(lambda: resets, sync_to_thread=False),
        "api_tokens": Provide(lambda: api_tokens, sync_to_thread=False),
    }
    return [Router("/auth", route_handlers=handlers, dependencies=services)]


def root_routers(keys: KeySet) -> list[Router]:
    """What stands outside of the API's base path."""
    provided = {"keys": Provide(lambda: keys, sync_to_thread=False)}
    return [Router("/", route_handlers=[jwks], dependencies=provided)]


def _session_of(caller: NamedDependency[Principal]) -> str:
    """The caller's session. Raises `Forbidden` for an API token."""
    if caller.credential.kind != "session":
        raise Forbidden(
            "This cannot be done with an API token. Log in with e-mail address and password.",
            code="session_required",
        )
    return caller.credential.id


def _logged_in(
    account: Account, pair: Pair, context: RequestContext, jar: RefreshCookies | None
) -> Response[LoggedIn]:
    """The refresh token goes into a cookie where there is a `jar`, else into the body."""
    user = view(account)
    if jar is None:
        body = LoggedIn(user, pair.access_token, "Bearer", pair.expires_in, pair.refresh_token)
        return Response(body, headers=_NO_STORE)
    return Response(
        LoggedIn(user, pair.access_token, "Bearer", pair.expires_in),
        headers=_NO_STORE,
        cookies=[jar.holding(pair.refresh_token, context)],
    )
