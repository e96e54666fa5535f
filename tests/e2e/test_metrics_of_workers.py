"""One scrape of a server with several workers shows all of them, whoever is asked."""

import os
import signal
import subprocess
from collections.abc import Iterator

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.services.processes import free_port, wait_until
from tests.services.promtool import promtool
from tests.services.server import StartServer, TideworkServer

__all__ = ["promtool"]

PASSWORD = "correct horse battery staple"
REQUESTS = "tidework_http_requests_total"
TASKS = "/api/v1/workspaces/personal/tasks"


def samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def total(text: str, name: str, **labels: str) -> float:
    return sum(
        value
        for found, about, value in samples(text)
        if found == name and labels.items() <= about.items()
    )


def workers_of(text: str, name: str = REQUESTS) -> set[str]:
    return {about["worker"] for found, about, _ in samples(text) if found == name}


def register(server: TideworkServer, email: str) -> dict[str, str]:
    body = {"email": email, "password": PASSWORD, "name": "Ada"}
    answer = httpx.post(f"{server.base_url}/api/v1/auth/register", json=body, timeout=60)
    return {"authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


def ask(server: TideworkServer, own: dict[str, str], times: int) -> None:
    # A connection of its own each time: the system gives it to one worker or another.
    headers = own | {"connection": "close"}
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=60) as client:
        for _ in range(times):
            client.get(TASKS).raise_for_status()


@pytest.mark.parametrize("where", ["public", "own"])
def test_two_workers_add_up(tidework_server: StartServer, where: str, promtool: str) -> None:
    port = free_port()
    address = "public" if where == "public" else f"127.0.0.1:{port}"
    server = tidework_server(
        env={"TIDEWORK_METRICS": address, "TIDEWORK_RATE_LIMITS": "off"}, workers=2
    )
    url = f"{server.base_url}/metrics" if where == "public" else f"http://127.0.0.1:{port}/metrics"
    accounts = [register(server, f"person{number}@example.com") for number in range(3)]
    asked = 0
    text = ""
    # One of them may take all that come one after the other.
    for _ in range(30):
        for own in accounts:
            ask(server, own, 20)
            asked += 20
        text = httpx.get(url).raise_for_status().text
        if workers_of(text) == {"1", "2"}:
            break
    route = "/api/v1/workspaces/{w}/tasks"
    for _ in range(6):
        text = httpx.get(url).raise_for_status().text
        assert total(text, REQUESTS, route=route, method="GET", status="200") == asked
        assert total(text, "tidework_worker_up") == 2
        # Each was seen by one worker or by both, and counts once.
        assert total(text, "tidework_active_accounts", window="5m") == 3
        assert total(text, "tidework_health_status", check="database") == 2
    assert workers_of(text) == {"1", "2"}
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_a_worker_that_is_replaced_and_one_that_hangs(tidework_server: StartServer) -> None:
    port = free_port()
    server = tidework_server(
        env={"TIDEWORK_METRICS": f"127.0.0.1:{port}", "TIDEWORK_RATE_LIMITS": "off"}, workers=2
    )

    def scrape() -> str:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        except httpx.TransportError:
            return ""

    def up() -> float:
        return total(scrape(), "tidework_worker_up")

    own = register(server, "ada@example.com")
    ask(server, own, 30)
    wait_until(lambda: up() == 2, "both workers answer")
    holder = next(
        one.pid
        for one in psutil.Process(server.pid).children(recursive=True)
        if any(c.laddr.port == port and c.status == "LISTEN" for c in one.net_connections())
    )
    # Whoever served the address is gone: another one takes it over, and the place is filled.
    os.kill(holder, signal.SIGKILL)
    wait_until(lambda: up() == 2, "the address is served again, for two workers", 60)
    assert workers_of(scrape(), "process_resident_memory_bytes") == {"1", "2"}

    holder = next(
        one.pid
        for one in psutil.Process(server.pid).children(recursive=True)
        if any(c.laddr.port == port and c.status == "LISTEN" for c in one.net_connections())
    )
    [other] = [
        one.pid
        for one in psutil.Process(server.pid).children(recursive=True)
        if one.pid != holder and one.name() == psutil.Process(holder).name()
    ]
    os.kill(other, signal.SIGSTOP)
    try:
        text = scrape()
        assert total(text, "tidework_worker_up") == 1
        assert len(workers_of(text, "process_resident_memory_bytes")) == 1
    finally:
        os.kill(other, signal.SIGCONT)
    wait_until(lambda: up() == 2, "it answers again")


def test_an_address_that_is_taken_is_told_at_the_start(tidework_server: StartServer) -> None:
    first = tidework_server(env={"TIDEWORK_METRICS": f"127.0.0.1:{free_port()}"})
    for workers in (1, 2):
        with pytest.raises(RuntimeError, match="Metrics cannot be served on") as caught:
            tidework_server(env={"TIDEWORK_METRICS": f"127.0.0.1:{first.port}"}, workers=workers)
        assert "TIDEWORK_METRICS" in str(caught.value)
