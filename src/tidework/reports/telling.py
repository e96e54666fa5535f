"""Telling people that a report is there."""

from tidework.bus.jobs import Jobs
from tidework.log import Operation


def told(workspace_id: str, report_id: str, name: str, user_id: str, url: str) -> Operation:
    """The job that tells one person, by a link of their own."""
    args = {
        "kind": "report_ready",
        "source": f"report:{report_id}",
        "workspace_id": workspace_id,
        "user_ids": [user_id],
        "data": {"report": name, "url": url},
    }
    return Jobs.operation(workspace_id, "notifications.tell", args)
