"""What a run found, as Markdown to quote and as JSON to compute with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.imports import Import
from bench.load import CONNECTIONS, THREADS, Result
from bench.model import SCENARIOS, Scenario
from bench.startup import Startup

PEER, MAIN, BESIDE = "pocketbase", "sqlite", "postgres"
READY_TARGET_SECONDS, MEMORY_TARGET_MEGABYTES, IMPORT_TARGET_SECONDS = 2.0, 130.0, 60.0


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure that the product is held to."""

    what: str
    measured: str
    wanted: str
    reached: bool


@dataclass(slots=True)
class Report:
    command: str
    machine: dict[str, str]
    load_before: str
    load_after: str = ""
    minutes: float = 0.0
    seeded: str = ""
    shape: str = ""
    titles: dict[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    memory_after_load: dict[str, float] = field(default_factory=dict)
    startups: list[Startup] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return sum(result.errors for result in self.results)

    def result(self, scenario: str, server: str) -> Result | None:
        for one in self.results:
            if (one.scenario, one.server) == (scenario, server):
                return one
        return None

    def ratio(self, scenario: str, server: str) -> float | None:
        ours, theirs = self.result(scenario, server), self.result(scenario, PEER)
        return ours.rate / theirs.rate if ours and theirs else None

    def goals(self) -> list[Goal]:
        return [*self._rate_goals(), *self._latency_goals(), *self._other_goals()]

    def _rate_goals(self) -> Iterable[Goal]:
        for one in SCENARIOS:
            ratio = self.ratio(one.name, MAIN)
            if ratio is not None and one.target is not None:
                what = f"{one.title}, requests/s against PocketBase"
                wanted = f"≥ {one.target:g} x"
                yield Goal(what, f"{ratio:.1f} x", wanted, ratio >= one.target)

    def _latency_goals(self) -> Iterable[Goal]:
        for one in SCENARIOS:
            ours, theirs = self.result(one.name, MAIN), self.result(one.name, PEER)
            if ours and theirs:
                mine, other = (_p99(result) for result in (ours, theirs))
                what = f"{one.title}, p99"
                yield Goal(what, f"{mine:.1f} ms", f"≤ {other:.1f} ms", mine <= other)

    def _other_goals(self) -> Iterable[Goal]:
        for one in self.startups:
            if not one.what.startswith("Tidework"):
                continue
            ready = one.median <= READY_TARGET_SECONDS
            wanted = f"≤ {READY_TARGET_SECONDS:g} s"
            yield Goal(f"ready, {one.what}", f"{one.median:.2f} s", wanted, ready)
            small = one.rss_megabytes <= MEMORY_TARGET_MEGABYTES
            wanted = f"≤ {MEMORY_TARGET_MEGABYTES:g} MB"
            yield Goal(f"resident, {one.what}", f"{one.rss_megabytes:.0f} MB", wanted, small)
        for each in self.imports:
            wanted = f"≤ {IMPORT_TARGET_SECONDS:g} s"
            fast = each.seconds <= IMPORT_TARGET_SECONDS
            yield Goal(
                f"import of the Jira file, {each.store}", f"{each.seconds:.1f} s", wanted, fast
            )

    def to_json(self) -> str:
        found: dict[str, Any] = {
            "command": self.command,
            "machine": self.machine,
            "load_before": self.load_before,
            "load_after": self.load_after,
            "minutes": round(self.minutes, 1),
            "data": self.seeded,
            "scenarios": [
                {"scenario": one.scenario, "server": one.server, **one.summary()}
                for one in self.results
            ],
            "memory_after_load_megabytes": self.memory_after_load,
            "startups": [
                {
                    "what": one.what,
                    "seconds": [round(each, 3) for each in one.seconds],
                    "rss_megabytes": round(one.rss_megabytes, 1),
                    "pss_megabytes": round(one.pss_megabytes, 1),
                    "processes": one.memory[0].processes,
                }
                for one in self.startups
            ],
            "imports": [{"store": i.store, "seconds": round(i.seconds, 2)} for i in self.imports],
            "goals": [
                {
                    "what": goal.what,
                    "measured": goal.measured,
                    "wanted": goal.wanted,
                    "reached": goal.reached,
                }
                for goal in self.goals()
            ],
            "skipped": self.skipped,
        }
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        parts = [["# Benchmarks", "", f"`{self.command}`, {self.minutes:.1f} minutes."]]
        parts += [self._conditions(), self._rates(), self._details(), self._starts()]
        parts += [self._import_lines(), self._verdicts()]
        return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"

    def _conditions(self) -> list[str]:
        facts = {**self.machine, "load average before": self.load_before}
        facts |= {"load average after": self.load_after, "data": self.seeded}
        if self.skipped:
            facts["left out"] = "; ".join(self.skipped)
        return [f"- {name}: {value}" for name, value in facts.items()]

    def _rates(self) -> list[str]:
        if not self.results:
            return []
        keys = list(self.titles)
        head = ["requests/s", *(self.titles[key] for key in keys)]
        head += [f"{self.titles[key]} / PocketBase" for key in keys if key != PEER]
        rows = [self._rate_row(one, keys) for one in SCENARIOS if self._any(one, keys)]
        return ["## Requests per second", "", *_table([*head, "target"], rows), "", self.shape]

    def _rate_row(self, scenario: Scenario, keys: Sequence[str]) -> list[str]:
        row = [scenario.title]
        for key in keys:
            one = self.result(scenario.name, key)
            note = " (its list)" if key == PEER and scenario.mix != scenario.peer_mix else ""
            row.append(f"{one.rate:,.0f}{note}" if one else "-")
        for key in keys:
            if key != PEER:
                ratio = self.ratio(scenario.name, key)
                row.append(f"{ratio:.1f} x" if ratio else "-")
        return [*row, f"≥ {scenario.target:g} x" if scenario.target else ""]

    def _any(self, scenario: Scenario, keys: Sequence[str]) -> bool:
        return any(self.result(scenario.name, key) for key in keys)

    def _details(self) -> list[str]:
        if not self.results:
            return []
        head = ["scenario", "server", "rounds from-to", "p50 ms", "p99 ms", "max ms"]
        head += ["bytes/answer", "server, cores", "wrk, cores"]
        head += ["others, cores", "errors"]
        rows = []
        for one in self.results:
            s = one.summary()
            span = f"{s['slowest_round']:,.0f}-{s['fastest_round']:,.0f}"
            row = [one.scenario, self.titles[one.server], span, s["p50_ms"], s["p99_ms"]]
            row += [s["max_ms"], s["bytes_per_answer"], s["server_cores"], s["wrk_cores"]]
            row += [s["other_cores"], s["errors"]]
            rows.append([str(cell) for cell in row])
        lines = ["## Latency and where the processor went", "", *_table(head, rows), ""]
        lines.append(
            "Medians over the rounds. wrk shares the cores: what it uses, the server cannot have. "
            "PostgreSQL's processes count as part of their server. Others: what else the machine did."
        )
        for key, megabytes in self.memory_after_load.items():
            lines.append(f"Resident after the load: {self.titles[key]} {megabytes:.0f} MB.")
        return lines

    def _starts(self) -> list[str]:
        if not self.startups:
            return []
        head = ["start", "command", "ready s", "from-to", "RSS MB", "PSS MB", "processes"]
        rows = [
            [
                one.what,
                f"`{one.command}`",
                f"{one.median:.2f}",
                f"{min(one.seconds):.2f}-{max(one.seconds):.2f}",
                f"{one.rss_megabytes:.0f}",
                f"{one.pss_megabytes:.0f}",
                str(one.memory[0].processes),
            ]
            for one in self.startups
        ]
        count = len(self.startups[0].seconds)
        note = f"Median of {count} starts; memory of the whole process tree, a second after ready."
        return ["## Start", "", *_table(head, rows), "", note]

    def _import_lines(self) -> list[str]:
        if not self.imports:
            return []
        rows = [[one.store, f"`{one.command}`", f"{one.seconds:.1f}"] for one in self.imports]
        return ["## Import", "", *_table(["store", "command", "seconds"], rows)]

    def _verdicts(self) -> list[str]:
        goals = self.goals()
        lines = ["## Goals", ""] if goals or self.results else []
        if goals:
            rows = [[g.what, g.measured, g.wanted, _word(g.reached)] for g in goals]
            lines += [*_table(["figure", "measured", "goal", ""], rows), ""]
        if self.results:
            lines.append(
                f"Failed requests: {self.errors}." + (" THIS RUN FAILS." * bool(self.errors))
            )
        return lines


def load_command(seconds: int) -> str:
    return f"wrk -t{THREADS} -c{CONNECTIONS} -d{seconds}s -s bench/wrk.lua URL -- SEED REQUESTS:PERCENT…"


def _word(reached: bool) -> str:
    return "reached" if reached else "**missed**"


def _p99(result: Result) -> float:
    return result.median(lambda one: one.p99)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
