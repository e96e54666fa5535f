"""What other modules may know of tasks."""

from tidework.tasks.relations import relation_id, stored_form

__all__ = ["relation_id", "stored_form"]
