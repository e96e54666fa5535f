"""Writing a workspace into a file: the job behind it.

It can be done again at any time: a file counts only once the job's result names it, which is written
together with the job's end.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from tidework.bus.job import Job
from tidework.bus.jobs import Jobs
from tidework.errors import Forbidden, TideworkError, TooLarge, Unavailable
from tidework.exchange import queries
from tidework.exchange.people import Directory
from tidework.exchange.records import EXPORT, noted
from tidework.exchange.schemas import ExportAsked, Exported, ExportFormat
from tidework.exchange.wording import reworded
from tidework.exchange.working import told
from tidework.files.protocol import Files
from tidework.http.context import ROLES, Role
from tidework.ids import new_id
from tidework.log import Operation
from tidework.reports.queries import WORKSPACE_NAME
from tidework.store.protocol import Store
from tidework.times import after, now
from tidework.transfer import export_csv, export_ics, export_json
from tidework.users.api import Users

LINK_LIFE_S: Final = 24 * 3600
ROLE_FOR: Final[dict[ExportFormat, Role]] = {"json": "owner", "csv": "viewer", "ics": "viewer"}
"""Everything that ever was, and what a file of an import called people, is for owners."""

_WRITERS: Final[dict[ExportFormat, Any]] = {
    "json": export_json,
    "csv": export_csv,
    "ics": export_ics,
}


class Exporter:
    """Makes the files of exports. `max_bytes` is the largest that one may have."""

    def __init__(self, store: Store, users: Users, files: Files, max_bytes: int) -> None:
        self._store = store
        self._users = users
        self._files = files
        self._max_bytes = max_bytes

    def register(self, jobs: Jobs) -> None:
        """Let `jobs` export."""
        jobs.register(
            EXPORT, self.run, deadline_s=60, max_attempts=5, concurrency=2, keep_s=LINK_LIFE_S
        )

    async def run(self, job: Job) -> Sequence[Operation]:
        """Write one export."""
        asked = msgspec.convert(job.args, ExportAsked)
        path = self._files.spool() / f"export-{new_id()}"
        try:
            made = await self._make(job, asked, path)
        except Unavailable:
            raise
        except TideworkError as error:
            # Whoever asked is told; to whoever runs the server it is no failure.
            made = Exported(error=reworded(error.detail))
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return [noted(job.stream_id, job.id, made)]

    async def _make(self, job: Job, asked: ExportAsked, path: Path) -> Exported:
        await self._admit(job.stream_id, asked)
        run = _Run(self._store, self._users, job.stream_id, self._max_bytes)
        unfinished = noted(job.stream_id, job.id, Exported())
        await told(job, run.work(asked.format, path), lambda: 0.95 * run.done, lambda: unfinished)
        size = (await asyncio.to_thread(path.stat)).st_size
        name = await self._name(job.stream_id, asked.format)
        file_id = new_id()
        await self._files.put(job.stream_id, file_id, path, after(now(), LINK_LIFE_S))
        return Exported(file_id=file_id, name=name, size=size)

    async def _admit(self, workspace_id: str, asked: ExportAsked) -> None:
        """Raise `Forbidden` when whoever asked may not see it any more."""
        rows = await self._store.fetch(queries.MEMBERS, {"stream_id": workspace_id})
        role = {row[0]: row[1] for row in rows}.get(asked.by)
        account = await self._users.get(asked.by)
        if role is None or account is None or not account.is_active:
            raise Forbidden("Whoever asked for it is no longer a member of the workspace.")
        if ROLES.index(role) < ROLES.index(ROLE_FOR[asked.format]):
            raise Forbidden("Whoever asked for it is no longer an owner of the workspace.")

    async def _name(self, workspace_id: str, form: ExportFormat) -> str:
        rows = await self._store.fetch(WORKSPACE_NAME, {"stream_id": workspace_id})
        title = rows[0][0] if rows else "workspace"
        kept = "".join(c if c.isalnum() or c in " -_" else " " for c in title)
        return f"{'-'.join(kept.split())[:80] or 'workspace'}-{now()[:10]}.{form}"


class _Run:
    """One attempt. `done` is how far it is, from 0 to 1."""

    def __init__(self, store: Store, users: Users, workspace_id: str, max_bytes: int) -> None:
        self.done = 0.0
        self._store = store
        self._workspace_id = workspace_id
        self._directory = Directory(store, users, workspace_id)
        self._max_bytes = max_bytes
        self._size = 0

    async def work(self, form: ExportFormat, path: Path) -> None:
        """Write the file."""
        with await asyncio.to_thread(path.open, "wb") as file:
            await _WRITERS[form](
                self._store,
                self._workspace_id,
                self._directory,
                lambda piece: self._write(file, piece),
                progress=self._progress,
            )

    def _write(self, file: BinaryIO, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._max_bytes:
            raise TooLarge(
                f"The file would be larger than {self._max_bytes >> 20} MiB. Ask whoever runs this"
                " server to use the command tidework export."
            )
        file.write(piece)

    def _progress(self, done: int, total: int) -> None:
        self.done = done / total
