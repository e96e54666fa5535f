"""What nginx refuses by itself, and in which form: with the real nginx."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.e2e.test_nginx import FOREVER, NewNginx, new_nginx, problem, started, targets
from tests.services.upstream import upstreams

__all__ = ["new_nginx"]


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/api/v1/auth/login", 1),
        ("/api/v1/workspaces/w/tasks/batch", 40),
        ("/api/v1/workspaces/w/imports", 50),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "k-1"}])
async def test_what_is_too_large_is_refused_while_it_comes(
    new_nginx: NewNginx, path: str, most: int, headers: dict[str, str]
) -> None:
    """Without a length that would tell before."""
    sent = 0

    async def pieces(count: int) -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(count):
            sent += 1
            yield b"x" * (1 << 20)

    async with upstreams("a", "b") as [a, b]:
        a.vanishing = b.vanishing = True
        async with started(new_nginx(targets=targets([a, b]))) as client:
            answer = await client.post(path, content=pieces(most + 20), headers=headers)
            assert problem(answer)["code"] == "too_large", answer.text
            assert not a.asked + b.asked
            # What is taken is sent on again, as large as it is.
            b.vanishing = False
            for _ in range(2 if headers else 0):
                answer = await client.post(path, content=pieces(most), headers=headers)
                assert (answer.status_code, answer.text) == (200, "b")
        assert {len(one.body) for one in a.asked + b.asked} <= {most << 20}


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        ("TRACE / HTTP/1.1\r\nhost: x", 405, "method_not_allowed"),
        ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: zip", 501, "malformed"),
        ("GET / HTTP/3.0\r\nhost: x", 505, "malformed"),
        ("GET / HTTP/1.1", 400, "malformed"),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: many", 400, "malformed"),
        ("GET /assets/x HTTP/1.1\r\nhost: x\r\nif-match: other", 412, "precondition_failed"),
    ],
)  # fmt: skip
async def test_whatever_nginx_refuses_has_the_form_of_all_failures(
    new_nginx: NewNginx, head: str, status: int, code: str
) -> None:
    async with upstreams("a") as [a]:
        a.caching = FOREVER
        a.headers = {"etag": '"1"'}
        server = new_nginx(targets=targets([a]))
        async with started(server):
            told, found = await asyncio.to_thread(_raw, server.port, head)
    assert told.partition(" ")[2].startswith(f"{status} ")
    assert "content-type: application/problem+json" in told.lower()
    assert (found["status"], found["code"]) == (status, code)
    assert f"x-request-id: {found['request_id']}" in told.lower()
    assert ("allow: " in told.lower()) == (status == 405)


async def test_plain_http_where_https_is_spoken(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a]:
        server = new_nginx(targets=targets([a]), tls=True)
        async with started(server) as client:
            answer = await client.get(f"http://{server.address}/api/v1/x")
        assert answer.status_code == 400
        assert "HTTPS" in problem(answer)["detail"]


async def test_a_part_of_a_kept_file_is_the_whole(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a], started(new_nginx(targets=targets([a]))) as client:
        a.caching = FOREVER
        for _ in range(2):
            answer = await client.get("/assets/x.js", headers={"range": "bytes=900-"})
            assert (answer.status_code, answer.text) == (200, "a")


def _raw(port: int, head: str) -> tuple[str, dict[str, Any]]:
    """Head and JSON of the answer to a request with such a head."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(f"{head}\r\nconnection: close\r\n\r\n".encode())
        whole = b""
        while piece := connection.recv(65536):
            whole += piece
    told, _, body = whole.decode().partition("\r\n\r\n")
    return told, json.loads(body)


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "k-1"}])
async def test_what_is_large_and_may_be_is_not_refused_for_that(
    new_nginx: NewNginx, headers: dict[str, str]
) -> None:
    """When the copies are away: the page that says so has no limit of its own."""
    async with upstreams("a", "b") as [a, b]:
        a.vanishing = b.vanishing = True
        async with started(new_nginx(targets=targets([a, b]))) as client:
            batch = "/api/v1/workspaces/w/tasks/batch"
            answer = await client.post(batch, content=b"x" * (2 << 20), headers=headers)
    assert answer.status_code == 502
    assert problem(answer)["code"] == "outcome_unknown"
