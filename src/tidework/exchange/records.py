"""Imports and exports as the database has them: rows of jobs."""

from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from tidework.bus.jobs import Jobs
from tidework.exchange.schemas import (
    Asked,
    ExportAsked,
    Exported,
    ExportOut,
    ImportOut,
    ImportState,
    Outcome,
)
from tidework.log import Operation, Values
from tidework.reports.records import link

IMPORT = "import"
EXPORT = "export"
IMPORT_UNDO = "import_undo"

_DEFECT = (
    "It was tried several times and failed each time. What is done stays; ask whoever runs this"
    " server to look into its log."
)


class Row(NamedTuple):
    """A job, as `queries.JOB` has it."""

    id: str
    state: str
    attempts: int
    progress: int
    args: dict[str, Any]
    result: dict[str, Any] | None
    error: str | None
    created_at: str
    finished_at: str | None
    expires_at: str | None


class Linked(NamedTuple):
    """What a link to a file is made with."""

    id: str
    secret: str


def undo_job_id(import_id: str) -> str:
    """The job that undoes an import."""
    return str(uuid5(UUID(import_id), "undo"))


def asked_of(row: Row) -> Asked:
    """What an import was asked to do."""
    return msgspec.convert(row.args, Asked)


def outcome_of(row: Row) -> Outcome:
    """What has become of an import so far."""
    return Outcome() if row.result is None else msgspec.convert(row.result, Outcome)


def noted(stream_id: str, job_id: str, result: Outcome | Exported) -> Operation:
    """That a job has come to this."""
    key = {"stream_id": stream_id, "id": job_id}
    return Operation("jobs", "update", key, {"result": msgspec.to_builtins(result)})


def again(args: Values, at: str) -> Values:
    """A job's row when it is to begin once more."""
    return {
        "args": args,
        "state": "waiting",
        "due_at": at,
        "attempts": 0,
        "progress": 0,
        "result": None,
        "error": None,
        "finished_at": None,
        "expires_at": None,
    }


def begun(stream_id: str, kind: str, args: msgspec.Struct, job_id: str) -> Operation:
    """The job of an import or export; with an id that there is already nothing happens."""
    return Jobs.operation(stream_id, kind, msgspec.to_builtins(args), job_id=job_id)


def import_state(row: Row, undo: Row | None) -> tuple[ImportState, str | None]:
    """The state of an import for people, and its error."""
    outcome = outcome_of(row)
    if row.state == "cancelled":
        return _undo_state("cancelled", undo, None)
    if row.state == "failed":
        return _undo_state("failed", undo, _DEFECT)
    if row.state == "waiting":
        return ("running" if row.attempts else "waiting"), None
    return _undo_state("failed" if outcome.error else "done", undo, outcome.error)


def _undo_state(
    before: ImportState, undo: Row | None, error: str | None
) -> tuple[ImportState, str | None]:
    if undo is None:
        return before, error
    if undo.state == "waiting":
        return "undoing", None
    if undo.state == "failed":
        return before, f"Undo: {_DEFECT}"
    refused = (undo.result or {}).get("error")
    return (before, f"Undo: {refused}") if refused else ("undone", None)


def import_out(row: Row, undo: Row | None, workspace_id: str, left: list[str]) -> ImportOut:
    """An import as HTTP shows it."""
    asked, outcome = asked_of(row), outcome_of(row)
    state, error = import_state(row, undo)
    progress = 1.0 if state in ("done", "undone") else row.progress / 100
    if state == "undoing" and undo is not None:
        progress = undo.progress / 100
    is_new = asked.format == "json"
    return ImportOut(
        id=row.id,
        state=state,
        progress=progress,
        format=asked.format,
        name=asked.name,
        size=asked.size,
        dry_run=asked.dry_run,
        error=error,
        found=outcome.found,
        written=outcome.written,
        unchanged=outcome.unchanged,
        columns=outcome.columns,
        mapping=outcome.mapping,
        problems=outcome.problems,
        left=left,
        workspace_id=outcome.workspace_id if is_new else workspace_id,
        created_by=asked.by,
        created_at=row.created_at,
        finished_at=row.finished_at,
        undo_until=None if is_new or asked.dry_run else row.expires_at,
    )


def export_out(row: Row, workspace_id: str, public_url: str) -> ExportOut:
    """An export as HTTP shows it to whom it was made for."""
    asked = msgspec.convert(row.args, ExportAsked)
    made = Exported() if row.result is None else msgspec.convert(row.result, Exported)
    state, error = _export_state(row, made)
    address = None
    if state == "done":
        linked = Linked(row.id, asked.secret)
        address = link(public_url, workspace_id, linked, asked.by)
    return ExportOut(
        id=row.id,
        state=state,
        progress=1.0 if state == "done" else row.progress / 100,
        format=asked.format,
        error=error,
        name=made.name,
        size=made.size,
        download_url=address,
        created_at=row.created_at,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
    )


def _export_state(row: Row, made: Exported) -> tuple[Any, str | None]:
    if row.state == "failed":
        return "failed", _DEFECT
    if row.state == "waiting":
        return ("running" if row.attempts else "waiting"), None
    return ("failed", made.error) if made.error else ("done", None)
