"""The job that reminds."""

from collections.abc import Sequence
from typing import Final

from tidework.bus.jobs import Job, Jobs
from tidework.log import Operation
from tidework.reminders import queries
from tidework.reminders.planning import FIRE, TaskState, Wanted, place_key, stable_id, time_of
from tidework.store.protocol import Reader

TELL: Final = "notifications.tell"
"""The job that tells somebody; see `notifications.telling`."""


class Firing:
    """Does these jobs: what is not meant any more at its time ends without effect."""

    def __init__(self, store: Reader) -> None:
        self._store = store

    def register(self, jobs: Jobs) -> None:
        """Let these jobs be done."""
        jobs.register(FIRE, self.fire, deadline_s=15.0, concurrency=8)

    async def fire(self, job: Job) -> Sequence[Operation]:
        """Remind, together with the end of the job and with what says that it has happened."""
        workspace_id, task_id = job.args["workspace_id"], job.args["task_id"]
        reminder_id, at = job.args["reminder_id"], job.args["at"]
        params = {"workspace_id": workspace_id, "ids": [task_id]}
        found = [Wanted(*row) for row in await self._store.fetch(queries.OF_TASKS, params)]
        wanted = next((one for one in found if one.reminder_id == reminder_id), None)
        rows = await self._store.fetch(queries.TASKS, params)
        task = TaskState(*rows[0]) if rows else None
        if wanted is None or wanted.fired_at == at or time_of(wanted, task) != at:
            return []
        source = stable_id("tell", reminder_id, at)
        telling = {
            "kind": "reminder",
            "source": source,
            "workspace_id": workspace_id,
            "user_ids": [job.stream_id],
            "task_id": task_id,
        }
        place = place_key(workspace_id, task_id, reminder_id)
        return [
            Operation("task_reminders", "update", place, {"fired_at": at}),
            Jobs.operation(job.stream_id, TELL, telling, job_id=source),
        ]
