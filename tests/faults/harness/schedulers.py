"""Worker processes on one database that are killed and replaced."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.services.processes import kill_tree, tail

ROOT = Path(__file__).parents[3]
HASTY = ("-m", "tests.faults.harness.hasty")
REAL = ("-m", "tidework")


class Schedulers:
    """So many of `tidework worker`, with `as`; each writes a log into the folder."""

    def __init__(
        self,
        folder: Path,
        environ: dict[str, str],
        count: int,
        program: tuple[str, ...] = HASTY,
    ) -> None:
        self._folder = folder
        self._environ = environ
        self._program = program
        self._alive: list[subprocess.Popen[bytes]] = []
        self._count = count
        self.started = 0

    def __enter__(self) -> Self:
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._alive:
            kill_tree(process.pid)
            process.wait()
        if error is not None:
            for number in range(self.started):
                print(f"worker {number}:\n{tail(self._log(number), 15)}")

    def kill(self, dice: random.Random) -> None:
        """Kill one at once, as a lost machine would, and start another one."""
        process = self._alive.pop(dice.randrange(len(self._alive)))
        kill_tree(process.pid)
        process.wait()
        self._start()

    def assert_alive(self) -> None:
        """None has ended by itself."""
        assert all(process.poll() is None for process in self._alive)

    def until_ready(self, within_s: float = 60.0) -> None:
        """Wait until all that run have said that they work."""
        end = time.monotonic() + within_s
        first = self.started - len(self._alive)
        while not all(
            b" works: " in self._log(number).read_bytes() for number in range(first, self.started)
        ):
            self.assert_alive()
            assert time.monotonic() < end, "workers did not begin to work"
            time.sleep(0.05)

    def _log(self, number: int) -> Path:
        return self._folder / f"worker-{number}.log"

    def _start(self) -> None:
        with self._log(self.started).open("wb") as log:
            self.started += 1
            self._alive.append(
                subprocess.Popen(
                    [sys.executable, *self._program, "worker"],
                    cwd=ROOT,
                    env={**os.environ, **self._environ},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
