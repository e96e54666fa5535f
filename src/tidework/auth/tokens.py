"""The opaque tokens, which name their account so that nothing has to be looked up across streams.

- refresh: `twr_<user>.<session>.<secret>.<tag>`
- personal API token: `twp_<user>.<token>.<secret>`
- reset and invitation: `tws_<user>.<secret>`
- confirmation of an address: `twc_<user>.<secret>`

Ids are their 16 bytes in base64url. Only digests of tokens are stored.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import uuid
from typing import NamedTuple, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tidework.auth.access import digest

API_PREFIX = "twp_"

_B64 = r"[A-Za-z0-9_-]"
_REFRESH = re.compile(rf"twr_({_B64}{{22}})\.({_B64}{{22}})\.({_B64}{{43}})\.({_B64}{{22}})")
_API = re.compile(rf"twp_({_B64}{{22}})\.({_B64}{{22}})\.({_B64}{{43}})")
_RESET = re.compile(rf"tws_({_B64}{{22}})\.({_B64}{{43}})")
_CONFIRMATION = re.compile(rf"twc_({_B64}{{22}})\.({_B64}{{43}})")
_NONCE = 12
_TAG_BYTES = 16

T = TypeVar("T")


class RefreshToken(NamedTuple):
    """A refresh token that has the right form; `text` is all of it."""

    user_id: str
    session_id: str
    secret: str
    tag: str
    text: str

    def genuine(self, family_key: str) -> bool:
        """Whether this session ever issued it, be it used by now or not."""
        return hmac.compare_digest(self.tag, _tag(family_key, self.secret))


class ApiToken(NamedTuple):
    """An API token that has the right form."""

    user_id: str
    token_id: str
    digest: str


class ResetToken(NamedTuple):
    """A token of a mailed link that has the right form."""

    user_id: str
    digest: str


def new_family_key() -> str:
    """The key that marks all refresh tokens of one session."""
    return secrets.token_urlsafe(32)


def new_refresh(user_id: str, session_id: str, family_key: str) -> RefreshToken:
    """A new refresh token of a session."""
    secret = secrets.token_urlsafe(32)
    tag = _tag(family_key, secret)
    text = f"twr_{_short(user_id)}.{_short(session_id)}.{secret}.{tag}"
    return RefreshToken(user_id, session_id, secret, tag, text)


def new_api(user_id: str, token_id: str) -> str:
    """A new API token's text."""
    return f"{API_PREFIX}{_short(user_id)}.{_short(token_id)}.{secrets.token_urlsafe(32)}"


def new_reset(user_id: str, secret: str | None = None) -> str:
    """A reset token's text; a new one without a `secret` (256 bits in base64url)."""
    return f"tws_{_short(user_id)}.{secret or secrets.token_urlsafe(32)}"


def new_confirmation(user_id: str, secret: str | None = None) -> str:
    """A confirmation token's text, as `new_reset`."""
    return f"twc_{_short(user_id)}.{secret or secrets.token_urlsafe(32)}"


def parse_refresh(text: str) -> RefreshToken | None:
    """The parts of a refresh token, None for what has another form."""
    found = _REFRESH.fullmatch(text)
    if found is None:
        return None
    return RefreshToken(_id(found[1]), _id(found[2]), found[3], found[4], text)


def parse_api(text: str) -> ApiToken | None:
    """The parts of an API token, None for what has another form."""
    found = _API.fullmatch(text)
    return None if found is None else ApiToken(_id(found[1]), _id(found[2]), digest(text))


def parse_reset(text: str) -> ResetToken | None:
    """The parts of a reset token, None for what has another form."""
    found = _RESET.fullmatch(text)
    return None if found is None else ResetToken(_id(found[1]), digest(text))


def parse_confirmation(text: str) -> ResetToken | None:
    """The parts of a confirmation token, None for what has another form."""
    found = _CONFIRMATION.fullmatch(text)
    return None if found is None else ResetToken(_id(found[1]), digest(text))


def seal(value: msgspec.Struct, secret: str) -> str:
    """`value`, readable only for who holds `secret` (256 random bits)."""
    nonce = os.urandom(_NONCE)
    plain = msgspec.msgpack.encode(value)
    return base64.b64encode(nonce + AESGCM(_key(secret)).encrypt(nonce, plain, None)).decode()


def unseal(sealed: str, secret: str, kind: type[T]) -> T | None:
    """What was sealed, None when it was with another secret."""
    try:
        raw = base64.b64decode(sealed)
        plain = AESGCM(_key(secret)).decrypt(raw[:_NONCE], raw[_NONCE:], None)
        return msgspec.msgpack.decode(plain, type=kind)
    except (InvalidTag, ValueError, msgspec.DecodeError):
        return None


def _key(secret: str) -> bytes:
    # A label of its own: the digest that is stored must not be the key.
    return hmac.digest(secret.encode(), b"tidework sealed refresh", "sha256")


def _tag(family_key: str, secret: str) -> str:
    full = hmac.digest(family_key.encode(), secret.encode(), hashlib.sha256)
    return _text(full[:_TAG_BYTES])


def _short(canonical_id: str) -> str:
    return _text(uuid.UUID(canonical_id).bytes)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _id(short: str) -> str:
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(short + "==")))
