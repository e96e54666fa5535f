"""Appending the commits of an import beside whoever else writes to the workspace."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec.structs import replace

from tidework.errors import OutcomeUnknown, TideworkError, Unavailable
from tidework.log import Expect, Operation
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.store.sql.queries import COMMIT_SEQ
from tidework.transfer.batch import Batch
from tidework.transfer.report import ImportReport

_ATTEMPTS = 60
_LONGEST_WAIT_S = 1.0


class Terms(Protocol):
    """What holds for every commit of an import, besides what the import itself asks."""

    def expects(self) -> Sequence[Expect]:
        """What must be so when a commit happens."""
        ...

    def operations(self, commit_id: str, since: int, changed: int) -> Sequence[Operation]:
        """What is written with a commit of so many changes, which comes after the seq `since`."""
        ...


Plan = Callable[[], Awaitable[Batch]]
Reload = Callable[[], Awaitable[None]]


class Appender:
    """Writes batches to one workspace; `actor_id` is who imports."""

    def __init__(
        self,
        store: Store,
        stream_id: str,
        actor_id: str | None,
        report: ImportReport,
        terms: Terms | None = None,
    ) -> None:
        self._store = store
        self._stream_id = stream_id
        self._actor_id = actor_id
        self._report = report
        self._terms = terms

    async def append(self, plan: Plan, reload: Reload) -> Batch:
        """Plan a batch and write it; when others were faster, `reload` and plan it anew.

        A batch without changes makes no commit. Raises `Unavailable` when the store is, which says
        that the import can be repeated.
        """
        snapshot = self._report.snapshot()
        for attempt in range(1, _ATTEMPTS + 1):
            batch = await plan()
            try:
                await self._write(batch)
            except (Contended, UniqueConflict, OutcomeUnknown) as error:
                if attempt == _ATTEMPTS:
                    raise interrupted(error) from error
                self._report.rewind(snapshot)
                await asyncio.sleep(min(0.01 * 2**attempt, _LONGEST_WAIT_S))
                await reload()
            except Unavailable as error:
                raise interrupted(error) from error
            else:
                for what, times in batch.written.items():
                    self._report.add(what, times)
                if batch.changes:
                    self._report.add("commits")
                return batch
        raise AssertionError("unreachable")

    async def _write(self, batch: Batch) -> None:
        if not batch.changes:
            if batch.operations:
                await self._store.operate(batch.operations)
            return
        commit = batch.commit(self._stream_id, self._actor_id)
        since = (await self._store.seqs([self._stream_id])).get(self._stream_id, 0)
        if self._terms is not None:
            more = self._terms.operations(commit.id, since, len(commit.changes))
            commit = replace(
                commit,
                expects=[*commit.expects, *self._terms.expects()],
                operations=[*commit.operations, *more],
            )
        try:
            await self._store.append(commit)
        except OutcomeUnknown:
            params = {"stream_id": self._stream_id, "since": since, "commit_id": commit.id}
            if not await self._store.fetch(COMMIT_SEQ, params):
                raise


def interrupted(error: TideworkError) -> Unavailable:
    """What whoever imports is told when the store did not take a part of it."""
    # What the store says of its own part would contradict what is said of the whole.
    reason = error.detail.replace("; nothing was changed", "").replace(" Try again.", "")
    return Unavailable(
        f"{reason} What was imported before stays; run the same command again to go on.",
        code=error.code,
    )
