"""What is asked when metrics are read, so that using it costs nothing: pools, caches, the process."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class PoolStats(NamedTuple):
    """What a pool of connections is doing: its size, how many are out, how many wait for one.

    `acquired` connections were handed out so far, for which callers waited `waited` seconds.
    """

    size: int
    in_use: int
    waiting: int
    acquired: int = 0
    waited: float = 0.0


class CacheStats(Protocol):
    """A cache that counts. `used` is its size, in whatever it is bounded by."""

    hits: int
    misses: int

    @property
    def used(self) -> int:
        """Its size now."""
        ...


class Parts(Collector):
    """Pools and caches by name, and what is counted by plain numbers."""

    def __init__(self, in_flight: Callable[[], int], pending: Callable[[], int]) -> None:
        self.pools: dict[str, Callable[[], PoolStats]] = {}
        self.caches: dict[str, CacheStats] = {}
        self._in_flight = in_flight
        self._pending = pending

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "tidework_http_requests_in_flight", "Requests being served now.", self._in_flight()
        )
        yield GaugeMetricFamily(
            "tidework_commits_pending",
            "Commits that wait to be written or are being written.",
            self._pending(),
        )
        yield from self._of_pools()
        yield from self._of_caches()

    def _of_pools(self) -> Iterator[Metric]:
        labels = ("pool",)
        size = GaugeMetricFamily("tidework_pool_connections", "Open connections.", labels=labels)
        in_use = GaugeMetricFamily(
            "tidework_pool_connections_in_use", "Connections in use.", labels=labels
        )
        waiting = GaugeMetricFamily(
            "tidework_pool_waiting", "Requests that wait for a connection.", labels=labels
        )
        acquired = CounterMetricFamily(
            "tidework_pool_acquisitions", "Connections handed out.", labels=labels
        )
        waited = CounterMetricFamily(
            "tidework_pool_wait_seconds", "Time that callers waited for connections.", labels=labels
        )
        for name, stats in list(self.pools.items()):
            now = stats()
            size.add_metric((name,), now.size)
            in_use.add_metric((name,), now.in_use)
            waiting.add_metric((name,), now.waiting)
            acquired.add_metric((name,), now.acquired)
            waited.add_metric((name,), now.waited)
        return iter((size, in_use, waiting, acquired, waited))

    def _of_caches(self) -> Iterator[Metric]:
        lookups = CounterMetricFamily(
            "tidework_cache_lookups",
            "Look-ups in the caches, by tier and result (hit, miss).",
            labels=("tier", "result"),
        )
        used = GaugeMetricFamily(
            "tidework_cache_used",
            "How full a cache is: bytes for answers, entries for all others.",
            labels=("tier",),
        )
        for tier, cache in list(self.caches.items()):
            lookups.add_metric((tier, "hit"), cache.hits)
            lookups.add_metric((tier, "miss"), cache.misses)
            used.add_metric((tier,), cache.used)
        return iter((lookups, used))
