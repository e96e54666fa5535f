"""`make bench-web`: measures the built web app in the system's Chromium.

Prints a section of docs/benchmarks.md, and with `--report` writes it there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import machine
from bench.__main__ import RESULTS, prepare
from bench.client import BenchError
from bench.options import ROOT
from bench.report import Section, table
from bench.run import say
from bench.web import feel, lighthouse, sizes
from bench.web.site import served
from tidework.web.files import FOLDER

PARTS = ("sizes", "feel", "lighthouse")
REPORT = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- What follows is written by `python -m bench.web --report`. -->"
END = "<!-- Until here. -->"


def main(arguments: Sequence[str]) -> int:
    given = _options(arguments)
    prepare()
    before, begin = machine.load(), time.monotonic()
    try:
        sections = _measure(given)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; every server is stopped", file=sys.stderr)
        return 130
    minutes = (time.monotonic() - begin) / 60
    commit = machine.commit(ROOT)
    command = " ".join(["make bench-web", *([f'ARGS="{" ".join(arguments)}"'] * bool(arguments))])
    told = (
        f"`{command}`, {minutes:.1f} minutes, commit {commit}. {machine.usable_cores()} cores,"
        f" shared by browser, server and Lighthouse; load average before {before},"
        f" after {machine.load()}. Medians of {given.rounds} runs."
    )
    head = [
        "## The web app",
        "",
        told,
        "",
    ]
    goals = [goal for section in sections for goal in section.goals()]
    rows = [
        [goal.what, goal.measured, goal.wanted, "reached" if goal.reached else "**missed**"]
        for goal in goals
    ]
    lines = [*head, *table(["figure", "measured", "goal", ""], rows)]
    for section in sections:
        lines += ["", *section.lines()]
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    found = {section.name: section.data() for section in sections}
    file = RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}-{commit}-web.json"
    file.write_text(json.dumps(found, indent=2, default=str) + "\n", "utf-8")
    if given.report:
        write(REPORT, text)
    return 0


def write(path: Path, text: str) -> None:
    """Put the section where it was, or in front of what `python -m bench` writes."""
    page = path.read_text("utf-8")
    section = f"{BEGIN}\n\n{text}\n{END}\n"
    if BEGIN in page:
        before, _, rest = page.partition(BEGIN)
        page = before + section + rest.partition(END)[2].lstrip("\n").join(["\n", ""])
    else:
        mark = "<!-- What follows is written by `python -m bench --report`. -->"
        page = page.replace(mark, f"{section}\n{mark}", 1)
    path.write_text(page, "utf-8")


def _measure(given: argparse.Namespace) -> list[Section]:
    if not (FOLDER / "index.html").exists():
        raise BenchError("The web app is not built; `make web` builds it.")
    parts, sections = given.part or PARTS, []
    with tempfile.TemporaryDirectory(prefix="bench-web-") as name, sync_playwright() as playwright:
        folder = Path(name)
        say("seeding")
        with served(folder, given.data, given.tasks) as site:
            if "sizes" in parts:
                say("sizes")
                found = sizes.Sizes(sizes.needed(FOLDER), sizes.loaded(playwright, site))
                sections.append(found)
            if "feel" in parts:
                say("board, drag, list")
                sections.append(feel.measure(playwright, site, folder, given.rounds))
            if "lighthouse" in parts:
                say("Lighthouse")
                sections.append(
                    lighthouse.measure(playwright, site, folder, given.rounds, given.form)
                )
    return sections


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.web", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--rounds", type=int, help="runs of each (default 5, quick 1)")
    parser.add_argument("--tasks", type=int, default=20_000, help="in the long list")
    parser.add_argument("--part", action="append", choices=PARTS, help="(repeatable)")
    parser.add_argument("--form", action="append", choices=lighthouse.FORMS, help="(repeatable)")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--report", action="store_true", help=f"write {REPORT.name}")
    given = parser.parse_args(arguments)
    given.rounds = given.rounds or (1 if given.quick else 5)
    given.form = given.form or list(lighthouse.FORMS)
    return given


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
