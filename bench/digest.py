"""How long the daily digests of many people take, from the moment at which they are due."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, select

from bench import tidework
from bench.client import BenchError
from bench.report import Goal, Plain, table
from bench.tidework import Installation
from tidework.bus.jobs import Jobs
from tidework.composition import make_store
from tidework.ids import new_id
from tidework.log import Change, Commit, Operation
from tidework.notifications import digest
from tidework.notifications.kinds import DIGEST, KINDS
from tidework.settings import load
from tidework.store.protocol import Store
from tidework.store.sql.schema import jobs
from tidework.store.sql.statement import Statement
from tidework.times import after, now, parse

TARGET_SECONDS = 60.0
TARGET_PEOPLE = 10_000
NEWS = 5
"""How many notifications each of them has not read."""

_PLANNED = Statement(
    "bench_planned",
    select(func.count()).select_from(jobs).where(jobs.c.kind == bindparam("kind")),
    fan_out="a benchmark waits until all are planned",
)
_TOGETHER = 200
_AHEAD_S = 4.0
_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Sent:
    store: str
    people: int
    seconds: float


@dataclass(slots=True)
class Digests(Plain):
    found: list[Sent]
    name: str = "digests"

    def goals(self) -> Iterable[Goal]:
        for one in self.found:
            # Fewer people in a quick run: as many a second.
            seconds = one.seconds * TARGET_PEOPLE / one.people
            what, wanted = f"digest of {TARGET_PEOPLE:,} people, {one.store}", "≤ 60 s"
            found = f"{one.seconds:.1f} s for {one.people:,}"
            yield Goal(what, found, wanted, seconds <= TARGET_SECONDS)

    def lines(self) -> list[str]:
        if not self.found:
            return []
        rows = [
            [one.store, f"{one.people:,}", f"{one.seconds:.1f}", f"{one.people / one.seconds:,.0f}"]
            for one in self.found
        ]
        text = (
            f"Each has {NEWS} unread notifications and a task that is overdue, and gets a mail, a file"
            " that is synced to the disk. All are due at the same moment; measured is the time from"
            " then until the last mail."
        )
        return ["## Daily digests", "", text, "", *table(["store", "people", "s", "mails/s"], rows)]

    def data(self) -> Any:
        return [
            {"store": one.store, "people": one.people, "seconds": round(one.seconds, 2)}
            for one in self.found
        ]


def measure(installation: Installation, store: str, people: int) -> Sent:
    """Seed an installation that has no accounts yet, serve it, and let all digests be due."""
    folder, url = installation.folder, installation.database_url
    tidework.migrate(folder, url)
    ids = asyncio.run(_seeded(folder, url, people))
    with installation.serve():
        due = asyncio.run(_moved(folder, url, ids))
        seconds = _last_mail(folder / "mail", people) - parse(due).timestamp()
    return Sent(store, people, seconds)


def _open(folder: Path, url: str | None) -> Store:
    environ = {"TIDEWORK_DATA_DIR": str(folder)}
    if url:
        environ["TIDEWORK_DATABASE_URL"] = url
    return make_store(load(environ))


async def _seeded(folder: Path, url: str | None, people: int) -> list[str]:
    """Make the people with what they have not read; their ids."""
    store = _open(folder, url)
    await store.start()
    ids = [new_id() for _ in range(people)]
    try:
        for start in range(0, people, _TOGETHER):
            some = range(start, min(start + _TOGETHER, people))
            await asyncio.gather(*[_person(store, ids[n], n) for n in some])
    finally:
        await store.close()
    return ids


async def _person(store: Store, user_id: str, number: int) -> None:
    at, workspace_id = now(), new_id()
    account = {
        "email": f"digest{number}@example.com",
        "name": f"Person {number}",
        "role": "user",
        "is_active": True,
        "placeholder": False,
        "personal_workspace_id": workspace_id,
        "time_zone": "Europe/Berlin",
        "language": "en",
        "created_at": at,
    }
    chosen = {
        "wanted": [],
        "unwanted": [],
        "quiet_start": None,
        "quiet_end": None,
        "digest_at": "08:00",
        "bundle_minutes": 5,
    }
    changes = [
        Change("account", user_id, "create", account),
        Change("notification_preferences", user_id, "create", chosen),
    ]
    news = list(_news(user_id, workspace_id, at))
    await store.append(
        Commit(stream_id=user_id, actor_id=user_id, at=at, creates="account", changes=changes,
               operations=news)
    )  # fmt: skip
    await store.append(_workspace(workspace_id, user_id, at))


def _workspace(workspace_id: str, user_id: str, at: str) -> Commit:
    named = {"name": "Personal", "personal": True, "created_by": user_id, "created_at": at}
    task = {
        "project_id": None, "parent_id": None, "title": "Water the kelp", "description": "",
        "status": "pending", "priority": "medium", "due_at": after(at, -3600),
        "assignee_id": user_id, "label_ids": [], "created_by": user_id, "created_at": at,
        "completed_at": None,
    }  # fmt: skip
    key = {"user_id": user_id, "workspace_id": workspace_id}
    return Commit(
        stream_id=workspace_id,
        actor_id=user_id,
        at=at,
        creates="workspace",
        changes=[
            Change("workspace", workspace_id, "create", {**named, "deleted_at": None}),
            Change("member", user_id, "create", {"role": "owner", "created_at": at}),
            Change("task", new_id(), "create", task),
        ],
        operations=[Operation("user_workspaces", "insert", key)],
    )


def _news(user_id: str, workspace_id: str, at: str) -> Iterator[Operation]:
    for n in range(NEWS):
        key = {"stream_id": user_id, "id": new_id()}
        values = {
            "kind": KINDS[n % len(KINDS)],
            "workspace_id": workspace_id,
            "data": {"workspace": "Personal", "number": n, "title": f"News {n}"},
            "in_app": True,
            "unread": True,
            "created_at": at,
        }
        yield Operation("notifications", "insert", key, values)
        waits = {"stream_id": user_id, "channel": DIGEST, "notification_id": key["id"]}
        yield Operation("notification_deliveries", "insert", waits, {"workspace_id": workspace_id})


async def _moved(folder: Path, url: str | None, ids: list[str]) -> str:
    """Once all digests are planned, let them be due at the same moment, soon; when that is."""
    store = _open(folder, url)
    await store.start()
    try:
        deadline = time.monotonic() + _DEADLINE_S
        while (await store.fetch(_PLANNED, {"kind": digest.KIND}))[0][0] < len(ids):
            if time.monotonic() > deadline:
                raise BenchError("the digests had not been planned in time")
            await asyncio.sleep(0.5)
        due = after(now(), _AHEAD_S)
        for start in range(0, len(ids), _TOGETHER):
            some = ids[start : start + _TOGETHER]
            await store.operate([Jobs.moved(one, digest.job_id_of(one), due) for one in some])
    finally:
        await store.close()
    if datetime.now(UTC) > parse(due):
        raise BenchError("moving the digests took longer than they were put off by")
    return due


def _last_mail(folder: Path, people: int) -> float:
    """When the last mail was written, as Unix time."""
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        names = os.listdir(folder) if folder.is_dir() else []
        written = [name for name in names if name.endswith(".eml")]
        if len(written) >= people:
            return max((folder / name).stat().st_mtime for name in written)
        time.sleep(0.2)
    raise BenchError(f"not all of {people:,} digests had been mailed after {_DEADLINE_S:g} s")
