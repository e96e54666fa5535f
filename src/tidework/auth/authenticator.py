"""Who is calling, for the front: see `http.context.Authenticator`."""

import hmac
import time
from collections.abc import Mapping
from math import inf
from typing import Literal

import msgspec

from tidework.auth import queries
from tidework.auth.access import AccessTokens
from tidework.auth.cookies import cookie_of
from tidework.auth.schemas import Refresh
from tidework.auth.sessions import Session
from tidework.auth.tokens import API_PREFIX, parse_api, parse_refresh
from tidework.cache.memory import BoundedCache
from tidework.errors import Unauthenticated
from tidework.http.context import Credential, Principal, RequestContext
from tidework.ids import is_id
from tidework.store.protocol import Row, Store
from tidework.times import now, parse

_MAX_KEPT = 10_000
_refresh = msgspec.json.Decoder(Refresh).decode


class StreamAuthenticator:
    """Asks the account's stream whether what a token proves still holds."""

    def __init__(self, store: Store, access_tokens: AccessTokens) -> None:
        self._store = store
        self._access_tokens = access_tokens
        # When API tokens expire, by digest: their text does not say, and it never changes.
        self._expiries: BoundedCache[str, float] = BoundedCache(_MAX_KEPT)

    def read(self, token: str) -> Credential:
        """See `Authenticator.read`."""
        if token.startswith(API_PREFIX):
            return self._read_api(token)
        claims = self._access_tokens.verify(token)
        if not (is_id(claims.user_id) and is_id(claims.session_id)):
            raise _invalid()
        return Credential("session", claims.user_id, claims.session_id, claims.expires_at)

    def _read_api(self, token: str) -> Credential:
        parsed = parse_api(token)
        if parsed is None:
            raise _invalid()
        expires_at = self._expiries.get(parsed.digest)
        return Credential(
            "token",
            parsed.user_id,
            parsed.token_id,
            inf if expires_at is None else expires_at,
            parsed.digest,
        )

    async def principal(self, credential: Credential) -> tuple[int, Principal]:
        """See `Authenticator.principal`. One query by key."""
        params = {"user_id": credential.user_id, "id": credential.id}
        if credential.kind == "session":
            rows = await self._store.fetch(queries.SESSION_CALLER, params)
            return self._by_session(rows, credential)
        rows = await self._store.fetch(queries.TOKEN_CALLER, params)
        return self._by_token(rows, credential)

    def _by_session(self, rows: list[Row], credential: Credential) -> tuple[int, Principal]:
        if not rows or rows[0][4] is None or rows[0][5] is not None:
            raise Unauthenticated("This session has ended. Log in again.", code="session_ended")
        seq, role, is_active, workspace_id = rows[0][:4]
        _check_active(is_active)
        return seq, Principal(credential.user_id, role, workspace_id, credential)

    def _by_token(self, rows: list[Row], credential: Credential) -> tuple[int, Principal]:
        if not rows or not hmac.compare_digest(rows[0][4] or "", credential.secret):
            raise Unauthenticated(
                "This API token does not exist, or has been removed. Make a new one.",
                code="token_gone",
            )
        seq, role, is_active, workspace_id, digest, scopes, expires = rows[0]
        _check_active(is_active)
        expires_at = inf if expires is None else parse(expires).timestamp()
        if expires_at <= time.time():
            raise Unauthenticated(
                "This API token has expired. Make a new one.", code="token_expired"
            )
        self._expiries.put(digest, expires_at)
        proved = Credential("token", credential.user_id, credential.id, expires_at, digest)
        # What an administrator may do beyond others takes the scope that says so.
        effective: Literal["user", "admin"] = role if "admin" in scopes else "user"
        return seq, Principal(
            credential.user_id, effective, workspace_id, proved, frozenset(scopes)
        )

    async def renewing(self, context: RequestContext, headers: Mapping[bytes, bytes]) -> str | None:
        """See `Authenticator.renewing`. One query by key."""
        token = parse_refresh(_refresh_token(context, headers))
        if token is None:
            return None
        params = {"user_id": token.user_id, "id": token.session_id}
        rows = await self._store.fetch(queries.SESSION, params)
        if not rows:
            return None
        session = Session(*rows[0])
        good = token.genuine(session.family_key) and session.expires_at > now()
        return token.user_id if good else None


def _refresh_token(context: RequestContext, headers: Mapping[bytes, bytes]) -> str:
    """The refresh token of a request, in the order in which its route looks; empty for none."""
    given: str | None = None
    if context.body:
        try:
            given = _refresh(context.body).refresh_token
        except (msgspec.DecodeError, RecursionError):
            return ""
    return given or cookie_of(headers, context.scheme) or ""


def _check_active(is_active: bool | None) -> None:
    if not is_active:
        raise Unauthenticated(
            "This account is not active. Ask an administrator.", code="account_inactive"
        )


def _invalid() -> Unauthenticated:
    return Unauthenticated(
        "The access token is not valid for this server. Log in again to get a new one.",
        code="token_invalid",
    )
