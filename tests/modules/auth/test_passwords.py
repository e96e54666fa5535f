import asyncio
import threading

import argon2
import bcrypt
import pytest

from tidework.auth.passwords import Passwords, Verified, check_strength
from tidework.errors import Invalid, Unavailable

GOOD = "correct horse battery staple"

pytestmark = pytest.mark.usefixtures("full_cost")


@pytest.fixture
def passwords():
    made = Passwords()
    yield made
    made.close()


def _bcrypt(password: bytes, prefix: bytes = b"2b") -> str:
    hashed = bcrypt.hashpw(password, bcrypt.gensalt(4))
    return hashed.replace(b"$2b$", b"$" + prefix + b"$", 1).decode()


async def test_a_hash_is_argon2id_at_the_recommended_cost_and_matches_only_its_password(passwords):
    stored = await passwords.hash(GOOD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored != await passwords.hash(GOOD)
    assert await passwords.verify(GOOD, stored) == Verified(ok=True, rehash=False)
    assert await passwords.verify(GOOD + " ", stored) == Verified(ok=False, rehash=False)


async def test_the_same_characters_match_however_they_are_composed(passwords):
    stored = await passwords.hash("Stra\u00dfe caf\u00e9 no\u00ebl")
    assert (await passwords.verify("Stra\u00dfe\u00a0cafe\u0301 noe\u0308l", stored)).ok
    assert not (await passwords.verify("Strasse caf\u00e9 no\u00ebl", stored)).ok


@pytest.mark.parametrize(
    "stored", [None, "", "!", "$argon2id$cut", "$2b$12$cut", "$2b$99$" + "a" * 53]
)
async def test_without_a_usable_hash_no_password_is_right(passwords, stored):
    assert await passwords.verify(GOOD, stored) == Verified(ok=False, rehash=False)


@pytest.mark.parametrize("stored", [None, "", "!"])
async def test_an_unknown_account_costs_the_same_hashing(passwords, stored, monkeypatch):
    checked = []
    verify = argon2.PasswordHasher.verify
    monkeypatch.setattr(
        argon2.PasswordHasher,
        "verify",
        lambda self, hashed, password: checked.append(hashed) or verify(self, hashed, password),
    )
    await passwords.verify(GOOD, stored)
    real = argon2.extract_parameters(await passwords.hash(GOOD))
    assert [argon2.extract_parameters(hashed) for hashed in checked] == [real]


@pytest.mark.parametrize("prefix", [b"2a", b"2b", b"2y"])
async def test_bcrypt_hashes_are_checked_and_reported_for_replacement(passwords, prefix):
    stored = _bcrypt(GOOD.encode(), prefix)
    assert await passwords.verify(GOOD, stored) == Verified(ok=True, rehash=True)
    assert await passwords.verify("wrong", stored) == Verified(ok=False, rehash=False)


async def test_bcrypt_sees_the_first_72_bytes_as_the_old_systems_did(passwords):
    long = "ä" * 50
    stored = _bcrypt(long.encode()[:72])
    assert await passwords.verify(long, stored) == Verified(ok=True, rehash=True)
    assert not (await passwords.verify("ä" * 35, stored)).ok


async def test_argon2_hashes_of_another_cost_are_reported_for_replacement(passwords):
    weaker = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    assert await passwords.verify(GOOD, weaker) == Verified(ok=True, rehash=True)
    assert await passwords.verify("wrong", weaker) == Verified(ok=False, rehash=False)


@pytest.mark.parametrize("password", ["", "\0", "a\0b", "\ud800", "x" * 10_000_000])
async def test_any_text_can_be_tried(passwords, password):
    for stored in (None, await passwords.hash(GOOD), _bcrypt(GOOD.encode())):
        assert not (await passwords.verify(password, stored)).ok


async def test_what_is_cut_off_before_hashing_never_counts_as_right(passwords):
    stored = await passwords.hash("x" * 1024)
    assert (await passwords.verify("x" * 1024, stored)).ok
    assert not (await passwords.verify("x" * 1025, stored)).ok


async def test_a_full_queue_refuses_and_recovers():
    passwords = Passwords(threads=1, max_waiting=1)
    gate = threading.Event()
    try:
        blocked = asyncio.ensure_future(passwords._run(gate.wait))
        waiting = asyncio.ensure_future(passwords.verify(GOOD, None))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            await passwords.verify(GOOD, None)
        assert refused.value.headers["Retry-After"] == "2"

        # Leaving does not free the place of a thread that is still busy.
        blocked.cancel()
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await passwords.verify(GOOD, None)

        gate.set()
        assert not (await waiting).ok
        assert not (await passwords.verify(GOOD, None)).ok
    finally:
        gate.set()
        passwords.close()


async def test_after_close_it_is_unavailable():
    passwords = Passwords()
    passwords.close()
    with pytest.raises(Unavailable):
        await passwords.verify(GOOD, None)


def _refusal(password: str) -> str:
    with pytest.raises(Invalid) as refused:
        check_strength(password, email="jane.roe@example.org", name="Jane Q Roe")
    (error,) = refused.value.errors
    assert error.pointer == "/password"
    assert error.detail == refused.value.detail
    return error.code


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("a7!kQz3", "too_short"),
        ("e\u0301" * 7, "too_short"),
        ("é" * 129, "too_long"),
        ("x" * 10_000_000, "too_long"),
        ("password", "too_common"),
        ("PassWord1", "too_common"),
        ("\uff50assword", "too_common"),
        ("jane.roe@example.org", "too_personal"),
        ("Jane.Roe", "too_personal"),
        ("jane q roe", "too_personal"),
        ("twelve\0chars", "unusable"),
        ("twelve\ud800chars", "unusable"),
    ],
)
def test_a_weak_password_is_refused_for_its_reason(password, code):
    assert _refusal(password) == code


@pytest.mark.parametrize(
    "password", [GOOD, "a7!kQz3m", "🐘🦒🐫🐼🐧🦉🐳🦔", "é" * 128, "e\u0301" * 128]
)
def test_a_good_password_is_accepted(password):
    check_strength(password, email="jane.roe@example.org", name="Jane Q Roe")


def test_an_empty_name_refuses_nothing():
    check_strength(GOOD, email="", name="")
