"""Load from wrk: one round on one server, and rounds in turns over all of them."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.client import BenchError
from bench.model import Kind, Scenario, Server

SCRIPT = Path(__file__).with_name("wrk.lua")
CONNECTIONS, THREADS = 32, 2
WARM_UP_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Round:
    """What wrk saw; latencies in milliseconds. CPU is in seconds: of wrk, of the
    server's processes, and of everything else on the machine (the kernel's part included)."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    p99: float
    max: float
    status_errors: int
    socket_errors: int
    timeouts: int
    wrk_cpu: float
    server_cpu: float
    other_cpu: float

    @property
    def errors(self) -> int:
        return self.status_errors + self.socket_errors + self.timeouts

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Result:
    """A scenario's rounds on one server."""

    scenario: str
    server: str
    rounds: tuple[Round, ...]

    def median(self, of: Callable[[Round], float]) -> float:
        return statistics.median(of(one) for one in self.rounds)

    @property
    def rate(self) -> float:
        return self.median(lambda one: one.rate)

    @property
    def errors(self) -> int:
        return sum(one.errors for one in self.rounds)

    def summary(self) -> dict[str, Any]:
        """Medians over the rounds, and the rounds themselves."""
        return {
            "requests_per_second": round(self.rate, 1),
            "slowest_round": round(min(one.rate for one in self.rounds), 1),
            "fastest_round": round(max(one.rate for one in self.rounds), 1),
            "p50_ms": round(self.median(lambda one: one.p50), 2),
            "p99_ms": round(self.median(lambda one: one.p99), 2),
            "max_ms": round(max(one.max for one in self.rounds), 1),
            "bytes_per_answer": round(self.median(lambda one: one.bytes / max(1, one.requests))),
            "errors": self.errors,
            "wrk_cores": round(self.median(lambda one: one.wrk_cpu / one.seconds), 2),
            "server_cores": round(self.median(lambda one: one.server_cpu / one.seconds), 2),
            "other_cores": round(self.median(lambda one: one.other_cpu / one.seconds), 2),
            "rounds": [asdict(one) for one in self.rounds],
        }


def program() -> str:
    found = shutil.which("wrk")
    if found is None:
        raise BenchError("wrk is missing here. Install it (Debian, Ubuntu: apt-get install wrk).")
    return found


def in_turns(
    scenario: Scenario,
    servers: Sequence[Server],
    folder: Path,
    *,
    rounds: int,
    seconds: int,
) -> list[Result]:
    """Every server warmed up alike, then A, B, A, B ... so that a change in what else the machine
    does meets all of them."""
    files: dict[str, list[str]] = {}
    for server in servers:
        server.prepare(scenario)
        mix = scenario.peer_mix if server.key == "pocketbase" else scenario.mix
        files[server.key] = [
            f"{_write(folder / f'{server.key}-{kind}.requests', server, kind)}:{percent}"
            for kind, percent in mix.items()
        ]
    for server in servers:
        _round(server, files[server.key], WARM_UP_SECONDS, seed=0)
    done: dict[str, list[Round]] = {server.key: [] for server in servers}
    for number in range(1, rounds + 1):
        for server in servers:
            done[server.key].append(_round(server, files[server.key], seconds, seed=number))
    return [Result(scenario.name, key, tuple(rounds_)) for key, rounds_ in done.items()]


def _write(path: Path, server: Server, kind: Kind) -> Path:
    path.write_bytes(b"".join(request + b"\0" for request in server.requests(kind)))
    return path


def _round(server: Server, files: Sequence[str], seconds: int, *, seed: int) -> Round:
    command = [program(), f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s"]
    command += ["-s", str(SCRIPT), f"http://127.0.0.1:{server.port}", "--", str(seed), *files]
    before, busy = _used(server), _busy()
    output, wrk_cpu = _timed(command)
    used, busy = _used(server) - before, _busy() - busy
    seen: dict[str, Any] = json.loads(output.splitlines()[-1])
    if not seen["requests"]:
        raise BenchError(f"{server.title} answered nothing. {server.children[0].log_end()}")
    others = max(0.0, busy - used - wrk_cpu)
    return Round(**seen, wrk_cpu=wrk_cpu, server_cpu=used, other_cpu=others)


def _used(server: Server) -> float:
    return sum(child.cpu_seconds() for child in server.children)


def _busy() -> float:
    """Seconds of all cores in which this machine did something, or its host something else."""
    times = psutil.cpu_times()
    parts = ("user", "nice", "system", "irq", "softirq", "steal")
    return sum(float(getattr(times, part, 0.0)) for part in parts)


def _timed(command: Sequence[str]) -> tuple[str, float]:
    """Run wrk; its output and the processor time of exactly this child."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        assert child.stdout is not None
        try:
            output = child.stdout.read().decode("utf-8", "replace")
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise BenchError(f"wrk ended with {child.returncode}:\n{output[-1000:]}")
    return output, usage.ru_utime + usage.ru_stime
