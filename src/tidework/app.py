"""The ASGI application of a server: `create_app` makes it; it opens the services when it starts.

With `composition` and `routing`, the one place that picks implementations.
"""

import asyncio
import contextlib
import gc
from collections.abc import Callable
from typing import cast

from litestar import Litestar

from tidework.auth.authenticator import StreamAuthenticator
from tidework.bus.pace import Pace
from tidework.bus.wakeups import Wakeups
from tidework.bus.worker import Worker
from tidework.composition import (
    Services,
    compose,
    finish,
    make_bus,
    make_carrier,
    make_shared,
    make_store,
)
from tidework.errors import TideworkError
from tidework.http.admission import Admission
from tidework.http.answer import App, Receive, Scope, Send
from tidework.http.cors import Cors
from tidework.http.docs_page import DocsPage
from tidework.http.edge import Edge, SizeLimits
from tidework.http.front import Front
from tidework.http.headers import SecurityHeaders
from tidework.http.health import CheckResult, Health, health_app
from tidework.http.health_checks import redis_check, schema_check
from tidework.http.limits import RateLimiter, limits_of
from tidework.http.logs import get_logger
from tidework.http.metrics import PoolStats, metrics_app
from tidework.http.openapi import PATH as DOCUMENT_PATH
from tidework.http.openapi import DocumentApp
from tidework.http.proxies import TrustedProxies
from tidework.http.stopping import Stopping
from tidework.http.touches import Touches
from tidework.live.hub import Live
from tidework.live.limits import live_limits
from tidework.live.metrics import LiveMetrics
from tidework.live.socket import LiveSocket
from tidework.log import Operation
from tidework.observability.observing import Observing
from tidework.observability.store import Observers
from tidework.observability.work import WorkMetrics
from tidework.routing import framework, openapi_document
from tidework.settings import Settings
from tidework.store.protocol import Store
from tidework.store.sql.pool import Pool
from tidework.store.sql.postgres import PostgresStore
from tidework.times import now
from tidework.web.app import WebApp

_SWEEP_S = 60.0
_EXPIRING = (
    "idempotency",
    "password_resets",
    "jobs",
    "notifications",
    "email_confirmations",
    "reports",
    "bulk_runs",
    "bulk_parts",
    "webhook_deliveries",
)

_log = get_logger(__name__)


