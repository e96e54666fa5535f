"""The same tasks for every server: real issues where the file is at hand, else generated."""

from __future__ import annotations

import csv
import io
import lzma
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATUSES = ("pending", "in_progress", "completed", "cancelled")
PRIORITIES = ("low", "medium", "high", "urgent")
# Nine in ten of the real descriptions are shorter; what is cut off are pasted logs.
DESCRIPTION_LIMIT = 2000
WORDS = (
    "agent allocate batch cluster commit container deploy error event executor fail fetch flag "
    "framework handle index limit log master memory message node offer option pipeline process "
    "queue registry request resource retry schedule server slave status stream task test timeout "
    "token update user value version volume wait worker the a of to and when in is not for with"
)


@dataclass(frozen=True, slots=True)
class Texts:
    """Titles with descriptions, and where they come from."""

    pairs: list[tuple[str, str]]
    origin: str

    def tasks(self, account: int, count: int) -> list[dict[str, Any]]:
        """The tasks of one account: equal for every server, different between accounts."""
        return [self._task(account * 131 + n * 7, n) for n in range(count)]

    def _task(self, pick: int, n: int) -> dict[str, Any]:
        title, description = self.pairs[pick % len(self.pairs)]
        due = f"2027-{n % 12 + 1:02}-{n % 28 + 1:02}T12:00:00Z" if n % 3 == 0 else None
        return {
            "title": title,
            "description": description,
            "status": STATUSES[pick % 4],
            "priority": PRIORITIES[pick // 4 % 4],
            "due_at": due,
        }


def load(folder: Path) -> Texts:
    """Texts from `storypoints-mesos.csv.xz` in `folder`; generated ones when it is not there."""
    path = folder / "storypoints-mesos.csv.xz"
    if not path.is_file():
        return Texts(_generated(), "generated")
    text = lzma.decompress(path.read_bytes()).decode("utf-8", "replace").replace("\0", "")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    pairs = [
        (row["title"].strip()[:200], (row["description"] or "").strip()[:DESCRIPTION_LIMIT])
        for row in rows
    ]
    return Texts([pair for pair in pairs if pair[0]], path.name)


def _generated() -> list[tuple[str, str]]:
    """Words at random, with about the lengths of the real file."""
    dice, words = random.Random(7), WORDS.split()
    return [
        (
            " ".join(dice.choices(words, k=dice.randint(4, 13))),
            " ".join(dice.choices(words, k=min(400, int(dice.lognormvariate(4.0, 1.1))))),
        )
        for _ in range(1680)
    ]
