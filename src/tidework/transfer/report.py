"""What an import did, and everything about its source that it could not take as it stood."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

EXAMPLES_KEPT = 10_000

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is, in a unit of the caller's work."""


class MappingRow(msgspec.Struct, frozen=True):
    """How one value of the source is taken over, and how often it occurs."""

    field: str
    value: str
    count: int
    becomes: str


class Finding(msgspec.Struct):
    """One kind of thing that was not taken as it stood: how often, and where.

    `examples` holds at most `EXAMPLES_KEPT` entries; `count` counts them all.
    """

    meaning: str
    count: int = 0
    examples: list[str] = []


class ImportReport(msgspec.Struct):
    """The result of an import.

    `found` counts what the source holds and `written` what this run added to the workspace, by
    entity (`commits` among them); `unchanged` is how many issues or rows were there already.
    `findings` are by kind. `columns` are those of the last CSV file.
    """

    found: dict[str, int] = {}
    written: dict[str, int] = {}
    unchanged: int = 0
    mapping: list[MappingRow] = []
    findings: dict[str, Finding] = {}
    workspace_id: str | None = None
    columns: list[str] = []

    def note(self, kind: str, meaning: str, example: str) -> None:
        """Count one thing of this kind, and list it; once, when it is noted several times running."""
        finding = self.findings.get(kind)
        if finding is None:
            finding = self.findings[kind] = Finding(meaning)
        elif finding.examples[-1] == example:
            return
        finding.count += 1
        if len(finding.examples) < EXAMPLES_KEPT:
            finding.examples.append(example)

    def snapshot(self) -> dict[str, tuple[int, int]]:
        """What has been noted so far, for `rewind`."""
        return {kind: (f.count, len(f.examples)) for kind, f in self.findings.items()}

    def rewind(self, snapshot: dict[str, tuple[int, int]]) -> None:
        """Forget what was noted since `snapshot`, because it will be noted again."""
        for kind in list(self.findings):
            if kind not in snapshot:
                del self.findings[kind]
                continue
            finding = self.findings[kind]
            finding.count, kept = snapshot[kind]
            del finding.examples[kept:]

    def add(self, what: str, times: int = 1) -> None:
        """Count something that was written."""
        self.written[what] = self.written.get(what, 0) + times

    def lines(self, examples: int = 5) -> list[str]:
        """The report for people, with at most that many examples of each finding."""
        done = ", ".join(f"{n} {what}" for what, n in sorted(self.written.items())) or "nothing new"
        text = [f"Read {_counts(self.found)}.", f"Written: {done}; unchanged: {self.unchanged}."]
        for kind, finding in sorted(self.findings.items()):
            text.append(f"{finding.count} x {kind}: {finding.meaning}")
            text += [f"    {example}" for example in finding.examples[:examples]]
            if finding.count > examples:
                text.append(f"    … and {finding.count - min(examples, finding.count)} more")
        return text

    def as_json(self) -> dict[str, Any]:
        """The report for scripts."""
        result: dict[str, Any] = msgspec.to_builtins(self)
        return result


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{n} {what}" for what, n in found.items()) or "nothing"


def mapping_lines(rows: Sequence[MappingRow]) -> list[str]:
    """The mapping for people, one line for each value of the source."""
    width = max((len(f"{row.field} {row.value}") for row in rows), default=0)
    return [
        f"{f'{row.field} {row.value}':<{width}}  →  {row.becomes}  ({row.count})" for row in rows
    ]
