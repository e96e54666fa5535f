"""What nginx does with requests, with the real nginx and copies that can be made to go away."""

import asyncio
import json
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.services.require import unavailable
from tests.services.upstream import Upstream, upstreams

from tidework.cluster import Nginx, Target
from tidework.cluster.edge import VARIANTS
from tidework.cluster.nginx import brotli_modules

NewNginx = Callable[..., Nginx]
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def new_nginx() -> Iterator[NewNginx]:
    """Makes nginxes, not started, in a folder that its workers can enter."""
    missing = Nginx.missing()
    if missing:
        unavailable(f"{missing} (or `make services`).")
    made: list[Nginx] = []

    def make(**options: Any) -> Nginx:
        folder = Path(tempfile.mkdtemp(prefix="tidework nginx ", dir="/tmp"))
        made.append(Nginx(folder, **options))
        return made[-1]

    yield make
    for server in made:
        server.kill()
        shutil.rmtree(server.folder)


@asynccontextmanager
async def started(server: Nginx, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an nginx that is started."""
    await asyncio.to_thread(server.start)
    async with httpx.AsyncClient(base_url=server.url, verify=False, **options) as client:
        yield client
    await asyncio.to_thread(server.stop)


def targets(servers: list[Upstream]) -> list[Target]:
    return [Target(one.address) for one in servers]


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("tls", [False, True])
def test_nginx_takes_every_variant(new_nginx: NewNginx, variant: str, tls: bool) -> None:
    copies = [Target("127.0.0.1:1", 3), Target("127.0.0.1:2"), Target("127.0.0.1:3", backup=True)]
    server = new_nginx(targets=copies, variant=variant, tls=tls, proxies=["10.0.0.0/8"])
    server.prepare()
    done = subprocess.run([*server.command(), "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


async def test_requests_are_shared_by_weight_and_a_backup_waits(new_nginx: NewNginx) -> None:
    async with upstreams("a", "b", "c") as [a, b, c]:
        copies = [Target(a.address, 3), Target(b.address), Target(c.address, backup=True)]
        async with started(new_nginx(targets=copies, variant="round_robin")) as client:
            seen = Counter([(await client.get("/api/v1/x")).text for _ in range(40)])
            assert seen == {"a": 30, "b": 10}
            await a.stop()
            await b.stop()
            assert {(await client.get("/api/v1/x")).text for _ in range(5)} == {"c"}


async def test_one_address_stays_with_one_copy_by_ip_hash(new_nginx: NewNginx) -> None:
    async with upstreams("a", "b", "c") as servers:
        server = new_nginx(targets=targets(servers), variant="ip_hash")
        async with started(server) as client:
            assert len({(await client.get("/api/v1/x")).text for _ in range(12)}) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("variant", VARIANTS)
async def test_no_request_fails_when_a_copy_is_gone(
    new_nginx: NewNginx, method: str, variant: str
) -> None:
    async with upstreams("a", "b", "c") as servers:
        server = new_nginx(targets=targets(servers), variant=variant)
        async with started(server) as client:
            # With connections to all of them that are kept, as far as the variant has it.
            first = (await client.get("/api/v1/x")).text
            for _ in range(5):
                await client.get("/api/v1/x")
            [gone] = [one for one in servers if one.name == first]
            await gone.stop()
            answers = [await client.request(method, "/api/v1/x") for _ in range(6)]
            assert [one.status_code for one in answers] == [200] * 6
            assert gone.name not in {one.text for one in answers}


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
async def test_what_a_copy_may_have_done_is_not_sent_to_another(
    new_nginx: NewNginx, method: str
) -> None:
    async with upstreams("a", "b") as [a, b]:
        a.vanishing = b.vanishing = True
        async with started(new_nginx(targets=targets([a, b]))) as client:
            answer = await client.request(method, "/api/v1/x", headers={"x-request-id": "r-1"})
        assert answer.status_code == 502
        found = problem(answer)
        assert found["code"] == "outcome_unknown"
        assert found["request_id"] == "r-1"
        assert answer.headers["retry-after"] == "1"
        assert len(a.asked) + len(b.asked) == 1


@pytest.mark.parametrize(("method", "headers"), [("GET", {}), ("POST", {"idempotency-key": "k-1"})])
async def test_what_may_be_repeated_is(
    new_nginx: NewNginx, method: str, headers: dict[str, str]
) -> None:
    async with upstreams("a", "b") as [a, b]:
        a.vanishing = True
        async with started(new_nginx(targets=targets([a, b]))) as client:
            for _ in range(4):
                answer = await client.request(
                    method, "/api/v1/workspaces/w/tasks/batch", headers=headers
                )
                assert (answer.status_code, answer.text) == (200, "b")
        assert len(a.asked) == 1


@pytest.mark.parametrize(
    "status", ["503 Service Unavailable", "429 Too Many Requests", "401 Unauthorized"]
)
@pytest.mark.parametrize("path", ["/api/v1/x", "/api/v1/workspaces/w/tasks/batch"])
async def test_a_refusal_says_nothing_of_the_copy_that_went_away_before(
    new_nginx: NewNginx, status: str, path: str
) -> None:
    """`nothing was changed`, says the second copy, of itself; the first one may have done it."""
    async with upstreams("a", "b") as [a, b]:
        b.status = status
        async with started(new_nginx(targets=targets([a, b]))) as client:
            keyed = {"idempotency-key": "k-1"}
            for _ in range(2):
                # Which of the two is asked first is nginx's to say.
                a.vanishing = True
                answer = await client.post(path, headers=keyed)
                if a.asked:
                    break
            assert len(a.asked) == 1
            assert answer.status_code == 502
            assert problem(answer)["code"] == "outcome_unknown"
            # What only that one has seen is its own to answer.
            told = await client.post(path, headers=keyed)
            assert (f"{told.status_code} {told.reason_phrase}", told.text) == (status, "b")


async def test_an_answer_that_stands_is_passed_on_from_the_second_copy(
    new_nginx: NewNginx,
) -> None:
    async with upstreams("a", "b") as [a, b]:
        a.vanishing, b.status = True, "422 Unprocessable Entity"
        async with started(new_nginx(targets=targets([a, b]))) as client:
            for _ in range(2):
                answer = await client.post("/api/v1/x", headers={"idempotency-key": "k-1"})
                assert (answer.status_code, answer.text) == (422, "b")
        assert len(a.asked) == 1


async def test_a_keyed_request_finds_the_only_copy_that_is_left(new_nginx: NewNginx) -> None:
    async with upstreams("a", "b", "c") as servers:
        [a, b, _] = servers
        async with started(new_nginx(targets=targets(servers))) as client:
            await a.stop()
            await b.stop()
            for _ in range(3):
                answer = await client.post("/api/v1/x", headers={"idempotency-key": "k-1"})
                assert (answer.status_code, answer.text) == (200, "c")


async def test_who_calls_is_told_by_nginx_and_not_by_the_caller(new_nginx: NewNginx) -> None:
    lies = {
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example",
        "forwarded": "for=6.6.6.6",
    }
    async with upstreams("a") as [a]:
        server = new_nginx(targets=targets([a]))
        async with started(server, headers=lies) as client:
            await client.get("/api/v1/x")
        told = a.asked[0].headers
        assert told["x-forwarded-for"] == "127.0.0.1"
        assert told["x-forwarded-proto"] == "http"
        assert told["x-forwarded-host"] == told["host"] == server.address
        assert "forwarded" not in told


async def test_a_proxy_in_front_is_believed(new_nginx: NewNginx) -> None:
    front = {"x-forwarded-for": "6.6.6.6, 203.0.113.9", "x-forwarded-proto": "https"}
    async with upstreams("a") as [a]:
        server = new_nginx(targets=targets([a]), proxies=["127.0.0.0/8"])
        async with started(server, headers=front) as client:
            await client.get("/api/v1/x")
        told = a.asked[0].headers
        assert told["x-forwarded-for"] == "203.0.113.9"
        assert told["x-forwarded-proto"] == "https"


async def test_a_trace_begins_here_or_goes_on(new_nginx: NewNginx) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with upstreams("a") as [a]:
        server = new_nginx(targets=targets([a]))
        async with started(server) as client:
            await client.get("/api/v1/x?secret=1")
            await client.get("/api/v1/x", headers={"traceparent": given, "x-request-id": "bad id"})
            await client.get("/api/v1/x", headers={"x-request-id": "mine"})
        new, passed, mine = (one.headers for one in a.asked)
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", new["traceparent"])
        assert new["traceparent"].split("-")[1] == new["x-request-id"]
        assert passed["traceparent"] == given
        assert re.fullmatch(r"[0-9a-f]{32}", passed["x-request-id"])
        assert mine["x-request-id"] == "mine"
        lines = (server.folder / "access.log").read_text().splitlines()
        logged = [one for one in map(json.loads, lines) if one["method"] == "GET"]
        assert [one["request_id"] for one in logged] == [one["x-request-id"] for one in
                                                         (new, passed, mine)]  # fmt: skip
        assert logged[0]["path"] == "/api/v1/x"
        assert logged[0]["copy"] == a.address
        assert "secret" not in json.dumps(logged)


async def test_connections_to_copies_are_kept(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a], started(new_nginx(targets=targets([a]))) as client:
        for _ in range(5):
            await client.get("/api/v1/x")
        assert len(a._open) == 1


async def test_what_is_too_large_is_refused_as_a_problem(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a], started(new_nginx(targets=targets([a]))) as client:
        large = b"x" * ((1 << 20) + 1)
        assert problem(await client.post("/api/v1/x", content=large))["code"] == "too_large"
        batch = "/api/v1/workspaces/w/tasks/batch"
        assert (await client.post(batch, content=large)).status_code == 200
        keyed = {"idempotency-key": "k"}
        assert (await client.post(batch, content=large, headers=keyed)).status_code == 200
        assert [len(one.body) for one in a.asked] == [len(large)] * 2
        refused = await client.get("/api/v1/x?q=" + "x" * 20_000)
        assert problem(refused)["code"] == "uri_too_long"
        refused = await client.get("/api/v1/x", headers={"x-much": "x" * 20_000})
        assert problem(refused)["code"] == "malformed"


async def test_nginx_says_so_when_there_is_no_copy(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a]:
        await a.stop()
        async with started(new_nginx(targets=[Target(a.address)])) as client:
            for method in ("GET", "POST", "DELETE"):
                answer = await client.request(method, "/api/v1/x")
                assert answer.status_code == 502
                assert problem(answer)["code"] == "outcome_unknown"
                assert answer.headers["retry-after"]


async def test_what_operators_look_at_is_not_public(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a]:
        async with started(new_nginx(targets=targets([a]))) as client:
            for path in ("/metrics", "/health/ready", "/%6detrics", "/x/..//metrics"):
                answer = await client.get(path)
                assert answer.status_code == 404, path
                assert problem(answer)["code"] == "not_found"
            assert (await client.get("/health/live")).status_code == 200
        assert [one.path for one in a.asked] == ["/health/live"]


async def test_events_arrive_as_they_are_sent(new_nginx: NewNginx) -> None:
    async with (
        upstreams("a") as [a],
        started(new_nginx(targets=targets([a]))) as client,
        client.stream("GET", "/api/v1/workspaces/w/events") as stream,
    ):
        chunks = stream.aiter_text()
        assert await anext(chunks) == "data: first\n\n"
        for _ in range(3):
            a.more.set()
            assert await asyncio.wait_for(anext(chunks), 10) == "data: next\n\n"


async def test_assets_are_kept_for_ever_and_compressed(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a]:
        a.body, a.content_type = b"let tide = 1;\n" * 500, "application/javascript"
        a.caching, a.headers = FOREVER, {"vary": "Accept-Encoding"}
        async with started(new_nginx(targets=targets([a]))) as client:
            answers = [
                await client.get("/assets/app-1a2b.js", headers={"accept-encoding": one})
                for one in ("br", "gzip", "identity") * 2
            ]
            for answer in answers:
                assert answer.content == a.body
                assert answer.headers.get_list("cache-control") == [FOREVER]
                assert answer.headers.get_list("vary") == ["Accept-Encoding"]
            # One for each wish for a coding, as the copies' Vary has it.
            assert len(a.asked) == 3
            if brotli_modules() is None:
                unavailable("nginx has no brotli here: `make services` installs its modules.")
            found = [one.headers.get("content-encoding") for one in answers]
            assert found == ["br", "gzip", None] * 2
            # Answers of the API are compressed by the copies, or not at all.
            answer = await client.get("/api/v1/x", headers={"accept-encoding": "br, gzip"})
            assert "content-encoding" not in answer.headers


async def test_an_asset_that_one_copy_lacks_comes_from_another(new_nginx: NewNginx) -> None:
    async with upstreams("old", "new") as [old, new]:
        old.status, old.caching = "404 Not Found", "no-store"
        new.caching = FOREVER
        server = new_nginx(targets=targets([old, new]), variant="round_robin")
        async with started(server) as client:
            for number in range(6):
                answer = await client.get(f"/assets/app-{number}.js")
                assert (answer.status_code, answer.text) == (200, "new")
            # One that is nowhere is not remembered as such.
            new.status, new.caching = "404 Not Found", "no-store"
            missing = await client.get("/assets/other.js")
            assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
            new.status, new.caching = "200 OK", FOREVER
            assert (await client.get("/assets/other.js")).status_code == 200
            # And the copy that lacks a file is not thought to be gone.
            assert {(await client.get("/api/v1/x")).text for _ in range(4)} == {"old", "new"}


async def test_https_with_hsts_and_a_redirect_to_it(new_nginx: NewNginx) -> None:
    async with upstreams("a") as [a]:
        a.headers = {"strict-transport-security": "max-age=31536000"}
        server = new_nginx(targets=targets([a]), tls=True)
        async with started(server) as client:
            answer = await client.get("/api/v1/x")
            assert answer.text == "a"
            assert a.asked[0].headers["x-forwarded-proto"] == "https"
            for path in ("/api/v1/x", "/assets/x.js", "/metrics"):
                [hsts] = (await client.get(path)).headers.get_list("strict-transport-security")
                assert int(re.findall(r"max-age=(\d+)", hsts)[0]) >= 31_536_000
            plain = f"http://127.0.0.1:{server.http_port}/api/v1/x?y=1"
            redirect = await client.post(plain, content=b"body")
            assert redirect.status_code == 308
            assert redirect.headers["location"] == f"{server.url}/api/v1/x?y=1"
            assert await asyncio.to_thread(_protocol, server.port) == ("h2", "TLSv1.3")
            with pytest.raises(ssl.SSLError):
                await asyncio.to_thread(_protocol, server.port, ssl.TLSVersion.TLSv1_1)


def _protocol(port: int, version: ssl.TLSVersion | None = None) -> tuple[str | None, str | None]:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    if version is not None:
        # What this Python itself would refuse, as an old client would ask.
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        return connection.selected_alpn_protocol(), connection.version()


async def test_a_reload_takes_on_other_copies_without_a_failed_request(new_nginx: NewNginx) -> None:
    async with upstreams("a", "b") as [a, b]:
        server = new_nginx(targets=targets([a]))
        # A connection each: one that is kept may be closed just when the next request is sent.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with started(server, limits=limits) as client:
            assert (await client.get("/api/v1/x")).text == "a"
            server.set_targets(targets([b]))
            found = "a"
            while found != "b":
                answer = await client.get("/api/v1/x")
                assert answer.status_code == 200
                found = answer.text
