"""Exports: asking for them, looking at them, fetching their files."""

import secrets
from uuid import UUID, uuid5

import msgspec

from tidework.bus.jobs import Jobs
from tidework.errors import Conflict, NotFound
from tidework.exchange import queries
from tidework.exchange.exporting import ROLE_FOR
from tidework.exchange.records import EXPORT, Row, begun, export_out
from tidework.exchange.schemas import (
    MEDIA_TYPES,
    ExportAsked,
    Exported,
    ExportIn,
    ExportList,
    ExportOut,
)
from tidework.files.protocol import Files
from tidework.http.context import Membership, RequestContext, membership_of
from tidework.ids import new_id
from tidework.reports.service import StoredFile
from tidework.store.protocol import Store

MOST_AT_ONCE = 5
_LISTED = 50
_NAMES = UUID("4f7f0a7e-8c1d-4d0e-9b7e-2a5d3c6b1e90")


class ExportService:
    """The exports of workspaces, each of whoever has asked for it."""

    def __init__(self, store: Store, jobs: Jobs, files: Files, public_url: str) -> None:
        self._store = store
        self._jobs = jobs
        self._files = files
        self._public_url = public_url

    async def ask(self, viewer: Membership, data: ExportIn, context: RequestContext) -> ExportOut:
        """Begin an export. Raises `Forbidden`, `Conflict` when too many are being made."""
        membership_of(context, ROLE_FOR[data.format])
        workspace_id = viewer.workspace_id
        export_id = new_id()
        if context.idempotency is not None:
            # No commit notes the key, so the export itself is what there is only once.
            key = f"{context.idempotency.scope} {context.idempotency.key}"
            export_id = str(uuid5(_NAMES, key))
        rows = await self._store.fetch(
            queries.UNFINISHED, {"stream_id": workspace_id, "kind": EXPORT}
        )
        if rows[0][0] >= MOST_AT_ONCE:
            raise Conflict(
                f"{MOST_AT_ONCE} exports of this workspace are being made already. Wait for one of"
                " them.",
                code="too_many_exports",
            )
        asked = ExportAsked(viewer.user_id, data.format, secrets.token_urlsafe(32))
        await self._store.operate([begun(workspace_id, EXPORT, asked, export_id)])
        self._jobs.wake()
        return await self.show(viewer, export_id)

    async def show(self, viewer: Membership, export_id: str) -> ExportOut:
        """One of the caller's exports. Raises `NotFound`."""
        row = await self._own(viewer, export_id)
        return export_out(row, viewer.workspace_id, self._public_url)

    async def latest(self, viewer: Membership) -> ExportList:
        """The caller's exports, newest first."""
        params = {"stream_id": viewer.workspace_id, "kind": EXPORT, "limit": 10 * _LISTED}
        rows = [Row(*row) for row in await self._store.fetch(queries.JOBS, params)]
        mine = [row for row in rows if row.args["by"] == viewer.user_id][:_LISTED]
        return ExportList([export_out(r, viewer.workspace_id, self._public_url) for r in mine])

    async def remove(self, viewer: Membership, export_id: str) -> None:
        """Cancel an export, or remove it with its file. Raises `NotFound`."""
        row = await self._own(viewer, export_id)
        await self._store.operate([Jobs.cancelled(viewer.workspace_id, export_id)])
        made = Exported() if row.result is None else msgspec.convert(row.result, Exported)
        if made.file_id is not None:
            await self._files.remove(viewer.workspace_id, made.file_id)

    async def file(self, workspace_id: str, export_id: str) -> StoredFile | None:
        """The file of an export, for whoever has a link to it."""
        row = await self._row(workspace_id, export_id)
        if row is None or row.state != "done" or row.result is None or row.expires_at is None:
            return None
        made = msgspec.convert(row.result, Exported)
        if made.file_id is None or made.name is None or made.size is None:
            return None
        asked = msgspec.convert(row.args, ExportAsked)
        media_type = MEDIA_TYPES[asked.format]
        return StoredFile(
            asked.secret, row.expires_at, made.file_id, made.name, made.size, media_type
        )

    async def _own(self, viewer: Membership, export_id: str) -> Row:
        row = await self._row(viewer.workspace_id, export_id)
        if row is None or row.args["by"] != viewer.user_id:
            raise NotFound("There is no such export of yours, or it is no longer kept.")
        return row

    async def _row(self, workspace_id: str, export_id: str) -> Row | None:
        params = {"stream_id": workspace_id, "id": export_id, "kind": EXPORT}
        rows = await self._store.fetch(queries.JOB, params)
        return Row(*rows[0]) if rows else None
