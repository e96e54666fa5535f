"""What a server shows of itself, put together from its settings."""

import asyncio
import importlib
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from tidework.http import logs
from tidework.http.answer import App
from tidework.http.health import Health
from tidework.http.health_checks import ReplicaWatch, WriteWatch, disk_check, memory_check
from tidework.http.metrics import Metrics, StoreMetrics
from tidework.http.proxies import TrustedProxies
from tidework.observability.machine import Machine
from tidework.observability.serving import SharedServer
from tidework.observability.slow import Explain, SlowQueries
from tidework.observability.store import Observers, watched
from tidework.observability.workers import Exposition
from tidework.settings import Settings
from tidework.store.observer import Observer
from tidework.store.protocol import Store
from tidework.store.sql.explain import explain_postgresql, explain_sqlite
from tidework.store.sql.servers import name_of

_HEALTH_EVERY_S = 15.0


class Observing:
    """Metrics, slow queries, and, when they are set, traces and reports of defects.

    `observer` is for the store to report to. What is not set is not even imported.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.metrics = Metrics()
        self.exposition = Exposition(self.metrics, [Machine(settings.data_dir)])
        self.writes = WriteWatch()
        self._slow = _slow_queries(settings)
        self._tracing: Any = None
        self._groups: Any = None
        observers: list[Observer] = [StoreMetrics(self.metrics)]
        if self._slow is not None:
            observers.append(self._slow)
        self._replicas: ReplicaWatch | None = None
        if settings.database_replica_urls:
            self._replicas = ReplicaWatch([name_of(url) for url in settings.database_replica_urls])
            observers.append(self._replicas)
        if settings.otlp_endpoint:
            tracing = importlib.import_module("tidework.observability.tracing")
            proxies = TrustedProxies(settings.trusted_proxies)
            self._tracing = tracing.Tracing(settings.otlp_endpoint, settings.trace_ratio, proxies)
            traced = importlib.import_module("tidework.observability.traced_store")
            self._groups = traced.Groups(self._tracing)
            observers.append(self._groups)
        self.observer: Observer = observers[0] if len(observers) == 1 else Observers(*observers)

    def begin(self, ending: AsyncExitStack) -> None:
        """Start what runs beside the requests; `ending` ends it, after what is added later."""
        if self._settings.sentry_dsn:
            module = importlib.import_module("tidework.observability.sentry")
            sentry = module.Sentry(self._settings.sentry_dsn)
            logs.on_error(sentry.report)
            ending.push_async_callback(asyncio.to_thread, sentry.close)
            ending.callback(logs.on_error, None)
        if self._tracing is not None:
            ending.push_async_callback(self._tracing.close)
        if self._slow is not None:
            ending.push_async_callback(self._slow.close)

    def store(self, store: Store) -> Store:
        """`store`, watched and traced."""
        store = watched(store, self.metrics, self.writes, self._slow)
        if self._tracing is not None:
            traced = importlib.import_module("tidework.observability.traced_store")
            store = traced.traced(store, self._tracing, self._groups)
        return store

    def app(self, app: App) -> App:
        """`app`, its requests traced."""
        if self._tracing is None:
            return app
        traced: App = self._tracing.app(app)
        return traced

    def health(self, health: Health) -> None:
        """Add the checks of what every server has, and let metrics show what all checks find.

        A server with its data in a file of its own cannot serve when that cannot grow; one with a
        database server shares that with the other copies, of which none would be better off.
        """
        embedded = self._settings.database_path is not None
        disk = disk_check(self._settings.data_dir, holds_database=embedded)
        health.register("disk", disk, critical=embedded)
        health.register("writes", self.writes.check, critical=embedded)
        if self._replicas is not None:
            health.register("replicas", self._replicas.check, critical=False)
        health.register("memory", memory_check(), critical=False)
        health.watch(self.metrics.observe_health)

    async def watch_health(self, health: Health) -> None:
        """Look at the health now and then, for ever, so that metrics show it though nobody asks."""
        while True:
            await health.report()
            await asyncio.sleep(_HEALTH_EVERY_S)

    def serve_metrics(self, ending: AsyncExitStack) -> None:
        """Let `/metrics` be asked for, where the settings say. Raises `Unavailable`."""
        where = self._settings.metrics
        if where == "off":
            return
        if self._settings.workers > 1:
            self.exposition.join()
            ending.callback(self.exposition.close)
        if where != "public":
            host, _, port = where.rpartition(":")
            wait = self.exposition.has_others
            server = SharedServer(self.exposition, host.strip("[]"), int(port), wait=wait)
            ending.callback(server.close)


def _slow_queries(settings: Settings) -> SlowQueries | None:
    if not settings.slow_query_ms:
        return None
    explain: Explain | None = None
    if settings.slow_query_explain == "on":
        path = settings.database_path
        if path is not None:
            explain = partial(explain_sqlite, path)
        else:
            explain = partial(explain_postgresql, settings.database_url)
    return SlowQueries(settings.slow_query_ms / 1000, explain)
