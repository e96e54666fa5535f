"""Clients that keep their connection and say nothing: how many are held, and the memory of each."""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.model import Server
from bench.processes import Memory
from bench.report import Plain, table

DEADLINE = 20.0
PART = 200
RESERVE = 500
"""Descriptors of this process for other things than the clients."""


@dataclass(frozen=True, slots=True)
class Held:
    """`answered` is how many got their first answer, `again` how many another one after `seconds`
    of silence."""

    wanted: int
    answered: int
    again: int
    seconds: int
    before: Memory
    after: Memory

    @property
    def bytes_each(self) -> float:
        used = (self.after.pss or self.after.rss) - (self.before.pss or self.before.rss)
        return used / max(1, self.answered)


@dataclass(slots=True)
class Idle(Plain):
    title: str
    workers: int
    held: Held
    name: str = "idle"

    def lines(self) -> list[str]:
        one = self.held
        head = ["clients", "answered", f"answered again after {one.seconds} s", "MB before"]
        head += ["MB with them", "KB each"]
        sizes = [(m.pss or m.rss) / 1e6 for m in (one.before, one.after)]
        row = [f"{one.wanted:,}", f"{one.answered:,}", f"{one.again:,}", f"{sizes[0]:.0f}"]
        row += [f"{sizes[1]:.0f}", f"{one.bytes_each / 1000:.1f}"]
        note = (
            f"{self.title}, {self.workers} workers, memory of all its processes. Each client has"
            " asked for a list once, and keeps its connection. The kernel's buffers are not in it."
        )
        return ["## Idle keep-alive clients", "", *table(head, [row]), "", note]

    def data(self) -> Any:
        return {**asdict(self.held), "bytes_each": round(self.held.bytes_each)}


def possible(wanted: int) -> int:
    """How many clients the limit of open files allows; it is raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted + RESERVE
    if hard != resource.RLIM_INFINITY:
        target = min(target, hard)
    if soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
    return min(wanted, max(soft, target) - RESERVE)


def measure(server: Server, wanted: int, seconds: int) -> Held:
    requests = server.requests("list")
    with contextlib.ExitStack() as stack:
        # Warm, so that its caches are not counted as the clients'.
        with _clients(server.port, 32) as few:
            for begin in range(0, len(requests), 32):
                _ask(few, requests[begin : begin + 32])
        before = server.children[0].memory()
        clients: list[socket.socket] = []
        answered = 0
        while len(clients) < wanted:
            count = min(PART, wanted - len(clients))
            part = stack.enter_context(_clients(server.port, count))
            answered += _ask(part, [requests[n % len(requests)] for n in range(len(part))])
            clients += part
            if len(part) < count:
                break
        time.sleep(seconds)
        after = server.children[0].memory()
        again = 0
        for begin in range(0, len(clients), PART):
            part = clients[begin : begin + PART]
            again += _ask(part, [requests[n % len(requests)] for n in range(len(part))])
    return Held(wanted, answered, again, seconds, before, after)


@contextlib.contextmanager
def _clients(port: int, count: int) -> Iterator[list[socket.socket]]:
    """As many of `count` as can be had."""
    with contextlib.ExitStack() as stack:
        made = []
        with contextlib.suppress(OSError):
            for _ in range(count):
                one = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
                made.append(stack.enter_context(one))
        yield made


def _ask(clients: Sequence[socket.socket], requests: Sequence[bytes]) -> int:
    """Send each its request; how many were answered with 200, whole, before the deadline."""
    with selectors.DefaultSelector() as selector:
        waiting: dict[socket.socket, bytearray] = {}
        for client, request in zip(clients, requests, strict=False):
            with contextlib.suppress(OSError):
                client.sendall(request)
                client.setblocking(False)
                selector.register(client, selectors.EVENT_READ)
                waiting[client] = bytearray()
        done = 0
        until = time.monotonic() + DEADLINE
        while waiting and time.monotonic() < until:
            for key, _ in selector.select(1.0):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                ended = _read(client, waiting[client])
                if ended is not None:
                    selector.unregister(client)
                    client.settimeout(DEADLINE)
                    del waiting[client]
                    done += ended
        for client in waiting:
            client.settimeout(DEADLINE)
    return done


def _read(client: socket.socket, into: bytearray) -> bool | None:
    """Whether the answer was a good one, None while it is not whole."""
    try:
        got = client.recv(262_144)
    except BlockingIOError:
        return None
    except OSError:
        return False
    if not got:
        return False
    into += got
    head, mark, body = bytes(into).partition(b"\r\n\r\n")
    if not mark:
        return None
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            if len(body) < int(line.partition(b":")[2]):
                return None
            return head.startswith(b"HTTP/1.1 200")
    return False
