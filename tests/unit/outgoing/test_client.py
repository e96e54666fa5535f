"""Requests to addresses that somebody typed, over real sockets."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.services.receiver import Hook, Receiver, Reply, certified
from tests.services.require import unavailable

from tidework.outgoing.client import NotAllowed, Outgoing, OutgoingError

LOOPBACK = ["127.0.0.0/8"]
PUBLIC = "93.184.216.34"


class Names:
    """A name server whose answer changes: each time the next, the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def outgoing(allow: Sequence[str] = LOOPBACK, **options: Any) -> AsyncIterator[Outgoing]:
    yield Outgoing(allow, **options)


async def refused(client: Outgoing, url: str) -> OutgoingError:
    with pytest.raises(OutgoingError) as raised:
        await client.request("POST", url, body=b"{}", deadline_s=5)
    return raised.value


async def test_a_request_arrives_as_it_was_sent() -> None:
    async with Receiver() as receiver, outgoing() as client:
        receiver.answer = lambda _: Reply(201, {"x-Seen": "yes"}, b"hello")
        answer = await client.request(
            "POST", receiver.url("/a?b=c"), headers={"Content-Type": "text/plain"}, body=b"\x00\xff"
        )
    (hook,) = receiver.received
    assert (hook.method, hook.path, hook.body) == ("POST", "/a?b=c", b"\x00\xff")
    assert hook.headers["content-type"] == "text/plain"
    assert hook.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert hook.headers["user-agent"].startswith("Tidework/")
    assert (answer.status, answer.body, answer.truncated) == (201, b"hello", False)
    assert answer.headers["x-seen"] == "yes"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ],
)
async def test_what_is_not_public_is_refused_however_it_is_written(host: str) -> None:
    async with Receiver() as receiver, outgoing([]) as client:
        error = await refused(client, f"http://{host}:{receiver.port}/")
    assert isinstance(error, NotAllowed)
    assert error.reason == "address"
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "answer", [["127.0.0.1"], ["::1"], [PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC]]
)
async def test_a_name_that_leads_inside_is_refused(answer: list[str]) -> None:
    names = Names(answer)
    async with Receiver() as receiver, outgoing([], resolve=names) as client:
        error = await refused(client, receiver.url(host="hooks.example.com"))
    assert isinstance(error, NotAllowed)
    # Whoever typed the name is not told what stands behind it in here.
    assert "127" not in error.detail
    assert receiver.connections == 0


async def test_the_address_that_was_looked_at_is_the_one_connected_to() -> None:
    # The system says that localhost is 127.0.0.1, and so does the name server when asked again.
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    async with (
        Receiver("127.0.0.2") as good,
        Receiver("127.0.0.1", good.port) as inside,
        outgoing(["127.0.0.2/32"], resolve=names) as client,
    ):
        answer = await client.request("POST", good.url(host="localhost"))
        again = await refused(client, good.url(host="localhost"))
    assert answer.status == 200
    assert (len(good.received), inside.connections) == (1, 0)
    assert good.received[0].headers["host"] == f"localhost:{good.port}"
    assert isinstance(again, NotAllowed)
    assert names.asked == ["localhost", "localhost"]


