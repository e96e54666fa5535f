"""Tasks by the key that they had where they were imported from, such as DS-123.

A task has no such field; an import leaves a mark of each issue or row (`transfer.marks`), by which it
is known again, and these are looked up.
"""

import re

from sqlalchemy import bindparam, select

from tidework.store.sql.schema import import_marks, tasks
from tidework.store.sql.tables import any_of

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}-[0-9]{1,10}")

CAME_UNDER = tasks.c.id.in_(
    select(import_marks.c.entity_id).where(
        import_marks.c.stream_id == bindparam("stream_id"),
        any_of(import_marks.c.foreign_id, "marks"),
    )
)
"""That one of the `marks` is the task's."""


def marks_of(text: str) -> list[str]:
    """The marks that a task with this key has, from Jira or from a CSV file; none for other texts."""
    key = text.strip()
    return [f"issue/{key.upper()}", f"key/{key}"] if _KEY.fullmatch(key) else []
