"""Lighthouse's scores of the built app, signed in and not."""

from __future__ import annotations

import json
import os
import shutil
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.client import BenchError
from bench.options import ROOT
from bench.processes import call, free_port
from bench.report import Goal, Plain, table
from bench.web.site import Site, browser

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules" / "lighthouse" / "cli" / "index.js"
LEAST = 95
CATEGORIES = ("performance", "accessibility", "best-practices")
FORMS = {"desktop": ("--preset=desktop",), "mobile": ()}
TIMES = {
    "first-contentful-paint": "FCP s",
    "largest-contentful-paint": "LCP s",
    "total-blocking-time": "TBT s",
    "cumulative-layout-shift": "CLS",
}
PAGES = {
    "sign in": "/login",
    "my tasks": "/my-tasks",
    "list": "/w/{jira}/list",
    "board": "/w/{jira}/board",
}


@dataclass(frozen=True, slots=True)
class Reading:
    scores: dict[str, int]
    times: dict[str, float]
    wrong: tuple[str, ...]
    """Audits of accessibility and best practices that failed."""


@dataclass(slots=True)
class Lighthouse(Plain):
    version: str = ""
    found: dict[tuple[str, str], list[Reading]] = field(default_factory=dict)
    name: str = "web_lighthouse"

    def _score(self, key: tuple[str, str], category: str) -> int:
        return round(statistics.median(one.scores[category] for one in self.found[key]))

    def goals(self) -> Iterable[Goal]:
        for form in FORMS:
            keys = [key for key in self.found if key[0] == form]
            for category in CATEGORIES if keys else ():
                scores = {page: self._score((form, page), category) for _, page in keys}
                worst = min(scores, key=lambda page: scores[page])
                what = f"Lighthouse, {form}, {category.replace('-', ' ')}, the worst page"
                measured = f"{scores[worst]} ({worst})"
                yield Goal(what, measured, f"≥ {LEAST}", scores[worst] >= LEAST)

    def lines(self) -> list[str]:
        head = ["", "page", "performance", "accessibility", "best practices", *TIMES.values()]
        rows = []
        for key, readings in self.found.items():
            scores = [str(self._score(key, category)) for category in CATEGORIES]
            times = [
                f"{statistics.median(one.times[name] for one in readings):.2f}" for name in TIMES
            ]
            rows.append([*key, *scores, *times])
        told = (
            f"Lighthouse {self.version}, medians. Desktop and mobile are its presets; mobile is a"
        )
        told += " slow phone (a quarter of this processor) on a slow network, both simulated."
        wrong = sorted({one for all_ in self.found.values() for each in all_ for one in each.wrong})
        if wrong:
            told += f" Audits that fail somewhere: {', '.join(wrong)}."
        return ["### Lighthouse", "", *table(head, rows), "", told]

    def data(self) -> Any:
        return {
            " ".join(key): [{"scores": one.scores, "times": one.times} for one in readings]
            for key, readings in self.found.items()
        }


def node() -> str:
    """Lighthouse needs a newer Node than the app; the benchmarks' environment has one."""
    own = ROOT / ".venv" / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        raise BenchError("Node 22.19 or newer is missing; scripts/setup.sh bench fetches one.")
    return found


def install() -> None:
    """Lighthouse from its lock, where it is not there yet."""
    lock, done = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    folder = Path(node()).parent
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    call(["npm", "ci", "--no-audit", "--no-fund"], env={"PATH": path}, cwd=HERE)


def measure(
    playwright: Playwright, site: Site, folder: Path, rounds: int, forms: Iterable[str] = FORMS
) -> Lighthouse:
    install()
    version = call([node(), str(PROGRAM), "--version"], cwd=HERE).strip()
    result = Lighthouse(version)
    for form in forms:
        for page, path in PAGES.items():
            address = f"{site.url}{path.format(jira=site.jira)}"
            readings = [
                _reading(playwright, site, folder / f"{form}-{page}-{number}", form, address)
                for number in range(rounds)
            ]
            result.found[form, page] = readings
    return result


def _reading(playwright: Playwright, site: Site, folder: Path, form: str, address: str) -> Reading:
    """One run in a profile of its own, signed in unless the page is for nobody."""
    port, report = free_port(), folder.with_suffix(".json")
    user = None if address.endswith("/login") else 0
    flags = [f"--remote-debugging-port={port}"]
    with browser(playwright, site, folder, flags=flags, user=user):
        call(
            [
                node(), str(PROGRAM), address, *FORMS[form], f"--port={port}", "--quiet",
                f"--only-categories={','.join(CATEGORIES)}",
                "--output=json", f"--output-path={report}",
            ],
            cwd=HERE,
        )  # fmt: skip
    found = json.loads(report.read_text("utf-8"))
    if (error := found.get("runtimeError")) is not None:
        raise BenchError(f"Lighthouse could not look at {address}: {error['message']}")
    ended = found["finalDisplayedUrl"].split("?")[0]
    if ended != address:
        raise BenchError(f"Lighthouse was to look at {address} and was sent to {ended}.")
    audits = found["audits"]
    scores = {name: round(100 * found["categories"][name]["score"]) for name in CATEGORIES}
    times = {
        name: audits[name]["numericValue"] / (1 if name.startswith("cum") else 1000)
        for name in TIMES
    }
    wrong = tuple(
        audit["id"]
        for name in CATEGORIES[1:]
        for audit in found["categories"][name]["auditRefs"]
        if audit["weight"] and audits[audit["id"]]["score"] == 0
    )
    return Reading(scores, times, wrong)
