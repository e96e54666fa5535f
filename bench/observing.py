"""What being seen costs a request: processor time with metrics and traces on and off, in turns.

`python -m bench.observing [--requests N] [--rounds N]`. In one process, without a network, on the
embedded database: a list that is answered from memory, a task that is read from the database, a
task that is made. Of all turns the fastest. Times include the thread that sends traces, to a collector that takes them all.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from tidework.app import Application, create_app
from tidework.commands.lifespan import running
from tidework.http import logs
from tidework.settings import Settings, load
from tidework.store.sql.migrations.runner import migrate_sqlite

TASKS = "/api/v1/workspaces/personal/tasks"
VARIANTS = {
    "nothing": {"SLOW_QUERY_MS": "0"},
    "metrics and slow queries (as it comes)": {},
    "traces on, none sampled": {"TRACE_RATIO": "0"},
    "traces on, a tenth sampled": {"TRACE_RATIO": "0.1"},
    "traces on, all sampled": {"TRACE_RATIO": "1"},
}
SENT_WITHIN_S = 2.5
UNSENT = list(VARIANTS)[:3]
Ask = Callable[[str, str, bytes], Awaitable[tuple[int, bytes]]]


class _Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


def client(app: Application, token: str = "") -> Ask:
    headers = [
        (b"host", b"127.0.0.1"), (b"content-type", b"application/json"),
        (b"accept-encoding", b"gzip"),
    ]  # fmt: skip
    if token:
        headers.append((b"authorization", f"Bearer {token}".encode()))

    async def ask(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        route, _, query = path.partition("?")
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": route,
            "raw_path": route.encode(), "query_string": query.encode(), "scheme": "http",
            "headers": list(headers), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)
        return sent[0]["status"], sent[-1]["body"]

    return ask


def blind(app: Application) -> None:
    """Let an application count nothing."""
    metrics: Any = app._metrics
    for name in ("observe_request", "observe_query", "observe_group", "observe_commit"):
        setattr(metrics, name, lambda *_: None)
    metrics.active = type("Nobody", (), {"seen": lambda *_: None})()


def migrated(folder: Path, name: str, port: int) -> Settings:
    environ = {"DATA_DIR": str(folder), "RATE_LIMITS": "off", "LOG_LEVEL": "error"}
    environ |= VARIANTS[name]
    if "TRACE_RATIO" in environ:
        environ["OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
    settings = load({f"TIDEWORK_{key}": value for key, value in environ.items()})
    folder.mkdir()
    assert settings.database_path is not None
    migrate_sqlite(settings.database_path)
    return settings


async def opened(stack: AsyncExitStack, settings: Settings, name: str) -> Ask:
    app = create_app(settings)
    if name == "nothing":
        blind(app)
    await stack.enter_async_context(running(app))
    body = {"email": "a@example.com", "password": "correct horse battery", "name": "A"}
    status, answer = await client(app)("POST", "/api/v1/auth/register", json.dumps(body).encode())
    assert status == 201, answer
    ask = client(app, json.loads(answer)["access_token"])
    for number in range(20):
        await ask("POST", TASKS, b'{"title": "Task %d"}' % number)
    return ask


async def spent(ask: Ask, kind: str, count: int, wait: float) -> float:
    """Processor time of a request, in microseconds, with what is sent after it."""
    started = time.process_time()
    await asyncio.sleep(wait)
    # What goes on by itself meanwhile is no request's.
    idle = time.process_time() - started
    started = time.process_time()
    for number in range(count):
        if kind == "kept list":
            status, _ = await ask("GET", TASKS, b"")
        elif kind == "list from the database":
            # Another query each time: nothing is kept under it.
            status, _ = await ask(
                "GET",
                f"{TASKS}?due_after=20{number % 90 + 10}-01-01T00:00:00.{time.monotonic_ns() % 10**6:06}Z",
                b"",
            )
        else:
            status, _ = await ask("POST", TASKS, b'{"title": "Another"}')
        assert status in (200, 201), status
        # As between requests of a network: what never yields looks like overload.
        await asyncio.sleep(0)
    await asyncio.sleep(wait)
    return (time.process_time() - started - idle) / count * 1e6


async def measure(requests: int, rounds: int) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    logs.configure("json", "error")
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            asks = {
                name: await opened(
                    stack, migrated(Path(folder) / str(number), name, server.server_port), name
                )
                for number, name in enumerate(VARIANTS)
            }
            for kind, count in (
                ("kept list", requests),
                ("list from the database", requests // 4),
                ("create", requests // 4),
            ):
                found: dict[str, list[float]] = {name: [] for name in asks}
                for _ in range(rounds):
                    for name in UNSENT:
                        found[name].append(await spent(asks[name], kind, count, 0))
                # Afterwards, so that what these send is nobody else's.
                for _ in range(max(3, rounds // 4)):
                    for name in [name for name in asks if name not in UNSENT]:
                        found[name].append(await spent(asks[name], kind, count, SENT_WITHIN_S))
                base = min(found["nothing"])
                print(f"{kind}, µs of processor a request")
                for name, values in found.items():
                    # What else the machine does can only add to it.
                    fastest = min(values)
                    print(f"  {name:42} {fastest:7.1f}  {fastest - base:+7.1f}", flush=True)
    server.shutdown()


def library() -> None:
    """What a counter and a histogram of prometheus_client cost."""
    registry = CollectorRegistry()
    counter = Counter("a", "a", ("x",), registry=registry).labels("1")
    histogram = Histogram("b", "b", ("x",), registry=registry).labels("1")
    times = []
    for _ in range(9):
        started = time.process_time()
        for _ in range(50_000):
            counter.inc()
            histogram.observe(0.003)
        times.append((time.process_time() - started) / 50_000 * 1e6)
    print(f"a counter and a histogram: {statistics.median(times):.2f} µs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=16)
    given = parser.parse_args()
    library()
    asyncio.run(measure(given.requests, given.rounds))


if __name__ == "__main__":
    main()
