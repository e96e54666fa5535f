"""An HTTP server that takes whatever is sent to it: a trace collector, Sentry."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import brotli
import pytest


class Received(NamedTuple):
    """A request: its path, its headers by lower-case name, its body unpacked."""

    path: str
    headers: dict[str, str]
    body: bytes


class Sink:
    """Answers 200 with `{}` to every POST, and keeps what came.

    Attributes:
        received: the requests so far.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                coding = self.headers.get("content-encoding")
                if coding == "gzip":
                    body = gzip.decompress(body)
                elif coding == "br":
                    body = brotli.decompress(body)
                headers = {name.lower(): value for name, value in self.headers.items()}
                received.append(Received(self.path, headers, body))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The loopback port that it listens on."""
        return int(self._server.server_address[1])

    @property
    def bytes(self) -> bytes:
        """All bodies and headers, for looking for what must not be there."""
        return b"\n".join(
            one.body + repr((one.path, one.headers)).encode() for one in list(self.received)
        )

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A sink of the test's own."""
    started = Sink()
    yield started
    started.close()
