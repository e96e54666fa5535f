"""Secrets, and signatures made with them (Standard Webhooks)."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

PREFIX: Final = "whsec_"
OVERLAP_S: Final = 24 * 3600
"""How long a secret that has been replaced goes on signing beside the new one."""

_SECRET_BYTES = 32


def new_secret() -> str:
    """A new secret, as it is shown to its owner."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def message_id(delivery_id: str) -> str:
    """What the receiver knows a delivery by, the same at each attempt."""
    return f"msg_{delivery_id.replace('-', '')}"


def signed(delivery_id: str, body: bytes, at: datetime, keys: Sequence[str]) -> dict[str, str]:
    """The headers that prove where a body comes from; a signature for each of `keys`."""
    known_as, text = message_id(delivery_id), body.decode()
    return {
        "webhook-id": known_as,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(known_as, at, text) for key in keys),
    }