class Application:
    """The ASGI application of a server: what is made at start, and ended at stop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._observing = Observing(settings)
        self._metrics = self._observing.metrics
        self._admission = Admission(settings.max_concurrent, settings.wait_seconds)
        self._metrics.registry.register(self._admission)
        self._edge: App | None = None
        self.stopping = Stopping()
        """Begin it before the server is ended, so that nobody is surprised by its end."""
        self.streams: Live | None = None
        """The open event streams; there from the start on."""
        self._ending = contextlib.AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or start and stop."""
        if self._edge is not None and scope["type"] != "lifespan":
            await self._edge(scope, receive, send)
        else:
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._ending:
            await self._start()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self) -> None:
        settings = self._settings
        touches, wakeups = Touches(), Wakeups()
        bare = make_store(settings, Observers(self._observing.observer, touches, wakeups))
        await bare.start()
        self._observing.begin(self._ending)
        store = self._observing.store(bare)
        shared = make_shared(settings)
        services = compose(settings, store, shared.buckets)
        self._ending.push_async_callback(finish, services)
        health = self._health(services)
        if isinstance(bare, PostgresStore):
            health.register("schema", schema_check(bare.check_schema))
        if shared.redis is not None:
            await shared.redis.start()
            self._ending.push_async_callback(shared.redis.close)
            health.register("redis", redis_check(shared.redis.state), critical=False)
        wakeups.carrier = make_carrier(settings, bare, shared)
        await wakeups.start()
        self._ending.push_async_callback(wakeups.close)
        await self._work(services, wakeups)
        authenticator = StreamAuthenticator(store, services.access_tokens)
        live = Live(
            store,
            authenticator,
            services.workspaces,
            live_limits(settings),
            LiveMetrics(self._metrics.registry),
        )
        live.start(wakeups, self.stopping)
        self.streams = live
        self._ending.push_async_callback(live.close)
        routes = framework(services, live)
        front = Front(
            routes,
            store,
            authenticator,
            services.workspaces,
            RateLimiter(limits_of(settings.rate_limits), shared.buckets),
            cache_bytes=settings.cache_bytes,
            second_tier=shared.answers,
            touches=touches,
        )
        if shared.answers is not None:
            self._metrics.watch_cache("shared answers", shared.answers)
        self._watch(front, bare)
        self._background(services, health)
        _settle_collector()
        self._edge = self._observing.app(self._make_edge(front, routes, services, health, live))

    async def _work(self, services: Services, wakeups: Wakeups) -> None:
        """Do in this process what follows commits, unless others do."""
        if not self._settings.works_inside:
            return
        bus = make_bus(self._settings)
        worker = Worker(
            services.store,
            bus,
            services.jobs,
            services.consumers,
            wakeups,
            observer=WorkMetrics(self._metrics.registry),
            rate=Pace(),
        )
        await worker.start()
        self._ending.push_async_callback(worker.close)

    def _make_edge(
        self, front: Front, routes: Litestar, services: Services, health: Health, live: Live
    ) -> Edge:
        settings = self._settings
        proxies = TrustedProxies(settings.trusted_proxies)
        security = SecurityHeaders(settings.public_url)
        docs = DocsPage(DOCUMENT_PATH, security.docs)
        health_checks = health_app(health)
        plain: dict[str, App] = {
            "/health/live": health_checks,
            "/health/ready": health_checks,
            "/api/docs": docs,
            "/api/docs/": docs,
            DOCUMENT_PATH: DocumentApp(lambda: openapi_document(services)),
        }
        if settings.metrics == "public":
            plain["/metrics"] = metrics_app(self._observing.exposition.render)
        return Edge(
            front,
            WebApp(cast(App, routes), security, settings.public_url, settings.cdn_url),
            security=security,
            cors=Cors(settings.cors_origins),
            proxies=proxies,
            metrics=self._metrics,
            limits=SizeLimits(
                body=settings.max_body_bytes,
                batch=settings.max_batch_body_bytes,
                query=settings.max_query_length,
            ),
            plain=plain,
            admission=self._admission,
            stopping=self.stopping,
            socket=LiveSocket(front, live, proxies, settings.wait_seconds),
            uploads=services.exchange.uploads,
        )

    def _health(self, services: Services) -> Health:
        async def database() -> CheckResult:
            await services.store.ping()
            return CheckResult("ok")

        health = Health(self.stopping)
        health.register("database", database)
        self._observing.health(health)
        return health

    def _watch(self, front: Front, store: Store) -> None:
        self._metrics.watch_cache("answers", front.bodies)
        self._metrics.watch_cache("principals", front.principals)
        self._metrics.watch_cache("memberships", front.members)
        if isinstance(store, PostgresStore):
            self._metrics.watch_pool("read", _stats_of(store.pool))
            for replica in store.replicas:
                self._metrics.watch_pool(f"replica {replica.name}", _stats_of(replica.pool))
        self._observing.serve_metrics(self._ending)

    def _background(self, services: Services, health: Health) -> None:
        tasks = [
            asyncio.create_task(self._metrics.watch_loop(), name="event loop lag"),
            asyncio.create_task(self._observing.watch_health(health), name="health"),
            asyncio.create_task(self._admission.watch(), name="admission"),
            asyncio.create_task(_sweep(services), name="sweep"),
        ]

        async def end() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._ending.push_async_callback(end)


def _stats_of(pool: Pool) -> Callable[[], PoolStats]:
    def stats() -> PoolStats:
        size, _, idle = pool.size()
        return PoolStats(size, size - idle, pool.waiting, pool.acquired, pool.waited)

    return stats


def _settle_collector() -> None:
    """Let the garbage collector look at what requests make, not at the program or at kept answers.

    A full collection walks over every kept answer: with tens of thousands of them it would hold all
    requests up for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _sweep(services: Services) -> None:
    """Finish what an earlier process has left, and clear away what has expired, time and again."""
    while True:
        try:
            await services.followups.sweep()
            await clear_expired(services.store)
            await services.reports.files.clear_expired()
        except TideworkError as error:
            _log.warning("sweep_failed", detail=error.detail)
        await asyncio.sleep(_SWEEP_S)


async def clear_expired(store: Store) -> None:
    """Delete the records that nobody can use any more."""
    expired = {"expires_at": now()}
    await store.operate([Operation(table, "expire", set=expired) for table in _EXPIRING])


def create_app(settings: Settings) -> Application:
    """The ASGI application of a server with these settings."""
    return Application(settings)
