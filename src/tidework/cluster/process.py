"""Processes that are started once and ended for certain, also by another process than the starter's.

A process is known by its number and its time of start, which together name no other one. They are
on disk before the process becomes what it is meant to be, so nothing is ever running unrecorded.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from tidework.errors import TideworkError

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
# Waits for the word that its number is recorded; without it (the starter died) it ends.
_SHIM: Final = ("/bin/sh", "-c", 'read -r go && exec "$@" </dev/null', "sh")
_POLL_S: Final = 0.05


class ClusterError(TideworkError):
    """A part of a cluster cannot be started, ended or found."""

    status = 503
    title = "The cluster cannot be run"
    code = "cluster"


class Record(NamedTuple):
    """A process: its number, and when it started."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Whether this very process runs, and is no zombie."""
        return started(self.pid) == self.started


def started(pid: int) -> str | None:
    """When a process started, in words that differ for any two of the same number; None: it is gone."""
    try:
        # By the clock since the machine's start, which nobody sets.
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        # A dead process whose threads are still ending holds its ports.
        gone = stat[0] == "X" or (stat[0] == "Z" and stat[17] in "01")
        return None if gone else f"{stat[19]} {_BOOT_ID.read_text().strip()}"
    except OSError:
        pass
    if _BOOT_ID.exists():
        return None
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.2f}"
    except psutil.Error:
        return None


def read_record(path: Path) -> Record | None:
    """What is recorded in a file; None when there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return Record(int(found["pid"]), str(found["started"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def spawn(
    command: Sequence[str | Path],
    record: Path,
    log: Path,
    *,
    environ: Mapping[str, str],
    user: str | None = None,
    folder: Path,
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own, recorded in the file `record`.

    Args:
        command: the program and its arguments; it must stay in the foreground.
        record: what `read_record` reads.
        log: gets what the process writes, behind what is there.
        environ: its whole environment.
        user: who it runs as, for root only.
        folder: where it runs.
    """
    identity = {"user": user, "group": user, "extra_groups": []} if user else {}
    with log.open("ab") as output:
        process = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603
            [*_SHIM, *map(str, command)],
            stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True,
            cwd=folder, env=dict(environ), **identity,
        )  # fmt: skip
    assert process.stdin is not None
    begun = started(process.pid)
    if begun is not None:
        write_private(record, json.dumps({"pid": process.pid, "started": begun}))
    with suppress(BrokenPipeError):
        process.stdin.write(b"go\n")
        process.stdin.close()
    found: subprocess.Popen[bytes] = process
    return found


def family(record: Record) -> list[psutil.Process]:
    """The process and all that descend from it; when it is gone, what it has left behind."""
    if not record.alive():
        return _left_behind(record)
    try:
        process = psutil.Process(record.pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _left_behind(record: Record) -> list[psutil.Process]:
    """What still runs in the session of a process that is gone, such as a killed nginx's workers."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
    # A number is not given out again while its session lives; if it was, that has ended.
    if started(record.pid) is not None or not record.started.endswith(boot):
        return []
    found = []
    for process in psutil.process_iter():
        with suppress(OSError):
            if process.pid != record.pid and os.getsid(process.pid) == record.pid:
                found.append(process)
    return found


def signal_all(processes: Sequence[psutil.Process], number: int) -> None:
    """Send a signal to each; psutil makes sure that a number has not gone to another process."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def end(record: Record, number: int = signal.SIGTERM, deadline: float = 30.0) -> bool:
    """End a process and what descends from it; whether it ended by the signal alone."""
    members = family(record)
    if not members:
        return True
    # A frozen one would hear of it only when thawed.
    signal_all(members, signal.SIGCONT)
    signal_all(members[:1], number)
    polite = _gone(record, deadline)
    signal_all(members, signal.SIGKILL)
    _wait_gone(members)
    return polite


def kill(record: Record) -> None:
    """End a process and what descends from it at once (kill -9), as a lost machine would."""
    members = family(record)
    signal_all(members, signal.SIGKILL)
    _wait_gone(members)


def wait_until(true: Callable[[], bool], what: str, deadline: float = 30.0) -> None:
    """Poll until a condition holds. Raises TimeoutError when it does not in time."""
    limit = time.monotonic() + deadline
    while not true():
        if time.monotonic() > limit:
            raise TimeoutError(f"{what}: not within {deadline:g} s")
        time.sleep(_POLL_S)


def _gone(record: Record, deadline: float) -> bool:
    try:
        wait_until(lambda: not record.alive(), "the end of a process", deadline)
    except TimeoutError:
        return False
    return True


def _wait_gone(members: Sequence[psutil.Process], deadline: float = 10.0) -> None:
    def gone() -> bool:
        return not any(started(one.pid) and one.is_running() for one in members)

    with suppress(TimeoutError):
        wait_until(gone, "the end of killed processes", deadline)
