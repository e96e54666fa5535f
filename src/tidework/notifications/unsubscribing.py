"""Leaving mails with one click (RFC 8058): an address that says whose and which, and cannot be forged.

It needs no log-in and does not expire: whoever holds a mail may say that they want no more of its
kind, and nothing else. The key is one random value for the installation, in its database.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from tidework.errors import invalid
from tidework.ids import is_id
from tidework.log import Operation
from tidework.notifications import queries
from tidework.notifications.choices import Choices
from tidework.notifications.kinds import DIGEST, KINDS
from tidework.notifications.preferences import Preferences, choice_of
from tidework.store.protocol import Store, UniqueConflict

PATH: Final = "/api/v1/notifications/unsubscribe"
_NAME: Final = "unsubscribe_key"
_SIGNATURE_BYTES: Final = 16
_LONGEST: Final = 2000
_KNOWN: Final = frozenset({*KINDS, DIGEST})

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(tuple[str, list[str]])


class Leaving(NamedTuple):
    """Whose mails, and of which kinds."""

    user_id: str
    kinds: list[str]


class Unsubscribing:
    """Makes such addresses, and does what they say."""

    def __init__(self, store: Store, choices: Choices, public_url: str) -> None:
        self._store = store
        self._choices = choices
        self._public_url = public_url.rstrip("/")
        self._key: bytes | None = None

    async def address(self, user_id: str, kinds: Sequence[str]) -> str:
        """The address for `List-Unsubscribe` of a mail to a person about these kinds, or `digest`.

        The mail bears `List-Unsubscribe-Post: List-Unsubscribe=One-Click` beside it.
        """
        body = _encoder.encode((user_id, sorted(set(kinds))))
        token = f"{_text(body)}.{_text(await self._signature(body))}"
        return f"{self._public_url}{PATH}?token={quote(token)}"

    async def read(self, token: str | None) -> Leaving:
        """What a token says. Raises `Invalid` for one that is none of ours."""
        try:
            text, _, signature = (token or "").partition(".")
            if len(text) > _LONGEST:
                raise ValueError
            body = _bytes(text)
            if not hmac.compare_digest(_bytes(signature), await self._signature(body)):
                raise ValueError
            user_id, kinds = _decoder.decode(body)
        except (ValueError, binascii.Error, msgspec.DecodeError):
            raise _refused() from None
        if not is_id(user_id):
            raise _refused()
        return Leaving(user_id, [kind for kind in kinds if kind in _KNOWN])

    async def leave(self, token: str | None) -> Leaving:
        """Send the person no more mails of these kinds. Doing it twice is doing it once.

        Raises `Invalid` for a token that is none of ours, `NotFound` when the account is gone.
        """
        leaving = await self.read(token)

        def without(present: Preferences) -> Preferences:
            choices = {choice_of(kind, "email") for kind in leaving.kinds if kind != DIGEST}
            digest_at = None if DIGEST in leaving.kinds else present.digest_at
            return replace(
                present,
                wanted=present.wanted - choices,
                unwanted=present.unwanted | choices,
                digest_at=digest_at,
            )

        await self._choices.change(leaving.user_id, without)
        return leaving

    async def _signature(self, body: bytes) -> bytes:
        key = self._key or await self._load()
        return hmac.new(key, b"unsubscribe\0" + body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]

    async def _load(self) -> bytes:
        rows = await self._store.fetch(queries.SECRET, {"name": _NAME})
        if not rows:
            values = {"value": secrets.token_hex(32)}
            try:
                await self._store.operate(
                    [Operation("installation", "insert", {"name": _NAME}, values)]
                )
            except UniqueConflict:
                # Another process was faster; its key is the one.
                pass
            rows = await self._store.fetch(queries.SECRET, {"name": _NAME})
        self._key = bytes.fromhex(rows[0][0])
        return self._key


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)


def _refused() -> Exception:
    return invalid(
        "?token",
        "link_invalid",
        "This link is not complete. Open it from the mail again, or change what you are sent in "
        "your notification preferences.",
    )
