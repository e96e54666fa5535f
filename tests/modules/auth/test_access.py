import base64
import hashlib
import hmac
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from tidework.auth.access import AccessTokens, Claims, digest, new_secret
from tidework.auth.keys import KeySet, rotate
from tidework.errors import Unauthenticated

NOW = 1_800_000_000
ISSUER = "https://tasks.example.org"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "signing-keys.json"


@pytest.fixture
def keys(path):
    return KeySet.load_or_create(path)


@pytest.fixture
def tokens(keys):
    return AccessTokens(keys, ISSUER)


def _b64(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _part(token, number):
    part = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _sign(keys, header, claims, key=None):
    """A token with any header and claims, signed properly."""
    signed = f"{_b64(header)}.{_b64(claims)}"
    signature = (key or keys.signing().key).private_key.sign(signed.encode())
    return f"{signed}.{_b64(signature)}"


def _header(keys, **changes):
    return {"alg": "EdDSA", "typ": "at+jwt", "kid": keys.signing().kid, **changes}


def _claims(**changes):
    return {
        "iss": ISSUER, "sub": "u", "sid": "s", "iat": NOW, "exp": NOW + 900, "jti": "j", **changes
    }  # fmt: skip


def _refused(tokens, token, now=NOW):
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(token, now)
    return refused.value.code


def test_a_token_says_who_and_until_when(tokens):
    token = tokens.issue("u", "s", NOW)
    assert tokens.verify(token, NOW) == Claims("u", "s", NOW + 900)
    assert tokens.verify(token.encode(), NOW) == Claims("u", "s", NOW + 900)
    assert _part(token, 0)["typ"] == "at+jwt"
    claims = _part(token, 1)
    assert claims.pop("jti") != _part(tokens.issue("u", "s", NOW), 1)["jti"]
    assert claims == {"iss": ISSUER, "sub": "u", "sid": "s", "iat": NOW, "exp": NOW + 900}


@pytest.mark.parametrize("seen_before", [True, False])
def test_a_token_ends_with_its_second(tokens, seen_before):
    token = tokens.issue("u", "s", NOW)
    if seen_before:
        tokens.verify(token, NOW + 899.9)
    assert _refused(tokens, token, NOW + 900) == "token_expired"


def test_the_hand_made_token_of_these_tests_is_accepted(tokens, keys):
    assert tokens.verify(_sign(keys, _header(keys), _claims()), NOW).user_id == "u"


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "Ed448"},
        {"alg": ["EdDSA"]},
        {"typ": "JWT"},
        {"typ": "application/at+jwt"},
        {"kid": "unknown"},
        {"kid": None},
        {"kid": ["x"]},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"b64": True},
        {"jwk": {"kty": "OKP"}},
        {"jku": "https://example.org"},
    ],
)
def test_any_other_header_is_refused_though_the_signature_is_right(tokens, keys, changes):
    assert _refused(tokens, _sign(keys, _header(keys, **changes), _claims())) == "token_invalid"


@pytest.mark.parametrize("missing", ["alg", "typ", "kid"])
def test_a_header_with_less_is_refused(tokens, keys, missing):
    header = _header(keys)
    del header[missing]
    assert _refused(tokens, _sign(keys, header, _claims())) == "token_invalid"


@pytest.mark.parametrize("header", [[], "alg", 1, None, {}, ["alg", "typ", "kid"]])
def test_a_header_of_another_shape_is_refused(tokens, keys, header):
    assert _refused(tokens, _sign(keys, header, _claims())) == "token_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in ("iss", "sub", "sid", "iat", "exp", "jti")),
        {"iss": "https://other.example.org"},
        {"iss": [ISSUER]},
        {"sub": ""},
        {"sid": 7},
        {"exp": True},
        {"exp": str(NOW + 900)},
        {"exp": float("nan")},
        {"exp": float("inf")},
    ],
)
def test_other_claims_are_refused_though_the_signature_is_right(tokens, keys, changes):
    claims = {name: value for name, value in _claims(**changes).items() if value is not None}
    assert _refused(tokens, _sign(keys, _header(keys), claims)) == "token_invalid"


@pytest.mark.parametrize("claims", [[], "x", None, b"not json", b"[" * 2000])
def test_claims_of_another_shape_are_refused(tokens, keys, claims):
    assert _refused(tokens, _sign(keys, _header(keys), claims)) == "token_invalid"


