"""What the caches keep off the database, as the server's own metrics say."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench.client import BenchError
from bench.report import Goal, Plain, table
from bench.tidework import Tidework

SHARE = 0.8
TASKS = "/tasks"
# The queries that read what a list or a task is answered with.
DATA_QUERIES = ("task", "task_by_number", "task_list", "task_search", "task_count")
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? ([0-9.eE+-]+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Samples = Counter[tuple[str, frozenset[tuple[str, str]]]]


@dataclass(slots=True)
class Caches(Plain):
    """Differences between the metrics before and after a load, added up over the workers."""

    scenario: str
    title: str
    samples: Samples
    name: str = "caches"

    @property
    def reads(self) -> float:
        """Reads of tasks that were answered."""
        return sum(
            value
            for labels, value in self._of("tidework_http_requests_total")
            if labels.get("method") == "GET"
            and TASKS in labels.get("route", "")
            and labels.get("status") in {"200", "304"}
        )

    @property
    def queries(self) -> dict[str, float]:
        found: Counter[str] = Counter()
        for labels, value in self._of("tidework_query_duration_seconds_count"):
            if value:
                found[labels["query"]] += value
        return dict(found.most_common())

    @property
    def share(self) -> float:
        """The share of reads that needed no data query."""
        asked = sum(self.queries.get(name, 0) for name in DATA_QUERIES)
        return 1 - asked / self.reads if self.reads else 0.0

    @property
    def tiers(self) -> dict[str, float]:
        hits: Counter[str] = Counter()
        both: Counter[str] = Counter()
        for labels, value in self._of("tidework_cache_lookups_total"):
            both[labels["tier"]] += value
            hits[labels["tier"]] += value * (labels["result"] == "hit")
        return {tier: hits[tier] / both[tier] for tier in both if both[tier]}

    def goals(self) -> Iterable[Goal]:
        what = f"{self.title}: data queries kept off the database"
        yield Goal(what, f"{self.share:.0%}", f"≥ {SHARE:.0%}", self.share >= SHARE)

    def lines(self) -> list[str]:
        rows = [["reads without a data query", f"{self.share:.1%} of {self.reads:,.0f}"]]
        rows += [[f"hits of the tier `{tier}`", f"{part:.1%}"] for tier, part in self.tiers.items()]
        rows += [
            [f"query `{name}`", f"{value:,.0f}"] for name, value in list(self.queries.items())[:8]
        ]
        note = "From `/metrics`, before and after the load, all workers."
        head = [self.title, ""]
        return ["## Caches", "", *table(head, rows), "", note]

    def data(self) -> Any:
        return {
            "scenario": self.scenario,
            "share": round(self.share, 4),
            "reads": self.reads,
            "tiers": {tier: round(part, 4) for tier, part in self.tiers.items()},
            "queries": self.queries,
        }

    def _of(self, name: str) -> Iterable[tuple[dict[str, str], float]]:
        for (sample, labels), value in self.samples.items():
            if sample == name:
                yield dict(labels), value


def scrape(server: Tidework) -> Samples:
    """The metrics of all workers, added up."""
    url = f"http://127.0.0.1:{server.metrics_port}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return parse(answer.read().decode())
    except urllib.error.URLError as error:
        raise BenchError(f"{url} does not answer: {error}") from error


def parse(text: str) -> Samples:
    """Prometheus' text format."""
    found: Samples = Counter()
    for line in text.splitlines():
        if sample := _SAMPLE.match(line):
            labels = frozenset(_LABEL.findall(sample[2] or ""))
            found[sample[1], labels] += float(sample[3])
    return found


def difference(before: Samples, after: Samples) -> Samples:
    return Counter({key: value - before[key] for key, value in after.items()})
