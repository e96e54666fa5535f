"""Prometheus metrics, in a registry of their own.

The hot path touches children that were resolved before: one dictionary look-up and three
additions. Every label has few values: methods and routes that nobody named count as `other`.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, Literal

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
)

from tidework import __version__
from tidework.http.active import ActiveAccounts
from tidework.http.metrics_parts import CacheStats, Parts, PoolStats
from tidework.store.observer import Observer, Standing

__all__ = ["CacheStats", "Metrics", "PoolStats", "StoreMetrics", "metrics_app", "used_up"]

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST.encode()
OTHER: Final = "other"

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MAX_ROUTES: Final = 300
_MAX_QUERIES: Final = 500
_MAX_KINDS: Final = 30
_FAST: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)
_REQUEST: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_HEALTH: Final = {"ok": 1.0, "degraded": 0.5, "failed": 0.0}
_GROUP: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


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
        self.in_flight = 0
        """Requests being served now; the edge counts them."""
        self._refusals = Counter(
            "tidework_limit_refusals",
            "Requests refused since a limit was used up, by the limit's kind.",
            ("kind",),
            registry=registry,
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
        self._commit_time = Histogram(
            "tidework_commit_duration_seconds",
            "Time from handing a commit over until it is durable, or refused.",
            buckets=_REQUEST,
            registry=registry,
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
        self._health = Gauge(
            "tidework_health_status",
            "What a check of /health/ready found: 1 ok, 0.5 degraded, 0 failed.",
            ("check",),
            registry=registry,
        )
        self._reads = Counter(
            "tidework_reads",
            "Reads by what answered them: the primary or a replica.",
            ("target",),
            registry=registry,
        )
        self._lag = Gauge(
            "tidework_replica_lag_seconds",
            "By how much a replica is behind the primary; NaN when it is not known.",
            ("replica",),
            registry=registry,
        )
        self._usable = Gauge(
            "tidework_replica_usable",
            "Whether reads go to a replica at present; nothing while it is the primary.",
            ("replica",),
            registry=registry,
        )
        Gauge(
            "tidework_build_info", "The version that runs.", ("version",), registry=registry
        ).labels(__version__).set(1)
        self.active = ActiveAccounts()
        self.commits_pending = 0
        """Commits handed over and not yet answered for; the store's observer counts them."""
        self._parts = Parts(lambda: self.in_flight, lambda: self.commits_pending)
        registry.register(self._parts)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._request_children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._query_children: dict[str, Histogram] = {}
        self._routes: set[str] = set()
        self._kinds: set[str] = set()

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

    def count_refusal(self, method: str) -> None:
        """Count a request that was sent away as it came: it has no route, and took no time. 1 µs."""
        key = (method, OTHER, HTTPStatus.SERVICE_UNAVAILABLE)
        (self._request_children.get(key) or self._resolve(*key))[0].inc()

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

    def observe_commit(self, seconds: float) -> None:
        """Note how long a commit took its caller."""
        self._commit_time.observe(seconds)

    def refused(self, kind: str) -> None:
        """Count a refusal by a limit; past 30 kinds they count as `other`."""
        if kind not in self._kinds:
            if len(self._kinds) >= _MAX_KINDS:
                kind = OTHER
            self._kinds.add(kind)
        self._refusals.labels(kind).inc()

    def observe_health(self, check: str, status: Literal["ok", "degraded", "failed"]) -> None:
        """Note what a check of health has found."""
        self._health.labels(check).set(_HEALTH[status])

    def observe_read(self, target: str) -> None:
        """Count a read by what answered it."""
        self._reads.labels(target).inc()

    def observe_replica(self, name: str, lag: float | None, standing: Standing) -> None:
        """Note how a replica does; `name` is one of the few of the settings."""
        if standing == "primary":
            for gauge in (self._lag, self._usable):
                with suppress(KeyError):
                    gauge.remove(name)
            return
        self._lag.labels(name).set(float("nan") if lag is None else lag)
        self._usable.labels(name).set(standing == "used")

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


class StoreMetrics(Observer):
    """Keeps what a store reports about itself."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def query(self, name: str, seconds: float) -> None:
        self._metrics.observe_query(name, seconds)

    def group(self, size: int) -> None:
        self._metrics.observe_group(size)

    def read(self, target: Literal["primary", "replica"]) -> None:
        self._metrics.observe_read(target)

    def replica(self, name: str, lag: float | None, standing: Standing) -> None:
        self._metrics.observe_replica(name, lag, standing)


def metrics_app(render: Callable[[], bytes]) -> Callable[[Any, Any, Any], Any]:
    """An ASGI app that answers every GET with the metrics, for the public port when it is set."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = await asyncio.get_running_loop().run_in_executor(None, render)
        headers: Iterable[tuple[bytes, bytes]] = [
            (b"content-type", CONTENT_TYPE),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def used_up(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The kind whose limit an answer's headers say is used up; `login` when they say of none."""
    for name, value in headers:
        if name == b"ratelimit":
            for item in value.split(b","):
                if b";r=0;" in item:
                    return item.partition(b";")[0].strip(b' "').decode("ascii", "replace")
    return "login"
