"""What tests need over and over and are not about, at the least cost there is."""

from functools import lru_cache
from pathlib import Path

import argon2

from tidework.auth import passwords
from tidework.web import files

_LEAST = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=32, salt_len=16)
FULL = passwords._ARGON2
_read = files.read


@lru_cache(maxsize=1)
def _built(stamp: object) -> files.Built | None:
    return _read(files.FOLDER)


def _read_once(folder: Path) -> files.Built | None:
    return _built(files.stamp(folder)) if folder == files.FOLDER else _read(folder)


def patch() -> None:
    """In this process, and in those that are forked from it: a password guards nothing, and its hash
    costs a thousandth; the built app is read once.
    """
    passwords._ARGON2 = _LEAST
    files.read = _read_once
