"""What is carried when more is asked than can be done: `python -m bench.overload`.

Callers come at a fixed rate, whether or not those before them have been answered: first as many as
are always under way (the peak), then at half the peak's rate, the peak's, twice and five times
that; once through nginx, as `tidework cluster` sets it up, and once to the copy itself. Each asks
for a page of a list; one in ten makes a task. Lists are not kept in memory unless `--cache` is
given. Beside them some ask for the health and some log in. Prints what was answered well, what was
refused, how long those who got their answer waited since they were due to ask, and what processor
time each part took: generator, nginx, server and database share the machine. Exits with 1 when
through nginx at five times the peak less than 80 % of it is answered, or one in a hundred of them
waited a second or longer.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import postgres, texts
from bench.client import render
from bench.flood import Flood, Kind, Plan, Tally, quantile
from bench.tidework import (
    API,
    DOMAIN,
    PASSWORD,
    TASKS,
    Installation,
    migrate,
    seed,
)  # fmt: skip
from tidework.cluster import Nginx, Target

USERS, SEEDED = 20, 200
AT_ONCE = 64
CALLERS = 3000
STEPS = (0.5, 1, 2, 5)
# Few: a log-in takes as long as a hundred lists, and the peak is measured without.
HEALTH, LOGINS = 10.0, 0.5
FLOOR, SLOWEST_S = 0.8, 1.0
FRONTS = ("nginx", "copy")
HEAD = (
    "asked", "/s", "answered/s", "of peak", "p50", "p99", "refused/s", "refused p99", "lost/s",
    "of the writes", "health p99", "log-ins", "generator", "nginx", "server", "database",
)  # fmt: skip
Clocks = Mapping[str, Callable[[], float]]


@dataclass(slots=True)
class Step:
    """What came of a time, and how many processors each part kept busy."""

    times: float
    rate: float
    seconds: float
    kinds: Mapping[Kind, Tally]
    busy: Mapping[str, float]

    @property
    def asked(self) -> tuple[Tally, Tally]:
        return self.kinds["read"], self.kinds["write"]

    @property
    def answered(self) -> float:
        return sum(one.within for one in self.asked) / self.seconds

    @property
    def good(self) -> list[float]:
        return [seconds for one in self.asked for seconds in one.good]

    def cells(self, peak: float) -> list[str]:
        refused = [seconds for one in self.asked for seconds in one.refused]
        write, health, login = (self.kinds[kind] for kind in ("write", "health", "login"))
        return [
            f"{self.times:g} x", f"{self.rate:,.0f}", f"{self.answered:,.0f}",
            f"{self.answered / peak:.0%}", _ms(quantile(self.good, 0.5)),
            _ms(quantile(self.good, 0.99)), f"{len(refused) / self.seconds:,.0f}",
            _ms(quantile(refused, 0.99)),
            f"{sum(one.lost for one in self.kinds.values()) / self.seconds:,.0f}",
            f"{len(write.good) / max(1, write.asked):.0%}",
            f"{_ms(health.p99())}, {len(health.good)} of {health.asked}",
            f"{len(login.good)} of {login.asked}", *(f"{part:.2f}" for part in self.busy.values()),
        ]  # fmt: skip


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def plans_of(installation: Installation, port: int) -> list[Plan]:
    """Nine lists to one task to make, and who looks whether all is well; rates are parts of 1."""
    accounts = installation.accounts
    lists = [render("GET", f"{TASKS}?limit=20", port, one.token) for one in accounts]
    tasks = [render("POST", TASKS, port, one.token, one.bodies[0]) for one in accounts]
    people = [{"email": f"user{n}@{DOMAIN}", "password": PASSWORD} for n in range(len(accounts))]
    logins = [render("POST", f"{API}/auth/login", port, "", one) for one in people]
    return [
        Plan("read", lists, 0.9),
        Plan("write", tasks, 0.1),
        Plan("health", [render("GET", "/health/live", port, "")], HEALTH),
        Plan("login", [one.replace(b"Authorization: Bearer \r\n", b"") for one in logins], LOGINS),
    ]


class Meter:
    """How much processor time each part has used since it was made, in seconds."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._before = {name: read() for name, read in clocks.items()}
        self._began = time.perf_counter()

    def used(self) -> dict[str, float]:
        return {name: read() - self._before[name] for name, read in self._clocks.items()}

    def busy(self) -> dict[str, float]:
        """The same as processors that were kept busy."""
        seconds = time.perf_counter() - self._began
        return {name: used / seconds for name, used in self.used().items()}