async def test_a_name_server_that_does_not_answer_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = threading.Event()
    real = socket.getaddrinfo

    def ask(host: str, *rest: Any, **more: Any) -> Any:
        if host == "slow.example.com":
            answered.wait(60)
        return real("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    async with Receiver() as receiver, outgoing() as client:
        with pytest.raises(OutgoingError) as raised:
            await client.request("GET", receiver.url(host="slow.example.com"), deadline_s=0.2)
        assert raised.value.reason == "timeout"
        assert (await client.request("GET", receiver.url(host="quick.example.com"))).status == 200
    # The end of a process does not wait for it.
    asking = [thread for thread in threading.enumerate() if thread.name == "name"]
    assert asking
    # The one that was answered may be about to end.
    assert all(thread.daemon for thread in asking)
    answered.set()
    for thread in asking:
        await asyncio.to_thread(thread.join, 30)


async def test_an_address_of_version_6_is_asked_as_one() -> None:
    if not socket.has_ipv6:
        unavailable("This machine has no IPv6.")
    receiver = Receiver("::1")
    try:
        await receiver.__aenter__()
    except OSError:
        unavailable("This machine has no address ::1; turn IPv6 on for its loopback interface.")
    async with outgoing(["::1/128"], resolve=Names(["::1"])) as client:
        for host in ("[::1]", "[0:0:0:0:0:0:0:1]", "hooks.example.com"):
            assert (await client.request("GET", receiver.url(host=host))).status == 200
    await receiver.__aexit__()
    assert receiver.received[0].headers["host"] == f"[::1]:{receiver.port}"


async def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    names = Names(["127.0.0.3", "127.0.0.2"])
    async with Receiver("127.0.0.2") as receiver, outgoing(resolve=names) as client:
        answer = await client.request("GET", receiver.url(host="hooks.example.com"))
    assert answer.status == 200


async def test_a_redirect_is_an_answer_and_nothing_else() -> None:
    async with Receiver() as elsewhere, Receiver() as receiver, outgoing() as client:
        receiver.answer = lambda _: Reply(307, {"location": elsewhere.url()})
        answer = await client.request("POST", receiver.url(), body=b"{}")
    assert answer.status == 307
    assert elsewhere.connections == 0


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as proxy, Receiver() as receiver, outgoing() as client:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        await client.request("POST", receiver.url(), body=b"{}")
    assert (proxy.connections, len(receiver.received)) == (0, 1)


async def test_a_certificate_is_that_of_the_name(tmp_path: Path) -> None:
    server, trusting = certified(tmp_path, "hooks.example.com")
    names = Names(["127.0.0.1"])
    async with Receiver(tls=server) as receiver:
        async with outgoing(resolve=names, tls=trusting) as client:
            answer = await client.request("POST", receiver.url(host="hooks.example.com"))
            other = await refused(client, receiver.url(host="other.example.com"))
            bare = await refused(client, receiver.url())
        async with outgoing(resolve=names) as client:
            stranger = await refused(client, receiver.url(host="hooks.example.com"))
    assert answer.status == 200
    assert {other.reason, bare.reason, stranger.reason} == {"tls"}
    assert "certificate" in other.detail
    assert len(receiver.received) == 1


async def test_an_answer_is_read_as_far_as_it_is_kept() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        try:
            while sent < 1_000_000_000:
                writer.write(b"x" * 65536)
                sent += 65536
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, outgoing() as client:
        answer = await client.request("GET", f"http://127.0.0.1:{port}/", max_answer=100)
        assert answer.body == b"x" * 100
        assert answer.truncated
    # What the buffers of both sides take, and no more.
    assert sent < 100_000_000


async def test_what_is_packed_is_not_unpacked() -> None:
    async with Receiver() as receiver, outgoing() as client:
        receiver.answer = lambda _: Reply(200, {"content-encoding": "gzip"}, b"\x1f\x8b bomb")
        answer = await client.request("GET", receiver.url())
    assert answer.body == b"\x1f\x8b bomb"
    assert receiver.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_silence_ends_at_the_deadline_and_leaves_no_connection(scheme: str) -> None:
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass
        ended.set()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, outgoing() as client:
        with pytest.raises(OutgoingError) as raised:
            await client.request("GET", f"{scheme}://127.0.0.1:{port}/", deadline_s=1)
        await asyncio.wait_for(ended.wait(), 10)
    assert raised.value.reason == "timeout"


async def test_drops_of_an_answer_do_not_put_off_the_deadline() -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(dripping, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started = time.monotonic()
    async with server, outgoing() as client:
        with pytest.raises(OutgoingError) as raised:
            await client.request("GET", f"http://127.0.0.1:{port}/", deadline_s=0.3)
    assert raised.value.reason == "timeout"
    assert time.monotonic() - started < 30


async def test_what_can_go_wrong_is_said() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with outgoing() as client:
        async with server:
            assert (await refused(client, f"http://127.0.0.1:{port}/")).reason == "protocol"
            assert (await refused(client, f"https://127.0.0.1:{port}/")).reason == "tls"
        assert (await refused(client, f"http://127.0.0.1:{port}/")).reason == "connect"
        assert (await refused(client, "http://nobody.invalid/")).reason == "dns"
        assert (await refused(client, "gopher://example.com/")).reason == "url"


async def test_many_at_once() -> None:
    async def slowly(hook: Hook) -> Reply:
        await asyncio.sleep(0.01)
        return Reply(body=hook.path.encode())

    async with Receiver(answer=slowly) as receiver, outgoing() as client:
        paths = [f"/{i}" for i in range(100)]
        answers = await asyncio.gather(*(client.request("GET", receiver.url(p)) for p in paths))
    assert [answer.body.decode() for answer in answers] == paths


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://localhost/", "https://a.localhost/x"])
def test_what_can_be_seen_to_be_refused(url: str) -> None:
    with pytest.raises(ValueError, match="public"):
        Outgoing().check(url)
    Outgoing(LOOPBACK).check(url)


def test_what_only_a_name_server_knows_is_not_refused_before_it_is_asked() -> None:
    Outgoing().check("https://hooks.example.com/")
