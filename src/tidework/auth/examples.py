"""Examples of what auth takes and answers, for the OpenAPI document."""

from typing import Any, Final

from tidework.auth.schemas import (
    Accepted,
    EmailConfirm,
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
    TokenOut,
)
from tidework.http.examples import CHANGED, EMAIL, KEY, LATER, MADE, PERSON, PHRASE, SESSION

_ACCESS = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI…"
_REFRESH = "twr_…"
_PAIR: dict[str, Any] = {
    "access_token": _ACCESS,
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": _REFRESH,
}
_SESSION = {
    "id": SESSION,
    "created_at": MADE,
    "used_at": CHANGED,
    "expires_at": LATER,
    "user_agent": "Mozilla/5.0",
    "address": "192.0.2.7",
    "current": True,
}
_TOKEN = {
    "id": KEY,
    "name": "CI",
    "scopes": ["read", "write"],
    "expires_at": LATER,
    "created_at": MADE,
}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (Register, {"email": EMAIL, "password": PHRASE, "name": "Ada Lovelace"}),
    (Login, {"email": EMAIL, "password": PHRASE}),
    (LoggedIn, {"user": PERSON, **_PAIR}),
    (Refresh, {"refresh_token": _REFRESH}),
    (SessionOut, _SESSION),
    (SessionList, {"items": [_SESSION]}),
    (PasswordChange, {"current_password": PHRASE, "new_password": "a better one, and longer"}),
    (PasswordForgot, {"email": EMAIL}),
    (PasswordReset, {"token": "tws_…", "password": "a better one, and longer"}),
    (EmailConfirm, {"token": "twc_…"}),
    (Accepted, {"detail": "If there is an account with this address, a mail is on its way."}),
    (TokenCreate, {"name": "CI", "scopes": ["read", "write"], "expires_at": LATER}),
    (TokenOut, _TOKEN),
    (TokenMade, {**_TOKEN, "token": "twp_…"}),
    (TokenList, {"items": [_TOKEN]}),
    (Jwks, {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "11qYAYKxCrfVS_7TyWQH"}]}),
]
