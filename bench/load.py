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
THREADS = 2
WARM_UP_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Round:
    """What wrk saw; latencies in milliseconds. CPU is in seconds: of wrk, of the server's own
    processes, of its database's, and of everything else on the machine (the kernel's part
    included)."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    p90: float
    p95: float
    p99: float
    max: float
    status_errors: int
    socket_errors: int
    timeouts: int
    wrk_cpu: float
    program_cpu: float
    database_cpu: float
    other_cpu: float

    @property
    def errors(self) -> int:
        return self.status_errors + self.socket_errors + self.timeouts

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def server_cpu(self) -> float:
        return self.program_cpu + self.database_cpu

    @property
    def cost(self) -> float:
        """Processor time of a request on the server and its database, in microseconds."""
        return self.server_cpu / max(1, self.requests) * 1e6


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

    @property
    def program_us(self) -> float:
        """Processor time of a request in the server's own processes, in microseconds."""
        return self.median(lambda one: one.program_cpu / max(1, one.requests)) * 1e6

    @property
    def database_us(self) -> float:
        """The same of its database's processes."""
        return self.median(lambda one: one.database_cpu / max(1, one.requests)) * 1e6

    def summary(self) -> dict[str, Any]:
        """Medians over the rounds, and the rounds themselves."""
        return {
            "requests_per_second": round(self.rate, 1),
            "slowest_round": round(min(one.rate for one in self.rounds), 1),
            "fastest_round": round(max(one.rate for one in self.rounds), 1),
            "p50_ms": round(self.median(lambda one: one.p50), 2),
            "p95_ms": round(self.median(lambda one: one.p95), 2),
            "p99_ms": round(self.median(lambda one: one.p99), 2),
            "max_ms": round(max(one.max for one in self.rounds), 1),
            "bytes_per_answer": round(self.median(lambda one: one.bytes / max(1, one.requests))),
            "errors": self.errors,
            "program_us": round(self.program_us, 1),
            "database_us": round(self.database_us, 1),
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


class Load:
    """Rounds of wrk, with the requests that they pick from in files below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def in_turns(
        self, scenario: Scenario, servers: Sequence[Server], *, rounds: int, seconds: int
    ) -> list[Result]:
        """Every server warmed up alike, then A, B, A, B ... so that a change in what else the
        machine does meets all of them."""
        files = {server.key: self.requests(scenario, server) for server in servers}
        count = scenario.connections
        for server in servers:
            one_round(server, files[server.key], WARM_UP_SECONDS, count, seed=0)
        done: dict[str, list[Round]] = {server.key: [] for server in servers}
        for number in range(1, rounds + 1):
            for server in servers:
                found = one_round(server, files[server.key], seconds, count, seed=number)
                done[server.key].append(found)
        return [Result(scenario.name, key, tuple(rounds_)) for key, rounds_ in done.items()]

    def requests(self, scenario: Scenario, server: Server) -> list[str]:
        """Write what a server is asked in a scenario, and return wrk's arguments for it."""
        server.prepare(scenario)
        return [
            f"{self._write(server, kind)}:{percent}"
            for kind, percent in scenario.mix_for(server.key).items()
        ]

    def _write(self, server: Server, kind: Kind) -> Path:
        path = self._folder / f"{server.key}-{server.port}-{kind}.requests"
        path.write_bytes(b"".join(request + b"\0" for request in server.requests(kind)))
        return path


def command(
    url: str, seconds: int, connections: int, files: Sequence[str], seed: object
) -> list[str]:
    threads = min(THREADS, connections)
    words = [f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    return ["wrk", *words, "-s", "bench/wrk.lua", url, "--", str(seed), *files]


def one_round(
    server: Server, files: Sequence[str], seconds: int, connections: int, *, seed: int
) -> Round:
    words = command(f"http://127.0.0.1:{server.port}", seconds, connections, files, seed)
    words[0] = program()
    words[words.index("-s") + 1] = str(SCRIPT)
    before, kept, busy = own_cpu(server), database_cpu(server), _busy()
    output, wrk_cpu = _timed(words)
    own, kept = own_cpu(server) - before, database_cpu(server) - kept
    busy = _busy() - busy
    seen = parse(output)
    if not seen["requests"]:
        raise BenchError(f"{server.title} answered nothing. {server.children[0].log_end()}")
    others = max(0.0, busy - own - kept - wrk_cpu)
    return Round(**seen, wrk_cpu=wrk_cpu, program_cpu=own, database_cpu=kept, other_cpu=others)


def parse(output: str) -> dict[str, Any]:
    """The line of JSON that wrk.lua prints behind what wrk itself prints."""
    lines = output.splitlines()
    try:
        found: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise BenchError(f"wrk printed no result:\n{output[-1000:]}") from error
    return found


def own_cpu(server: Server) -> float:
    return sum(child.cpu_seconds() for child in server.children)


def database_cpu(server: Server) -> float:
    return server.database.cpu_seconds() if server.database else 0.0


def _busy() -> float:
    """Seconds of all cores in which this machine did something, or its host something else."""
    times = psutil.cpu_times()
    parts = ("user", "nice", "system", "irq", "softirq", "steal")
    return sum(float(getattr(times, part, 0.0)) for part in parts)


def _timed(words: Sequence[str]) -> tuple[str, float]:
    """Run wrk; its output and the processor time of exactly this child."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
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
