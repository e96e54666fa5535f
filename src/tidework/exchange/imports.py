"""Imports: sending a file, looking at what becomes of it, going on, cancelling, undoing."""

from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from tidework.bus.jobs import Jobs
from tidework.errors import Conflict, NotFound, invalid
from tidework.exchange import queries
from tidework.exchange.importing import KEPT_FOR_S
from tidework.exchange.records import (
    IMPORT,
    IMPORT_UNDO,
    Row,
    again,
    asked_of,
    begun,
    import_out,
    import_state,
    outcome_of,
    undo_job_id,
)
from tidework.exchange.schemas import (
    IMPORT_FORMATS,
    Asked,
    ImportList,
    ImportOut,
    ImportStart,
)
from tidework.files.protocol import Files
from tidework.http.context import Membership, RequestContext
from tidework.http.query import Query
from tidework.http.uploads import Upload
from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.patience import patience
from tidework.store.protocol import Contended, Store
from tidework.times import after, now

MOST_AT_ONCE = 3
_LISTED = 50
_FILE_KEPT_S = 86400
_FILES_KEPT = 2
_LONGEST_NAME = 80
_LONGEST_SOURCE = 100
_COLUMNS_MAX = 50
_NAMES = UUID("8d9a0b5e-1f63-4a1c-8f0e-5b8b1f6f2c17")
_PARAMETERS = ("format", "dry_run", "skip_bad_lines", "name", "source", "delimiter", "column")
_BY_TYPE = {"text/csv": "csv", "application/x-ndjson": "jira"}


