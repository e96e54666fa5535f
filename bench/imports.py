"""How long `tidework import jira` takes for real issues with history and comments."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import tidework
from bench.client import Client
from bench.processes import call, free_port, running
from bench.report import Goal, Plain, table

FILE = "jira-duraspace.ndjson.xz"
TARGET_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Import:
    store: str
    command: str
    seconds: float
    printed: str


@dataclass(slots=True)
class Imports(Plain):
    found: list[Import] = field(default_factory=list)
    name: str = "imports"

    def goals(self) -> Iterable[Goal]:
        for one in self.found:
            what, wanted = f"import of the Jira file, {one.store}", f"≤ {TARGET_SECONDS:g} s"
            yield Goal(what, f"{one.seconds:.1f} s", wanted, one.seconds <= TARGET_SECONDS)

    def lines(self) -> list[str]:
        if not self.found:
            return []
        rows = [[one.store, f"`{one.command}`", f"{one.seconds:.1f}"] for one in self.found]
        return ["## Import", "", *table(["store", "command", "seconds"], rows)]

    def data(self) -> Any:
        return [{"store": one.store, "seconds": round(one.seconds, 2)} for one in self.found]


def measure(folder: Path, file: Path, store: str, database_url: str | None) -> Import:
    """Import into an installation that has one account, its admin; no server runs meanwhile."""
    if database_url:
        tidework.migrate(folder, database_url)
    port = free_port()
    with running(tidework.start(folder, port, database_url)) as child:
        child.wait_until_ready(port, tidework.READY)
        with Client(port) as client:
            tidework.register(client, 0)
    arguments = ["import", "jira", str(file), "--workspace", "Bench", "--data-dir", str(folder)]
    begin = time.perf_counter()
    printed = call([*tidework.COMMAND, *arguments], env=tidework.environment(database_url))
    seconds = time.perf_counter() - begin
    command = f"tidework import jira {file.name} --workspace Bench --data-dir D"
    return Import(store, command, seconds, printed)