def test_an_unsigned_token_is_refused(tokens, keys):
    for header in ({"alg": "none"}, _header(keys, alg="none"), _header(keys)):
        assert _refused(tokens, f"{_b64(header)}.{_b64(_claims())}.") == "token_invalid"


def test_the_public_key_is_no_shared_secret(tokens, keys):
    public = keys.jwks()["keys"][0]
    raw = base64.urlsafe_b64decode(public["x"] + "=")
    for alg in ("HS256", "EdDSA"):
        for secret in (raw, public["x"].encode(), json.dumps(public).encode()):
            signed = f"{_b64(_header(keys, alg=alg))}.{_b64(_claims())}"
            mac = hmac.digest(secret, signed.encode(), "sha256")
            assert _refused(tokens, f"{signed}.{_b64(mac)}") == "token_invalid"


def test_another_key_under_our_id_is_refused(tokens, keys):
    forged = _sign(keys, _header(keys), _claims(), key=OKPKey.generate_key("Ed25519"))
    assert _refused(tokens, forged) == "token_invalid"


def test_every_changed_character_is_noticed(tokens):
    token = tokens.issue("u", "s", NOW)
    tokens.verify(token, NOW)
    for place, old in enumerate(token):
        changed = token[:place] + ("A" if old != "A" else "B") + token[place + 1 :]
        assert _refused(tokens, changed) == "token_invalid"


def test_a_token_past_4_kib_is_refused_whatever_it_says(tokens, keys):
    long = _sign(keys, _header(keys), _claims(note="x" * 4000))
    assert _refused(tokens, long) == "token_invalid"
    assert _refused(tokens, "x" * 50_000_000) == "token_invalid"


def test_deep_nesting_is_refused(tokens):
    assert _refused(tokens, f"{_b64(b'[' * 3000)}.e30.") == "token_invalid"


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=5000),
        st.binary(max_size=300),
        st.lists(st.binary(max_size=60), max_size=5).map(lambda parts: ".".join(map(_b64, parts))),
    )
)
def test_garbage_is_refused(tokens, token):
    assert _refused(tokens, token) == "token_invalid"


def test_tokens_of_before_a_rotation_stay_valid(tokens, keys, path):
    before = tokens.issue("u", "s", NOW)
    kid = rotate(path)
    keys.refresh(force=True)
    after = tokens.issue("u", "s", NOW)
    assert _part(after, 0)["kid"] == kid
    assert AccessTokens(KeySet.from_file(path), ISSUER).verify(before, NOW).user_id == "u"
    assert tokens.verify(after, NOW).user_id == "u"


def test_a_kept_token_ends_within_a_second_of_its_key_s_removal(tokens, path, tmp_path):
    token = tokens.issue("u", "s", NOW)
    assert tokens.verify(token, NOW)
    fresh = tmp_path / "fresh.json"
    KeySet.load_or_create(fresh)
    os.replace(fresh, path)
    assert _refused(tokens, token, NOW + 1) == "token_invalid"


def test_kept_tokens_are_found_again_and_bounded(keys):
    tokens = AccessTokens(keys, ISSUER, max_kept=10)
    first = tokens.issue("u", "s", NOW)
    assert tokens.verify(first, NOW) is tokens.verify(first, NOW)
    many = [tokens.issue("u", str(number), NOW) for number in range(25)]
    for token in many:
        tokens.verify(token, NOW)
    for number in range(25):
        _refused(tokens, f"{first}{number}")
    assert list(tokens._kept) == many[-10:]
    assert tokens.verify(first, NOW).session_id == "s"


def test_an_expired_token_is_not_kept(tokens):
    _refused(tokens, tokens.issue("u", "s", NOW), NOW + 901)
    assert not tokens._kept


def test_a_secret_is_prefixed_random_and_stored_as_its_digest():
    secret = new_secret("twr")
    prefix, _, random = secret.partition("_")
    assert prefix == "twr"
    assert len(base64.urlsafe_b64decode(random + "=")) == 32
    assert secret != new_secret("twr")
    assert digest(secret) == hashlib.sha256(secret.encode()).hexdigest()
    assert digest("\ud800") != digest("\ud801")
