"""What is counted of open streams."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tidework.live.commits import LiveCommit
from tidework.times import now, parse

_LAG: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 15)


class LiveMetrics(Collector):
    """Plain numbers, read when metrics are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.delivered = 0
        self.caught_up = 0
        self._open: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()
        self._lag = Histogram(
            "tidework_live_lag_seconds",
            "Time from a command to its commit being handed to the streams.",
            buckets=_LAG,
            registry=registry,
        )
        registry.register(self)

    @property
    def open(self) -> int:
        """How many streams are open."""
        return self._open.total()

    def opened(self, kind: str) -> None:
        """A stream was opened: `sse` or `websocket`."""
        self._open[kind] += 1

    def closed(self, kind: str, why: str) -> None:
        """A stream has ended; `why` is one of a few codes."""
        self._open[kind] -= 1
        self._ended[why] += 1

    def observe(self, commits: Sequence[LiveCommit]) -> None:
        """Note how old commits are that go out now; those of an import say nothing."""
        at = parse(now())
        for commit in commits:
            if not commit.imported:
                self._lag.observe(max(0.0, (at - parse(commit.at)).total_seconds()))

    def collect(self) -> Iterator[Metric]:
        """The numbers for Prometheus."""
        open_ = GaugeMetricFamily(
            "tidework_live_streams", "Streams that are open, by kind.", labels=("kind",)
        )
        for kind in ("sse", "websocket"):
            open_.add_metric((kind,), self._open[kind])
        yield open_
        delivered = CounterMetricFamily(
            "tidework_live_commits",
            "Commits handed to streams: as they came, or from the log to those that were behind.",
            labels=("from",),
        )
        delivered.add_metric(("now",), self.delivered)
        delivered.add_metric(("log",), self.caught_up)
        yield delivered
        ended = CounterMetricFamily(
            "tidework_live_ended",
            "Streams that have ended, by reason (left: the reader's own).",
            labels=("reason",),
        )
        for why, count in list(self._ended.items()):
            ended.add_metric((why,), count)
        yield ended
