"""The HTTP interface of auth."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from tidework.auth.passwords import MAX_LENGTH, MIN_LENGTH
from tidework.users.api import UserView

Email = Annotated[str, Meta(max_length=254, examples=["ada@example.com"])]
# What exists already is compared, not judged.
Typed = Annotated[str, Meta(max_length=1024, examples=["correct horse battery"])]
NewPassword = Annotated[
    str,
    Meta(
        max_length=1024,
        description=f"{MIN_LENGTH} to {MAX_LENGTH} characters, not among the commonest",
        extra_json_schema={"minLength": MIN_LENGTH, "maxLength": MAX_LENGTH},
        examples=["correct horse battery"],
    ),
]
Name = Annotated[
    str,
    Meta(
        description="1 to 100 characters after trimming",
        extra_json_schema={"minLength": 1, "maxLength": 100, "pattern": r"\S"},
        examples=["Ada Lovelace"],
    ),
]
Token = Annotated[str, Meta(max_length=1024)]
Scope = Literal["read", "write", "admin"]


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """A new account. `invitation` is the token of an invitation mail.

    With `cookie` the refresh token comes as an HttpOnly cookie and not in the body.
    """

    email: Email
    password: NewPassword
    name: Name
    invitation: Token | None = None
    cookie: bool = False


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """Who logs in. `cookie` as in registering."""

    email: Annotated[str, Meta(max_length=1024, examples=["ada@example.com"])]
    password: Typed
    cookie: bool = False


class LoggedIn(Struct, frozen=True):
    """The account and its tokens. `expires_in` is in seconds."""

    user: UserView
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str | UnsetType = UNSET


class Refresh(Struct, frozen=True, forbid_unknown_fields=True):
    """The refresh token; without one, the cookie counts."""

    refresh_token: Token | None = None


class SessionOut(Struct, frozen=True):
    """A session: where somebody is logged in. `current` is the one that asks."""

    id: str
    created_at: str
    used_at: str
    expires_at: str
    user_agent: str | None
    address: str | None
    current: bool


class SessionList(Struct, frozen=True):
    """The sessions of the caller, the last used one first."""

    items: list[SessionOut]


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The present password and the next one."""

    current_password: Typed
    new_password: NewPassword


class PasswordForgot(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to send a link to."""

    email: Annotated[str, Meta(max_length=1024, examples=["ada@example.com"])]


class Accepted(Struct, frozen=True):
    """What happens next."""

    detail: str


class PasswordReset(Struct, frozen=True, forbid_unknown_fields=True):
    """The token of the mailed link, and the new password."""

    token: Token
    password: NewPassword


class EmailConfirm(Struct, frozen=True, forbid_unknown_fields=True):
    """The token of the mailed link."""

    token: Token


def _usual_scopes() -> list[Scope]:
    return ["read", "write"]


class TokenCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A new API token. Without `expires_at` it does not expire."""

    name: Name
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=3)] = field(
        default_factory=_usual_scopes
    )
    expires_at: Annotated[datetime, Meta(tz=True, examples=["2030-01-01T00:00:00Z"])] | None = None


class TokenOut(Struct, frozen=True):
    """An API token, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    expires_at: str | None
    created_at: str


class TokenMade(Struct, frozen=True):
    """A new API token. `token` is shown this once."""

    id: str
    name: str
    scopes: list[Scope]
    expires_at: str | None
    created_at: str
    token: str


class TokenList(Struct, frozen=True):
    """The API tokens of the caller, oldest first."""

    items: list[TokenOut]


class Jwks(Struct, frozen=True):
    """The public keys that access tokens are signed with (RFC 7517)."""

    keys: list[dict[str, str]]


_USER = UserView(
    id="0193c5a6-4f10-7c3e-9d52-3f1a7b2c4d5e",
    email="ada@example.com",
    name="Ada Lovelace",
    role="user",
    is_active=True,
    placeholder=False,
    personal_workspace_id="0193c5a6-4f11-7e21-8a4b-5c6d7e8f9a0b",
    created_at="2026-11-22T09:00:00.000000Z",
    updated_at="2026-11-22T09:00:00.000000Z",
    time_zone="UTC",
    language="en",
    email_confirmed_at=None,
)
_ACCESS = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9…"
_REFRESH = "twr_AZPFpk8QfD6dUj8aeyxNXg.AZPFpk8SfD6dUj8aeyxNXg.…"

EXAMPLES: list[Struct] = [
    Register(email="ada@example.com", password="correct horse battery", name="Ada Lovelace"),  # noqa: S106
    Login(email="ada@example.com", password="correct horse battery"),  # noqa: S106
    LoggedIn(_USER, _ACCESS, "Bearer", 900, _REFRESH),
    Refresh(refresh_token=_REFRESH),
    PasswordChange(current_password="correct horse battery", new_password="a much better one"),  # noqa: S106
    PasswordForgot(email="ada@example.com"),
    PasswordReset(token="tws_AZPFpk8QfD6dUj8aeyxNXg.…", password="a much better one"),  # noqa: S106
    EmailConfirm(token="twc_AZPFpk8QfD6dUj8aeyxNXg.…"),  # noqa: S106
    TokenCreate(name="backup script", scopes=["read"]),
    TokenMade(
        id="0193c5c0-2b3c-7d4e-9f50-6a7b8c9d0e1f",
        name="backup script",
        scopes=["read"],
        expires_at=None,
        created_at="2026-11-22T09:00:00.000000Z",
        token="twp_AZPFpk8QfD6dUj8aeyxNXg.AZPFwCs8fU6fUGp7jJ0OHw.…",  # noqa: S106
    ),
]
"""What the API's document shows."""
