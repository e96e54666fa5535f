"""Clients that never cease to ask every copy for what may be taken away at any moment."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.faults.harness.caller import Caller
from tests.faults.harness.record import working

from tidework.cluster.process import wait_until


@dataclass(frozen=True)
class Probe:
    """A request that is allowed at first; afterwards only an answer of `refused` may come, or, where
    that is empty, it goes on to be allowed.
    """

    token: str
    method: str
    path: str
    refused: frozenset[int]
    body: Any = field(default=None, compare=False)

    @property
    def cached(self) -> bool:
        """Whether it is asked with what has been read before, too."""
        return self.method == "GET"


@dataclass(frozen=True)
class Seen:
    """One answer: what was asked for, when it was sent off, and what came."""

    probe: Probe
    port: int
    began: float
    status: int
    conditional: bool


@dataclass
class Watch:
    """What all copies have answered."""

    probes: Sequence[Probe]
    ports: Sequence[int]
    seen: list[Seen] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, one: Seen) -> None:
        """Note an answer."""
        with self._lock:
            self.seen.append(one)

    def _kinds(self, since: float) -> set[tuple[Probe, int, bool]]:
        with self._lock:
            return {(s.probe, s.port, s.conditional) for s in self.seen if s.began > since}

    def await_all(self, since: float = 0.0) -> None:
        """Wait until each copy has been asked each thing, in each way, after a moment."""
        wanted = {(one, port, False) for one in self.probes for port in self.ports}
        wanted |= {(one, port, True) for one in self.probes if one.cached for port in self.ports}
        wait_until(lambda: wanted <= self._kinds(since), "every copy has been asked", 60)

    def wrong(self, since: float) -> list[str]:
        """The answers to what was sent off after a moment that should not have been."""
        found = []
        for one in self.seen:
            allowed = not one.probe.refused or one.began <= since
            expected = {200, 201, 304} if allowed else one.probe.refused
            # Sent before, answered after: either is right, and a write that had been let in is told
            # that the role has just been lost.
            refusals = one.probe.refused if one.probe.cached else one.probe.refused | {403}
            either = one.began <= since and one.status in refusals
            if one.status not in expected and not either:
                about = "conditional " if one.conditional else ""
                late = f"{(one.began - since) * 1000:.1f} ms after"
                found.append(
                    f"{about}{one.probe.method} {one.probe.path} {late}: {one.status} at {one.port}"
                )
        return found


class _Watcher:
    """Asks one copy for one thing after the other."""

    def __init__(self, watch: Watch, port: int, dice: Random) -> None:
        self._watch = watch
        self._dice = dice
        self._port = port
        self._tags: dict[Probe, str] = {}

    def __call__(self, stop: threading.Event) -> None:
        callers = {
            one.token: Caller([self._port], one.token, self._dice) for one in self._watch.probes
        }
        while not stop.is_set():
            for probe in self._dice.sample(self._watch.probes, len(self._watch.probes)):
                self._ask(callers[probe.token], probe, None)
                if stop.is_set():
                    break
                if probe in self._tags:
                    self._ask(callers[probe.token], probe, self._tags[probe])
        for caller in callers.values():
            caller.close()

    def _ask(self, caller: Caller, probe: Probe, tag: str | None) -> None:
        headers = {"if-none-match": tag} if tag else {}
        began = time.monotonic()
        answer = caller.call(probe.method, probe.path, probe.body, headers)
        self._watch.add(Seen(probe, self._port, began, answer.status, tag is not None))
        if probe.cached and answer.status == 200 and "etag" in answer.headers:
            self._tags[probe] = answer.headers["etag"]


@contextmanager
def watching(probes: Sequence[Probe], ports: Sequence[int], dice: Random) -> Iterator[Watch]:
    """For the time of the block every copy is asked; it begins when each has answered all."""
    watch = Watch(probes, ports)
    watchers = [_Watcher(watch, port, Random(dice.random())) for port in ports]
    with working(list(watchers)):
        watch.await_all()
        yield watch
