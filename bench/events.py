"""How many events a second the relay hands to RabbitMQ, and how many commits a worker takes in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.commits import add_task, new_workspace

from bench import tidework
from bench.client import BenchError, Client
from bench.processes import Child, free_port, running
from bench.report import Goal, Plain, table
from tidework.bus.opening import make_bus
from tidework.cluster.rabbitmq import RabbitMQ
from tidework.composition import make_store
from tidework.settings import load

TARGET = 2_000
EVENTS, FEW_EVENTS = 20_000, 4_000
STREAMS = 100
_TOGETHER = 64
_DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class Passed:
    what: str
    events: int
    seconds: float
    cpu_ms: float
    """Processor time of the process, for each event."""

    @property
    def rate(self) -> float:
        return self.events / self.seconds


@dataclass(slots=True)
class Events(Plain):
    found: list[Passed]
    name: str = "events"

    def goals(self) -> Iterable[Goal]:
        for one in self.found[:1]:
            wanted = f"≥ {TARGET:,}/s"
            yield Goal("relay and RabbitMQ", f"{one.rate:,.0f}/s", wanted, one.rate >= TARGET)

    def lines(self) -> list[str]:
        if not self.found:
            return []
        rows = [
            [one.what, f"{one.events:,}", f"{one.rate:,.0f}", f"{one.cpu_ms:.2f}"]
            for one in self.found
        ]
        text = (
            f"Commits of a task each on {STREAMS} workspaces, on PostgreSQL; when all have been made,"
            " one worker process begins. Each event is confirmed by RabbitMQ, which has it on disk."
        )
        headers = ["what", "events", "a second", "ms of CPU each"]
        return ["## Events", "", text, "", *table(headers, rows)]

    def data(self) -> Any:
        return [
            {"what": one.what, "events": one.events, "rate": round(one.rate)} for one in self.found
        ]


def measure(folder: Path, database_url: str, *, quick: bool) -> Events:
    """Start a RabbitMQ, make commits, and let workers follow them."""
    broker = RabbitMQ(folder / "rabbitmq")
    missing = broker.missing()
    if missing:
        raise BenchError(missing)
    tidework.migrate(folder, database_url)
    wanted = FEW_EVENTS if quick else EVENTS
    broker.start()
    try:
        asyncio.run(_known(broker.url))
        made = asyncio.run(_commit(folder, database_url, wanted))
        found = [
            _follow(folder, database_url, broker.url, "the relay alone", ["--only", "relay"], made)
        ]
        made = asyncio.run(_commit(folder, database_url, wanted))
        found.append(
            _follow(folder, database_url, broker.url, "relay, consumers and jobs", [], made)
        )
    finally:
        broker.kill()
    return Events(found)


async def _known(url: str) -> None:
    """Make a queue: without one the broker has nowhere to put events."""

    async def take_in(_: object) -> None:
        pass

    bus = make_bus(url)
    await bus.subscribe("bench", take_in)
    await bus.close()


async def _commit(folder: Path, url: str, wanted: int) -> int:
    """Make commits; how many events follow from them."""
    store = make_store(load({"TIDEWORK_DATA_DIR": str(folder), "TIDEWORK_DATABASE_URL": url}))
    await store.start()
    try:
        ids = [await new_workspace(store) for _ in range(STREAMS)]
        for start in range(0, wanted, _TOGETHER):
            some = range(start, min(start + _TOGETHER, wanted))
            await asyncio.gather(*[add_task(store, ids[n % STREAMS]) for n in some])
    finally:
        await store.close()
    return wanted + STREAMS


def _follow(
    folder: Path, database_url: str, broker_url: str, what: str, options: list[str], made: int
) -> Passed:
    port = free_port()
    environment = {
        **tidework.environment(database_url),
        "TIDEWORK_BROKER_URL": broker_url,
        "TIDEWORK_METRICS": f"127.0.0.1:{port}",
    }
    words = [*tidework.COMMAND, "worker", "--data-dir", str(folder), *options]
    child = Child(words, folder.with_name(f"{folder.name}-worker.log"), env=environment)
    with running(child):
        child.wait_until_ready(port, "/metrics")
        begin, before, cpu = time.perf_counter(), _done(port, options), child.cpu_seconds()
        deadline = begin + _DEADLINE_S
        while (done := _done(port, options)) < made:
            if time.perf_counter() > deadline:
                raise BenchError(
                    f"after {_DEADLINE_S:g} s a worker was done with {done:g} of {made}"
                )
            time.sleep(0.05)
        seconds = time.perf_counter() - begin
        used = child.cpu_seconds() - cpu
    passed = made - int(before)
    return Passed(what, passed, seconds, used / passed * 1000)


def _done(port: int, options: list[str]) -> float:
    """How many events were published, or how many commits the slowest consumer has taken in."""
    with Client(port) as client:
        lines = client.send("GET", "/metrics").body.decode().splitlines()
    relayed = [_value(line) for line in lines if line.startswith("tidework_relayed_events_total")]
    consumed = [
        _value(line) for line in lines if line.startswith("tidework_consumed_commits_total")
    ]
    if options:
        return sum(relayed)
    return min(consumed, default=0.0)


def _value(line: str) -> float:
    return float(line.rsplit(" ", 1)[1])