class ImportService:
    """The imports of workspaces, for their owners."""

    def __init__(self, store: Store, jobs: Jobs, files: Files) -> None:
        self._store = store
        self._jobs = jobs
        self._files = files

    async def ask(self, owner: Membership, raw_query: bytes, context: RequestContext) -> ImportOut:
        """Begin to import the file that came. Raises `Invalid`, `Conflict` when too many run."""
        upload = context.upload
        assert upload is not None
        workspace_id = owner.workspace_id
        import_id = new_id()
        if context.idempotency is not None:
            # No commit notes the key, so the import itself is what there is only once.
            key = f"{context.idempotency.scope} {context.idempotency.key}"
            import_id = str(uuid5(_NAMES, key))
            if await self._row(workspace_id, import_id) is not None:
                return await self.show(workspace_id, import_id)
        asked = _asked(raw_query, owner, upload)
        rows = await self._store.fetch(
            queries.UNFINISHED, {"stream_id": workspace_id, "kind": IMPORT}
        )
        if rows[0][0] >= MOST_AT_ONCE:
            raise Conflict(
                f"{MOST_AT_ONCE} imports into this workspace are on their way already. Wait for one"
                " of them, or cancel it.",
                code="too_many_imports",
            )
        # It is long work, and nobody waits for its parts.
        patience.set(None)
        await self._tidy(workspace_id)
        expires_at = after(now(), _FILE_KEPT_S)
        await self._files.put(workspace_id, asked.file_id, upload.path, expires_at)
        await self._store.operate([begun(workspace_id, IMPORT, asked, import_id)])
        self._jobs.wake()
        return await self.show(workspace_id, import_id)

    async def show(self, workspace_id: str, import_id: str) -> ImportOut:
        """An import as far as it has come. Raises `NotFound`."""
        undo = await self._undo(workspace_id, import_id)
        return await self._out(workspace_id, await self._found(workspace_id, import_id), undo)

    async def latest(self, workspace_id: str) -> ImportList:
        """The latest imports, newest first."""
        params = {"stream_id": workspace_id, "kind": IMPORT_UNDO, "limit": _LISTED}
        undone = {row[0]: Row(*row) for row in await self._store.fetch(queries.JOBS, params)}
        rows = await self._store.fetch(queries.JOBS, {**params, "kind": IMPORT})
        return ImportList(
            [
                await self._out(workspace_id, Row(*row), undone.get(undo_job_id(row[0])))
                for row in rows
            ]
        )

    async def start(self, workspace_id: str, import_id: str, data: ImportStart) -> ImportOut:
        """Go on with a file that was looked at, or could not be imported.

        Raises `NotFound`, `Conflict` when that is not so or the file is no longer kept, `Invalid`.
        """
        row = await self._found(workspace_id, import_id)
        asked = asked_of(row)
        if row.state == "waiting":
            raise Conflict("This import still runs. Wait for its end.", code="still_running")
        if row.state == "cancelled" or (outcome_of(row).ended and not asked.dry_run):
            raise Conflict("This import has ended. Send the file again.", code="ended")
        if row.created_at < after(now(), -0.9 * _FILE_KEPT_S):
            raise Conflict("The file is no longer kept. Send it again.", code="file_gone")
        given = {
            name: getattr(data, name)
            for name in ("skip_bad_lines", "columns", "delimiter")
            if getattr(data, name) is not UNSET
        }
        asked = replace(asked, dry_run=data.dry_run, **given)
        key = {"stream_id": workspace_id, "id": import_id, "state": row.state}
        values = again(msgspec.to_builtins(asked), now())
        await self._move([Operation("jobs", "update", key, values, rows=1)])
        self._jobs.wake()
        return await self.show(workspace_id, import_id)

    async def cancel(self, workspace_id: str, import_id: str) -> None:
        """Let nothing more be written; what is written stays, and can be undone.

        Raises `NotFound`, `Conflict` when it has ended.
        """
        row = await self._found(workspace_id, import_id)
        asked = asked_of(row)
        looked_at = row.state == "done" and (asked.dry_run or not outcome_of(row).ended)
        if row.state != "waiting" and not looked_at:
            raise Conflict("This import has ended; undo it instead.", code="ended")
        at = now()
        key = {"stream_id": workspace_id, "id": import_id, "state": row.state}
        # Another due time: whoever works on it has lost it.
        values = {
            "state": "cancelled",
            "due_at": at,
            "finished_at": at,
            "expires_at": after(at, KEPT_FOR_S),
        }
        await self._move([Operation("jobs", "update", key, values, rows=1)])
        await self._files.remove(workspace_id, asked.file_id)

    async def undo(self, owner: Membership, import_id: str, *, partial: bool) -> ImportOut:
        """Begin to take all of its commits back. Raises `NotFound`, `Conflict`."""
        workspace_id = owner.workspace_id
        row = await self._found(workspace_id, import_id)
        undo = await self._undo(workspace_id, import_id)
        state, _ = import_state(row, undo)
        if state in ("waiting", "running", "undoing"):
            raise Conflict(
                "This import still runs. Wait for its end, or cancel it first.",
                code="still_running",
            )
        if state == "undone":
            raise Conflict("This import has been undone already.", code="already_undone")
        if asked_of(row).format == "json":
            raise Conflict(
                "It has made a workspace of its own; remove that instead.", code="founding"
            )
        job_id = undo_job_id(import_id)
        args = {"run": import_id, "by": owner.user_id, "partial": partial}
        operations = [Jobs.operation(workspace_id, IMPORT_UNDO, args, job_id=job_id)]
        if undo is not None:
            operations.insert(0, Jobs.cancelled(workspace_id, job_id))
        await self._store.operate(operations)
        self._jobs.wake()
        return await self.show(workspace_id, import_id)

    async def _tidy(self, workspace_id: str) -> None:
        """Remove the files that were looked at or failed, but for the latest."""
        params = {"stream_id": workspace_id, "kind": IMPORT, "limit": _LISTED}
        rows = [Row(*row) for row in await self._store.fetch(queries.JOBS, params)]
        recent = after(now(), -_FILE_KEPT_S)
        kept = [row for row in rows if _has_file(row) and row.created_at > recent]
        for row in kept[_FILES_KEPT:]:
            await self._files.remove(workspace_id, asked_of(row).file_id)

    async def _move(self, operations: list[Operation]) -> None:
        try:
            await self._store.operate(operations)
        except Contended:
            raise Conflict(
                "This import has just gone on. Look at it again.", code="moved"
            ) from None

    async def _out(self, workspace_id: str, row: Row, undo: Row | None) -> ImportOut:
        left: list[str] = []
        if undo is not None:
            params = {"stream_id": workspace_id, "run_id": row.id}
            kept = await self._store.fetch(queries.KEPT, params)
            left = [_kept(problem) for part in kept for problem in part[0]][:100]
        return import_out(row, undo, workspace_id, left)

    async def _undo(self, workspace_id: str, import_id: str) -> Row | None:
        params = {"stream_id": workspace_id, "id": undo_job_id(import_id), "kind": IMPORT_UNDO}
        rows = await self._store.fetch(queries.JOB, params)
        return Row(*rows[0]) if rows else None

    async def _found(self, workspace_id: str, import_id: str) -> Row:
        row = await self._row(workspace_id, import_id)
        if row is None:
            raise NotFound("There is no such import, or it is no longer kept.")
        return row

    async def _row(self, workspace_id: str, import_id: str) -> Row | None:
        params = {"stream_id": workspace_id, "id": import_id, "kind": IMPORT}
        rows = await self._store.fetch(queries.JOB, params)
        return Row(*rows[0]) if rows else None


