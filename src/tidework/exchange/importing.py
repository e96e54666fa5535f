"""Importing a file that was sent: the job behind it.

It goes on where it was whenever it is begun anew: what has been written is known by its marks, which
stand in the same commits. Each of these also says that the job still runs, that whoever asked still
owns the workspace, and which commit it was, for undoing.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tidework.bus.job import ClaimLost, Job
from tidework.bus.jobs import Jobs
from tidework.errors import Forbidden, TideworkError, Unavailable, has_no_room, no_room
from tidework.exchange import queries
from tidework.exchange.people import Directory, PeopleOfFile
from tidework.exchange.records import IMPORT, noted
from tidework.exchange.schemas import Asked, ImportFormat
from tidework.exchange.wording import summary
from tidework.exchange.working import told
from tidework.files.protocol import Files
from tidework.http.context import Membership
from tidework.log import Expect, Operation
from tidework.store.protocol import Store
from tidework.times import after, now
from tidework.transfer import (
    CsvOptions,
    ImportReport,
    JiraOptions,
    JsonOptions,
    Limits,
    drop_unfinished,
    import_csv,
    import_jira,
    import_json,
)
from tidework.users.api import Users
from tidework.workspaces.api import Workspaces, still

KEPT_FOR_S: Final = 30 * 86400
MOST_RECORDS: Final = 100_000
MOST_PEOPLE: Final = 5_000
_MIB: Final = 1 << 20
# What of a file is held in memory at once; a value of JSON takes up to twenty times its text.
_LINE: Final = 4 * _MIB
_DOCUMENT: Final = 8 * _MIB
LIMITS: Final[dict[ImportFormat, Limits]] = {
    "csv": Limits(_LINE, _DOCUMENT, 512 * _MIB, MOST_RECORDS, MOST_PEOPLE),
    "jira": Limits(_LINE, _DOCUMENT, 1024 * _MIB, MOST_RECORDS, MOST_PEOPLE),
    # The state of the workspace is in memory while it is checked.
    "json": Limits(_LINE, _DOCUMENT, 128 * _MIB, None, MOST_PEOPLE),
}


class _Enough(Exception):
    """The file has been looked at; nothing is to be written."""


class Importer:
    """Does what `ImportService` has been asked for."""

    def __init__(self, store: Store, users: Users, workspaces: Workspaces, files: Files) -> None:
        self._store = store
        self._users = users
        self._workspaces = workspaces
        self._files = files

    def register(self, jobs: Jobs) -> None:
        """Let `jobs` import."""
        jobs.register(
            IMPORT, self.run, deadline_s=20, max_attempts=20, concurrency=2, keep_s=KEPT_FOR_S
        )

    async def run(self, job: Job) -> Sequence[Operation]:
        """Import a file, or look at it."""
        asked = msgspec.convert(job.args, Asked)
        run = _Run(self._store, self._users, self._workspaces, job, asked)
        report = run.report
        error: str | None = None
        try:
            await self._admit(job.stream_id, asked.by)
            with tempfile.TemporaryDirectory(prefix="tidework-import-") as folder:
                path = Path(folder) / asked.name
                await self._fetch(job, asked, path)
                await told(
                    job,
                    run.work(path),
                    lambda: 0.99 * run.done,
                    lambda: noted(job.stream_id, job.id, summary(report)),
                )
        except _Enough:
            pass
        except ClaimLost:
            await self._cancelled(job, run)
            raise
        except TideworkError as failure:
            if isinstance(failure, Unavailable) and failure.code != "storage_full":
                raise
            error = failure.detail
        if error is None and not asked.dry_run:
            await self._files.remove(job.stream_id, asked.file_id)
        outcome = summary(report, error, ended=error is None)
        return [noted(job.stream_id, job.id, outcome)]

    async def _admit(self, workspace_id: str, user_id: str) -> None:
        """Raise `Forbidden` when whoever asked may not import any more."""
        rows = await self._store.fetch(queries.MEMBERS, {"stream_id": workspace_id})
        account = await self._users.get(user_id)
        role = {row[0]: row[1] for row in rows}.get(user_id)
        if role != "owner" or account is None or not account.is_active:
            raise Forbidden("Whoever asked for it is no longer an owner of the workspace.")

    async def _fetch(self, job: Job, asked: Asked, path: Path) -> None:
        """Bring the file to where it can be read several times. Raises `Unavailable` where that is
        full.
        """
        try:
            with await asyncio.to_thread(path.open, "wb") as file:
                async for piece in self._files.read(job.stream_id, asked.file_id):
                    await asyncio.to_thread(file.write, piece)
        except OSError as error:
            if has_no_room(error):
                raise no_room(error) from error
            raise

    async def _cancelled(self, job: Job, run: "_Run") -> None:
        """Remove what nobody would ever see: a workspace that has become half of one."""
        params = {"stream_id": job.stream_id, "id": job.id, "kind": IMPORT}
        rows = await self._store.fetch(queries.JOB, params)
        new = run.report.workspace_id
        if rows and rows[0][1] == "waiting":
            # Somebody else goes on with it.
            return
        if run.asked.format == "json" and run.begun and new is not None:
            with contextlib.suppress(Unavailable):
                await drop_unfinished(self._store, new)


class _Run:
    """One attempt. `done` is how far it is, from 0 to 1; `begun` whether anything may be written."""

    def __init__(
        self, store: Store, users: Users, workspaces: Workspaces, job: Job, asked: Asked
    ) -> None:
        self.asked = asked
        self.report = ImportReport()
        self.done = 0.0
        self.begun = False
        self._store = store
        self._workspaces = workspaces
        self._workspace_id = job.stream_id
        self._terms = _Terms(job, asked.by)
        self._people = PeopleOfFile(store, users, workspaces, job.stream_id, asked.by)
        self._directory = Directory(store, users, job.stream_id)

    async def work(self, path: Path) -> None:
        """Import the file. Raises `_Enough` when it was to be looked at only."""
        if self.asked.format == "json":
            await self._json(path)
        else:
            await self._tasks(path)

    async def _tasks(self, path: Path) -> None:
        asked = self.asked
        how: dict[str, Any] = {
            "progress": self._progress,
            "announce": self._announce,
            "report": self.report,
            "terms": self._terms,
        }
        common: dict[str, Any] = {
            "actor_id": asked.by,
            "limits": LIMITS[asked.format],
            # Who looks wants to see everything that is wrong.
            "skip_bad_lines": asked.skip_bad_lines or asked.dry_run,
        }
        place = (self._store, self._workspace_id, [path], self._people)
        if asked.format == "csv":
            options = CsvOptions(
                columns=asked.columns, delimiter=asked.delimiter, source=asked.source, **common
            )
            await import_csv(*place, options, **how)
        else:
            jira = JiraOptions(source=asked.source or "jira", **common)
            await import_jira(*place, jira, **how)

    async def _json(self, path: Path) -> None:
        # Nobody else's import of the same file leads to the same workspace.
        copy = f"{self.asked.by} {self._workspace_id} {self.asked.source or ''}"
        await import_json(
            self._store,
            path,
            self._people,
            self._directory,
            JsonOptions(copy=copy, limits=LIMITS["json"]),
            progress=self._progress,
            announce=self._announce,
            report=self.report,
            finish=self._own,
        )

    async def _own(self, workspace_id: str) -> None:
        """Only what has just been made: who was taken out of it since does not come back this way."""
        await self._workspaces.admit(workspace_id, self.asked.by, "owner")

    async def _announce(self, _: object) -> None:
        if self.asked.dry_run:
            raise _Enough
        self.begun = True

    def _progress(self, done: int, total: int) -> None:
        self.done = done / total


class _Terms:
    """See `transfer.Terms`."""

    def __init__(self, job: Job, by: str) -> None:
        self._place = {"stream_id": job.stream_id}
        self._id = job.id
        self._owner = Membership(job.stream_id, by, "owner")

    def expects(self) -> Sequence[Expect]:
        """See `transfer.Terms`."""
        return [still(self._owner, "owner")]

    def operations(self, commit_id: str, since: int, changed: int) -> Sequence[Operation]:
        """See `transfer.Terms`."""
        waiting = {"state": "waiting"}
        part = {
            "state": "done",
            "ids": [],
            "commit_id": commit_id,
            "since": since,
            "changed": changed,
            "failed": [],
            "kept": [],
            "expires_at": after(now(), KEPT_FOR_S),
        }
        return [
            Operation(
                "jobs", "update", {**self._place, "id": self._id, **waiting}, waiting, rows=1
            ),
            Operation(
                "bulk_parts", "insert", {**self._place, "run_id": self._id, "number": since}, part
            ),
        ]
