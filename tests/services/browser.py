"""A browser's half of web push: it makes the keys, and reads what comes (RFC 8291)."""

import base64
import hmac
import os
import struct
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Browser:
    """A subscription's secrets. Written from the RFC, apart from the code that it is to test."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)
        self._public = self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.p256dh = base64.urlsafe_b64encode(self._public).decode().rstrip("=")
        self.auth = base64.urlsafe_b64encode(self._secret).decode().rstrip("=")

    def subscription(self, endpoint: str) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives."""
        return {
            "endpoint": endpoint,
            "expirationTime": None,
            "keys": {"p256dh": self.p256dh, "auth": self.auth},
        }

    def read(self, body: bytes) -> bytes:
        """Decrypt a message; fails for one that is not for this browser."""
        salt, rest = body[:16], body[16:]
        size, length = struct.unpack(">IB", rest[:5])
        sender, sealed = rest[5 : 5 + length], rest[5 + length :]
        assert size > 17
        assert len(sealed) <= size
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._private.exchange(ec.ECDH(), point)
        info = b"WebPush: info\x00" + self._public + sender
        keying = _expand(_extract(self._secret, shared), info, 32)
        prk = _extract(salt, keying)
        key = _expand(prk, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _expand(prk, b"Content-Encoding: nonce\x00", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None)
        plain, mark = padded.rstrip(b"\x00")[:-1], padded.rstrip(b"\x00")[-1]
        assert mark == 2
        return plain


def _extract(salt: bytes, keying: bytes) -> bytes:
    return hmac.digest(salt, keying, "sha256")


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(key, info + b"\x01", "sha256")[:length]
