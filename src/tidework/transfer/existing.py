"""Tasks as they are now."""

from typing import Any

from sqlalchemy import bindparam, select

from tidework.log import Values
from tidework.store.protocol import Store
from tidework.store.sql.schema import fields_of, tasks
from tidework.store.sql.statement import Statement

_FIELDS = fields_of("task")
TASK = Statement(
    "import_task",
    select(*(tasks.c[name] for name in _FIELDS)).where(
        tasks.c.stream_id == bindparam("stream_id"), tasks.c.id == bindparam("id")
    ),
)


async def fetch_task(store: Store, workspace_id: str, task_id: str) -> Values | None:
    """The fields of a task, or None."""
    params: dict[str, Any] = {"stream_id": workspace_id, "id": task_id}
    rows = await store.fetch(TASK, params)
    return dict(zip(_FIELDS, rows[0], strict=True)) if rows else None
