"""Throughput over the number of connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench import plots
from bench.load import Load, Round, one_round
from bench.model import Scenario, Server
from bench.report import Plain, table


@dataclass(slots=True)
class Curves(Plain):
    """A round for each number of connections, by scenario and server."""

    titles: dict[str, str]
    scenarios: dict[str, str]
    seconds: int
    found: dict[tuple[str, str], dict[int, Round]] = field(default_factory=dict)
    name: str = "connections"

    @property
    def errors(self) -> int:
        return sum(one.errors for line in self.found.values() for one in line.values())

    def lines(self) -> list[str]:
        counts = sorted({count for line in self.found.values() for count in line})
        head = ["requests/s (p99 ms)", "server", *(f"{count} connections" for count in counts)]
        rows = []
        for (scenario, key), line in self.found.items():
            cells = [f"{line[c].rate:,.0f} ({line[c].p99:.0f})" for c in counts]
            rows.append([self.scenarios[scenario], self.titles[key], *cells])
        note = f"One round of {self.seconds} s each, servers in turns."
        return ["## Over connections", "", *table(head, rows), "", note]

    def data(self) -> Any:
        return [
            {"scenario": scenario, "server": key, "connections": count, **asdict(one)}
            for (scenario, key), line in self.found.items()
            for count, one in line.items()
        ]

    def plots(self, folder: Path) -> Iterable[tuple[str, str]]:
        for name, title in self.scenarios.items():
            lines = {
                self.titles[key]: [(count, one.rate) for count, one in line.items()]
                for (scenario, key), line in self.found.items()
                if scenario == name
            }
            file, title = f"connections-{name}.svg", f"Requests/s over connections: {title}"
            plots.curves(folder / file, title, "connections", "requests/s", lines)
            yield title, file


def measure(
    load: Load,
    scenarios: Sequence[Scenario],
    servers: Sequence[Server],
    counts: Sequence[int],
    seconds: int,
) -> Curves:
    titles = {server.key: server.title for server in servers}
    section = Curves(titles, {one.name: one.title for one in scenarios}, seconds)
    for scenario in scenarios:
        files = {server.key: load.requests(scenario, server) for server in servers}
        for count in counts:
            for server in servers:
                line = section.found.setdefault((scenario.name, server.key), {})
                line[count] = one_round(server, files[server.key], seconds, count, seed=count)
    return section
