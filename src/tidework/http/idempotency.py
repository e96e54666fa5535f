"""`Idempotency-Key`: the same POST again gets the first answer again, byte for byte, for 24 h.

The record is written in the commit that the command makes, so a command never happens twice, on
whichever copy and whenever the process dies; the answer is added to it before it is sent. What answers a request before its command
runs (wrong credentials, missing rights, limits) is not kept: that may be another the next time.

Requests and answers may hold secrets (a password, a new pair of tokens). Of the caller's key only a
digest is stored; what stands beside it, the request's fingerprint and the sealed answer, is made
with the key itself, so that a copy of the database neither shows an answer nor lets anybody try out
what was asked. A key that can be guessed weakens that; a random one (UUID) does not.
"""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tidework.errors import Conflict, Malformed, Unavailable, invalid
from tidework.http.answer import Answer
from tidework.http.context import RequestContext
from tidework.log import IdempotencyKey, Operation
from tidework.store.protocol import Store
from tidework.store.sql.queries import REMEMBERED
from tidework.times import after, now

KEPT_FOR_S = 24 * 3600

_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
_NONCE = 12
_REPLAYED = (b"idempotency-replayed", b"true")
_SUCCESS = range(200, 300)
# What the command itself answers where it cannot be done; it has been asked for its only time.
_REFUSALS = frozenset({409, 410, 412, 422})


class _Kept(msgspec.Struct, array_like=True):
    headers: list[tuple[bytes, bytes]]
    body: bytes
    seq: int | None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


class Idempotency:
    """Runs commands that carry a key."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: set[tuple[str, str]] = set()

    async def run(
        self,
        context: RequestContext,
        key: str,
        target: bytes,
        call: Callable[[], Awaitable[Answer]],
    ) -> Answer:
        """The answer to a POST: the first one if the key was used before, else `call`'s.

        Raises `Malformed` for a key that is none, `Invalid` when the key came with another request,
        `Conflict` while the first request is still running in this process.
        """
        if not _KEY.match(key):
            raise Malformed("Idempotency-Key must be 1 to 255 visible ASCII characters.")
        principal = context.principal
        scope = principal.user_id if principal else f"address {context.address}"
        request = target + b"\0" + context.body
        given = key.encode()
        key = hashlib.sha256(b"key\0" + given).hexdigest()
        fingerprint = hmac.digest(given, b"fingerprint\0" + request, "sha256").hex()
        secret = hmac.digest(given, b"seal\0" + request, "sha256")
        if (scope, key) in self._running:
            raise Conflict(
                "The first request with this Idempotency-Key is still running; wait and repeat.",
                code="idempotency_running",
            )
        self._running.add((scope, key))
        try:
            first = await self._find(scope, key, fingerprint, secret, context)
            if first is not None:
                return first
            expires_at = after(now(), KEPT_FOR_S)
            context.idempotency = IdempotencyKey(scope, key, fingerprint, expires_at)
            answer = await call()
            if answer.status in _SUCCESS or answer.status in _REFUSALS:
                # What has been done is done: told to have failed it would be taken for undone. Asked
                # again, it is told from its commit, which has noted the key.
                with suppress(Unavailable):
                    await self._keep(context.idempotency, secret, answer, context.seq)
            return answer
        finally:
            self._running.discard((scope, key))

    async def _find(
        self, scope: str, key: str, fingerprint: str, secret: bytes, context: RequestContext
    ) -> Answer | None:
        rows = await self._store.fetch(REMEMBERED, {"scope": scope, "key": key})
        if not rows or rows[0][6] < now():
            return None
        known, stream_id, seq, status, _, sealed, _ = rows[0]
        if known != fingerprint:
            raise invalid(
                "",
                "idempotency_key_reused",
                "This Idempotency-Key was used for another request; use a new key.",
            )
        if status is None:
            context.repeated = (stream_id, seq)
            return None
        try:
            raw = base64.b64decode(sealed)
            kept = _decoder.decode(AESGCM(secret).decrypt(raw[:_NONCE], raw[_NONCE:], None))
        except (InvalidTag, ValueError, msgspec.DecodeError):
            return None
        context.seq = kept.seq
        return Answer(status, [*kept.headers, _REPLAYED], kept.body)

    async def _keep(
        self, key: IdempotencyKey, secret: bytes, answer: Answer, seq: int | None
    ) -> None:
        nonce = os.urandom(_NONCE)
        plain = _encoder.encode(_Kept(answer.headers, answer.body, seq))
        sealed = base64.b64encode(nonce + AESGCM(secret).encrypt(nonce, plain, None)).decode()
        values = {
            "fingerprint": key.fingerprint,
            "status": answer.status,
            "body": sealed,
            "expires_at": key.expires_at,
        }
        place = {"scope": key.scope, "key": key.key}
        await self._store.operate([Operation("idempotency", "upsert", place, values)])
