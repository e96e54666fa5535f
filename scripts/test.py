"""Runs the tests, all of them or what the arguments name. Usage: test.py [PYTEST_ARGUMENT...]

All: those that break things, two processors for each file; beside them, and yielding to them, all the
others, twice as many and one more at once as there are processors, since half of their time is
waiting. Then those that ask how long something takes, two files at a time at most; they mostly wait
as well, and so those of the web app's parts fill what they leave. A test that fails beside others is
run once more by itself at the end; both outcomes are printed.

Named tests are run once, as they are.
"""

import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
FAILED = 1


class Part:
    """Some of the tests, in a process of their own; `quiet` keeps what it says for later."""

    def __init__(
        self, name: str, *arguments: str, quiet: bool = False, yields: bool = False
    ) -> None:
        self._name = name
        self._said: IO[bytes] | None = tempfile.TemporaryFile() if quiet else None  # noqa: SIM115
        self._process = subprocess.Popen(
            [*(["nice", "-n", "10"] if yields else []), *arguments],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
        )  # fmt: skip

    def ended(self) -> int:
        """Wait for its end, and show what it has said; its exit code."""
        code = self._process.wait()
        if self._said is not None:
            print(f"== {self._name}", flush=True)
            self._said.seek(0)
            sys.stdout.buffer.write(self._said.read())
            sys.stdout.flush()
        return code

    def interrupted(self) -> None:
        """Wait until it has cleaned up: it was told as well."""
        self._process.wait()


def pytest(name: str, *arguments: str) -> list[str]:
    """A run that remembers by itself what has failed."""
    return [sys.executable, "-m", "pytest", "-o", f"cache_dir=.pytest_cache/{name}", *arguments]


def at_once(files: int) -> tuple[str, ...]:
    """Arguments for as many files at a time; one needs no process besides its own."""
    return ("-n", str(files), "--dist", "loadfile") if files > 1 else ()


def again(name: str, *arguments: str) -> int:
    """Those that have failed in this run, by themselves; the exit code."""
    print("tidework: once more, by themselves, those that failed:", flush=True)
    last = ("--last-failed", "--last-failed-no-failures", "none")
    return Part(name, *pytest(name, *last, *arguments)).ended()


def all_tests() -> int:
    """Run all of them; the exit code."""
    cores = os.cpu_count() or 1
    most, breaking = min(8, 2 * cores + 1), min(4, max(1, cores // 2))
    others = ("--ignore", "tests/faults", "tests")
    faults = ("-m", "not alone", "tests/faults")
    parts: dict[str, Part] = {}
    try:
        compileall.compile_dir(ROOT / "src", quiet=2, workers=cores)
        parts["faults"] = Part(
            "what breaks things",
            *pytest("faults", *at_once(breaking), *faults), quiet=True,
        )  # fmt: skip
        parts["others"] = Part(
            "all others",
            *pytest("others", "-n", str(most), "--dist", "worksteal", *others), yields=True,
        )  # fmt: skip
        codes = {name: parts[name].ended() for name in ("others", "faults")}
        parts["web"] = Part("web app", "scripts/web.sh", "test", quiet=True, yields=True)
        alone = (*at_once(min(2, cores)), "-m", "alone", "tests/faults")
        parts["alone"] = Part("alone", *pytest("alone", *alone))
        codes |= {name: parts[name].ended() for name in ("alone", "web")}
        for name, chosen in (("others", others), ("faults", faults), ("alone", ("tests/faults",))):
            if codes[name] == FAILED:
                codes[name] = again(name, *chosen)
    except KeyboardInterrupt:
        for part in parts.values():
            part.interrupted()
        return 130
    return 1 if any(codes.values()) else 0


def main() -> int:
    """What `make test` calls."""
    # Hundreds of processes would each compile the same sources again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if named := sys.argv[1:]:
        os.chdir(ROOT)
        many = ("-n", "logical", "--maxprocesses", "8", "--dist", "worksteal")
        command = [sys.executable, "-m", "pytest", *many, *named]
        os.execv(sys.executable, command)  # noqa: S606
    return all_tests()


if __name__ == "__main__":
    sys.exit(main())
