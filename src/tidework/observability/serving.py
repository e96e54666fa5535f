"""`/metrics` on an address of its own, away from the public port."""

import threading
from typing import Final
from wsgiref.simple_server import WSGIServer

from prometheus_client import start_http_server

from tidework.errors import Unavailable
from tidework.observability.workers import Exposition

_RETRY_S: Final = 1.0


class MetricsServer:
    """Serves `/metrics` from a thread, so that it can be read while the event loop is stuck."""

    def __init__(self, exposition: Exposition, host: str, port: int) -> None:
        """Raise OSError when the address cannot be had; port 0 takes any free one."""
        self._server: WSGIServer
        self._thread: threading.Thread
        self._server, self._thread = start_http_server(port, host, exposition)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class SharedServer:
    """An address that one of several workers serves; when that one ends, another takes it over."""

    def __init__(self, exposition: Exposition, host: str, port: int, *, wait: bool) -> None:
        """`wait` for the address while somebody else has it, trying every second; without that,
        raise `Unavailable`.
        """
        self._address = (exposition, host, port)
        self._server: MetricsServer | None = None
        self._ending = threading.Event()
        self._waiting: threading.Thread | None = None
        try:
            self._server = MetricsServer(*self._address)
        except OSError as error:
            if not wait:
                raise Unavailable(
                    f"Metrics cannot be served on {host}:{port}: {error.strerror}. Choose another"
                    " address with TIDEWORK_METRICS, or stop who listens there."
                ) from error
            self._waiting = threading.Thread(target=self._wait, name="metrics port", daemon=True)
            self._waiting.start()

    def _wait(self) -> None:
        while not self._ending.wait(_RETRY_S):
            try:
                self._server = MetricsServer(*self._address)
            except OSError:
                continue
            return

    def close(self) -> None:
        """Stop serving, or waiting for the address."""
        self._ending.set()
        if self._waiting is not None:
            self._waiting.join()
        if self._server is not None:
            self._server.close()
