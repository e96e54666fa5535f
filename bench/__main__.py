"""The runner: prepares the servers, measures, prints and writes the report."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bench import imports, load, machine, pocketbase, postgres, startup, texts, tidework
from bench.client import BenchError
from bench.model import SCENARIOS, Server
from bench.report import BESIDE, MAIN, PEER, Report, load_command

ROOT = Path(__file__).parents[1]
KEYS = (PEER, MAIN, BESIDE)
PARTS = ("load", "startup", "import")


@dataclass(frozen=True, slots=True)
class Options:
    quick: bool
    seconds: int
    rounds: int
    starts: int
    users: int
    tasks: int
    only: tuple[str, ...]
    scenarios: tuple[str, ...]
    parts: tuple[str, ...]
    data: Path
    report: Path
    command: str


def main(arguments: Sequence[str]) -> int:
    """Run, and return the exit code: 1 when a request failed or the run could not go on."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _leave)
    # A person's own settings must not decide what is measured.
    for name in [name for name in os.environ if name.startswith("TIDEWORK_")]:
        del os.environ[name]
    begin = time.monotonic()
    report = Report(options.command, machine.describe(), machine.load())
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
            _measure(Path(folder), options, report, stack)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; every server is stopped", file=sys.stderr)
        return 130
    report.load_after = machine.load()
    report.minutes = (time.monotonic() - begin) / 60
    _publish(report, options)
    return 1 if report.errors else 0


def _measure(folder: Path, options: Options, report: Report, stack: ExitStack) -> None:
    database = None
    if BESIDE in options.only:
        if postgres.find():
            database = stack.enter_context(postgres.served())
            report.machine["PostgreSQL"] = f"{database.version}, its defaults"
        else:
            report.skipped.append("PostgreSQL (no server programs here; `make services`)")
    if "load" in options.parts:
        _load(folder, options, report, database)
    if "startup" in options.parts:
        _startups(folder, options, report)
    if "import" in options.parts:
        _imports(folder, options, report, database)


def _load(
    folder: Path, options: Options, report: Report, database: postgres.Postgres | None
) -> None:
    load.program()
    stock = texts.load(options.data)
    report.seeded = f"{options.users} users with {options.tasks} tasks each, texts {stock.origin}"
    report.machine["wrk"] = machine.wrk_version()
    with ExitStack() as stack:
        servers: list[Server] = []
        if PEER in options.only:
            _say("seeding PocketBase")
            place = folder / "pocketbase"
            servers.append(
                stack.enter_context(pocketbase.served(place, stock, options.users, options.tasks))
            )
        if MAIN in options.only:
            _say("seeding Tidework on SQLite")
            place = folder / "tidework"
            servers.append(
                stack.enter_context(tidework.served(place, stock, options.users, options.tasks))
            )
        if database:
            _say("seeding Tidework on PostgreSQL")
            url = database.create_database("load")
            place = folder / "tidework-postgres"
            servers.append(
                stack.enter_context(
                    tidework.served(place, stock, options.users, options.tasks, url, database.child)
                )
            )
        for server in servers:
            report.titles[server.key] = server.title
            report.machine.update(server.versions())
        _scenarios(folder, options, report, servers)
        for server in servers:
            report.memory_after_load[server.key] = server.children[0].memory().rss / 1e6


def _scenarios(folder: Path, options: Options, report: Report, servers: Sequence[Server]) -> None:
    report.shape = (
        f"Medians of {options.rounds} rounds of {options.seconds} s, all servers in turns: "
        f"`{load_command(options.seconds)}`"
    )
    for scenario in SCENARIOS:
        if scenario.name not in options.scenarios:
            continue
        found = load.in_turns(
            scenario, servers, folder, rounds=options.rounds, seconds=options.seconds
        )
        report.results += found
        rates = ", ".join(f"{report.titles[one.server]} {one.rate:,.0f}/s" for one in found)
        _say(f"{scenario.title}: {rates}")


def _startups(folder: Path, options: Options, report: Report) -> None:
    _say("start-up")
    place = folder / "starts"
    place.mkdir()
    if PEER in options.only:
        report.startups.append(startup.of_pocketbase(place, options.starts))
    if MAIN in options.only:
        seeded = folder / "tidework"
        existing = seeded if seeded.exists() else None
        report.startups += startup.of_tidework(place, existing, options.starts)


def _imports(
    folder: Path, options: Options, report: Report, database: postgres.Postgres | None
) -> None:
    file = options.data / imports.FILE
    if not file.is_file():
        report.skipped.append(f"import ({imports.FILE} is not in the folder given by --data)")
        return
    if MAIN in options.only:
        _say("import, SQLite")
        report.imports.append(imports.measure(folder / "import", file, "SQLite", None))
    if database and options.quick:
        report.skipped.append("import on PostgreSQL (not in a quick run)")
    elif database:
        _say("import, PostgreSQL")
        url = database.create_database("import")
        place = folder / "import-postgres"
        report.imports.append(imports.measure(place, file, "PostgreSQL", url))


def _publish(report: Report, options: Options) -> None:
    text = report.to_markdown()
    options.report.write_text(text, "utf-8")
    options.report.with_suffix(".json").write_text(report.to_json(), "utf-8")
    print(text)


def _options(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short, rough run")
    parser.add_argument("--seconds", type=int, help="length of a round (default 5, quick 1)")
    parser.add_argument("--rounds", type=int, help="rounds a scenario (default 5, quick 2)")
    parser.add_argument("--starts", type=int, help="starts to measure (default 5, quick 2)")
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=200, help="tasks of each user")
    parser.add_argument(
        "--only", action="append", choices=KEYS, help="measure this server (repeatable)"
    )
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--scenario", action="append", choices=names, help="(repeatable)")
    parser.add_argument("--part", action="append", choices=PARTS, help="(repeatable)")
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of real issues"
    )
    parser.add_argument("--report", type=Path, default=ROOT / "bench" / "report.md")
    given = parser.parse_args(arguments)
    quick: bool = given.quick
    return Options(
        quick=quick,
        seconds=given.seconds or (1 if quick else 5),
        rounds=given.rounds or (2 if quick else 5),
        starts=given.starts or (2 if quick else 5),
        users=given.users,
        tasks=given.tasks,
        only=tuple(given.only or KEYS),
        scenarios=tuple(given.scenario or names),
        parts=tuple(given.part or PARTS),
        data=given.data,
        report=given.report,
        command=" ".join(["python -m bench", *arguments]),
    )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    # Like Ctrl-C, so that every server is stopped on the way out.
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
