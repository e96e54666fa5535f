"""The checks of health that every server has: disk, memory, and whether changes can be written."""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from tidework.errors import TideworkError
from tidework.http.health import OK, Check, CheckResult, Status
from tidework.store.observer import Observer, Standing
from tidework.store.sql.migrations.revision import SchemaMismatch

_MiB: Final = 1024 * 1024
_GiB: Final = 1024 * _MiB
_MEMORY_MAX: Final = Path("/sys/fs/cgroup/memory.max")
_MEMORY_STAT: Final = Path("/sys/fs/cgroup/memory.stat")
_MEMORY_CURRENT: Final = Path("/sys/fs/cgroup/memory.current")

FULL_BELOW: Final = 16 * _MiB
"""With less than that free, SQLite's write-ahead log may have no room for the next commit."""


def schema_check(matches: Callable[[], Awaitable[None]]) -> Check:
    """A check that the database's schema is one that this code works on; `matches` raises if not."""

    async def check() -> CheckResult:
        try:
            await matches()
        except SchemaMismatch as error:
            return CheckResult("failed", error.detail)
        return OK

    return check


def disk_check(
    folder: Path,
    *,
    holds_database: bool = True,
    degraded_below: int = 1 * _GiB,
    failed_below: int = FULL_BELOW,
) -> Check:
    """A check that `folder` has room; the bounds are free bytes.

    `holds_database` says whether changes are written there.
    """
    effect = (
        "Changes are refused (503 storage_full), reading goes on."
        if holds_database
        else "Mail cannot be put down."
    )

    async def check() -> CheckResult:
        try:
            free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
        except OSError as error:
            return CheckResult(
                "failed",
                f"The data folder {folder} cannot be read: {os.strerror(error.errno or 0)}. Check"
                " that the disk is mounted and that the server's user may open it.",
            )
        where = f"on the disk of {folder}"
        if free < failed_below:
            return CheckResult(
                "failed",
                f"Only {free / _MiB:.0f} MiB are free {where}. {effect} Free some space there; the"
                " server need not be restarted.",
            )
        if free < degraded_below:
            return CheckResult(
                "degraded",
                f"{free // _MiB} MiB are free {where}. Everything still works; below"
                f" {failed_below // _MiB} MiB it will not. Free some space there.",
            )
        return CheckResult("ok", f"{free // _MiB} MiB are free {where}.")

    return check


class Memory(NamedTuple):
    """Bytes that can still be had, and all there are: of the machine, or of the container."""

    available: int
    limit: int


def memory_now() -> Memory:
    """The memory at this moment. A container's limit counts where it is the lower one."""
    machine = psutil.virtual_memory()
    try:
        limit = int(_MEMORY_MAX.read_text("ascii"))
        used = int(_MEMORY_CURRENT.read_text("ascii"))
        for line in _MEMORY_STAT.read_text("ascii").splitlines():
            # The file cache that is given up first.
            if line.startswith("inactive_file "):
                used -= int(line.partition(" ")[2])
    except (OSError, ValueError):
        # No such file, or `max`: no limit.
        return Memory(machine.available, machine.total)
    return Memory(min(machine.available, max(0, limit - used)), min(machine.total, limit))


def memory_check(*, degraded_below: int = 256 * _MiB, failed_below: int = 32 * _MiB) -> Check:
    """A check that there is memory to be had; the bounds are available bytes."""

    async def check() -> CheckResult:
        available = memory_now().available
        detail = f"{available // _MiB} MiB of memory are available"
        if available < failed_below:
            return CheckResult(
                "failed",
                f"{detail}: the system may end the server at any moment. Give it more memory, or"
                " lower TIDEWORK_CACHE_BYTES and TIDEWORK_WORKERS.",
            )
        if available < degraded_below:
            return CheckResult(
                "degraded",
                f"{detail}. Give the server more memory, or lower TIDEWORK_CACHE_BYTES.",
            )
        return CheckResult("ok", f"{detail}.")

    return check


def redis_check(state: Callable[[], Awaitable[str]]) -> Check:
    """A check of Redis, without which the server goes on; `state` says why it cannot be asked."""

    async def check() -> CheckResult:
        reason = await state()
        if not reason:
            return OK
        return CheckResult(
            "degraded",
            f"Redis cannot be used ({reason}). Everything goes on; limits are counted per copy until"
            " it is back. The server need not be restarted.",
        )

    return check


class WriteWatch:
    """Remembers the last change that was refused for want of room, for a while.

    A quota, or a database server's own disk, is full without our disk saying so. What is remembered
    ends by itself, since nobody sends changes to a server that is said not to be ready.
    """

    def __init__(self, seconds: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._refusal: tuple[float, str] | None = None

    def refused(self, error: TideworkError) -> None:
        """A change was refused; noted when it was for want of room."""
        if error.code == "storage_full":
            self._refusal = (self._clock(), error.detail)

    def written(self) -> None:
        """A change was written."""
        self._refusal = None

    async def check(self) -> CheckResult:
        """A check for `Health`."""
        refusal = self._refusal
        if refusal is None or self._clock() - refusal[0] > self._seconds:
            return OK
        return CheckResult(
            "failed", f"The last change could not be written: {refusal[1]} Reading goes on."
        )


_NOT_USED: Final[Mapping[Standing, str]] = {
    "unseen": "not looked at yet",
    "away": "away",
    "behind": "too far behind: it has nothing of the present primary yet",
    "promoted": "it takes writes, and is not the primary",
}


class ReplicaWatch(Observer):
    """Remembers what was last seen of each replica; `names` are those that there should be."""

    def __init__(self, names: Sequence[str]) -> None:
        self._seen: dict[str, tuple[float | None, Standing]] = dict.fromkeys(
            names, (None, "unseen")
        )

    def replica(self, name: str, lag: float | None, standing: Standing) -> None:
        self._seen[name] = (lag, standing)

    async def check(self) -> CheckResult:
        """A check for `Health`: reads go elsewhere without a replica, so it fails nothing."""
        lags = [lag or 0.0 for lag, standing in self._seen.values() if standing == "used"]
        primary = "".join(
            f" {name} is the primary." for name, (_, one) in self._seen.items() if one == "primary"
        )
        missing = [
            f"{name} ({_NOT_USED[standing]})"
            for name, (_, standing) in self._seen.items()
            if standing in _NOT_USED
        ]
        if missing:
            kind: Status = "degraded" if lags else "failed"
            return CheckResult(
                kind,
                f"Not used at present: {', '.join(missing)}.{primary} Reads go to whatever is left,"
                " the primary at last. Look at the replica's log and its connection to the primary.",
            )
        if not lags:
            return CheckResult(
                "degraded",
                f"No replica is left to read from:{primary} Name the other servers in"
                " TIDEWORK_DATABASE_REPLICA_URLS, too.",
            )
        return CheckResult("ok", f"{len(lags)} in use, {max(lags):.1f} s behind at most.{primary}")
