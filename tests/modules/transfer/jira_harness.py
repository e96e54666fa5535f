"""What the tests of Jira imports share."""

from pathlib import Path
from typing import Any

from tests.modules.transfer.harness import (
    MemoryPeople,
    View,
    assert_log_is_state,
    whole_log,
)

from tidework.log import Change, Commit
from tidework.store.protocol import Store
from tidework.times import now
from tidework.transfer import ImportReport, JiraOptions, import_jira

DAY = "2012-03-0{}T10:00:00.000+0000"


AT = "2012-03-0{}T10:00:00.000000Z"


def status(before: str, after: str) -> tuple[str, Any, str, Any, str]:
    return ("status", None, before, None, after)


async def run(
    store: Store, people: MemoryPeople, path: Path | list[Path], **options: Any
) -> ImportReport:
    assert people.workspace_id is not None
    paths = path if isinstance(path, list) else [path]
    chosen = JiraOptions(actor_id=people.owner, **options)
    report = await import_jira(store, people.workspace_id, paths, people, chosen)
    await assert_log_is_state(store, people.workspace_id)
    return report


async def edit(store: Store, people: MemoryPeople, task_id: str, **fields: Any) -> None:
    assert people.workspace_id is not None
    change = Change("task", task_id, "update", fields)
    await store.append(
        Commit(stream_id=people.workspace_id, actor_id=people.owner, at=now(), changes=[change])
    )


def counts(report: ImportReport) -> dict[str, int]:
    return {kind: finding.count for kind, finding in report.findings.items()}


async def seq(store: Store, people: MemoryPeople) -> int:
    assert people.workspace_id is not None
    return (await store.seqs([people.workspace_id]))[people.workspace_id]


async def history(store: Store, people: MemoryPeople, title: str) -> list[Any]:
    """Who changed which fields of a task to what, and when."""
    assert people.workspace_id is not None
    task_id = (await View.of(store, people)).task(title)["id"]
    return [
        (people.accounts[c.actor_id].name if c.actor_id else None, c.at, c.set)
        for c in await whole_log(store, people.workspace_id)
        if c.id == task_id
    ]


def link(kind: str, direction: str, key: str) -> dict[str, Any]:
    return {"type": {"name": kind}, f"{direction}Issue": {"key": key}}
