"""The daily digest: what somebody has not read yet, and what is due.

A person who wants one has one job, which puts itself off to the next day's time by their clock. After
a day on which nothing ran it comes once.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final

from tidework.bus.jobs import Job, Jobs, Reschedule
from tidework.log import Operation, Values
from tidework.notifications import queries
from tidework.notifications.kinds import DIGEST
from tidework.notifications.local_time import next_local, zone_of
from tidework.notifications.preferences import USUAL, preferences_of
from tidework.notifications.teller import stable_id
from tidework.notifications.waiting import Waiting, taken
from tidework.store.protocol import Reader
from tidework.times import canonical, now, parse
from tidework.users.api import Account, Users

KIND: Final = "notifications.digest"
_MOST_DUE: Final = 50
_MIDNIGHT: Final = time(0)


def job_id_of(user_id: str) -> str:
    """The id of a person's digest job."""
    return stable_id("digest", user_id)


def planned(account: Account, digest_at: time) -> list[Operation]:
    """Let a person's next digest be at this time by their clock."""
    due = canonical(next_local(parse(now()), digest_at, zone_of(account.time_zone)))
    job_id = job_id_of(account.id)
    return [
        Jobs.operation(account.id, KIND, {}, due, job_id),
        Jobs.moved(account.id, job_id, due),
    ]


def ending(user_id: str) -> list[Operation]:
    """Let a person have no more digests."""
    waiting = {"stream_id": user_id, "channel": DIGEST}
    return [
        Jobs.cancelled(user_id, job_id_of(user_id)),
        Operation("notification_deliveries", "delete", waiting),
    ]


class Digests:
    """Does the jobs of digests."""

    def __init__(self, store: Reader, users: Users, waiting: Waiting) -> None:
        self._store = store
        self._users = users
        self._waiting = waiting

    async def send(self, job: Job) -> Sequence[Operation]:
        """Let a digest leave, and put the job off to the next one. See `KIND`."""
        user_id = job.stream_id
        account = await self._users.get(user_id)
        chosen = (await preferences_of(self._store, [user_id])).get(user_id, USUAL)
        if account is None or not account.is_active or chosen.digest_at is None:
            return [Operation("notification_deliveries", "delete", _key(user_id))]
        moment, zone = parse(now()), zone_of(account.time_zone)
        mine = await self._waiting.workspaces(user_id)
        ids = await self._waiting.ids(user_id, DIGEST)
        rows = await self._waiting.worth_telling(user_id, ids, mine)
        tomorrow = next_local(moment, _MIDNIGHT, zone)
        due = await self._due(user_id, mine, tomorrow)
        operations = taken(user_id, DIGEST, ids)
        if rows or due:
            args: Values = {
                "user_id": user_id,
                "notification_ids": [row.id for row in rows],
                "bundle": True,
                "kind": DIGEST,
                "due": due,
            }
            operations.append(Jobs.operation(user_id, "notify.email", args))
        raise Reschedule(canonical(next_local(moment, chosen.digest_at, zone)), operations)

    async def _due(
        self, user_id: str, workspace_ids: Sequence[str], until: datetime
    ) -> list[dict[str, Any]]:
        """The tasks of a person that are overdue or due before `until`, the longest due first."""
        params = {
            "user_id": user_id,
            "workspace_ids": workspace_ids,
            "until": canonical(until),
            "limit": _MOST_DUE,
        }
        names = ("workspace_id", "task_id", "number", "title", "due_at")
        rows = await self._store.fetch(queries.DUE, params)
        return [dict(zip(names, row, strict=True)) for row in rows]


def _key(user_id: str) -> Values:
    return {"stream_id": user_id, "channel": DIGEST}
