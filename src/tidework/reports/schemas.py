"""The HTTP interface of reports."""

from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.http.wording import in_words
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


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
WallTime = Annotated[
    str, Meta(pattern=in_words(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time of day, such as 08:30"))
]


class ScheduleRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When: each day, or each week on `weekday`, at a time of day in a time zone."""

    every: Literal["day", "week"]
    at: WallTime
    time_zone: Annotated[str, Meta(max_length=64)] = "UTC"
    weekday: Weekday | UnsetType = UNSET


class ScheduleIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A report that is made time and again, and the members who are sent a link to it.

    Without `recipients` it is for whoever asks.
    """

    report: ReportSpec
    rule: ScheduleRule
    recipients: Annotated[list[UUID], Meta(max_length=50)] = []


class ScheduleOut(Struct, frozen=True):
    """A schedule. `next_at` is None when it has stopped: whoever made it has left."""

    id: str
    report: ReportSpec
    rule: ScheduleRule
    recipients: list[str]
    created_by: str
    created_at: str
    next_at: str | None
    version: int


class ScheduleList(Struct, frozen=True):
    """The schedules of a workspace, oldest first."""

    items: list[ScheduleOut]
