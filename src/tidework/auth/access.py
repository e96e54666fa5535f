"""What a caller shows to prove who is calling: signed access tokens, and opaque secrets."""

import base64
import hashlib
import json
import secrets
import time
from collections import OrderedDict
from typing import Any, NamedTuple

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from tidework.auth.keys import ACCESS_LIFETIME_S, ALGORITHM, KeySet
from tidework.errors import Unauthenticated
from tidework.ids import new_id

MAX_TOKEN_LENGTH = 4096

_TYPE = "at+jwt"
_TEXT_CLAIMS = ("sub", "sid", "jti")


class Claims(NamedTuple):
    """What a valid access token says. `expires_at` is Unix time in seconds."""

    user_id: str
    session_id: str
    expires_at: int


class _Ed25519Only(JWSRegistry):
    # joserfc warns on every use of "EdDSA" since RFC 9864 names it "Ed25519"; most libraries that
    # would verify these tokens know only the older name yet.
    def get_alg(self, name: str) -> Any:
        if name != ALGORITHM:
            raise ValueError(name)
        return self.algorithms[name]


_REGISTRY = _Ed25519Only()


class AccessTokens:
    """Issues and verifies access tokens: JWT in the manner of RFC 9068, signed with Ed25519.

    Verifying takes about 0.2 ms, once for each token: what was verified is kept until it expires
    (at most `max_kept` tokens, the oldest go first), and costs a look-up afterwards. What is kept
    is dropped when the key file changes, so that a token signed with a removed key ends with it
    within a second.

    A token says who was logged in when it was issued. Whether session and account still stand is
    for the caller to look up.
    """

    def __init__(
        self,
        keys: KeySet,
        issuer: str,
        lifetime_s: int = ACCESS_LIFETIME_S,
        *,
        max_kept: int = 10_000,
    ) -> None:
        """`issuer` is the installation's public URL; tokens of another one are refused."""
        self.lifetime_s = lifetime_s
        self._keys = keys
        self._issuer = issuer
        self._max_kept = max_kept
        self._kept: OrderedDict[str | bytes, Claims] = OrderedDict()
        self._generation = keys.generation
        self._checked_at = 0.0

    def issue(self, user_id: str, session_id: str, now: float | None = None) -> str:
        """A token for this session, valid from `now` (Unix time, seconds) for `lifetime_s`."""
        issued_at = int(time.time() if now is None else now)
        key = self._keys.signing()
        header = {"alg": ALGORITHM, "typ": _TYPE, "kid": key.kid}
        claims = {
            "iss": self._issuer,
            "sub": user_id,
            "sid": session_id,
            "iat": issued_at,
            "exp": issued_at + self.lifetime_s,
            "jti": new_id(),
        }
        payload = json.dumps(claims, separators=(",", ":"))
        return jws.serialize_compact(header, payload, key.key, registry=_REGISTRY)

    def verify(self, token: str | bytes, now: float | None = None) -> Claims:
        """The claims of `token`, at `now` (Unix time, seconds).

        Raises `Unauthenticated`: `token_expired` when it was valid once, `token_invalid` for
        anything else that was not issued here as an access token.
        """
        if len(token) > MAX_TOKEN_LENGTH:
            raise _invalid()
        if now is None:
            now = time.time()
        if not self._checked_at <= now < self._checked_at + 1:
            self._drop_if_keys_changed(now)
        claims = self._kept.get(token)
        if claims is None:
            claims = self._verify(token)
            if now < claims.expires_at:
                self._keep(token, claims)
        if now >= claims.expires_at:
            raise Unauthenticated(
                "The access token has expired. Get a new one with the refresh token at "
                "/api/v1/auth/refresh, or log in again.",
                code="token_expired",
            )
        return claims

    def _drop_if_keys_changed(self, now: float) -> None:
        self._checked_at = now
        self._keys.refresh(force=True)
        if self._keys.generation != self._generation:
            self._generation = self._keys.generation
            self._kept.clear()

    def _keep(self, token: str | bytes, claims: Claims) -> None:
        if len(self._kept) >= self._max_kept:
            self._kept.popitem(last=False)
        self._kept[token] = claims

    def _verify(self, token: str | bytes) -> Claims:
        try:
            raw = token.encode("ascii") if isinstance(token, str) else token
            kid = _key_id(raw)
            key = self._keys.find(kid)
            if key is None:
                raise _invalid()
            signed = jws.deserialize_compact(raw, key, registry=_REGISTRY)
            return self._claims(json.loads(signed.payload or b""))
        # RecursionError: JSON nested as deeply as 4 KiB allow.
        except (JoseError, ValueError, RecursionError) as error:
            raise _invalid() from error

    def _claims(self, claims: Any) -> Claims:
        if (
            not isinstance(claims, dict)
            or claims.get("iss") != self._issuer
            or not all(isinstance(claims.get(n), str) and claims[n] for n in _TEXT_CLAIMS)
            or not all(type(claims.get(n)) is int for n in ("iat", "exp"))
        ):
            raise _invalid()
        return Claims(claims["sub"], claims["sid"], claims["exp"])


def new_secret(prefix: str) -> str:
    """A secret of 256 random bits, safe in URLs: `prefix`, an underscore, 43 characters.

    The prefix says what it is for (`twr` refresh, `twp` personal API token, `tws` password reset),
    so that people and secret scanners recognise what leaked.
    """
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """What is stored for a secret: its SHA-256 in hexadecimal.

    A plain hash is enough for 256 random bits; never use it for a password.
    """
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _key_id(token: bytes) -> str:
    """The key id of a header that is exactly of the form that `issue` writes.

    Nothing else may stand in it: no `crit`, no key brought along, no other algorithm.
    """
    encoded = token.partition(b".")[0]
    header = json.loads(base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4)))
    if (
        not isinstance(header, dict)
        or header.keys() != {"alg", "typ", "kid"}
        or header["alg"] != ALGORITHM
        or header["typ"] != _TYPE
        or not isinstance(header["kid"], str)
    ):
        raise _invalid()
    return header["kid"]


def _invalid() -> Unauthenticated:
    return Unauthenticated(
        "The access token is not valid for this server. Log in again to get a new one.",
        code="token_invalid",
    )