def _has_file(row: Row) -> bool:
    """Whether the file of an import that has ended may still be there."""
    return row.state == "done" and (asked_of(row).dry_run or not outcome_of(row).ended)


def _kept(problem: list[Any]) -> str:
    return f"{problem[0]}: {problem[2]}"


def _asked(raw_query: bytes, owner: Membership, upload: Upload) -> Asked:
    """What the query asks for. Raises `Invalid`."""
    query = Query(raw_query, _PARAMETERS)
    form = query.text("format") or _BY_TYPE.get(upload.media_type)
    if form not in IMPORT_FORMATS:
        raise invalid(
            "?format",
            "not_allowed",
            "?format says what the file is: csv, jira (issues as Jira's REST API gives them) or json"
            " (what was exported here).",
        )
    delimiter = query.text("delimiter")
    if delimiter is not None and len(delimiter) != 1:
        raise invalid("?delimiter", "length", "?delimiter is one character, such as ;")
    source = query.text("source")
    if source is not None and len(source) > _LONGEST_SOURCE:
        raise invalid("?source", "too_long", f"?source has {_LONGEST_SOURCE} characters at most.")
    return Asked(
        by=owner.user_id,
        format=form,
        name=_name(query.text("name"), form),
        size=upload.size,
        file_id=new_id(),
        dry_run=query.flag("dry_run"),
        skip_bad_lines=query.flag("skip_bad_lines"),
        source=source,
        delimiter=delimiter,
        columns=_columns(query.texts("column")),
    )


def _name(given: str | None, form: str) -> str:
    """What the file is called: a name that can be one."""
    text = "".join(c if c.isalnum() or c in " -_.()" else "_" for c in given or "").strip(" .")
    while len(text.encode()) > 2 * _LONGEST_NAME or len(text) > _LONGEST_NAME:
        text = text[1:].lstrip(" .")
    return text or f"import.{form}"


def _columns(given: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for one in given:
        name, separator, column = one.partition("=")
        if not separator or not name.strip() or not column.strip():
            raise invalid(
                "?column", "not_allowed", "?column is FIELD=COLUMN, such as column=title=Summary."
            )
        if name.strip() in columns:
            raise invalid(
                "?column", "repeated", f"?column names {name.strip()[:60]!r} twice. Name it once."
            )
        columns[name.strip()] = column.strip()
    if len(columns) > _COLUMNS_MAX:
        raise invalid("?column", "too_many", f"?column takes {_COLUMNS_MAX} values at most.")
    return columns
