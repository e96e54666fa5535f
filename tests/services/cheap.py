"""Passwords of the test's own process, which guard nothing, hashed at the least cost there is."""

import argon2
import pytest

from tidework.auth import passwords

_LEAST = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=32, salt_len=16)
_FULL = passwords._ARGON2


def patch() -> None:
    """What is hashed in this process costs a thousandth; servers in others are as they are."""
    passwords._ARGON2 = _LEAST


@pytest.fixture
def full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing as it is in production."""
    monkeypatch.setattr(passwords, "_ARGON2", _FULL)
