"""A server that is told to stop, or loses a worker, costs nobody a request."""

import os
import signal
import socket
import time
from contextlib import suppress

import httpx
import psutil
import pytest
from tests.services.load import Call, asking
from tests.services.processes import tail, wait_until
from tests.services.server import StartServer, TideworkServer

PERSON = {
    "email": "ada@example.com",
    "password": "correct horse battery staple",
    "name": "Ada",
}
TASKS = "/api/v1/workspaces/personal/tasks"
OFF = {"TIDEWORK_RATE_LIMITS": "off"}


def calls(server: TideworkServer) -> list[Call]:
    """Reads and writes, over connections that are kept and over new ones."""
    answer = httpx.post(f"{server.base_url}/api/v1/auth/register", json=PERSON)
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    return [
        Call(method, TASKS, body, headers, fresh)
        for method, body in (("GET", None), ("POST", {"title": "x"}))
        for fresh in (False, True)
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_fails_when_it_is_told_to_stop_under_load(
    tidework_server: StartServer, workers: int
) -> None:
    server = tidework_server(env=OFF | {"TIDEWORK_DRAIN_SECONDS": "2"}, workers=workers)
    with asking(server.port, calls(server)) as tally:
        wait_until(lambda: tally.answered > 200, "a load")
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: tally.closes > 50, "answers that ask for the connection to be closed")
        # A balancer sees that nobody new should come; those who come are answered all the same.
        assert httpx.get(f"{server.base_url}/health/ready").status_code == 503
        assert httpx.get(f"{server.base_url}/health/live").status_code == 200
        wait_until(lambda: not server.running, "the server ends", 30)
    assert tally.failures == []
    assert set(tally.statuses) == {200, 201}
    assert tally.refused > 0
    assert server.stop() == 0


def half_a_request(server: TideworkServer) -> socket.socket:
    """A request whose body does not come to its end."""
    caller = socket.create_connection(("127.0.0.1", server.port))
    caller.sendall(
        b"POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: 100\r\n\r\n{"
    )
    # It has come as far as the server's workers.
    wait_until(lambda: httpx.get(f"{server.base_url}/health/live").status_code == 200, "live")
    return caller


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_signal_ends_it_at_once(tidework_server: StartServer, workers: int) -> None:
    server = tidework_server(workers=workers, env={"TIDEWORK_DRAIN_SECONDS": "20"})
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    with half_a_request(server):
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: not server.ready(), "it is told")
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: not server.running, "the server ends", 10)
    assert server.stop() == 1
    for one in family:
        wait_until(lambda one=one: not one.is_running() or one.status() == "zombie", "gone", 10)


def test_what_is_under_way_is_finished_after_the_door_is_closed(
    tidework_server: StartServer,
) -> None:
    server = tidework_server()
    with half_a_request(server) as caller:
        os.kill(server.pid, signal.SIGTERM)

        def refused() -> bool:
            try:
                socket.create_connection(("127.0.0.1", server.port), 5).close()
            except ConnectionRefusedError:
                return True
            except TimeoutError:
                return False
            return False

        wait_until(refused, "nobody new is let in")
        assert server.running
        caller.sendall(b" " * 98 + b"}")
        answer = caller.recv(65536)
    assert answer.startswith(b"HTTP/1.1 422")
    assert b"connection: close" in answer.lower()
    wait_until(lambda: not server.running, "the server ends", 30)
    assert server.stop() == 0


def workers_of(server: TideworkServer) -> list[psutil.Process]:
    """The worker processes that live."""
    living = []
    for one in psutil.Process(server.pid).children():
        # One that was killed may be gone between two looks.
        with suppress(psutil.NoSuchProcess):
            if one.status() != psutil.STATUS_ZOMBIE:
                living.append(one)
    return living


def test_workers_that_die_again_and_again_are_replaced_and_the_others_serve_on(
    tidework_server: StartServer,
) -> None:
    server = tidework_server(env=OFF, workers=2)
    kept = workers_of(server)[0]
    with asking(server.port, [Call("GET", "/health/live", fresh=True)], pause=0.01) as tally:
        for _ in range(4):
            others: list[psutil.Process] = []
            wait_until(
                lambda others=others: (
                    others.extend(one for one in workers_of(server) if one.pid != kept.pid)
                    or len(others) > 0
                ),
                "a worker beside the one that is kept", 60,
            )  # fmt: skip
            victim = others[0]
            victim.kill()
            wait_until(
                lambda victim=victim: len(workers_of(server)) == 2 and not victim.is_running(),
                "a new worker", 60,
            )  # fmt: skip
        before = tally.answered
        wait_until(lambda: tally.answered > before + 50, "they serve on")
    assert kept.is_running()
    assert server.running
    # What a killed worker had in its hands is lost; the queue in front of the door is not.
    assert len(tally.failures) <= 4 * 2
    assert set(tally.statuses) == {200}
    assert "worker_ended" in tail(server.log, 400)
    assert server.stop() == 0


def test_a_request_that_never_ends_does_not_keep_it_from_leaving(
    tidework_server: StartServer,
) -> None:
    # The longest drain leaves the least time for what is under way.
    server = tidework_server(env={"TIDEWORK_DRAIN_SECONDS": "20"})
    with half_a_request(server):
        os.kill(server.pid, signal.SIGTERM)
        started = time.monotonic()
        wait_until(lambda: not server.running, "the server ends", 40)
        assert time.monotonic() - started < 30
    assert "requests_cut_off" in tail(server.log)
