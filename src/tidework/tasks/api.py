"""What other modules may know of tasks."""

from tidework.tasks.bulk_undo import BulkUndo
from tidework.tasks.log import change_out, kept_since
from tidework.tasks.pages import TaskPages
from tidework.tasks.reads import find_task
from tidework.tasks.recurrence import is_recurrence, local_time, rule_for_calendars
from tidework.tasks.relations import relation_id, stored_form
from tidework.tasks.schemas import ChangeOut, TaskOut
from tidework.tasks.selection import TaskFilter, query_of

__all__ = [
    "BulkUndo",
    "ChangeOut",
    "TaskFilter",
    "TaskOut",
    "TaskPages",
    "change_out",
    "find_task",
    "is_recurrence",
    "kept_since",
    "local_time",
    "query_of",
    "relation_id",
    "rule_for_calendars",
    "stored_form",
]