def peak_of(flood: Flood, plans: Sequence[Plan], clocks: Clocks, seconds: float) -> float:
    """Answers a second while as many as are always under way; prints what one costs."""
    mixed = [request for plan in plans[:2] for request in [*plan.requests] * round(plan.rate * 10)]
    meter = Meter(clocks)
    peak = flood.peak(mixed, AT_ONCE, seconds)
    # It has run for a second more than it was counted.
    answers = max(1.0, peak * (seconds + 1))
    costs = {name: used / answers * 1e6 for name, used in meter.used().items()}
    told = ", ".join(f"{name} {cost:,.0f}" for name, cost in costs.items())
    print(f"peak, {AT_ONCE} always under way: {peak:,.0f} answers/s;", end=" ")
    print(f"processor time of one: {told}, in all {sum(costs.values()):,.0f} µs\n", flush=True)
    return peak


def measure(port: int, plans: Sequence[Plan], clocks: Clocks, seconds: float) -> bool:
    """Measure and print; whether the goals are reached."""
    flood = Flood(port, CALLERS)
    peak = peak_of(flood, plans, clocks, seconds)
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}", flush=True)
    reached = False
    for times in STEPS:
        rate = peak * times
        now = [Plan(p.kind, p.requests, p.rate * rate) for p in plans[:2]] + list(plans[2:])
        meter = Meter(clocks)
        kinds = flood.at(now, seconds)
        step = Step(times, rate, seconds, kinds, meter.busy())
        print(f"| {' | '.join(step.cells(peak))} |", flush=True)
        reached = step.answered >= FLOOR * peak and quantile(step.good, 0.99) < SLOWEST_S
    flood.close()
    word = "reached" if reached else "not reached"
    print(f"\nat five times the peak, {FLOOR:.0%} of it at a p99 below {SLOWEST_S:g} s: {word}\n")
    return reached


@contextmanager
def nginx_before(port: int) -> Iterator[Nginx]:
    """nginx in front of a copy. Its folder is one that its workers may enter."""
    folder = Path(tempfile.mkdtemp(prefix="bench-nginx-"))
    server = Nginx(folder, targets=[Target(f"127.0.0.1:{port}")])
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _used_by(pid: int) -> float:
    """Processor time of a process and its children so far, in seconds."""
    top = psutil.Process(pid)
    times = [one.cpu_times() for one in (top, *top.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def run(given: argparse.Namespace, stack: ExitStack) -> bool:
    """Seed, start and measure; whether the goals are reached."""
    settings = {"TIDEWORK_TRUSTED_PROXIES": "127.0.0.1"}
    if not given.cache:
        settings["TIDEWORK_CACHE_BYTES"] = "1"
    if given.concurrent:
        settings["TIDEWORK_MAX_CONCURRENT"] = str(given.concurrent)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    installation = Installation(folder / "data")
    clocks: dict[str, Callable[[], float]] = dict.fromkeys(FRONTS[:1], lambda: 0.0)
    clocks = {"generator": time.process_time} | clocks
    if not given.sqlite:
        database = stack.enter_context(postgres.served())
        installation.database_url = database.create_database("overload")
        installation.database = database.child
        migrate(installation.folder, installation.database_url)
    seed(installation, texts.load(Path("/nonexistent")), USERS, SEEDED)
    server = stack.enter_context(installation.serve(settings=settings))
    clocks["server"] = server.children[0].cpu_seconds
    clocks["database"] = installation.database.cpu_seconds if installation.database else lambda: 0.0
    reached = True
    for front in FRONTS if given.through == "both" else [given.through]:
        print(f"\n## {'Through nginx' if front == 'nginx' else 'A copy by itself'}\n", flush=True)
        if front == "copy":
            measure(server.port, plans_of(installation, server.port), clocks, given.seconds)
            continue
        with nginx_before(server.port) as edge:
            through = dict(clocks, nginx=lambda: _used_by(edge.pid))
            plans = plans_of(installation, edge.port)
            reached = measure(edge.port, plans, through, given.seconds)
    return reached


def main() -> int:
    """Run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--through", choices=["both", *FRONTS], default="both")
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--cache", action="store_true", help="lists may be answered from memory")
    parser.add_argument("--concurrent", type=int, help="TIDEWORK_MAX_CONCURRENT")
    with ExitStack() as stack:
        return 0 if run(parser.parse_args(), stack) else 1


if __name__ == "__main__":
    sys.exit(main())
