"""What a run found, as Markdown to read and as JSON to compute with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

GENERATED = "<!-- What follows is written by `python -m bench --report`. -->"


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure that the product is held to."""

    what: str
    measured: str
    wanted: str
    reached: bool


class Section(Protocol):
    """One part of a run."""

    name: str

    @property
    def errors(self) -> int:
        """Requests that failed, where none may."""

    def goals(self) -> Iterable[Goal]: ...

    def lines(self) -> list[str]:
        """Markdown."""

    def data(self) -> Any:
        """Every reading, for JSON."""

    def plots(self, folder: Path) -> Iterable[tuple[str, str]]:
        """Draw into the folder; titles and names of the files."""


class Plain:
    """What most sections have in common: nothing failed, nothing to draw, no goals."""

    errors = 0

    def goals(self) -> Iterable[Goal]:
        return ()

    def plots(self, folder: Path) -> Iterable[tuple[str, str]]:
        return ()


@dataclass(slots=True)
class Report:
    command: str
    machine: dict[str, str]
    load_before: str
    load_after: str = ""
    minutes: float = 0.0
    seeded: str = ""
    sections: list[Section] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        return sum(section.errors for section in self.sections)

    def goals(self) -> list[Goal]:
        return [goal for section in self.sections for goal in section.goals()]

    def to_json(self) -> str:
        found: dict[str, Any] = {
            "command": self.command,
            "machine": self.machine,
            "load_before": self.load_before,
            "load_after": self.load_after,
            "minutes": round(self.minutes, 1),
            "seconds_by_part": {name: round(value, 1) for name, value in self.seconds.items()},
            "data": self.seeded,
            **{section.name: section.data() for section in self.sections},
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

    def to_markdown(self, plots: Sequence[tuple[str, str]] = ()) -> str:
        parts = [[f"`{self.command}`, {self.minutes:.1f} minutes."], self._conditions()]
        parts += [self._verdicts()]
        if plots:
            pictures = [f"![{title}]({path})\n" for title, path in plots]
            parts += [["## Pictures", "", *pictures]]
        parts += [section.lines() for section in self.sections]
        return "\n\n".join("\n".join(lines).strip("\n") for lines in parts if lines) + "\n"

    def _conditions(self) -> list[str]:
        facts = {**self.machine, "load average before": self.load_before}
        facts |= {"load average after": self.load_after}
        if self.seeded:
            facts["data"] = self.seeded
        if self.skipped:
            facts["left out"] = "; ".join(self.skipped)
        return [f"- {name}: {value}" for name, value in facts.items()]

    def _verdicts(self) -> list[str]:
        lines = ["## Goals", ""]
        if goals := self.goals():
            rows = [[g.what, g.measured, g.wanted, _word(g.reached)] for g in goals]
            lines += [*table(["figure", "measured", "goal", ""], rows), ""]
        lines.append(f"Failed requests: {self.errors}." + (" THIS RUN FAILS." * bool(self.errors)))
        return lines


def publish(report: Report, path: Path) -> str:
    """Write the report, its pictures into a folder beside it, and return the Markdown.

    What a person wrote above `GENERATED` stays.
    """
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    plots = [
        (title, f"{folder.name}/{name}")
        for section in report.sections
        for title, name in section.plots(folder)
    ]
    text = report.to_markdown(plots)
    above = "# Benchmarks\n"
    if path.exists():
        before, mark, _ = path.read_text("utf-8").partition(GENERATED)
        above = before.rstrip("\n") + "\n" if mark else above
    path.write_text(f"{above}\n{GENERATED}\n\n{text}", "utf-8")
    return f"{above}\n{text}"


def _word(reached: bool) -> str:
    return "reached" if reached else "**missed**"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
