"""Latency over offered load: an open loop by k6, which does not wait for slow answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench import plots
from bench.client import BenchError
from bench.load import database_cpu, own_cpu
from bench.model import Mix
from bench.report import Plain, table
from bench.tidework import LIST, TASKS, Tidework

SCRIPT = Path(__file__).with_name("steady.js")
CLIENTS = 200
# A reading counts as kept up with when this share of what was offered was answered.
KEPT_UP = 0.98


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of a rate; latencies in milliseconds. `dropped` could not even be begun, since
    all clients were still waiting for answers."""

    offered: int
    seconds: float
    answered: int
    dropped: int
    failed: int
    p50: float
    p90: float
    p95: float
    p99: float
    max: float
    server_us: float = 0.0

    @property
    def rate(self) -> float:
        return self.answered / self.seconds

    @property
    def kept_up(self) -> bool:
        return self.answered >= KEPT_UP * self.offered * self.seconds and not self.failed


@dataclass(slots=True)
class Steady(Plain):
    title: str
    mix: str
    seconds: int
    found: list[Offered] = field(default_factory=list)
    name: str = "offered_load"

    @property
    def errors(self) -> int:
        return sum(one.failed for one in self.found)

    def lines(self) -> list[str]:
        head = ["offered/s", "answered/s", "not begun", "failed", "p50 ms", "p90", "p95", "p99"]
        head += ["max", "server + database µs"]
        rows = [
            [f"{one.offered:,}", f"{one.rate:,.0f}", str(one.dropped), str(one.failed)]
            + [f"{value:.1f}" for value in (one.p50, one.p90, one.p95, one.p99, one.max)]
            + [f"{one.server_us:,.0f}"]
            for one in self.found
        ]
        kept = [one.offered for one in self.found if one.kept_up]
        most = f"{max(kept):,}/s was kept up with" if kept else "no rate was kept up with"
        note = (
            f"{self.title}, {self.mix}: `k6 run bench/steady.js`, {self.seconds} s each,"
            f" {CLIENTS} clients at most; {most}. k6 takes about a core itself for 4,000/s, so the"
            " server has less here than beside wrk; what cannot be begun in time is not in the"
            " percentiles."
        )
        return ["## Latency over offered load", "", *table(head, rows), "", note]

    def data(self) -> Any:
        return [asdict(one) for one in self.found]

    def plots(self, folder: Path) -> Iterable[tuple[str, str]]:
        lines = {
            name: [(float(one.offered), getattr(one, name)) for one in self.found]
            for name in ("p50", "p90", "p99")
        }
        title = f"Latency over offered load: {self.mix}"
        file = folder / "latency.svg"
        plots.curves(file, title, "requests/s offered", "ms", lines, log_up=True)
        yield title, "latency.svg"


def program() -> str | None:
    scripts = sysconfig.get_path("scripts")
    return shutil.which("k6", path=scripts) or shutil.which("k6")


def measure(
    folder: Path, server: Tidework, mix: Mix, title: str, rates: Sequence[int], seconds: int
) -> Steady:
    found = program()
    if found is None:
        raise BenchError("k6 is missing here; `make bench` installs it.")
    file = folder / "steady.json"
    file.write_text(json.dumps(_asked(server, mix)), "utf-8")
    section = Steady(server.title, title, seconds)
    _run(found, file, rates[0], 1)
    for rate in rates:
        before = own_cpu(server) + database_cpu(server)
        one = parse(_run(found, file, rate, seconds), rate, seconds)
        used = own_cpu(server) + database_cpu(server) - before
        values = asdict(one) | {"server_us": used / max(1, one.answered) * 1e6}
        section.found.append(Offered(**values))
    return section


def _asked(server: Tidework, mix: Mix) -> dict[str, Any]:
    people = list(enumerate(server.accounts))
    return {
        "base": f"http://127.0.0.1:{server.port}",
        "list": LIST,
        "tasks": TASKS,
        "mix": mix,
        "tokens": [one.token for _, one in people],
        "gets": [(who, task) for who, one in people for task in one.tasks],
        "creates": [(who, json.dumps(body)) for who, one in people for body in one.bodies[:10]],
    }


def _run(program_: str, file: Path, rate: int, seconds: int) -> str:
    words = [program_, "run", "--quiet", "--no-usage-report", "--log-output=none"]
    for name, value in (("FILE", file), ("RATE", rate), ("SECONDS", seconds)):
        words += ["-e", f"{name}={value}"]
    words += ["-e", f"CLIENTS={CLIENTS}", str(SCRIPT)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"k6 ended with {done.returncode}:\n{(done.stdout + done.stderr)[-1000:]}")
    return done.stdout


def parse(output: str, rate: int, seconds: float) -> Offered:
    """The metrics that steady.js prints in the end."""
    try:
        metrics = json.loads(output.splitlines()[-1])
        times = metrics["http_req_duration"]["values"]
        answered = int(metrics["http_reqs"]["values"]["count"])
        checks = metrics["checks"]["values"]
    except (IndexError, KeyError, ValueError) as error:
        raise BenchError(f"k6 printed no result:\n{output[-1000:]}") from error
    dropped = metrics.get("dropped_iterations", {}).get("values", {}).get("count", 0)
    return Offered(
        rate,
        seconds,
        answered,
        int(dropped),
        int(checks["fails"]),
        times["med"],
        times["p(90)"],
        times["p(95)"],
        times["p(99)"],
        times["max"],
    )
