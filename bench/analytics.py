"""What statistics cost: `python -m bench.analytics FILE`, with issues as Jira's REST API gives them.

Imports the file into a new embedded database, lets the consumer count it, asks for the last 30 days
and for ten years, and counts again. Prints what each took.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tidework.analytics.api import Wanted
from tidework.analytics.consumers import AnalyticsConsumer
from tidework.analytics.repair import NAME, compare
from tidework.bus.consumers import Consumers
from tidework.commands.people import AccountsOfImport
from tidework.composition import Services, open_services
from tidework.settings import load
from tidework.store.sql.migrations.runner import migrate_sqlite
from tidework.transfer import JiraOptions, import_jira
from tidework.users.api import NewAccount

ASKED = 5


@asynccontextmanager
async def empty(folder: Path) -> AsyncIterator[Services]:
    migrate_sqlite(folder / "tidework.db")
    async with open_services(load({"TIDEWORK_DATA_DIR": str(folder)})) as services:
        yield services


async def said(what: str, work: Awaitable[object]) -> None:
    began, used = time.perf_counter(), time.process_time()
    await work
    spent = time.perf_counter() - began, time.process_time() - used
    print(f"{what:20} {spent[0]:8.3f} s, of which the processor {spent[1]:8.3f} s", flush=True)


async def measure(file: Path, folder: Path) -> None:
    async with empty(folder) as services:
        store = services.store
        account, _ = await services.users.create(NewAccount(email="ada@example.com", name="Ada"))
        workspace = await services.workspaces.create(account.id, "Measured")
        people = AccountsOfImport(services, workspace, account.id)
        options = JiraOptions(actor_id=account.id)
        await said("import", import_jira(store, workspace, [file], people, options))
        consumers = Consumers(store, [AnalyticsConsumer(store)])
        await said("count", consumers.catch_up(workspace, [NAME]))
        today = datetime.now(UTC).date()
        month = Wanted((today - timedelta(days=29)).isoformat(), today.isoformat())
        for name, wanted in (
            ("the last 30 days", month),
            ("2007 to 2016", Wanted("2007-01-01", "2016-12-31")),
        ):
            for _ in range(ASKED):
                await said(name, services.analytics.numbers(workspace, wanted))
        await said("fold and compare", compare(store, workspace))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(file, Path(folder)))


if __name__ == "__main__":
    main()
