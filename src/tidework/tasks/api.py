"""What other modules may know of tasks."""

from tidework.tasks.log import change_out, kept_since
from tidework.tasks.recurrence import is_recurrence
from tidework.tasks.relations import relation_id, stored_form
from tidework.tasks.schemas import ChangeOut

__all__ = ["ChangeOut", "change_out", "is_recurrence", "kept_since", "relation_id", "stored_form"]
