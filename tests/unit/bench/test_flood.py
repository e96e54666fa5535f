"""The callers of `bench.overload`, in front of a small server."""

import socket
import threading
from collections.abc import Iterator

import pytest
from bench.flood import Flood, Plan


class Server:
    """Answers each request with the status that its path names; `/held` once `go` is set, and
    closes the connection after `/last`.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.go = threading.Event()
        self.seen: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while asked := connection.recv(4096):
                path = asked.split(b" ")[1].decode()
                self.seen.append(path)
                if path == "/held":
                    self.go.wait(30)
                if path == "/gone":
                    return
                status = path[1:] if path[1:].isdigit() else "200"
                close = "Connection: close\r\n" if path == "/last" else ""
                head = f"HTTP/1.1 {status} X\r\n{close}Content-Length: 10\r\n\r\n".encode()
                # In parts, as it may come.
                for part in (head[:20], head[20:], b"01234", b"56789"):
                    connection.sendall(part)
                if close:
                    return


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n\r\n".encode()


def test_each_request_is_counted_as_what_became_of_it(server: Server) -> None:
    flood = Flood(server.port, 8)
    paths = ("/200", "/201", "/503", "/404", "/gone", "/last")
    found = flood.at([Plan(one, [request(one)], 40.0) for one in paths], 0.5, 0.0)
    flood.close()
    for path, tally in found.items():
        good, refused = path in {"/200", "/201", "/last"}, path == "/503"
        assert tally.asked > 0
        assert len(tally.good) == (tally.asked if good else 0)
        assert len(tally.refused) == (tally.asked if refused else 0)
        assert tally.lost == (0 if good or refused else tally.asked)


def test_who_finds_no_caller_free_is_asked_for_late_and_counts_from_when_it_was_due(
    server: Server,
) -> None:
    flood = Flood(server.port, 1)
    release = threading.Timer(0.4, server.go.set)
    release.start()
    [tally] = flood.at([Plan("held", [request("/held")], 100.0)], 0.5, 0.0).values()
    flood.close()
    # All but the last ones were due while the only connection was held, and none is left out.
    assert len(tally.good) == tally.asked == len(server.seen)
    late = sum(seconds > 0.1 for seconds in tally.good)
    assert late >= 25


def test_the_peak_counts_good_answers_alone(server: Server) -> None:
    flood = Flood(server.port, 4)
    assert flood.peak([request("/200")], 2, 0.2) > 0
    assert flood.peak([request("/503")], 2, 0.2) == 0
    flood.close()
