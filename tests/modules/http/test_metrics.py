import asyncio
import threading
import time
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tidework.cache.memory import BoundedCache
from tidework.http.metrics import Metrics, PoolStats, StoreMetrics, metrics_app


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics.render()).get((name, tuple(sorted(labels.items()))))


def test_requests_by_method_route_and_status() -> None:
    metrics = Metrics()
    for _ in range(3):
        metrics.observe_request("GET", "/tasks/{id}", 200, 0.002)
    metrics.observe_request("GET", "/tasks/{id}", 404, 0.2)
    found = samples(metrics.render())
    labels = (("method", "GET"), ("route", "/tasks/{id}"), ("status", "200"))
    assert found["tidework_http_requests_total", labels] == 3
    route = ("route", "/tasks/{id}")
    assert found["tidework_http_request_duration_seconds_count", (route,)] == 4
    bucket = "tidework_http_request_duration_seconds_bucket"
    assert found[bucket, (("le", "0.0025"), route)] == 3
    assert found[bucket, (("le", "0.25"), route)] == 4


def test_hostile_paths_and_methods_make_no_labels() -> None:
    metrics = Metrics()
    for i in range(2000):
        metrics.observe_request(f"M{i}", f"/x{i}", 404, 0.001)
        metrics.observe_request("GET", None, 404, 0.001)
    found = samples(metrics.render())
    routes = {dict(labels).get("route") for name, labels in found if "http" in name}
    methods = {dict(labels).get("method") for name, labels in found if "http" in name}
    assert len(routes) < 310
    assert methods == {None, "GET", "other"}
    total = sum(v for (name, _), v in found.items() if name == "tidework_http_requests_total")
    assert total == 4000
    assert len(metrics._request_children) < 700


def test_caches_queries_and_commits() -> None:
    metrics = Metrics()
    cache: BoundedCache[str, int] = BoundedCache(10)
    metrics.watch_cache("body", cache)
    cache.put("a", 1)
    for key in ("a", "a", "b"):
        cache.get(key)
    store = StoreMetrics(metrics)
    store.query("tasks.list", 0.003)
    store.group(5)
    store.group(1)
    assert value(metrics, "tidework_cache_lookups_total", tier="body", result="hit") == 2
    assert value(metrics, "tidework_cache_lookups_total", tier="body", result="miss") == 1
    assert value(metrics, "tidework_query_duration_seconds_count", query="tasks.list") == 1
    assert value(metrics, "tidework_commits_total") == 6
    assert value(metrics, "tidework_commit_group_size_count") == 2
    assert value(metrics, "tidework_commit_group_size_sum") == 6


def test_query_names_are_bounded() -> None:
    metrics = Metrics()
    for i in range(1000):
        metrics.observe_query(f"q{i}", 0.001)
    assert value(metrics, "tidework_query_duration_seconds_count", query="other") == 500


def test_pools_are_asked_when_read() -> None:
    metrics = Metrics()
    state = PoolStats(4, 1, 0)
    metrics.watch_pool("reader", lambda: state)
    assert value(metrics, "tidework_pool_connections_in_use", pool="reader") == 1
    state = PoolStats(4, 4, 7)
    assert value(metrics, "tidework_pool_connections_in_use", pool="reader") == 4
    assert value(metrics, "tidework_pool_waiting", pool="reader") == 7


def test_two_registries_do_not_meet() -> None:
    first, second = Metrics(), Metrics()
    first.observe_group(1)
    assert value(second, "tidework_commits_total") == 0
    assert value(first, "process_resident_memory_bytes") is not None or not hasattr(time, "tzset")


def test_counting_in_threads_loses_nothing() -> None:
    metrics = Metrics()

    def work() -> None:
        for _ in range(3000):
            metrics.observe_request("GET", "/a", 200, 0.001)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (
        value(metrics, "tidework_http_requests_total", method="GET", route="/a", status="200")
        == 18_000
    )


async def test_a_blocked_loop_shows() -> None:
    metrics = Metrics()
    watching = asyncio.create_task(metrics.watch_loop(0.01))
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - the fault that is to be seen
    # The watcher is late now, so it runs before a sleeper of the same length.
    await asyncio.sleep(0.01)
    lag = value(metrics, "tidework_event_loop_lag_seconds")
    assert lag is not None
    assert lag > 0.1
    watching.cancel()


async def test_through_asgi() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await metrics_app(Metrics().render)({"type": "http"}, None, send)
    assert sent[0]["status"] == 200
    assert dict(sent[0]["headers"])[b"content-type"].startswith(b"text/plain")
    assert b"tidework_commits_total" in sent[1]["body"]
