"""Taking an import back: the job behind it.

All of its commits, the newest first, as a change in bulk is taken back. What is removed is forgotten as
imported, too: the same file brings it again.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from tidework.bus.job import Job
from tidework.bus.jobs import Jobs
from tidework.errors import TideworkError, Unavailable
from tidework.exchange.importing import KEPT_FOR_S
from tidework.exchange.records import IMPORT_UNDO, noted
from tidework.exchange.schemas import Outcome
from tidework.log import Change, Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import import_marks
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of
from tidework.tasks.api import BulkUndo

_MARKS = Statement(
    "exchange_marks",
    select(import_marks.c.source, import_marks.c.foreign_id).where(
        import_marks.c.stream_id == bindparam("stream_id"), any_of(import_marks.c.entity_id, "ids")
    ),
)


class ImportUndoer:
    """Does what `ImportService.undo` has asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._undo = BulkUndo(store, self._forgotten)

    def register(self, jobs: Jobs) -> None:
        """Let `jobs` undo imports."""
        jobs.register(
            IMPORT_UNDO, self.run, deadline_s=20, max_attempts=50, concurrency=2, keep_s=KEPT_FOR_S
        )

    async def run(self, job: Job) -> Sequence[Operation]:
        """Undo all commits of an import that are not undone yet."""
        try:
            await self._undo.take_back(
                job, job.args["run"], job.args["by"], partial=job.args["partial"]
            )
        except Unavailable:
            raise
        except TideworkError as error:
            return [noted(job.stream_id, job.id, Outcome(error=error.detail))]
        return [noted(job.stream_id, job.id, Outcome(ended=True))]

    async def _forgotten(self, stream_id: str, changes: Sequence[Change]) -> list[Operation]:
        """What removes the marks of what is removed."""
        ids = sorted({change.id for change in changes if change.op == "delete"})
        rows = await self._store.fetch(_MARKS, {"stream_id": stream_id, "ids": ids}) if ids else []
        return [
            Operation(
                "import_marks",
                "delete",
                {"stream_id": stream_id, "source": source, "foreign_id": foreign_id},
            )
            for source, foreign_id in rows
        ]
