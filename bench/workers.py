"""How many worker processes do most here, tried out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.load import Load, Result
from bench.model import Scenario
from bench.report import Plain, table
from bench.tidework import Installation


@dataclass(slots=True)
class Workers(Plain):
    """The results by number of workers, and the best number."""

    title: str
    results: dict[int, Result]
    name: str = "workers"

    @property
    def errors(self) -> int:
        return sum(one.errors for one in self.results.values())

    @property
    def best(self) -> int:
        return max(self.results, key=lambda count: self.results[count].rate)

    def lines(self) -> list[str]:
        rows = []
        for count, one in self.results.items():
            used = f"{count} (used)" if count == self.best else str(count)
            p95, cost = one.median(lambda r: r.p95), f"{one.program_us:.0f} + {one.database_us:.0f}"
            rows.append([used, f"{one.rate:,.0f}", f"{p95:.1f}", cost])
        head = ["workers", f"requests/s: {self.title}", "p95 ms", "server + database µs"]
        return ["## Workers on PostgreSQL", "", *table(head, rows)]

    def data(self) -> Any:
        return {count: one.summary() for count, one in self.results.items()}


def measure(
    load: Load,
    installation: Installation,
    scenario: Scenario,
    counts: Sequence[int],
    *,
    rounds: int,
    seconds: int,
) -> Workers:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(installation.serve(str(count), f"{count} workers", workers=count))
            for count in counts
        ]
        results = load.in_turns(scenario, servers, rounds=rounds, seconds=seconds)
    return Workers(scenario.title, dict(zip(counts, results, strict=True)))
