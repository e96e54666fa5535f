"""Starting programs, waiting until they answer, what they use, and ending them for certain."""

from __future__ import annotations

import contextlib
import http.client
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.client import BenchError

START_DEADLINE = 60.0
STOP_DEADLINE = 15.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a whole process tree, in bytes. `rss` counts shared pages once per process, `pss`
    divides them between those that share them (0 where the system does not tell)."""

    rss: int
    pss: int
    processes: int


class Child:
    """A program in a process group of its own, with its output in a file."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        account: pwd.struct_passwd | None = None,
    ) -> None:
        self.command = list(command)
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                # The current folder may be closed to the other user.
                cwd=log.parent if account else None,
                **_identity(account),
            )
        self.pid = self._process.pid

    def tree(self) -> list[psutil.Process]:
        try:
            top = psutil.Process(self.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_seconds(self) -> float:
        """User and system time of the tree so far, ended descendants included."""
        total = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
                total += getattr(times, "children_user", 0.0)
                total += getattr(times, "children_system", 0.0)
        return total

    def memory(self) -> Memory:
        rss = pss = count = 0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                full = process.memory_full_info()
                rss += full.rss
                pss += getattr(full, "pss", 0)
                count += 1
        return Memory(rss, pss, count)

    def wait_until_ready(self, port: int, path: str) -> None:
        """Return as soon as GET `path` answers 200; raise with the log's end otherwise."""
        self.wait_until(lambda: _answers(port, path))

    def wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_DEADLINE
        while not ready():
            if self._process.poll() is not None:
                raise BenchError(f"{self._name()} ended at its start. {self.log_end()}")
            if time.monotonic() > deadline:
                raise BenchError(f"{self._name()} is not ready in time. {self.log_end()}")
            time.sleep(0.002)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask the program to end, and its whole group after a while; return when it is gone."""
        everyone = self.tree()
        if self._process.poll() is None:
            self._process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_DEADLINE)
        # Also what outlived its parent: the pids are known from before.
        for process in everyone:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(everyone, STOP_DEADLINE)
        self._process.wait()

    def log_end(self) -> str:
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return "Its log ends with:\n" + "\n".join(text.splitlines()[-15:])

    def _name(self) -> str:
        return " ".join(self.command[:4])


@contextlib.contextmanager
def running(child: Child, how: signal.Signals = signal.SIGTERM) -> Iterator[Child]:
    try:
        yield child
    finally:
        child.stop(how)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def call(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    account: pwd.struct_passwd | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a command to its end and return what it printed; raise when it fails."""
    done = subprocess.run(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        text=True,
        errors="replace",
        check=False,
        cwd=cwd,
        **_identity(account),
    )
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-15:])
        raise BenchError(f"{' '.join(command)} ended with {done.returncode}:\n{end}")
    return str(done.stdout)


def _identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """What makes a child run as another user, groups included."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
