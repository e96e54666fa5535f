"""`tidework worker`: what follows changes, in processes of its own, through a broker."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tests.services import clusters
from tests.services.brokers import Broker, close_broker, new_broker
from tests.services.forks import APPEND, zygote
from tests.services.processes import free_port, kill_tree, tail, wait_until
from tests.services.server import StartServer

PERSON = {
    "email": "ada@example.com",
    "password": "correct horse battery staple",
    "name": "Ada",
}


@pytest.fixture
def nats() -> Iterator[Broker]:
    broker = new_broker("nats")
    broker.part.start()
    yield broker
    close_broker(broker)


class Worker:
    """A `tidework worker`, with two processes."""

    def __init__(self, folder: Path, data_dir: Path, broker_url: str) -> None:
        self.port = free_port()
        self.log = folder / "worker.log"
        words = ["worker", "--processes", "2", "--metrics", f"127.0.0.1:{self.port}"]
        out = (self.log, APPEND)
        self.process = zygote().start(
            [*words, "--data-dir", data_dir],
            os.environ | {"TIDEWORK_BROKER_URL": broker_url},
            [(os.devnull, os.O_RDONLY), out, out],
            session=True,
        )

    @property
    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def metrics(self) -> str:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/metrics").text
        except httpx.TransportError:
            return ""


@pytest.mark.slow
def test_workers_do_what_follows_and_replace_each_other(
    tidework_server: StartServer, nats: Broker, tmp_path: Path
) -> None:
    server = tidework_server(env={"TIDEWORK_BROKER_URL": nats.url})
    data_dir = server.data_dir
    mails = data_dir / "mail"

    def mailed(person: str) -> bool:
        return any(person in path.read_text("utf-8") for path in mails.glob("*"))

    def register(name: str) -> str:
        address = f"{name}@example.com"
        person = PERSON | {"email": address}
        httpx.post(f"{server.base_url}/api/v1/auth/register", json=person).raise_for_status()
        return address

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        settings = {"TIDEWORK_BROKER_URL": nats.url}
        return clusters.command(*words, "--data-dir", str(data_dir), settings=settings)

    first = register("ada")
    refused = run("worker", "--only", "relay,nobody")
    assert refused.returncode == 1
    assert "There is no part 'nobody'. There are: relay, jobs, " in refused.stderr
    worker = Worker(tmp_path, data_dir, nats.url)
    try:
        wait_until(lambda: mailed(first), f"a mail; {tail(worker.log)}")
        killed = worker.children[0].pid
        kill_tree(killed)
        wait_until(
            lambda: len(worker.children) == 2 and killed not in [c.pid for c in worker.children],
            "another process in its place",
        )
        second = register("grace")
        wait_until(lambda: mailed(second), f"a second mail; {tail(worker.log)}")
        _put(nats)
        found: list[dict[str, str]] = []
        wait_until(
            lambda: found.extend(json.loads(run("events", "dead", "--json").stdout)) or bool(found),
            "a dead message",
        )
        assert {(one["origin"], one["reason"], one["body"]) for one in found} == {
            ("broker", "cannot be read", "no event")
        }
        assert "replayed" in run("events", "replay", found[0]["id"]).stderr
        unknown = run("events", "replay", "unknown")
        assert (unknown.returncode, "nothing of this id" in unknown.stderr) == (1, True)
        consumed = "tidework_consumed_commits_total{"
        wait_until(lambda: consumed in worker.metrics(), "metrics of consumers")
        os.kill(worker.process.pid, signal.SIGTERM)
        assert worker.process.wait(30) == 0, tail(worker.log)
        assert "relay, jobs, " in worker.log.read_text()
    finally:
        kill_tree(worker.process.pid)


def _put(broker: Broker) -> None:
    asyncio.run(broker.put(b"no event"))
