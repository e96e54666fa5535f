"""The same tasks for every server: real issues where the file is at hand, else generated."""

from __future__ import annotations

import csv
import io
import lzma
import random
import re
from bisect import bisect_left
from collections import defaultdict
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
_WORD = re.compile("[a-z]{3,20}")


@dataclass(frozen=True, slots=True)
class Texts:
    """Titles with descriptions, and where they come from."""

    pairs: list[tuple[str, str]]
    origin: str

    def tasks(self, account: int, count: int, step: int = 7) -> list[dict[str, Any]]:
        """The tasks of one account: equal for every server, different between accounts.

        With a `step` of 1 all texts come before the first one comes again.
        """
        return [self._task(account * 131 + n * step, n) for n in range(count)]

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


def words(bodies: list[dict[str, Any]], low: int, high: int, count: int = 20) -> list[str]:
    """Words that, as the beginning of a word, `low` to `high` of these tasks have."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, body in enumerate(bodies):
        for word in _WORD.findall(f"{body['title']} {body['description']}".lower()):
            found[word].add(number)
    known = sorted(found)
    chosen = []
    for place, word in enumerate(known):
        end = bisect_left(known, word + "\uffff")
        matching = set().union(*(found[each] for each in known[place:end]))
        if low <= len(matching) <= high:
            chosen.append(word)
    return random.Random(7).sample(chosen, min(count, len(chosen)))
