"""Encryption for a browser, against the RFC's example and against a browser's own half."""

import json
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.services.browser import Browser

from tidework.channels.web_push import (
    MAX_PAYLOAD,
    Vapid,
    b64,
    encrypt,
    new_secret,
    read_browser,
    unb64,
)

# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc() -> None:
    sender = ec.derive_private_key(int.from_bytes(unb64(SENDER), "big"), ec.SECP256R1())
    browser = read_browser(RECEIVER, AUTH)
    assert b64(encrypt(PLAIN, browser, salt=unb64(SALT), sender=sender)) == BODY


@given(st.binary(max_size=MAX_PAYLOAD))
def test_a_browser_reads_what_was_written(payload: bytes) -> None:
    browser = Browser()
    sealed = encrypt(payload, read_browser(browser.p256dh, browser.auth))
    assert browser.read(sealed) == payload
    assert struct.unpack(">I", sealed[16:20])[0] >= len(sealed) - 86


def test_the_same_text_is_never_the_same_message() -> None:
    browser = Browser()
    keys = read_browser(browser.p256dh, browser.auth)
    assert encrypt(PLAIN, keys) != encrypt(PLAIN, keys)


def test_what_does_not_fit_is_not_cut() -> None:
    browser = Browser()
    with pytest.raises(ValueError, match="more than"):
        encrypt(b"x" * (MAX_PAYLOAD + 1), read_browser(browser.p256dh, browser.auth))


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", AUTH),
        (RECEIVER, ""),
        (RECEIVER[:-4], AUTH),
        (RECEIVER, AUTH + "AAAA"),
        # Not on the curve.
        (b64(b"\x04" + b"\x01" * 64), AUTH),
        # Compressed.
        (b64(b"\x02" + unb64(RECEIVER)[1:33]), AUTH),
        ("ü" * 87, AUTH),
        (RECEIVER.replace("-", "+"), AUTH),
    ],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_browser(p256dh, auth)


def test_the_proof_is_for_one_push_service_and_a_day_at_most() -> None:
    secret = new_secret()
    vapid = Vapid(secret, "mailto:tidework@example.org")
    assert Vapid(secret, "x").public == vapid.public
    header = vapid.authorization("https://push.example.net:8443/some/long/path?x=1")
    scheme, _, rest = header.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    assert parts["k"] == vapid.public
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(vapid.public))
    token = jwt.decode(parts["t"], ECKey.import_key(public), algorithms=["ES256"])
    assert token.claims["aud"] == "https://push.example.net:8443"
    assert token.claims["sub"] == "mailto:tidework@example.org"
    raw = json.loads(unb64(parts["t"].split(".")[0]))
    assert raw["alg"] == "ES256"
