"""What reports and changes in bulk cost: `python -m bench.reports --tasks 50000`.

Fills a new embedded database, makes a report of each form and changes all tasks in bulk and back, in
this process. Prints how long each took, how long the event loop was held up, and the memory.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

from tidework.composition import Services, open_services
from tidework.http.context import Membership, RequestContext
from tidework.ids import new_id
from tidework.log import Change, Commit
from tidework.reports.schemas import ReportSpec
from tidework.settings import load
from tidework.store.sql.migrations.runner import migrate_sqlite
from tidework.store.sql.schema import fields_of
from tidework.tasks.bulk_schemas import BulkAction, BulkIn, BulkSet
from tidework.tasks.selection import TaskFilter
from tidework.times import now
from tidework.users.api import NewAccount

PAUSE = 0.005
COMMIT = 500
EMPTY = dict.fromkeys(fields_of("task"))


@contextlib.asynccontextmanager
async def measured(what: str) -> AsyncIterator[None]:
    held: list[float] = []

    async def watch() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(PAUSE)
            held.append(time.perf_counter() - began - PAUSE)

    task = asyncio.create_task(watch())
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    task.cancel()
    held.sort()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what:16} {seconds:7.1f} s   held up: p99 {held[len(held) * 99 // 100] * 1000:5.0f} ms,"
        f" longest {held[-1] * 1000:5.0f} ms   peak so far {peak:5.0f} MiB",
        flush=True,
    )


async def fill(services: Services, workspace: str, user_id: str, count: int) -> None:
    for start in range(0, count, COMMIT):
        at = now()
        given = {"status": "pending", "priority": "medium", "label_ids": [], "created_at": at}
        changes = [
            Change(
                "task",
                new_id(),
                "create",
                EMPTY | given | {"title": f"Task {number}", "description": "Some words. " * 20},
            )
            for number in range(start, min(start + COMMIT, count))
        ]
        await services.store.append(
            Commit(stream_id=workspace, actor_id=user_id, at=at, changes=changes)
        )


async def work(services: Services, what: str, begun: Awaitable[object]) -> None:
    async with measured(what):
        await begun
        await services.jobs.run_due()


async def measure(folder: Path, count: int) -> None:
    migrate_sqlite(folder / "tidework.db")
    async with open_services(load({"TIDEWORK_DATA_DIR": str(folder)})) as services:
        account, _ = await services.users.create(NewAccount(email="ada@example.com", name="Ada"))
        workspace = await services.workspaces.create(account.id, "Measured")
        await fill(services, workspace, account.id, count)
        # As a server does when it starts.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        member = Membership(workspace, account.id, "owner")
        context = RequestContext(new_id(), "", "cli", 0.0)
        reports, bulk = services.reports.service, services.bulk
        for form in ("csv", "json", "xlsx", "pdf"):
            spec = ReportSpec("tasks", form)  # type: ignore[arg-type]
            await work(services, f"tasks as {form}", reports.ask(member, spec, context))
        action = BulkAction(set=BulkSet(priority="high"))
        wanted = BulkIn(TaskFilter(), action)
        await work(services, "bulk", bulk.start(member, wanted, context))
        (run,) = (await bulk.latest(workspace)).items
        assert run.changed == count
        assert run.id is not None
        await work(services, "undo of the bulk", bulk.undo(member, run.id, partial=False))
        assert (await bulk.show(workspace, run.id)).state == "undone"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), options.tasks))


if __name__ == "__main__":
    main()
