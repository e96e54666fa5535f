"""Prometheus metrics, in a registry of their own.

The hot path touches children that were resolved before: one dictionary look-up and three
additions. Every label has few values: methods and routes that nobody named count as `other`.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple, Protocol
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tidework.store.observer import Observer

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST.encode()
OTHER: Final = "other"

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MAX_ROUTES: Final = 300
_MAX_QUERIES: Final = 500
_FAST: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)
_REQUEST: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_GROUP: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class PoolStats(NamedTuple):
    """What a pool of connections is doing: its size, how many are out, how many wait for one."""

    size: int
    in_use: int
    waiting: int


class CacheStats(Protocol):
    """A cache that counts."""

    hits: int
    misses: int


class Metrics:
    """All metrics of a process. Safe from any thread."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "tidework_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._latency = Histogram(
            "tidework_http_request_duration_seconds",
            "Time from the first byte of a request to its answer.",
            ("route",),
            buckets=_REQUEST,
            registry=registry,
        )
        self.in_flight = Gauge(
            "tidework_http_requests_in_flight", "Requests being served now.", registry=registry
        )
        self._queries = Histogram(
            "tidework_query_duration_seconds",
            "Time of a database query, by its name.",
            ("query",),
            buckets=_FAST,
            registry=registry,
        )
        self._commits = Counter(
            "tidework_commits", "Commits written to the log.", registry=registry
        )
        self._groups = Histogram(
            "tidework_commit_group_size",
            "Commits that were made durable together.",
            buckets=_GROUP,
            registry=registry,
        )
        self._loop_lag = Gauge(
            "tidework_event_loop_lag_seconds",
            "By how much the event loop was late, at the last look.",
            registry=registry,
        )
        self._parts = _Parts()
        registry.register(self._parts)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._request_children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._query_children: dict[str, Histogram] = {}
        self._routes: set[str] = set()

    def observe_request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answer. `route` is the template (`/tasks/{id}`), None for an unknown path. 2 µs.

        The first 300 routes have labels of their own, the rest counts as `other`.
        """
        try:
            count, latency = self._request_children[method, route or OTHER, status]
        except KeyError:
            count, latency = self._resolve(method, route or OTHER, status)
        count.inc()
        latency.observe(seconds)

    def _resolve(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        if route not in self._routes:
            if len(self._routes) < _MAX_ROUTES:
                self._routes.add(route)
            else:
                route = OTHER
        if method not in _METHODS:
            method = OTHER
        key = (method, route, status)
        if key not in self._request_children:
            self._request_children[key] = (
                self._requests.labels(method, route, str(status)),
                self._latency.labels(route),
            )
        return self._request_children[key]

    def observe_query(self, name: str, seconds: float) -> None:
        """Note the time of a query; past 500 names they count as `other`."""
        child = self._query_children.get(name)
        if child is None:
            known = len(self._query_children) < _MAX_QUERIES
            child = self._queries.labels(name if known else OTHER)
            if known:
                self._query_children[name] = child
        child.observe(seconds)

    def observe_group(self, commits: int) -> None:
        """Note a group of commits that became durable together."""
        self._commits.inc(commits)
        self._groups.observe(commits)

    def watch_cache(self, tier: str, cache: CacheStats) -> None:
        """Report a cache's hits and misses, read whenever metrics are; `tier` is a fixed word."""
        self._parts.caches[tier] = cache

    def watch_pool(self, name: str, stats: Callable[[], PoolStats]) -> None:
        """Report a pool; `stats` is called, from any thread, whenever metrics are read."""
        self._parts.pools[name] = stats

    async def watch_loop(self, interval: float = 1.0) -> None:
        """Measure by how much the event loop is late, every `interval` seconds, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + interval
            await asyncio.sleep(interval)
            self._loop_lag.set(max(0.0, loop.time() - due))

    def render(self) -> bytes:
        """All metrics in Prometheus' text format, whose media type is `CONTENT_TYPE`."""
        return generate_latest(self.registry)


class _Parts(Collector):
    """Asks pools and caches when metrics are read, so that using them costs nothing here."""

    def __init__(self) -> None:
        self.pools: dict[str, Callable[[], PoolStats]] = {}
        self.caches: dict[str, CacheStats] = {}

    def collect(self) -> Iterator[Metric]:
        labels = ("pool",)
        size = GaugeMetricFamily("tidework_pool_connections", "Open connections.", labels=labels)
        in_use = GaugeMetricFamily(
            "tidework_pool_connections_in_use", "Connections in use.", labels=labels
        )
        waiting = GaugeMetricFamily(
            "tidework_pool_waiting", "Requests that wait for a connection.", labels=labels
        )
        for name, stats in list(self.pools.items()):
            now = stats()
            size.add_metric((name,), now.size)
            in_use.add_metric((name,), now.in_use)
            waiting.add_metric((name,), now.waiting)
        lookups = CounterMetricFamily(
            "tidework_cache_lookups",
            "Look-ups in the caches, by tier and result (hit, miss).",
            labels=("tier", "result"),
        )
        for tier, cache in list(self.caches.items()):
            lookups.add_metric((tier, "hit"), cache.hits)
            lookups.add_metric((tier, "miss"), cache.misses)
        yield from (size, in_use, waiting, lookups)


class StoreMetrics(Observer):
    """Keeps what a store reports about itself."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def query(self, name: str, seconds: float) -> None:
        self._metrics.observe_query(name, seconds)

    def group(self, size: int) -> None:
        self._metrics.observe_group(size)


class MetricsServer:
    """Serves `/metrics` from a thread on an address of its own, away from the public port.

    A thread, so that metrics can be read while the event loop is stuck.
    """

    def __init__(self, metrics: Metrics, host: str, port: int, tries: int = 1) -> None:
        """Take `port`, or the first free one of the next `tries` - 1; 0 takes any free one.

        Raise OSError when none can be had.
        """
        self._server: WSGIServer
        self._thread: threading.Thread
        last = port + tries - 1
        for candidate in range(port, last + 1):
            try:
                self._server, self._thread = start_http_server(candidate, host, metrics.registry)
                return
            except OSError:
                if candidate == last:
                    raise

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def metrics_app(metrics: Metrics) -> Callable[[Any, Any, Any], Any]:
    """An ASGI app that answers every GET with the metrics, for the public port when it is set."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = await asyncio.get_running_loop().run_in_executor(None, metrics.render)
        headers: Iterable[tuple[bytes, bytes]] = [
            (b"content-type", CONTENT_TYPE),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
