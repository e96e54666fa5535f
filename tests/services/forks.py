"""Commands of the product in processes of their own, without the cost of starting Python."""

import atexit
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import Any

_ROOT = Path(__file__).parents[2]
_READY_S = 60
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Fork:
    """A process, with what tests ask of a `subprocess.Popen`."""

    def __init__(self) -> None:
        self.started: Future[int] = Future()
        self.ended: Future[int] = Future()

    @property
    def pid(self) -> int:
        return self.started.result(_READY_S)

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    def wait(self, timeout: float | None = None) -> int:
        try:
            return self.ended.result(timeout)
        except NotYet:
            raise subprocess.TimeoutExpired("tidework", timeout or 0) from None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Zygote:
    """See the module `zygote`."""

    def __init__(self) -> None:
        kept = {n: v for n, v in os.environ.items() if not n.startswith("TIDEWORK_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.services.zygote"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, env=kept,
            # What interrupts a test run is for the tests to pass on.
            start_new_session=True,
        )  # fmt: skip
        self._numbers = itertools.count()
        self._forks: dict[int, Fork] = {}
        self._lock = Lock()
        Thread(target=self._listen, name="zygote", daemon=True).start()

    def start(
        self,
        arguments: Sequence[str | Path],
        env: Mapping[str, str],
        streams: Sequence[tuple[Path | str, int]],
        *,
        session: bool = False,
        folder: Path = _ROOT,
    ) -> Fork:
        """Start a command.

        Args:
            arguments: the words behind `tidework`.
            env: its whole environment.
            streams: files, and flags to open them with, for its three standard streams.
            session: whether it leads a session of its own.
            folder: where it runs.
        """
        fork = Fork()
        with self._lock:
            number = next(self._numbers)
            self._forks[number] = fork
            request: dict[str, Any] = {
                "id": number,
                "arguments": [str(word) for word in arguments],
                "env": dict(env),
                "streams": [(str(path), flags) for path, flags in streams],
                "session": session,
                "folder": str(folder),
            }
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        return fork

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "pid" in told:
                self._forks[told["id"]].started.set_result(told["pid"])
            else:
                self._forks.pop(told["id"]).ended.set_result(told["code"])
        for fork in self._forks.values():
            for promise in (fork.started, fork.ended):
                if not promise.done():
                    promise.set_exception(RuntimeError("the zygote has ended"))

    def close(self) -> None:
        """Start no more. What runs goes on."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


@cache
def zygote() -> Zygote:
    """That of this test process, started when it is first asked for."""
    made = Zygote()
    atexit.register(made.close)
    return made
