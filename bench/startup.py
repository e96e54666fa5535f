"""How long a server takes until it is ready, and what memory it then holds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import pocketbase, tidework
from bench.processes import Child, Memory, call, free_port, running
from bench.report import Goal, Plain, table

READY_TARGET_SECONDS, MEMORY_TARGET_MEGABYTES = 2.0, 130.0

# What a server still does right after its first answer belongs to its start.
SETTLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Startup:
    """Seconds until ready, one per start, and the memory after each start."""

    what: str
    command: str
    seconds: tuple[float, ...]
    memory: tuple[Memory, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def rss_megabytes(self) -> float:
        return statistics.median(one.rss for one in self.memory) / 1e6

    @property
    def pss_megabytes(self) -> float:
        return statistics.median(one.pss for one in self.memory) / 1e6


@dataclass(slots=True)
class Startups(Plain):
    found: list[Startup] = field(default_factory=list)
    name: str = "startups"

    def goals(self) -> Iterable[Goal]:
        for one in self.found:
            if not one.what.startswith("Tidework"):
                continue
            ready = one.median <= READY_TARGET_SECONDS
            wanted = f"≤ {READY_TARGET_SECONDS:g} s"
            yield Goal(f"ready, {one.what}", f"{one.median:.2f} s", wanted, ready)
            small = one.rss_megabytes <= MEMORY_TARGET_MEGABYTES
            wanted = f"≤ {MEMORY_TARGET_MEGABYTES:g} MB"
            yield Goal(f"resident, {one.what}", f"{one.rss_megabytes:.0f} MB", wanted, small)

    def lines(self) -> list[str]:
        if not self.found:
            return []
        head = ["start", "command", "ready s", "from-to", "RSS MB", "PSS MB", "processes"]
        rows = [
            [
                one.what,
                f"`{one.command}`",
                f"{one.median:.2f}",
                f"{min(one.seconds):.2f}-{max(one.seconds):.2f}",
                f"{one.rss_megabytes:.0f}",
                f"{one.pss_megabytes:.0f}",
                str(one.memory[0].processes),
            ]
            for one in self.found
        ]
        count = len(self.found[0].seconds)
        note = f"Median of {count} starts; memory of the whole process tree, a second after ready."
        return ["## Start", "", *table(head, rows), "", note]

    def data(self) -> Any:
        return [
            {
                "what": one.what,
                "seconds": [round(each, 3) for each in one.seconds],
                "rss_megabytes": round(one.rss_megabytes, 1),
                "pss_megabytes": round(one.pss_megabytes, 1),
                "processes": one.memory[0].processes,
            }
            for one in self.found
        ]


def of_tidework(folder: Path, existing: Path | None, runs: int) -> Iterator[Startup]:
    """Starts on empty folders, and on the one that the load left (else on the last of those)."""
    command = "tidework serve --data-dir D"
    folders = [folder / f"fresh{number}" for number in range(runs)]
    yield _measure("Tidework, empty folder", command, tidework.READY, runs, _tidework(folders))
    again = [existing or folders[-1]] * runs
    what = "Tidework, folder with the load's data" if existing else "Tidework, existing folder"
    yield _measure(what, command, tidework.READY, runs, _tidework(again))


def of_pocketbase(folder: Path, runs: int) -> Startup:
    program = pocketbase.binary()
    folders = [folder / f"pocketbase{number}" for number in range(runs)]
    for each in folders:
        each.mkdir(parents=True)
        # With a superuser there is no first-run page to open.
        identity = [pocketbase.ADMIN, pocketbase.PASSWORD]
        call([program, "superuser", "upsert", *identity, "--dir", str(each / "pb_data")])

    def start(number: int, port: int) -> Child:
        return pocketbase.start(program, folders[number], port)

    command = "pocketbase serve --dir D"
    return _measure("PocketBase, migrated folder", command, pocketbase.READY, runs, start)


def _tidework(folders: list[Path]) -> Callable[[int, int], Child]:
    return lambda number, port: tidework.start(folders[number], port)


def _measure(
    what: str, command: str, path: str, runs: int, start: Callable[[int, int], Child]
) -> Startup:
    seconds: list[float] = []
    memory: list[Memory] = []
    for number in range(runs):
        port = free_port()
        begin = time.perf_counter()
        with running(start(number, port)) as child:
            child.wait_until_ready(port, path)
            seconds.append(time.perf_counter() - begin)
            time.sleep(SETTLE_SECONDS)
            memory.append(child.memory())
    return Startup(what, command, tuple(seconds), tuple(memory))
