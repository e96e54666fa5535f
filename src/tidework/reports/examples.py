"""Examples of what reports take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.http.examples import ADA, CHANGED, ENTRY, LATER, MADE, RUN
from tidework.reports.schemas import (
    ReportList,
    ReportOut,
    ReportSpec,
    ScheduleIn,
    ScheduleList,
    ScheduleOut,
)

_SPEC = {
    "kind": "tasks",
    "format": "xlsx",
    "filter": {"status": ["pending", "in_progress"]},
    "from": "2026-11-01",
    "to": "2026-11-30",
}
_REPORT: dict[str, Any] = {
    "id": RUN,
    "state": "done",
    "progress": 1.0,
    "spec": _SPEC,
    "error": None,
    "name": "Release-tasks-2026-11-22.xlsx",
    "size": 48213,
    "rows": 312,
    "download_url": "https://tasks.example.com/api/v1/downloads?token=AZ…",
    "schedule_id": None,
    "created_at": MADE,
    "finished_at": CHANGED,
    "expires_at": LATER,
}
_RULE = {"every": "week", "weekday": "monday", "at": "08:00", "time_zone": "Europe/Berlin"}
_WEEKLY = {"kind": "summary", "format": "pdf", "last_days": 7}
_SCHEDULE: dict[str, Any] = {
    "id": ENTRY,
    "report": _WEEKLY,
    "rule": _RULE,
    "recipients": [ADA],
    "created_by": ADA,
    "created_at": MADE,
    "next_at": LATER,
    "version": 42,
}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (ReportSpec, _SPEC),
    (ReportOut, _REPORT),
    (ReportList, {"items": [_REPORT]}),
    (ScheduleIn, {"report": _WEEKLY, "rule": _RULE, "recipients": [ADA]}),
    (ScheduleOut, _SCHEDULE),
    (ScheduleList, {"items": [_SCHEDULE]}),
]
