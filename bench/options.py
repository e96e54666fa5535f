"""What a run is told on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.model import scenarios

ROOT = Path(__file__).parents[1]
KEYS = ("pocketbase", "express", "sqlite", "postgres", "uncached")
PARTS = (
    "load",
    "ceiling",
    "curves",
    "steady",
    "idle",
    "live",
    "growth",
    "startup",
    "import",
    "digest",
    "events",
)
DOCS = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Options:
    quick: bool
    seconds: int
    rounds: int
    starts: int
    users: int
    tasks: int
    workers: tuple[int, ...]
    clients: int
    only: tuple[str, ...]
    scenarios: tuple[str, ...]
    parts: tuple[str, ...]
    data: Path
    report: Path
    command: str

    def has(self, *parts: str) -> bool:
        return any(part in self.parts for part in parts)


def parse(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure Tidework beside its peers."
    )
    parser.add_argument("--quick", action="store_true", help="a short, rough run")
    parser.add_argument("--seconds", type=int, help="length of a round (default 3, quick 1)")
    parser.add_argument("--rounds", type=int, help="rounds a scenario (default 3, quick 2)")
    parser.add_argument("--starts", type=int, help="starts to measure (default 5, quick 2)")
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=200, help="tasks of each user")
    parser.add_argument(
        "--workers",
        type=int,
        action="append",
        help="workers on PostgreSQL (repeatable: the best of them; default 1, 2 and 3, quick 1, 2)",
    )
    parser.add_argument(
        "--clients", type=int, default=10_000, help="idle clients, and open streams"
    )
    parser.add_argument(
        "--only", action="append", choices=KEYS, help="measure this server (repeatable)"
    )
    names = list(scenarios())
    parser.add_argument("--scenario", action="append", choices=names, help="(repeatable)")
    parser.add_argument("--part", action="append", choices=PARTS, help="(repeatable)")
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of real issues"
    )
    parser.add_argument(
        "--report",
        type=Path,
        nargs="?",
        const=DOCS,
        default=ROOT / "bench" / "report.md",
        help="where to write the report; without a path, docs/benchmarks.md",
    )
    given = parser.parse_args(arguments)
    quick: bool = given.quick
    return Options(
        quick=quick,
        seconds=given.seconds or (1 if quick else 3),
        rounds=given.rounds or (2 if quick else 3),
        starts=given.starts or (2 if quick else 5),
        users=given.users,
        tasks=given.tasks,
        workers=tuple(given.workers or ((1, 2) if quick else (1, 2, 3))),
        clients=given.clients,
        only=tuple(given.only or KEYS),
        scenarios=tuple(given.scenario or names),
        parts=tuple(given.part or PARTS),
        data=given.data,
        report=given.report,
        command=" ".join(["python -m bench", *arguments]),
    )
