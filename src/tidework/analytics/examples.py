"""Examples of statistics for the OpenAPI document."""

from typing import Any, Final

from tidework.analytics.schemas import AnalyticsOut
from tidework.http.examples import ADA, LABEL, PROJECT

_COUNTS = {"created": 3, "completed": 5, "reopened": 1, "cancelled": 0, "throughput": 4}
_PART = {**_COUNTS, "open": 48, "overdue": 4}
_DAY = {
    "day": "2026-11-22",
    **_COUNTS,
    "statuses": {"pending": 40, "in_progress": 8, "completed": 77, "cancelled": 3},
    "scope": 125,
    "active_users": 6,
}
_ANALYTICS = {
    "seq": 42,
    "from": "2026-11-22",
    "to": "2026-11-22",
    **_COUNTS,
    "overdue": 4,
    "lead_time_s": {"count": 4, "p50": 172800, "p85": 604800, "p95": 604800},
    "cycle_time_s": {"count": 3, "p50": 28800, "p85": 86400, "p95": 86400},
    "days": [_DAY],
    "by_project": [{"id": PROJECT, **_PART}],
    "by_assignee": [{"id": ADA, **_PART}],
    "by_label": [{"id": LABEL, **_PART}],
}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [(AnalyticsOut, _ANALYTICS)]
