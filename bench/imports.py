"""How long `tidework import jira` takes for real issues with history and comments."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from bench import tidework
from bench.client import Client
from bench.processes import call, free_port, running

FILE = "jira-duraspace.ndjson.xz"


@dataclass(frozen=True, slots=True)
class Import:
    store: str
    command: str
    seconds: float
    printed: str


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
