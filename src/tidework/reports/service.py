"""Reports: asking for them, looking at them, fetching their files."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID, uuid5

import msgspec

from tidework.bus.jobs import Jobs
from tidework.errors import Conflict, NotFound
from tidework.files.protocol import Files
from tidework.http.context import Membership, RequestContext
from tidework.ids import new_id
from tidework.log import Operation
from tidework.reports import queries
from tidework.reports.making import JOB, may_see
from tidework.reports.records import Record, no_such_link, proves, read_token, shown
from tidework.reports.schemas import MEDIA_TYPES, ReportList, ReportOut, ReportSpec
from tidework.reports.sources import Sources
from tidework.store.protocol import Store, UniqueConflict
from tidework.times import after, now
from tidework.users.api import Users

MOST_AT_ONCE = 10
_KEPT_FOR_S = 7 * 86400
_LISTED = 100
_NAMES = UUID("0b7a8a5e-7d0f-4a53-9f0a-6a2b1f5d9c22")


class Download(NamedTuple):
    """A file on its way: what it is called, what it is, how long, and its pieces."""

    name: str
    media_type: str
    size: int
    pieces: AsyncIterator[bytes]

    @property
    def disposition(self) -> str:
        """For the header `Content-Disposition` (RFC 6266)."""
        plain = self.name.encode("ascii", "replace").decode().replace("?", "_")
        return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(self.name)}"


class StoredFile(NamedTuple):
    """A file that links lead to, and the secret that they are made with."""

    secret: str
    expires_at: str
    file_id: str
    name: str
    size: int
    media_type: str


class ReportService:
    """The reports of workspaces, each of whoever has asked for it."""

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        files: Files,
        users: Users,
        sources: Sources,
        public_url: str,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._files = files
        self._users = users
        self._sources = sources
        self._public_url = public_url
        self.elsewhere: list[Callable[[str, str], Awaitable[StoredFile | None]]] = []
        """Who else makes files: asked for those of a workspace that are no report's."""

    async def ask(self, viewer: Membership, spec: ReportSpec, context: RequestContext) -> ReportOut:
        """Begin a report. Raises `Invalid`, `Conflict` when too many are being made."""
        self._sources.check(viewer.workspace_id, viewer.user_id, spec)
        report_id = new_id()
        if context.idempotency is not None:
            # No commit notes the key, so the report itself is what there is only once.
            key = f"{context.idempotency.scope} {context.idempotency.key}"
            report_id = str(uuid5(_NAMES, key))
        params = {"stream_id": viewer.workspace_id, "user_id": viewer.user_id}
        rows = await self._store.fetch(queries.UNFINISHED, params)
        if rows[0][0] >= MOST_AT_ONCE:
            raise Conflict(
                f"{MOST_AT_ONCE} of your reports are being made already. Wait for one of them, or"
                " cancel it.",
                code="too_many_reports",
            )
        try:
            await self._store.operate(asked(viewer.workspace_id, report_id, viewer.user_id, spec))
        except UniqueConflict:
            if context.idempotency is None:
                raise
        self._jobs.wake()
        return await self.show(viewer, report_id)

    async def show(self, viewer: Membership, report_id: str) -> ReportOut:
        """One of the caller's reports. Raises `NotFound`."""
        record = await self._own(viewer, report_id)
        return shown(record, self._public_url, viewer.workspace_id, viewer.user_id)

    async def latest(self, viewer: Membership) -> ReportList:
        """The caller's reports, newest first."""
        params = {
            "stream_id": viewer.workspace_id,
            "user_id": viewer.user_id,
            "limit": _LISTED,
        }
        rows = await self._store.fetch(queries.REPORTS, params)
        place = (self._public_url, viewer.workspace_id, viewer.user_id)
        return ReportList([shown(Record(*row), *place) for row in rows])

    async def remove(self, viewer: Membership, report_id: str) -> None:
        """Cancel a report, or remove it with its file. Raises `NotFound`."""
        record = await self._own(viewer, report_id)
        key = {"stream_id": viewer.workspace_id, "id": report_id}
        await self._store.operate(
            [Jobs.cancelled(viewer.workspace_id, report_id), Operation("reports", "delete", key)]
        )
        if record.file_id is not None:
            await self._files.remove(viewer.workspace_id, record.file_id)

    async def download(self, token: str) -> Download:
        """The file of a link. Raises `NotFound` for a link that leads nowhere, or no longer."""
        ticket = read_token(token)
        stored = await self._stored(ticket.stream_id, ticket.report_id)
        if stored is None or not proves(ticket, stored.secret) or stored.expires_at <= now():
            raise no_such_link()
        if not await may_see(self._store, self._users, ticket.stream_id, ticket.user_id):
            raise no_such_link()
        pieces = self._files.read(ticket.stream_id, stored.file_id)
        # Before the headers are sent: a file that is gone is no broken answer.
        first = await anext(pieces, b"")
        return Download(stored.name, stored.media_type, stored.size, _with(first, pieces))

    async def _stored(self, workspace_id: str, report_id: str) -> StoredFile | None:
        params = {"stream_id": workspace_id, "id": report_id}
        rows = await self._store.fetch(queries.REPORT, params)
        if not rows:
            for other in self.elsewhere:
                stored = await other(workspace_id, report_id)
                if stored is not None:
                    return stored
            return None
        record = Record(*rows[0])
        if record.file_id is None or record.name is None or record.size is None:
            return None
        media_type = MEDIA_TYPES[record.spec["format"]]
        place = (record.file_id, record.name, record.size, media_type)
        return StoredFile(record.secret, record.expires_at, *place)

    async def _own(self, viewer: Membership, report_id: str) -> Record:
        params = {"stream_id": viewer.workspace_id, "id": report_id}
        rows = await self._store.fetch(queries.REPORT, params)
        if not rows or rows[0][1] != viewer.user_id:
            raise NotFound("There is no such report of yours, or it is no longer kept.")
        return Record(*rows[0])


def asked(
    workspace_id: str,
    report_id: str,
    user_id: str,
    spec: ReportSpec,
    schedule_id: str | None = None,
) -> list[Operation]:
    """A report that is to be made, and the job that makes it."""
    at = now()
    values = {
        "created_by": user_id,
        "schedule_id": schedule_id,
        "spec": msgspec.to_builtins(spec),
        "state": "waiting",
        "secret": secrets.token_urlsafe(32),
        "created_at": at,
        "expires_at": after(at, _KEPT_FOR_S),
    }
    return [
        Operation("reports", "insert", {"stream_id": workspace_id, "id": report_id}, values),
        Jobs.operation(workspace_id, JOB, {}, job_id=report_id),
    ]


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
        await asyncio.sleep(0)
