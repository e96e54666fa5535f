"""Enough issues for many commits, and how they are imported."""

import random
from pathlib import Path
from typing import Any

from tests.modules.transfer.harness import (
    MemoryPeople,
    issue,
)

from tidework.store.protocol import Store
from tidework.transfer import (
    JiraOptions,
    import_jira,
)

ISSUES = 150


def many_issues(count: int = ISSUES) -> list[dict[str, Any]]:
    """Issues with histories, comments, parents and links, the same every time."""
    chance = random.Random(7)
    day = "2012-03-{:02}T10:00:00.000+0000"
    issues = []
    for n in range(1, count + 1):
        entries = [
            (day.format(d), f"user{chance.randrange(9)}", [("summary", None, f"was {n}.{d - 1}",
             None, f"was {n}.{d}")])
            for d in range(2, 2 + chance.randrange(6))
        ]  # fmt: skip
        links = [
            {"type": {"name": "Blocks"}, "outwardIssue": {"key": f"A-{chance.randint(1, count)}"}}
            for _ in range(chance.randrange(2))
        ]
        parent = chance.randint(1, count)
        issues.append(
            issue(
                f"A-{n}",
                histories=entries,
                comments=[(day.format(20), "cy", f"comment {n}")],
                issuelinks=links,
                labels=[f"label{chance.randrange(20)}"],
                parent={"key": f"A-{parent}"} if n % 3 == 0 else None,
            )
        )
    return issues


async def import_file(store: Store, people: MemoryPeople, path: Path) -> Any:
    assert people.workspace_id is not None
    options = JiraOptions(actor_id=people.owner)
    return await import_jira(store, people.workspace_id, [path], people, options)
