"""Examples of what imports and exports take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.exchange.schemas import (
    ExportIn,
    ExportList,
    ExportOut,
    ImportList,
    ImportOut,
    ImportStart,
    ImportUndo,
)
from tidework.http.examples import ADA, CHANGED, LATER, MADE, RUN, WORKSPACE

_IMPORT: dict[str, Any] = {
    "id": RUN,
    "state": "done",
    "progress": 1.0,
    "format": "csv",
    "name": "tasks.csv",
    "size": 48213,
    "dry_run": False,
    "error": None,
    "found": {"rows": 312, "people": 4},
    "written": {"commits": 1, "labels created": 3, "tasks created": 310},
    "unchanged": 0,
    "columns": ["Key", "Summary", "Status", "Due", "Assignee"],
    "mapping": [{"field": "column", "value": "Summary", "count": 1, "becomes": "title"}],
    "problems": [
        {
            "kind": "bad_records",
            "meaning": "records left out because they cannot be read",
            "count": 2,
            "examples": ["tasks.csv, line 17: its title is empty"],
        }
    ],
    "left": [],
    "workspace_id": WORKSPACE,
    "created_by": ADA,
    "created_at": MADE,
    "finished_at": CHANGED,
    "undo_until": LATER,
}
_EXPORT: dict[str, Any] = {
    "id": RUN,
    "state": "done",
    "progress": 1.0,
    "format": "json",
    "error": None,
    "name": "Release-2026-11-22.json",
    "size": 1048576,
    "download_url": "https://tasks.example.com/api/v1/downloads?token=AZ…",
    "created_at": MADE,
    "finished_at": CHANGED,
    "expires_at": LATER,
}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (ImportOut, _IMPORT),
    (ImportList, {"items": [_IMPORT]}),
    (ImportStart, {"skip_bad_lines": True, "columns": {"title": "Summary"}}),
    (ImportUndo, {"partial": True}),
    (ExportIn, {"format": "json"}),
    (ExportOut, _EXPORT),
    (ExportList, {"items": [_EXPORT]}),
]
