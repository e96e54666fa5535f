"""Telling people what another module has to say: its job, so that nobody has to know this one.

`Jobs.operation(stream, "notifications.tell", {...})`, from a consumer or from another job.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tidework.bus.jobs import GiveUp, Job
from tidework.log import Operation
from tidework.notifications import queries
from tidework.notifications.deciding import Note, TaskFacts, task_data
from tidework.notifications.kinds import Kind
from tidework.notifications.teller import Teller
from tidework.store.protocol import Reader
from tidework.times import now

KIND: Final = "notifications.tell"


class Telling(msgspec.Struct, frozen=True):
    """The arguments. To `user_ids`, or to the `owners` of the workspace, each once for a `source`.

    Who is no member of `workspace_id`, where it is given, is not told. `data` is what is shown
    beside; of a task its title and number are added.
    """

    kind: Kind
    source: str
    workspace_id: str | None = None
    user_ids: list[str] = []
    owners: bool = False
    task_id: str | None = None
    actor_id: str | None = None
    data: dict[str, Any] = {}


class TellingJobs:
    """Does these jobs."""

    def __init__(self, store: Reader, teller: Teller) -> None:
        self._store = store
        self._teller = teller

    async def tell(self, job: Job) -> Sequence[Operation]:
        """See `Telling`."""
        try:
            telling = msgspec.convert(job.args, Telling)
        except msgspec.ValidationError as error:
            raise GiveUp(str(error)) from error
        wanted = set(telling.user_ids)
        data = dict(telling.data)
        if telling.workspace_id is not None:
            place = {"stream_id": telling.workspace_id}
            names = await self._store.fetch(queries.WORKSPACE, place)
            rows = await self._store.fetch(queries.MEMBERS, place)
            if not names:
                return []
            if telling.owners:
                wanted |= {row[0] for row in rows if row[1] == "owner"}
            wanted &= {row[0] for row in rows}
            data |= {"workspace": names[0][0]}
            if telling.task_id is not None:
                params = {**place, "ids": [telling.task_id]}
                found = await self._store.fetch(queries.TASKS, params)
                if not found:
                    return []
                data |= task_data(TaskFacts(*found[0]), names[0][0])
        notes = [
            Note(
                telling.kind,
                user_id,
                telling.source,
                now(),
                telling.task_id,
                telling.actor_id,
                data,
            )
            for user_id in sorted(wanted - {telling.actor_id or ""})
        ]
        return await self._teller.operations(notes, telling.workspace_id)
