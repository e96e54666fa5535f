"""The HTTP interface of reports."""

from datetime import date
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.tasks.api import TaskFilter

ReportKind = Literal["tasks", "summary"]
ReportFormat = Literal["csv", "xlsx", "json", "pdf"]
ReportState = Literal["waiting", "running", "done", "failed"]
LastDays = Annotated[int, Meta(ge=1, le=3660, description="As many days, today included")]

MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "pdf": "application/pdf",
}


class ReportSpec(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"from_": "from"}
):
    """What a report is about.

    `tasks` lists the tasks that match and were made in the days from `from` to `to` (UTC), all days
    by default. `summary` counts what happened in those days, the last 30 by default, for tasks of
    the given `project`, `assignee` and one `label`. `last_days` says the same without a fixed day.
    """

    kind: ReportKind
    format: ReportFormat
    filter: TaskFilter = TaskFilter()
    from_: date | UnsetType = UNSET
    to: date | UnsetType = UNSET
    last_days: LastDays | UnsetType = UNSET


class ReportOut(Struct, frozen=True):
    """A report. `download_url` works without logging in, until `expires_at`; who has it has the file.

    It ends earlier when whoever it was made for leaves the workspace.
    """

    id: str
    state: ReportState
    progress: float
    spec: ReportSpec
    error: str | None
    name: str | None
    size: int | None
    rows: int | None
    download_url: str | None
    schedule_id: str | None
    created_at: str
    finished_at: str | None
    expires_at: str


class ReportList(Struct, frozen=True):
    """The caller's reports, newest first."""

    items: list[ReportOut]
