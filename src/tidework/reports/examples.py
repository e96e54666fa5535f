"""Examples of what reports take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.http.examples import CHANGED, LATER, MADE, RUN
from tidework.reports.schemas import ReportList, ReportOut, ReportSpec

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

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (ReportSpec, _SPEC),
    (ReportOut, _REPORT),
    (ReportList, {"items": [_REPORT]}),
]
