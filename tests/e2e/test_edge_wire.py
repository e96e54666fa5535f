"""The edge on the wire, byte by byte, against a real server."""

import json
import secrets
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.services.processes import tail
from tests.services.server import TideworkServer

PASSWORD = "correct horse battery staple"
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TideworkServer]:
    """One for all tests here: each uses connections and an account of its own."""
    folder = tmp_path_factory.mktemp("wire")
    started = TideworkServer(folder / "data", folder / "serve.log", {"TIDEWORK_RATE_LIMITS": "off"})
    started.start()
    yield started
    started.stop()
    print(tail(started.log))


class Connection:
    """A connection on which requests are written as text and answers read as they come."""

    def __init__(self, server: TideworkServer) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), 20)
        self._rest = b""

    def send(self, head: Sequence[str], body: bytes = b"") -> None:
        self._socket.sendall("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def more(self, body: bytes) -> None:
        self._socket.sendall(body)

    def finish(self) -> None:
        """Say that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()

    def answer(self, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers, body."""
        while b"\r\n\r\n" not in self._rest:
            self._receive()
        text, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = text.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        size = 0 if head or status in (100, 204, 304) else int(headers["content-length"])
        while len(self._rest) < size:
            self._receive()
        body, self._rest = self._rest[:size], self._rest[size:]
        return status, headers, body

    def closed(self) -> bool:
        """Whether the server has closed it, with nothing more to read."""
        return self._rest == b"" and self._socket.recv(1) == b""

    def _receive(self) -> None:
        part = self._socket.recv(65536)
        if not part:
            raise EOFError(f"the server closed the connection after {self._rest!r}")
        self._rest += part


@pytest.fixture
def wire(server: TideworkServer) -> Iterator[Connection]:
    connection = Connection(server)
    yield connection
    connection.close()


def newcomer() -> bytes:
    """What somebody registers with."""
    email = f"{secrets.token_hex(8)}@example.com"
    return json.dumps({"email": email, "password": PASSWORD, "name": "A"}).encode()


def register(wire: Connection) -> str:
    """Somebody new; the header that shows who they are."""
    body = newcomer()
    wire.send(post("/api/v1/auth/register", len(body)), body)
    status, _, answered = wire.answer()
    assert status == 201
    return f"Authorization: Bearer {json.loads(answered)['access_token']}"


def get(path: str, *headers: str) -> list[str]:
    return [f"GET {path} HTTP/1.1", "Host: x", *headers]


def post(path: str, size: int, *headers: str) -> list[str]:
    return [f"POST {path} HTTP/1.1", "Host: x", JSON, f"Content-Length: {size}", *headers]


def test_one_connection_serves_one_request_after_the_other(wire: Connection) -> None:
    me = register(wire)
    # The body of a GET belongs to it, and not to the next request.
    wire.send(get("/health/live", "Content-Length: 5"), b"hello")
    assert wire.answer()[0] == 200
    for head in (get("/api/v1/users/me", me), get("/api/v1/nothing", me), get("/health/live")) * 3:
        wire.send(head)
    assert [wire.answer()[0] for _ in range(9)] == [200, 404, 200] * 3
    wire.send(["HEAD /api/v1/users/me HTTP/1.1", "Host: x", me])
    status, headers, _ = wire.answer(head=True)
    assert (status, int(headers["content-length"]) > 100) == (200, True)
    # Each of these is refused before or after its body was read; the next one is whole all the same.
    for path, body, status in (
        ("/api/v1/workspaces/personal/tasks", b"{", 400),
        ("/api/v1/workspaces/personal/nothing", b"{}", 404),
        ("/api/v1/users/me", b"[1, 2]", 405),
        ("/health/live", b"{}", 405),
        ("/api/v1/workspaces/personal/tasks", b'{"title": "x"}', 201),
    ):
        wire.send(post(path, len(body), me), body)
        assert wire.answer()[0] == status, path


def test_a_large_body_is_refused_and_its_sender_gets_to_know(wire: Connection) -> None:
    me = register(wire)
    for head, size in (
        (post("/api/v1/auth/login", 5_000_000), 5_000_000),
        (post("/api/v1/workspaces/personal/tasks", 10_000_000, me), 10_000_000),
        (post("/api/v1/workspaces/personal/tasks/batch", 3_000_000), 3_000_000),
    ):
        wire.send(head, b"x" * size)
        status, headers, body = wire.answer()
        assert status == (413 if "batch" not in head[0] else 401)
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["status"] == status
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    chunked = ["POST /api/v1/auth/login HTTP/1.1", "Host: x", JSON, "Transfer-Encoding: chunked"]
    wire.send(chunked, chunk * 40 + b"0\r\n\r\n")
    assert wire.answer()[0] == 413
    wire.send(get("/api/v1/users/me", me))
    assert wire.answer()[0] == 200


def test_who_asks_beforehand_need_not_send_what_is_refused(server: TideworkServer) -> None:
    wire = Connection(server)
    wire.send(post("/api/v1/auth/login", 5_000_000, "Expect: 100-continue"))
    assert wire.answer()[0] == 413
    wire.close()
    wire = Connection(server)
    wire.send(post("/api/v1/workspaces/personal/tasks/batch", 9, "Expect: 100-continue"))
    assert wire.answer()[0] == 401
    wire.close()
    wire = Connection(server)
    wire.send(post("/api/v1/auth/login", 2, "Expect: 100-continue"))
    assert wire.answer()[0] == 100
    wire.more(b"{}")
    assert wire.answer()[0] == 422
    wire.close()


def test_a_body_in_pieces_and_one_that_is_cut_off(server: TideworkServer) -> None:
    wire = Connection(server)
    body = newcomer()
    wire.send(post("/api/v1/auth/register", len(body)))
    for byte in body:
        wire.more(bytes([byte]))
    assert wire.answer()[0] == 201
    wire.close()
    for head in (
        post("/api/v1/auth/login", 20),
        ["POST /api/v1/auth/login HTTP/1.1", "Host: x", JSON, "Transfer-Encoding: chunked"],
    ):
        wire = Connection(server)
        wire.send(head, b"5\r\n{\r\n" if "chunked" in head[-1] else b"{")
        wire.finish()
        assert wire.answer()[0] == 400
        wire.close()
    # Who leaves in the middle leaves nothing behind.
    for _ in range(20):
        wire = Connection(server)
        wire.send(post("/api/v1/auth/login", 20), b"{")
        wire.close()
    wire = Connection(server)
    wire.send(get("/health/ready"))
    assert wire.answer()[0] == 200
    wire.close()
    assert "Traceback" not in Path(server.log).read_text()


def test_addresses_as_no_client_library_writes_them(wire: Connection) -> None:
    me = register(wire)
    for path, status in (
        ("/api/v1/workspaces/%ff%fe/tasks", 404),
        ("/api/v1/workspaces/personal/tasks/%00", 404),
        ("/api/v1/workspaces/personal/tasks/%ed%a0%80", 404),
        ("/api/v1/workspaces/personal/tasks?q=%ff", 400),
        ("/api/v1/workspaces/personal/tasks?q=%zz", 200),
        ("/api/v1/../v1/users/me", 404),
        ("/api/v1//users/me", 404),
        ("//api/v1/users/me", 404),
        ("http://x/api/v1/users/me", 200),
        ("/api/v1/users/me?" + "a" * 9000, 414),
        ("/api/v1/" + "a" * 3000, 414),
    ):
        wire.send(get(path, me))
        answered, headers, _ = wire.answer()
        assert answered == status, path
        assert "x-request-id" in headers
    wire.send(["OPTIONS * HTTP/1.1", "Host: x"])
    assert wire.answer()[0] == 404
    wire.send(["BREW /api/v1/users/me HTTP/1.1", "Host: x"])
    status, headers, _ = wire.answer()
    assert (status, "PATCH" in headers["allow"]) == (405, True)


def test_what_is_no_request_ends_the_connection(server: TideworkServer) -> None:
    for lines in (
        ["nonsense"],
        ["GET /health/live"],
        ["PRI * HTTP/2.0"],
        ["GET /\xff HTTP/1.1", "Host: x"],
        [*post("/api/v1/auth/login", 2), "Content-Length: 3"],
        ["POST /api/v1/auth/login HTTP/1.1", "Host: x", "Content-Length: -1"],
    ):
        wire = Connection(server)
        wire.send(lines, b"{}x")
        try:
            status, _, _ = wire.answer()
            assert 400 <= status < 500, lines
        except (EOFError, ConnectionResetError, KeyError):
            pass
        wire.close()
    assert server.ready()


def test_a_request_names_its_host_once(wire: Connection) -> None:
    for hosts in ([], ["Host: a", "Host: b"]):
        wire.send(["GET /health/live HTTP/1.1", *hosts])
        status, _, body = wire.answer()
        assert (status, json.loads(body)["code"]) == (400, "malformed")
    wire.send(["GET /health/live HTTP/1.1", "Host: a"])
    assert wire.answer()[0] == 200
