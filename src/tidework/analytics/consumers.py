"""The consumer that keeps the read model."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from tidework.analytics.repair import NAME, repair
from tidework.analytics.rows import effects, load
from tidework.bus.catalogue import LoggedCommit
from tidework.log import Operation
from tidework.store.protocol import Store

_AT_ONCE: Final = 50


class AnalyticsConsumer:
    """Counts commits of every stream, imported history by its own times; a page of them at once."""

    name = NAME

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_page(self, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
        """See `PagedConsumer`. Costs a few rows a change, however large the workspace is."""
        stream_id = commits[0].stream_id
        changes = [change for commit in commits for change in commit.changes]
        tally = await load(self._store, stream_id, changes)
        known = {task_id: facts.steps for task_id, facts in tally.tasks.items()}
        was = None if tally.usage is None else msgspec.structs.replace(tally.usage)
        taken = 0
        for commit in commits:
            tally.take(commit.changes)
            taken += len(commit.changes)
            if taken >= _AT_ONCE:
                # Requests that are served by the same process go in between.
                taken = 0
                await asyncio.sleep(0)
        return await effects(self._store, stream_id, known, tally, was)

    async def remake(self, stream_id: str) -> None:
        """See `Remaking`."""
        await repair(self._store, stream_id)
