"""Clients that go on asking while something happens to the server, and tell what failed."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """What clients met: `statuses` by number, `failures` as text, `refused` connections."""

    statuses: dict[int, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    refused: int = 0
    closes: int = 0
    slowest: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def answered(self) -> int:
        """How many requests got an answer."""
        return sum(self.statuses.values())

    def note(self, status: int, seconds: float, closes: bool) -> None:
        """Count an answer."""
        with self._lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.slowest = max(self.slowest, seconds)
            self.closes += closes

    def fail(self, what: str) -> None:
        """Count a request that got none."""
        with self._lock:
            self.failures.append(what)


@dataclass(frozen=True)
class Call:
    """A request that is made again and again; `fresh` opens a connection each time."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False


def _ask_on(port: int, call: Call, tally: Tally, stop: threading.Event, pause: float) -> None:
    connection: http.client.HTTPConnection | None = None
    body = None if call.body is None else json.dumps(call.body)
    headers = {**call.headers, **({"content-type": "application/json"} if body else {})}
    while not stop.is_set():
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.connect()
            except ConnectionRefusedError:
                tally.refused += 1
                connection = None
                stop.wait(0.02)
                continue
        started = time.monotonic()
        try:
            connection.request(call.method, call.path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            tally.fail(f"{call.method} {call.path}: {error!r}")
            connection.close()
            connection = None
            continue
        closes = answer.getheader("connection", "").lower() == "close"
        tally.note(answer.status, time.monotonic() - started, closes)
        if closes or call.fresh:
            connection.close()
            connection = None
        stop.wait(pause)
    if connection is not None:
        connection.close()


@contextmanager
def asking(port: int, calls: list[Call], *, each: int = 2, pause: float = 0.05) -> Iterator[Tally]:
    """For the time of the block `each` clients make each of the calls, one after the other.

    They pause for as many seconds after an answer: what goes on beside them is what a test is about,
    and shall not have to wait for a processor.
    """
    tally, stop = Tally(), threading.Event()
    threads = [
        threading.Thread(target=_ask_on, args=(port, call, tally, stop, pause), daemon=True)
        for call in calls
        for _ in range(each)
    ]
    for thread in threads:
        thread.start()
    try:
        yield tally
    finally:
        stop.set()
        for thread in threads:
            thread.join(40)
