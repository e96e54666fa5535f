"""What nginx does when the copies have as much to do as they may have: with the real nginx."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import httpx
import pytest
from tests.e2e.test_nginx import NewNginx, new_nginx, problem, started, targets
from tests.services.following import until
from tests.services.upstream import Upstream, upstreams

from tidework.cluster import Target
from tidework.cluster.edge import VARIANTS
from tidework.http.admission import Overloaded
from tidework.http.headers import SecurityHeaders

__all__ = ["new_nginx"]

# Of each place a copy is given two requests.
FULL = 2
READ, WRITE, LOGIN = (
    "/api/v1/workspaces/w/tasks",
    "/api/v1/workspaces/w/labels",
    "/api/v1/auth/login",
)
KEYED = {"idempotency-key": "k-1"}


@asynccontextmanager
async def full(
    client: httpx.AsyncClient, method: str, path: str, *copies: Upstream
) -> AsyncIterator[None]:
    """Copies that have been given as many requests as they may have, and answer none meanwhile."""
    for copy in copies:
        copy.held = "held=1"
        copy.go.clear()
    before = sum(len(copy.asked) for copy in copies)
    waiting = [
        asyncio.create_task(client.request(method, f"{path}?held=1"))
        for _ in range(FULL * len(copies))
    ]
    await until(
        lambda: sum(len(copy.asked) for copy in copies) == before + len(waiting),
        "the copies have them all",
    )
    yield
    for copy in copies:
        copy.go.set()
    assert [one.status_code for one in await asyncio.gather(*waiting)] == [200] * len(waiting)


async def answered(client: httpx.AsyncClient, path: str) -> bool:
    return (await client.get(path)).status_code == 200


def refused(answer: httpx.Response) -> None:
    """It has the form that a copy's own refusal has."""
    assert answer.status_code == 503
    found = problem(answer)
    own = Overloaded()
    assert (found["code"], found["title"]) == (own.code, own.title)
    assert found["type"] == f"/problems/{own.code}"
    assert "nothing was changed" in found["detail"]
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["cache-control"] == "no-store"
    for name, value in SecurityHeaders("").api:
        assert answer.headers.get_list(name.decode()) == [value.decode()]


