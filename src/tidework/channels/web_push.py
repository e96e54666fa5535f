"""Web push: encryption for a browser (RFC 8291, RFC 8188) and proof of who sends (RFC 8292)."""

import base64
import binascii
import hmac
import os
import re
import struct
import time
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

RECORD: Final = 4096
MAX_PAYLOAD: Final = RECORD - 86 - 17
"""What one record holds behind its header, without the delimiter and the tag."""

_CURVE: Final = ec.SECP256R1()
_POINT: Final = 65
_AUTH: Final = 16
_PROOF_S: Final = 12 * 3600
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")


class Browser(NamedTuple):
    """The keys of a subscription: a point of P-256 and 16 bytes."""

    public: bytes
    auth: bytes


def read_browser(p256dh: str, auth: str) -> Browser:
    """The keys as a browser gives them, in base64url. Raises `ValueError`."""
    public, secret = unb64(p256dh), unb64(auth)
    if len(public) != _POINT or len(secret) != _AUTH:
        raise ValueError("keys of another length")
    ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public)
    return Browser(public, secret)


def encrypt(
    payload: bytes,
    browser: Browser,
    *,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push message, `Content-Encoding: aes128gcm`. Raises `ValueError` if too long.

    `salt` and `sender` are new for every message; a test gives those of the RFC.
    """
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"the payload has more than {MAX_PAYLOAD} bytes")
    salt = os.urandom(16) if salt is None else salt
    sender = ec.generate_private_key(_CURVE) if sender is None else sender
    ours = _point(sender)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, browser.public)
    shared = sender.exchange(ec.ECDH(), theirs)
    prk = _hmac(browser.auth, shared)
    keying = _hmac(prk, b"WebPush: info\0" + browser.public + ours + b"\x01")
    prk = _hmac(salt, keying)
    key = _hmac(prk, b"Content-Encoding: aes128gcm\0\x01")[:16]
    nonce = _hmac(prk, b"Content-Encoding: nonce\0\x01")[:12]
    header = salt + struct.pack(">IB", RECORD, len(ours)) + ours
    return header + AESGCM(key).encrypt(nonce, payload + b"\x02", None)


class Vapid:
    """The key that push services know this installation by; `contact` is an address or a URL."""

    def __init__(self, secret: str, contact: str) -> None:
        """`secret` is from `new_secret`."""
        number = int.from_bytes(unb64(secret), "big")
        private = ec.derive_private_key(number, _CURVE)
        self._key = ECKey.import_key(private)
        self._contact = contact
        self.public = b64(_point(private))
        """As browsers take it: `applicationServerKey`."""

    def authorization(self, endpoint: str) -> str:
        """The header for a message to this endpoint; good for half a day."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(time.time()) + _PROOF_S,
            "sub": self._contact,
        }
        token = jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, self._key)
        return f"vapid t={token}, k={self.public}"


def new_secret() -> str:
    """A new private key for `Vapid`."""
    number = ec.generate_private_key(_CURVE).private_numbers().private_value
    return b64(number.to_bytes(32, "big"))


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """From base64url, with padding or without. Raises `ValueError`."""
    stripped = text.rstrip("=")
    if not _BASE64URL.fullmatch(stripped):
        raise ValueError("not base64url")
    try:
        return base64.urlsafe_b64decode(stripped + "=" * (-len(stripped) % 4))
    except binascii.Error:
        raise ValueError("not base64url") from None


def _point(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")
