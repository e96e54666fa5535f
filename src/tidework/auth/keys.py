"""The Ed25519 keys that sign access tokens, and their rotation.

They are a JWK Set (RFC 7517) in a file: the first key signs, the others verify what they signed
before they were replaced. Every key's id is its thumbprint (RFC 7638).
"""

import base64
import fcntl
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

ALGORITHM = "EdDSA"
ACCESS_LIFETIME_S = 15 * 60

# The private key printed in RFC 8032 and RFC 8037, which ends up in configurations by copying.
_PUBLISHED = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
# 32 random bytes have fewer than 16 different ones about once in 10**14 keys.
_MIN_DISTINCT_BYTES = 16
_RECHECK_S = 1.0

log = structlog.get_logger(__name__)


class KeyFileError(ValueError):
    """A key file cannot be used; the text says why and what to do."""


class SigningKey(NamedTuple):
    """A private key. `created_at` is Unix time in seconds, or None where the file does not say."""

    kid: str
    key: OKPKey
    created_at: int | None


class KeySet:
    """The keys of a file, kept up to date with it.

    A changed file is noticed within a second, and at once when a key is asked for that is not
    known. If the changed file cannot be used, the keys from before stay in use and a warning is
    logged. `generation` counts the changes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _identity(path)
        self._keys = _read(path)
        self._checked_at = time.monotonic()
        self.generation = 0

    @classmethod
    def load_or_create(cls, path: Path) -> "KeySet":
        """The keys in `path`; a missing file is made with one new key, readable by its owner only.

        Processes that start at the same moment end up with the same key. Raises `KeyFileError` when
        there is a file that cannot be used, or none can be made.
        """
        if not path.exists():
            try:
                with _locked(path):
                    if not path.exists():
                        _write(path, [_new_key(int(time.time()))])
            except OSError as error:
                raise KeyFileError(
                    f"The signing key cannot be written to {path}: {error.strerror}. "
                    "Make its folder writable, or set TIDEWORK_SIGNING_KEYS_FILE."
                ) from error
        return cls(path)

    @classmethod
    def from_file(cls, path: Path) -> "KeySet":
        """The keys in `path`, which must exist. Raises `KeyFileError` when it cannot be used."""
        return cls(path)

    def signing(self) -> SigningKey:
        """The key to sign with."""
        self.refresh()
        return self._keys[0]

    def find(self, kid: str) -> OKPKey | None:
        """The key of this id; None when no token signed with it is to be accepted."""
        self.refresh()
        key = self._find(kid)
        if key is None and self.refresh(force=True):
            key = self._find(kid)
        return key

    def jwks(self) -> dict[str, Any]:
        """The public halves as a JWK Set, for `/.well-known/jwks.json`."""
        self.refresh()
        return {
            "keys": [
                {**key.key.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": ALGORITHM}
                for key in self._keys
            ]
        }

    def derive(self, purpose: str) -> str:
        """A secret of 256 bits in base64url, always the same for a purpose and the present key."""
        key = base64.urlsafe_b64decode(f"{self.signing().key.as_dict(private=True)['d']}=")
        secret = hmac.digest(key, purpose.encode(), "sha256")
        return base64.urlsafe_b64encode(secret).decode().rstrip("=")

    def refresh(self, *, force: bool = False) -> bool:
        """Read the file again if it has changed; it is looked at once a second unless `force`.

        Returns whether the keys changed.
        """
        now = time.monotonic()
        if not force and now - self._checked_at < _RECHECK_S:
            return False
        self._checked_at = now
        try:
            identity = _identity(self._path)
            if identity == self._seen:
                return False
            self._seen = identity
            self._keys = _read(self._path)
        except KeyFileError as error:
            log.warning("signing_keys_not_reloaded", reason=str(error))
            return False
        self.generation += 1
        return True

    def _find(self, kid: str) -> OKPKey | None:
        return next((key.key for key in self._keys if key.kid == kid), None)


def rotate(path: Path, *, lifetime_s: int = ACCESS_LIFETIME_S, now: float | None = None) -> str:
    """Put a new signing key in front of those in `path`, and return its id.

    Older keys stay for as long as tokens signed with them can be valid: `lifetime_s` (that of
    access tokens) and a margin of five minutes after they were replaced. Running servers take the
    new key within a second. Raises `KeyFileError` when the file cannot be used or written.
    """
    moment = int(time.time() if now is None else now)
    path = path.resolve()
    try:
        with _locked(path):
            kept = _unexpired(_read(path), replaced_at=moment, since=moment - lifetime_s - 300)
            new = _new_key(moment)
            _write(path, [new, *kept])
    except OSError as error:
        raise KeyFileError(
            f"The signing keys cannot be written to {path}: {error.strerror}. "
            "Make the file and its folder writable for this user; nothing was changed."
        ) from error
    return new.kid


def _unexpired(keys: Sequence[SigningKey], *, replaced_at: int, since: int) -> list[SigningKey]:
    """Those of `keys`, newest first, that were replaced at `since` or later."""
    kept = []
    for key in keys:
        if replaced_at >= since:
            kept.append(key)
        if key.created_at is not None:
            replaced_at = key.created_at
    return kept


def _new_key(now: int) -> SigningKey:
    key = OKPKey.generate_key("Ed25519")
    return SigningKey(key.thumbprint(), key, now)


def _read(path: Path) -> list[SigningKey]:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except OSError as error:
        raise KeyFileError(
            f"The signing keys cannot be read from {path}: {error.strerror}. "
            "Name an existing file that this user may read."
        ) from error
    # Reading by the group is left to the operator: that is how Kubernetes hands out secrets.
    if mode & 0o037:
        raise KeyFileError(
            f"The signing keys in {path} are open to other users of this machine "
            f"(mode {mode & 0o777:03o}). Run: chmod 600 {path}"
        )
    try:
        entries = json.loads(content)["keys"]
        if not isinstance(entries, list) or not entries:
            raise ValueError("no keys")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise KeyFileError(
            f"{path} is not a JWK Set (RFC 7517). It must look like "
            '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "…", "d": "…"}]}.'
        ) from error
    return [_parse(entry, f"Key {number} in {path}") for number, entry in enumerate(entries, 1)]


def _parse(entry: Any, where: str) -> SigningKey:
    if not isinstance(entry, dict) or (entry.get("kty"), entry.get("crv")) != ("OKP", "Ed25519"):
        raise KeyFileError(f"{where} is not an Ed25519 key; only kty OKP with crv Ed25519 is used.")
    if "d" not in entry:
        raise KeyFileError(f"{where} is only a public key; its private part (d) is missing.")
    try:
        private = base64.urlsafe_b64decode(f"{entry['d']}=")
        given = OKPKey.import_key({name: entry[name] for name in ("kty", "crv", "x", "d")})
        # Once more from the bare key: joserfc would keep an x that does not belong to d.
        key = OKPKey.import_key(given.raw_value)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise KeyFileError(f"{where} is damaged (x or d is malformed); make a new one.") from error
    if key.as_dict(private=False)["x"] != entry["x"]:
        raise KeyFileError(f"{where} is damaged (x does not belong to d); make a new one.")
    if private == _PUBLISHED or len(set(private)) < _MIN_DISTINCT_BYTES:
        raise KeyFileError(f"{where} is weak or publicly known; make a new random one.")
    created_at = entry.get("iat")
    return SigningKey(key.thumbprint(), key, created_at if type(created_at) is int else None)


def _write(path: Path, keys: Sequence[SigningKey]) -> None:
    """Replace the file in one step; after a crash it is either the old or the new one."""
    entries = []
    for key in keys:
        entry = {**key.key.as_dict(private=True), "kid": key.kid, "use": "sig", "alg": ALGORITHM}
        entries.append(entry if key.created_at is None else {**entry, "iat": key.created_at})
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if path.exists():
            _copy_access(path, descriptor)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump({"keys": entries}, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _copy_access(path: Path, descriptor: int) -> None:
    # Root rotates the keys of a server that runs as another user: it must still be able to read.
    status = path.stat()
    os.fchmod(descriptor, status.st_mode & 0o777)
    if os.geteuid() == 0:
        os.fchown(descriptor, status.st_uid, status.st_gid)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes from changing `path`, until the block or this process ends."""
    # Readable for all, so that the server's user can take a lock file that root has made.
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _identity(path: Path) -> tuple[int, int, int] | None:
    # ctime rather than mtime: a wrong mode that is put right makes a refused file usable.
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns, status.st_size
