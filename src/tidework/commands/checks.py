"""The checks of `tidework doctor`, each with what to do when it fails."""

import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tidework.auth.keys import KeyFileError, KeySet
from tidework.commands import folder, queries
from tidework.composition import make_shared
from tidework.settings import Settings
from tidework.settings_values import redis_address
from tidework.store.protocol import Store
from tidework.store.sql.statement import Statement
from tidework.times import after, now
from tidework.users.values import email_key

_PAGE = 1000
_FIRST = "00000000-0000-0000-0000-000000000000"
_ENOUGH = 20
_LEAST_FREE_BYTES = 256 << 20
_FINISHED_WITHIN_S = 900
_REPORT = "This is a defect, please report it; restore a backup if data is missing."


class Check(NamedTuple):
    """What was looked at, whether it is as it should be, and in which places it is not."""

    name: str
    ok: bool
    detail: str
    findings: Sequence[str] = ()


def of_folder(settings: Settings) -> list[Check]:
    """The data folder: there, writable, with room; and whose server runs on it."""
    path = settings.data_dir
    if not path.is_dir():
        return [Check("data folder", False, f"{path} is missing. Run: tidework serve")]
    try:
        folder.prepare(path)
    except folder.FolderError as error:
        return [Check("data folder", False, error.detail)]
    free = shutil.disk_usage(path).free
    pid = folder.server_of(settings)
    server = f"served by process {pid}" if pid else "no server runs on it"
    found = [_private("data folder", path, server, others=0o077, right=0o700)]
    room = f"{free >> 20} MiB free"
    if free < _LEAST_FREE_BYTES:
        room += "; make room, or move the data folder to a larger disk"
    found.append(Check("disk", free >= _LEAST_FREE_BYTES, room))
    database = settings.database_path
    if database is not None and database.exists():
        size = f"{database.stat().st_size >> 10} KiB"
        found.append(_private("database file", database, size, others=0o007, right=0o600))
    return found


def _private(name: str, path: Path, detail: str, *, others: int, right: int) -> Check:
    """Whether `path` gives none of the rights `others`; with the mode that is right if it does."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & others:
        opened = f"open to other users (mode {mode:03o}). Run: chmod {right:o} {path}"
        return Check(name, False, f"{path}, {detail}; {opened}")
    return Check(name, True, f"{path}, {detail}")


def of_keys(settings: Settings) -> list[Check]:
    """The signing keys: there, readable, not weak, not open to others."""
    path = settings.keys_path
    if not path.exists() and not settings.is_cluster and settings.signing_keys_file is None:
        return [Check("signing keys", True, "made when a server first starts")]
    try:
        keys = KeySet.from_file(path)
    except KeyFileError as error:
        return [Check("signing keys", False, str(error))]
    return [Check("signing keys", True, f"{path}, {len(keys.jwks()['keys'])} of them")]


async def of_redis(settings: Settings) -> list[Check]:
    """Redis, where the settings name one: it answers, and can be written."""
    redis = make_shared(settings).redis
    if redis is None:
        return []
    await redis.start()
    reason = await redis.state()
    await redis.close()
    where = redis_address(settings.redis_url)
    if reason:
        advice = "Servers go on without it, and each copy counts limits by itself."
        return [Check("redis", False, f"{where} cannot be used: {reason} {advice}")]
    return [Check("redis", True, str(where))]


async def of_lookups(store: Store) -> list[Check]:
    """Look-up tables, which cross streams, against what they are made from."""
    late = {"before": after(now(), -_FINISHED_WITHIN_S)}
    return [
        _compared("e-mail look-up", await _email_findings(store)),
        _compared(
            "workspace look-up",
            [
                *await _rows(store, queries.MEMBERS_NOT_LISTED, "member {} of {} is not listed"),
                *await _rows(store, queries.LISTED_NOT_MEMBERS, "{} is listed in {}, no member"),
            ],
        ),
        _compared("owners", await _rows(store, queries.WITHOUT_OWNER, "workspace {} has no owner")),
        _compared(
            "second commits",
            await _rows(store, queries.UNFINISHED, "account {}: {} is not finished", late),
        ),
    ]


def _compared(name: str, findings: Sequence[str]) -> Check:
    if findings:
        return Check(name, False, _REPORT, findings)
    return Check(name, True, "as it should be")


async def _rows(
    store: Store, statement: Statement, text: str, params: dict[str, Any] | None = None
) -> list[str]:
    return [text.format(*row) for row in await store.fetch(statement, params or {})]


async def _email_findings(store: Store) -> list[str]:
    findings = await _rows(store, queries.EMAILS_OF_NOBODY, "{} belongs to no account")
    place: dict[str, Any] = {"after": _FIRST, "limit": _PAGE}
    while len(findings) < _ENOUGH:
        rows = await store.fetch(queries.ACCOUNT_EMAILS, place)
        for user_id, email, key in rows:
            if (None if email is None else email_key(email)) != key:
                findings.append(f"account {user_id} cannot be found by its address")
        if len(rows) < _PAGE:
            break
        place["after"] = rows[-1][0]
    return findings
