"""Passwords: what may be one, how one is stored, how one is checked.

Stored form: argon2id at 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet), about
30 ms of one core. Hashes of bcrypt, which people bring from older systems, are accepted and
reported for replacement.
"""

import asyncio
import base64
import importlib.util
import re
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import argon2
import bcrypt

from tidework.errors import Unavailable, invalid

MIN_LENGTH = 8
MAX_LENGTH = 128

# Above any password that can exist: what is longer is not even normalised in full.
_MAX_READ = 1024
_BCRYPT_BYTES = 72
# A cost beyond 16 (4 s) is no password hash but a way to keep a thread busy for ever.
_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}")
_UNTYPEABLE = re.compile("[\0\ud800-\udfff]")
_COMMON_LIST = re.compile(r'"passwords": "([^"]*)"')

_ARGON2 = argon2.PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16
)

_T = TypeVar("_T")


class Verified(NamedTuple):
    """The outcome of a check.

    `rehash` is true only with `ok`: the password is right, and its stored hash is of an older kind;
    store a new one, made by `Passwords.hash`.
    """

    ok: bool
    rehash: bool


_REFUSED = Verified(ok=False, rehash=False)


class Passwords:
    """Hashes and checks passwords in threads of its own, never on the event loop."""

    def __init__(self, threads: int = 2, *, max_waiting: int = 64) -> None:
        """Prepare `threads` threads; at most `max_waiting` calls wait for one of them.

        Each busy thread holds 19 MiB. With the defaults the last in the queue waits about a second.
        """
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._places = threading.BoundedSemaphore(threads + max_waiting)
        self._dummy = _unmatchable_hash()

    async def hash(self, password: str) -> str:
        """The text to store for `password`, in the PHC string format.

        Raises `Unavailable` when too many calls wait already.
        """
        return await self._run(lambda: _ARGON2.hash(_encoded(_canonical(password))))

    async def verify(self, password: str, stored: str | None) -> Verified:
        """Whether `password` is the one that `stored` was made from.

        With `stored=None` (there is no such account, or it has no password) the answer is no, after
        the same work as for an argon2id hash of today's cost, so that the time does not tell which
        accounts exist. Accounts whose hash is of another kind or cost (bcrypt, older argon2) can
        still be told by their time until their owner has logged in once and the hash is replaced.

        Raises `Unavailable` when too many calls wait already.
        """
        return await self._run(lambda: self._verify(password, stored))

    def close(self) -> None:
        """Wait for what is under way and end the threads; later calls raise `Unavailable`."""
        self._executor.shutdown()

    def _verify(self, password: str, stored: str | None) -> Verified:
        if stored is not None and _BCRYPT.fullmatch(stored):
            # bcrypt has only ever seen the first 72 bytes, and the systems that these hashes come
            # from did not normalise.
            raw = _encoded(password[:_MAX_READ])[:_BCRYPT_BYTES]
            ok = bcrypt.checkpw(raw, stored.encode())
            return Verified(ok, rehash=ok)
        hashed = stored if stored and stored.startswith("$argon2") else self._dummy
        try:
            _ARGON2.verify(hashed, _encoded(_canonical(password)))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return _REFUSED
        if len(password) > _MAX_READ:
            return _REFUSED
        return Verified(ok=True, rehash=_ARGON2.check_needs_rehash(hashed))

    async def _run(self, work: Callable[[], _T]) -> _T:
        if not self._places.acquire(blocking=False):
            raise Unavailable(
                "Too many log-ins are being checked at this moment. Try again in a few seconds.",
                code="overloaded",
                retry_after=2,
            )
        try:
            future = self._executor.submit(work)
        except RuntimeError as error:
            self._places.release()
            raise Unavailable("The server is shutting down. Try again in a moment.") from error
        # On the thread's future, not around the await: a caller who goes away leaves a thread that
        # is still busy, and its place is not free yet.
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def _leave(self, _: Future[_T]) -> None:
        self._places.release()


def check_strength(password: str, *, email: str, name: str) -> None:
    """Raise `Invalid`, pointing at `/password`, when `password` is not acceptable.

    Acceptable: 8 to 128 characters (code points after normalisation), no NUL, not among the 30 000
    commonest (upper and lower case alike), and not the e-mail address, the part before its @, or
    the name. There are no rules on kinds of characters (NIST SP 800-63B, 3.1.1.2).

    The first call reads the list (5 ms, 3 MB); later ones take microseconds.
    """
    if _UNTYPEABLE.search(password):
        raise invalid(
            "/password",
            "unusable",
            "The password contains a character that cannot be typed (NUL, or half of a surrogate "
            "pair). Remove it.",
        )
    length = len(password) if len(password) > _MAX_READ else len(_canonical(password))
    if length < MIN_LENGTH:
        raise invalid(
            "/password",
            "too_short",
            f"The password has {length} characters; use at least {MIN_LENGTH}. "
            "A few words in a row are easy to remember and hard to guess.",
        )
    if length > MAX_LENGTH:
        raise invalid(
            "/password",
            "too_long",
            f"The password has {length} characters; use at most {MAX_LENGTH}.",
        )
    folded = _folded(password)
    if folded in (_folded(email), _folded(email.partition("@")[0]), _folded(name)):
        raise invalid(
            "/password",
            "too_personal",
            "The password is your name or e-mail address, which is the first thing to be tried. "
            "Choose another.",
        )
    if folded in _common_passwords():
        raise invalid(
            "/password",
            "too_common",
            "This is one of the commonest passwords, and among the first to be tried. "
            "Choose another.",
        )


def _canonical(password: str) -> str:
    # RFC 8265, 4.2.2 (OpaqueString): other spaces become U+0020, then NFC; case and width stay as
    # typed. NFKC, of the older SASLprep, would make different passwords equal.
    typed = password[:_MAX_READ]
    spaced = "".join(" " if unicodedata.category(ch) == "Zs" else ch for ch in typed)
    return unicodedata.normalize("NFC", spaced)


def _encoded(text: str) -> bytes:
    # A lone surrogate is refused for a new password; at log-in it must fail like any other guess.
    return text.encode(errors="surrogatepass")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _unmatchable_hash() -> str:
    """A well-formed hash of today's cost that no known password leads to."""

    def field(size: int) -> str:
        return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")

    cost = f"m={_ARGON2.memory_cost},t={_ARGON2.time_cost},p={_ARGON2.parallelism}"
    return f"$argon2id$v=19${cost}${field(_ARGON2.salt_len)}${field(_ARGON2.hash_len)}"


@cache
def _common_passwords() -> frozenset[str]:
    # Read as text: importing zxcvbn builds all its dictionaries, which takes 16 MB.
    spec = importlib.util.find_spec("zxcvbn")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package zxcvbn is not installed; install Tidework's dependencies.")
    source = Path(spec.origin).with_name("frequency_lists.py").read_text(encoding="utf-8")
    found = _COMMON_LIST.search(source)
    if found is None:
        raise RuntimeError("This version of zxcvbn has no list of passwords where it is expected.")
    return frozenset(word for word in found[1].split(",") if len(word) >= MIN_LENGTH)
