"""Making a report's file: the job behind it.

It can be done again at any time: a file counts only once the report names it, which is written
together with the end of the job.
"""

import asyncio
import importlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from tidework.bus.job import ClaimLost, Job
from tidework.bus.jobs import Jobs
from tidework.errors import Forbidden, TideworkError, TooLarge, Unavailable
from tidework.files.protocol import Files
from tidework.ids import new_id
from tidework.log import Operation, Values
from tidework.reports import queries
from tidework.reports.content import Content, MakeWriter, Writer
from tidework.reports.queries import REPORT
from tidework.reports.records import Record, link
from tidework.reports.schemas import ReportFormat, ReportSpec
from tidework.reports.sources import Sources
from tidework.reports.telling import told
from tidework.reports.write_csv import CsvWriter
from tidework.reports.write_json import JsonWriter
from tidework.store.protocol import Store
from tidework.times import after, now
from tidework.users.api import Users

JOB: Final = "report"
LINK_LIFE_S: Final = 24 * 3600
MAILED_LIFE_S: Final = 7 * 86400
"""Of what was not waited for."""
_TELL_S: Final = 1.0

T = TypeVar("T")


def report_key(stream_id: str, report_id: str) -> Values:
    """A report's row while it is being made."""
    return {"stream_id": stream_id, "id": report_id, "state": "waiting"}


class Maker:
    """Makes the files of reports. `max_bytes` is the largest that one may have."""

    def __init__(
        self,
        store: Store,
        users: Users,
        files: Files,
        sources: Sources,
        *,
        max_bytes: int,
        public_url: str,
    ) -> None:
        self._store = store
        self._users = users
        self._files = files
        self._sources = sources
        self._max_bytes = max_bytes
        self._public_url = public_url
        # One thread for all of them: the server's own work comes first.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reports")

    def register(self, jobs: Jobs) -> None:
        """Let `jobs` make reports."""
        jobs.register(JOB, self.run, deadline_s=60, max_attempts=5, concurrency=2)

    def close(self) -> None:
        """Wait for nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def run(self, job: Job) -> Sequence[Operation]:
        """Make one report, unless it is made or no longer wanted."""
        rows = await self._store.fetch(REPORT, {"stream_id": job.stream_id, "id": job.id})
        if not rows or rows[0][4] != "waiting":
            return ()
        report = Record(*rows[0])
        path = self._files.spool() / f"report-{new_id()}"
        try:
            return await self._make(job, report, path)
        except (Unavailable, ClaimLost):
            raise
        except TideworkError as error:
            at = now()
            failed = {
                "state": "failed",
                "error": error.detail,
                "finished_at": at,
                "expires_at": after(at, LINK_LIFE_S),
            }
            # Whoever asked is told; to whoever runs the server it is no failure.
            return [Operation("reports", "update", report_key(job.stream_id, job.id), failed)]
        finally:
            await self._in_thread(lambda: path.unlink(missing_ok=True))

    async def _make(self, job: Job, report: Record, path: Path) -> Sequence[Operation]:
        spec = msgspec.convert(report.spec, ReportSpec)
        await self._admit(job.stream_id, report.created_by)
        content = await self._sources.content(job.stream_id, report.created_by, spec)
        rows = await self._write(job, content, spec.format, path)
        size = await self._in_thread(lambda: _size(path))
        self._check_size(size)
        at = now()
        expires_at = after(at, MAILED_LIFE_S if report.schedule_id else LINK_LIFE_S)
        file_id = new_id()
        await self._files.put(job.stream_id, file_id, path, expires_at)
        name = _name(content, spec.format)
        done: Values = {
            "state": "done",
            "file_id": file_id,
            "name": name,
            "size": size,
            "row_count": rows,
            "finished_at": at,
            "expires_at": expires_at,
        }
        return [
            Operation("reports", "update", report_key(job.stream_id, job.id), done),
            *await self._telling(job.stream_id, report, name),
        ]

    async def _telling(self, workspace_id: str, report: Record, name: str) -> list[Operation]:
        """What tells the recipients of a scheduled report, if it still is one."""
        params = {"stream_id": workspace_id, "id": report.schedule_id}
        if report.schedule_id is None:
            return []
        rows = await self._store.fetch(queries.SCHEDULE, params)
        return [
            told(
                workspace_id,
                report.id,
                name,
                user_id,
                link(self._public_url, workspace_id, report, user_id),
            )
            for row in rows
            for user_id in row[3]
        ]

    async def _admit(self, workspace_id: str, user_id: str) -> None:
        """Raise `Forbidden` when whom it is made for may not see it any more."""
        if not await may_see(self._store, self._users, workspace_id, user_id):
            raise Forbidden("Whoever asked for it is no longer a member of the workspace.")

    async def _write(self, job: Job, content: Content, form: ReportFormat, path: Path) -> int:
        """Write the file; how many rows its tables have."""
        make = await self._in_thread(lambda: _writer(form))
        writer = await self._in_thread(lambda: make(path, content))
        try:
            done = await self._write_tables(job, content, writer, path)
        except BaseException:
            await asyncio.shield(self._in_thread(writer.drop))
            raise
        await self._in_thread(writer.close)
        return done

    async def _write_tables(self, job: Job, content: Content, writer: Writer, path: Path) -> int:
        done = 0
        told = time.monotonic()
        for table in content.tables:
            await self._in_thread(lambda table=table: writer.begin(table))  # type: ignore[misc]
            async for page in table.pages:
                await self._in_thread(lambda page=page: writer.rows(page))  # type: ignore[misc]
                done += len(page)
                self._check_size(await self._in_thread(lambda: _size(path)))
                if time.monotonic() - told >= _TELL_S:
                    told = time.monotonic()
                    await job.progress(0.95 * done / max(1, content.total))
        await job.progress(0.95)
        return done

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise TooLarge(
                f"The file would be larger than {self._max_bytes >> 20} MiB. Ask for less, by a"
                " filter or by days."
            )

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


async def may_see(store: Store, users: Users, workspace_id: str, user_id: str) -> bool:
    """Whether somebody is a member of a workspace, with an account that is in use."""
    params = {"stream_id": workspace_id, "user_id": user_id}
    if not await store.fetch(queries.MEMBER, params):
        return False
    if not await store.fetch(queries.WORKSPACE_NAME, {"stream_id": workspace_id}):
        return False
    account = await users.get(user_id)
    return account is not None and account.is_active


def _size(path: Path) -> int:
    # Some forms write nothing before they are closed.
    return path.stat().st_size if path.exists() else 0


def _writer(form: ReportFormat) -> MakeWriter:
    if form == "csv":
        return CsvWriter
    if form == "json":
        return JsonWriter
    name = {"xlsx": "XlsxWriter", "pdf": "PdfWriter"}[form]
    made: Any = getattr(importlib.import_module(f"tidework.reports.write_{form}"), name)
    found: MakeWriter = made
    return found


def _name(content: Content, form: ReportFormat) -> str:
    kept = "".join(c if c.isalnum() or c in " -_" else " " for c in content.title)
    return f"{'-'.join(kept.split())[:80] or content.kind}-{content.made_at[:10]}.{form}"
