"""Free ports, waiting with a deadline, and ending processes for certain."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def free_port() -> int:
    """A loopback port that nobody listens on now; whoever binds it must bear that it is taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], what: str, deadline: float = 30.0) -> None:
    """Poll until a condition holds.

    Args:
        true: the condition.
        what: what is waited for, for the error.
        deadline: seconds.

    Raises:
        TimeoutError: it did not hold in time.
    """
    end = time.monotonic() + deadline
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline:g} s")
        time.sleep(0.02)


def kill_tree(pid: int) -> None:
    """End a process and all its descendants at once, as a lost machine would (kill -9)."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return
    # The parent first, so that it cannot replace a child or clean up after it.
    family = [process, *process.children(recursive=True)]
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(family, timeout=10)
    if alive:
        raise TimeoutError(f"still alive after SIGKILL: {[member.pid for member in alive]}")


def tail(path: Path, lines: int = 40) -> str:
    """The last lines of a log, for an error message."""
    if not path.exists():
        return "(no log)"
    return "\n".join(path.read_text("utf-8", "replace").splitlines()[-lines:])
