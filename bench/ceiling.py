"""The ceiling: pgbench running the very SQL that Tidework sends for a list and for one task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.client import BenchError
from bench.load import Result
from bench.postgres import Postgres
from bench.processes import call
from bench.report import Goal, Plain, table
from bench.tidework import SHOWN, Account
from tidework.store.sql.statement import Statement
from tidework.tasks import queries

SHARE = 0.2
"""What a list from the database should reach of pgbench's rate."""
STATEMENTS: dict[str, Statement] = {
    "list": queries.task_list(frozenset(), "created_at", True, False, False),
    "get": queries.TASK,
}
# Each script has the values of one account, and is planned anew on each connection: few of them, so
# that planning is not what is measured.
ACCOUNTS = 10
LEAST_SECONDS = 3
_LINE = re.compile(r"^tps = ([0-9.]+) ", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reading:
    """Transactions per second, the mean latency in milliseconds, and how many failed."""

    rate: float
    latency: float
    failed: int


@dataclass(slots=True)
class Ceiling(Plain):
    """pgbench's rate for each statement, beside the server's with its cache off."""

    connections: int
    seconds: int
    found: dict[str, Reading]
    servers: dict[str, Result]
    name: str = "ceiling"

    @property
    def errors(self) -> int:
        return sum(one.failed for one in self.found.values())

    def share(self, what: str) -> float | None:
        server = self.servers.get(what)
        return server.rate / self.found[what].rate if server else None

    def goals(self) -> Iterable[Goal]:
        share = self.share("list")
        if share is not None:
            what = "list from the database (cache off), of pgbench's rate for the same SQL"
            yield Goal(what, f"{share:.0%}", f"≥ {SHARE:.0%}", share >= SHARE)

    def lines(self) -> list[str]:
        head = ["SQL", "pgbench/s", "mean ms", "Tidework, cache off, requests/s", "of pgbench"]
        rows = []
        for what, one in self.found.items():
            server, share = self.servers.get(what), self.share(what)
            rate = f"{server.rate:,.0f}" if server else "-"
            part = f"{share:.0%}" if share else "-"
            rows.append([what, f"{one.rate:,.0f}", f"{one.latency:.2f}", rate, part])
        shown = f"pgbench -n -M prepared -c {self.connections} -j 2 -T {self.seconds} -f …"
        note = f"`{shown}`, a script for each of {ACCOUNTS} accounts, with our own compiled SQL."
        return ["## The ceiling: PostgreSQL alone", "", *table(head, rows), "", note]

    def data(self) -> Any:
        return {
            what: {"rate": one.rate, "latency_ms": one.latency, "failed": one.failed}
            for what, one in self.found.items()
        }


def measure(
    folder: Path,
    database: Postgres,
    url: str,
    accounts: Sequence[Account],
    *,
    connections: int,
    seconds: int,
) -> dict[str, Reading]:
    """Run each statement, with the workspaces and tasks of these accounts."""
    return {
        what: _run(
            folder / what,
            str(database.programs / "pgbench"),
            url,
            script(statement),
            [
                {"stream_id": one.workspace, "id": one.tasks[0], "limit": SHOWN + 1}
                for one in accounts[:ACCOUNTS]
            ],
            connections,
            seconds,
        )
        for what, statement in STATEMENTS.items()
    }


def script(statement: Statement) -> str:
    """A statement's text with `:{name}` in place of $1, $2."""
    compiled = statement.compiled("postgresql")

    def name(found: re.Match[str]) -> str:
        return f":{{{compiled.names[int(found[1]) - 1]}}}"

    return re.sub(r"\$(\d+)", name, compiled.text)


def _run(
    folder: Path,
    program: str,
    url: str,
    text: str,
    values: Sequence[dict[str, object]],
    connections: int,
    seconds: int,
) -> Reading:
    folder.mkdir(parents=True)
    words = [program, "-n", "-M", "prepared", "-c", str(connections), "-j", "2"]
    words += ["-T", str(seconds)]
    for number, given in enumerate(values):
        path = folder / f"{number}.sql"
        # pgbench's `::` is PostgreSQL's, its `:name` a parameter.
        one = text
        for name, value in given.items():
            if f":{{{name}}}" in text:
                one = one.replace(f":{{{name}}}", f":{name}{number}")
                words += ["-D", f"{name}{number}={value}"]
        if ":{" in one:
            raise BenchError(f"no value for a parameter of {one}")
        path.write_text(one.replace("\n", " ") + ";\n", "utf-8")
        words += ["-f", str(path)]
    return parse(call([*words, url]))


def parse(output: str) -> Reading:
    """What pgbench prints in the end."""
    rate, latency, failed = (each.search(output) for each in (_LINE, _LATENCY, _FAILED))
    if not (rate and latency):
        raise BenchError(f"pgbench printed no result:\n{output[-1000:]}")
    return Reading(float(rate[1]), float(latency[1]), int(failed[1]) if failed else 0)