@pytest.mark.parametrize("variant", VARIANTS)
async def test_a_flood_of_reads_leaves_all_else_answered(new_nginx: NewNginx, variant: str) -> None:
    async with upstreams("a", "b") as [a, b]:
        copies = targets([a, b]) if variant != "ip_hash" else targets([a])
        asked = [a, b] if variant != "ip_hash" else [a]
        server = new_nginx(targets=copies, variant=variant, places=1)
        async with started(server, timeout=30) as client:
            async with full(client, "GET", READ, *asked):
                refused(await client.get(READ, headers={"x-request-id": "r-1"}))
                refused(await client.get("/api/v1/users/me"))
                for method, path, headers in (
                    ("GET", "/health/live", {}), ("POST", LOGIN, {}), ("POST", WRITE, {}),
                    ("POST", WRITE, KEYED), ("PATCH", WRITE, {}), ("DELETE", WRITE, {}),
                    ("PUT", WRITE, {}), ("OPTIONS", READ, {}), ("GET", "/", {}),
                    ("GET", "/assets/x.js", {}), ("POST", f"{READ}/batch", {}),
                ):  # fmt: skip
                    answer = await client.request(method, path, headers=headers)
                    assert answer.status_code == 200, (method, path)
            # One that was full has not failed.
            assert [(await client.get(READ)).status_code for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("path", [WRITE, f"{READ}/batch", LOGIN])
async def test_a_flood_of_writes_leaves_reads_answered_and_no_copy_sees_what_was_refused(
    new_nginx: NewNginx, path: str
) -> None:
    async with (
        upstreams("a") as [a],
        started(new_nginx(targets=targets([a]), places=1), timeout=30) as client,
        full(client, "POST", path, a),
    ):
        before = len(a.asked)
        for method, headers in (
            ("POST", {}), ("POST", KEYED), ("PATCH", {}), ("PUT", {}), ("DELETE", {}),
        ):  # fmt: skip
            refused(await client.request(method, path, headers=headers, content=b"x"))
        assert len(a.asked) == before
        assert await answered(client, READ)
        assert await answered(client, "/health/live")


async def test_a_backup_is_bounded_too(new_nginx: NewNginx) -> None:
    async with upstreams("a", "b") as [a, b]:
        copies = [Target(a.address), Target(b.address, backup=True)]
        server = new_nginx(targets=copies, places=1)
        async with started(server, timeout=30) as client, full(client, "GET", READ, a, b):
            assert (len(a.asked), len(b.asked)) == (FULL, FULL)
            refused(await client.get(READ))


async def test_open_streams_take_no_place(new_nginx: NewNginx) -> None:
    events = "/api/v1/workspaces/w/events"
    async with (
        upstreams("a") as [a],
        started(new_nginx(targets=targets([a]), places=1), timeout=30) as client,
    ):
        streams = [client.stream("GET", events) for _ in range(FULL + 1)]
        for stream in streams:
            assert (await stream.__aenter__()).status_code == 200
        assert (await client.get(READ)).status_code == 200
        for stream in streams:
            await stream.__aexit__(None, None, None)


@contextmanager
def connections(port: int, request: bytes, count: int) -> Iterator[list[socket.socket]]:
    """Callers that have sent something, and take nothing of the answer."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            one = stack.enter_context(socket.socket())
            # As little as can be has room on the way.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            one.connect(("127.0.0.1", port))
            one.sendall(request)
            made.append(one)
        yield made


async def test_who_reads_or_writes_slowly_takes_no_place(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a]:
        server = new_nginx(targets=targets([a]), places=1)
        async with started(server, timeout=30) as client:
            small, a.body = a.body, b"x" * (8 << 20)
            read = f"GET {READ}?held=1 HTTP/1.1\r\nhost: x\r\n\r\n".encode()
            send = f"POST {WRITE}?held=1 HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n12345678"
            with (
                connections(server.port, read, FULL) as readers,
                connections(server.port, send.encode(), FULL + 1) as writers,
            ):
                await until(lambda: len(a.asked) == FULL, "all that read have been answered")
                a.body = small
                # nginx may still be taking what the copy has answered.
                await until(lambda: answered(client, READ), "the places are free")
                assert (await client.post(WRITE)).status_code == 200
                assert not [
                    one.path for one in a.asked if one.method == "POST" and "held" in one.path
                ]
                assert all(one.fileno() > 0 for one in [*readers, *writers])


async def test_a_copy_that_is_gone_is_told_from_one_that_is_full(new_nginx: NewNginx) -> None:
    async with upstreams("a", "b") as [a, b]:
        server = new_nginx(targets=targets([a, b]), places=1)
        async with started(server, timeout=30) as client:
            async with full(client, "POST", WRITE, a, b):
                pass
            # What was sent to a copy that then went away may have been done, whatever others say.
            a.vanishing = b.vanishing = True
            for headers in ({}, KEYED):
                answer = await client.post(WRITE, headers=headers)
                assert (answer.status_code, problem(answer)["code"]) == (502, "outcome_unknown")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_what_has_reached_no_copy_is_refused_and_not_unknown(
    new_nginx: NewNginx, method: str
) -> None:
    """The one copy cannot be reached, the other one has no place."""
    async with upstreams("a", "b") as [a, b]:
        server = new_nginx(targets=targets([a, b]), places=1)
        async with started(server, timeout=30) as client:
            path = READ if method == "GET" else WRITE
            await a.stop()
            async with full(client, method, path, b):
                # By now nginx knows of it.
                refused(await client.request(method, path))


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [("GET", {}, 503), ("POST", {}, 502), ("POST", KEYED, 502), ("DELETE", {}, 502)],
)
async def test_who_loses_a_copy_while_the_other_one_is_full_is_told_the_truth(
    new_nginx: NewNginx, method: str, headers: dict[str, str], status: int
) -> None:
    """What only read has changed nothing; what wrote may have."""
    async with upstreams("a", "b") as [a, b]:
        a.held = b.held = "held=1"
        server = new_nginx(targets=targets([a, b]), places=1)
        async with started(server, timeout=30) as client:
            waiting = [
                asyncio.create_task(client.request(method, f"{READ}?held=1", headers=headers))
                for _ in range(2 * FULL)
            ]
            await until(lambda: len(a.asked) == len(b.asked) == FULL, "both have their part")
            await a.stop()
            lost, _ = await asyncio.wait(waiting, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            for answer in [one.result() for one in lost]:
                assert answer.status_code == status
                code = "overloaded" if status == 503 else "outcome_unknown"
                assert problem(answer)["code"] == code
            b.go.set()
            answers = [one.status_code for one in await asyncio.gather(*waiting)]
            assert answers.count(200) == FULL or method == "GET"
        assert len(b.asked) == FULL or method == "GET"


async def test_refusals_fill_no_log(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a]:
        server = new_nginx(targets=targets([a]), places=1)
        async with started(server, timeout=30) as client, full(client, "GET", READ, a):
            for _ in range(300):
                assert (await client.get(READ)).status_code == 503
        lines = [json.loads(one) for one in (server.folder / "access.log").read_text().splitlines()]
        statuses = [one["status"] for one in lines if one["method"] == "GET"]
        assert statuses.count("200") == FULL
        # Three, on average.
        assert statuses.count("503") < 30
        assert "no live upstreams" not in server.log.read_text()
