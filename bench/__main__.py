"""The runner: prepares the servers, measures, prints and writes the report."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from bench import machine
from bench.client import BenchError
from bench.options import ROOT, Options, parse
from bench.report import Report, publish
from bench.run import Run

RESULTS = ROOT / "bench" / "results"


def main(arguments: Sequence[str]) -> int:
    """Run, and return the exit code: 1 when a request failed or the run could not go on."""
    options = parse(arguments)
    prepare()
    begin = time.monotonic()
    report = Report(options.command, machine.describe(), machine.load())
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
            Run(Path(folder), options, report, stack)()
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; every server is stopped", file=sys.stderr)
        return 130
    report.load_after = machine.load()
    report.minutes = (time.monotonic() - begin) / 60
    _publish(report, options)
    return 1 if report.errors else 0


def prepare() -> None:
    """Stop servers on every way out, and let no settings of a person decide what is measured."""
    signal.signal(signal.SIGTERM, _leave)
    for name in [name for name in os.environ if name.startswith("TIDEWORK_")]:
        del os.environ[name]


def _publish(report: Report, options: Options) -> None:
    print(publish(report, options.report))
    RESULTS.mkdir(exist_ok=True)
    name = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}-{machine.commit(ROOT)}.json"
    (RESULTS / name).write_text(report.to_json(), "utf-8")
    print(f"bench: {options.report} and {RESULTS / name} are written", file=sys.stderr)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    # Like Ctrl-C, so that every server is stopped on the way out.
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
