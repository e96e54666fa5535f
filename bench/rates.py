"""Requests per second of every server in every scenario, in turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import machine, plots
from bench.load import Result, command
from bench.model import Scenario
from bench.report import Goal, Plain, table

PEER, MAIN = "pocketbase", "sqlite"
IDLE_SHARE = 0.15
MIX_RATE, MIX_P95 = 4_000, 50.0
"""What 90 % reads and 10 % writes must come to on PostgreSQL."""


@dataclass(slots=True)
class Rates(Plain):
    """The results, with each server's title by its key."""

    scenarios: Sequence[Scenario]
    titles: dict[str, str]
    rounds: int
    seconds: int
    results: list[Result] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    name: str = "scenarios"

    @property
    def errors(self) -> int:
        return sum(result.errors for result in self.results)

    def result(self, scenario: str, server: str) -> Result | None:
        for one in self.results:
            if (one.scenario, one.server) == (scenario, server):
                return one
        return None

    def ratio(self, scenario: str, server: str, against: str) -> float | None:
        ours, theirs = self.result(scenario, server), self.result(scenario, against)
        return ours.rate / theirs.rate if ours and theirs else None

    def goals(self) -> Iterable[Goal]:
        for one in self.scenarios:
            for target in one.targets:
                ratio = self.ratio(one.name, target.server, target.against)
                if ratio is not None:
                    pair = f"{self.titles[target.server]} against {self.titles[target.against]}"
                    wanted = f"≥ {target.times:g} x"
                    reached = ratio >= target.times
                    yield Goal(f"{one.title}: {pair}", f"{ratio:.1f} x", wanted, reached)
        yield from self._latency_goals()
        mix = self.result("mix", "postgres")
        if mix:
            p95 = mix.median(lambda one: one.p95)
            reached = mix.rate >= MIX_RATE and p95 < MIX_P95 and not mix.errors
            yield Goal(
                "90 % reads, 10 % writes: Tidework, PostgreSQL",
                f"{mix.rate:,.0f}/s, p95 {p95:.1f} ms, {mix.errors} errors",
                f"≥ {MIX_RATE:,}/s, p95 < {MIX_P95:g} ms, none",
                reached,
            )

    def _latency_goals(self) -> Iterable[Goal]:
        for one in self.scenarios:
            ours, theirs = self.result(one.name, MAIN), self.result(one.name, PEER)
            if ours and theirs:
                mine, other = (_p99(result) for result in (ours, theirs))
                what = f"{one.title}, p99: Tidework, SQLite against PocketBase"
                yield Goal(what, f"{mine:.1f} ms", f"≤ {other:.1f} ms", mine <= other)

    def lines(self) -> list[str]:
        keys = [key for key in self.titles if any(one.server == key for one in self.results)]
        present = [one for one in self.scenarios if any(self.result(one.name, k) for k in keys)]
        rows = [self._row(one, keys) for one in present]
        shown = " ".join(command("URL", self.seconds, 32, ["REQUESTS:PERCENT…"], "SEED"))
        return [
            "## Requests per second",
            "",
            *table(["requests/s", *(self.titles[key] for key in keys)], rows),
            "",
            f"Medians of {self.rounds} rounds of {self.seconds} s, all servers in turns: `{shown}`",
            "",
            *self._ratios(present, keys),
            *self._limit(),
            *self._costs(),
        ]

    def _limit(self) -> list[str]:
        """What keeps the mix on PostgreSQL from doing more: what the cores were busy with."""
        mix = self.result("mix", "postgres")
        if not mix:
            return []
        parts = {
            "Tidework": mix.median(lambda one: one.program_cpu / one.seconds),
            "PostgreSQL": mix.median(lambda one: one.database_cpu / one.seconds),
            "wrk": mix.median(lambda one: one.wrk_cpu / one.seconds),
            "others": mix.median(lambda one: one.other_cpu / one.seconds),
        }
        return [limit(parts, machine.usable_cores()), ""]

    def _row(self, scenario: Scenario, keys: Sequence[str]) -> list[str]:
        row = [scenario.title]
        for key in keys:
            one = self.result(scenario.name, key)
            note = " (its list)" if key in (scenario.instead or {}) else ""
            row.append(f"{one.rate:,.0f}{note}" if one else "-")
        return row

    def _ratios(self, present: Sequence[Scenario], keys: Sequence[str]) -> list[str]:
        peers = [key for key in keys if key in {PEER, "express"}]
        pairs = [(key, peer) for peer in peers for key in keys if key not in peers]
        if not pairs:
            return []
        head = ["times", *(f"{self.titles[a]} / {self.titles[b]}" for a, b in pairs)]
        rows = []
        for one in present:
            ratios = [self.ratio(one.name, a, b) for a, b in pairs]
            if any(ratios):
                rows.append([one.title, *(f"{each:.1f} x" if each else "-" for each in ratios)])
        return [*table(head, rows), ""]

    def _costs(self) -> list[str]:
        head = ["scenario", "server", "rounds from-to", "p50 ms", "p95 ms", "p99 ms", "max ms"]
        head += ["bytes/answer", "server µs", "database µs", "server, cores", "wrk, cores"]
        head += ["others, cores", "errors"]
        rows = []
        for one in self.results:
            s = one.summary()
            span = f"{s['slowest_round']:,.0f}-{s['fastest_round']:,.0f}"
            row = [one.scenario, self.titles[one.server], span, s["p50_ms"], s["p95_ms"]]
            row += [s["p99_ms"], s["max_ms"], s["bytes_per_answer"], round(s["program_us"])]
            row += [round(s["database_us"]), s["server_cores"], s["wrk_cores"]]
            row += [s["other_cores"], s["errors"]]
            rows.append([str(cell) for cell in row])
        lines = ["## Latency and what a request costs", "", *table(head, rows), ""]
        lines.append(
            "Medians over the rounds. µs: processor time of a request, in the server's own"
            " processes and in PostgreSQL's. wrk shares the cores: what it uses, the server cannot"
            " have. Others: what else the machine did."
        )
        resident = ", ".join(f"{self.titles[key]} {mb:.0f} MB" for key, mb in self.memory.items())
        return [*lines, "", f"Resident after the load: {resident}."]

    def data(self) -> Any:
        return {
            "rounds": [
                {"scenario": one.scenario, "server": one.server, **one.summary()}
                for one in self.results
            ],
            "memory_after_load_megabytes": self.memory,
        }

    def plots(self, folder: Path) -> Iterable[tuple[str, str]]:
        """Processor time of a request: the server's own, the database's."""
        shown = [one for one in self.results if one.scenario in {"list", "get", "create", "mix"}]
        bars = [
            (f"{one.scenario} · {self.titles[one.server]}", one.program_us, one.database_us)
            for one in sorted(shown, key=lambda one: one.scenario)
        ]
        if bars:
            title = "Processor time of a request, µs"
            plots.stacked(folder / "cost.svg", title, bars, ("server", "PostgreSQL"))
            yield title, "cost.svg"


def limit(parts: dict[str, float], cores: int) -> str:
    """Which resource is used up, from the cores that each part kept busy."""
    idle = max(0.0, cores - sum(parts.values()))
    shares = ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
    most = max(("Tidework", "PostgreSQL"), key=lambda name: parts[name])
    what = f"the processor, most of it {most}"
    if idle > IDLE_SHARE * cores:
        what = "waiting, for the disk or for each other: cores are idle"
    return (
        f"The next limit of 90 % reads, 10 % writes on PostgreSQL is {what} (of {cores} cores:"
        f" {shares}, idle {idle:.2f})."
    )


def _p99(result: Result) -> float:
    return result.median(lambda one: one.p99)
