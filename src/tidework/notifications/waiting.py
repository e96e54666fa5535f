"""What waits to leave for somebody, by each channel."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from tidework.bus.jobs import Job, Jobs, Reschedule
from tidework.log import Operation, Values
from tidework.notifications import queries
from tidework.notifications.kinds import Channel, Kind
from tidework.notifications.local_time import quiet_until, zone_of
from tidework.notifications.preferences import USUAL, preferences_of
from tidework.store.protocol import Reader
from tidework.times import canonical, now, parse
from tidework.users.api import Users

_MOST: Final = 500
"""How many leave together at most."""


class Told(NamedTuple):
    """A notification, as it was told."""

    id: str
    kind: Kind
    workspace_id: str | None
    task_id: str | None
    actor_id: str | None
    data: dict[str, Any]
    created_at: str
    read_at: str | None
    unread: bool
    in_app: bool


def taken(user_id: str, channel: str, ids: Sequence[str]) -> list[Operation]:
    """That these wait no longer; only one of several can say so."""
    return [
        Operation(
            "notification_deliveries",
            "delete",
            {"stream_id": user_id, "channel": channel, "notification_id": one},
            rows=1,
        )
        for one in ids
    ]


class Waiting:
    """Looks at what waits."""

    def __init__(self, store: Reader) -> None:
        self._store = store

    async def workspaces(self, user_id: str) -> list[str]:
        """The workspaces that a person is a member of."""
        rows = await self._store.fetch(queries.MY_WORKSPACES, {"user_id": user_id})
        return [row[0] for row in rows]

    async def ids(self, user_id: str, channel: str) -> list[str]:
        """The notifications that wait for a channel, 500 at most."""
        params = {"user_id": user_id, "channel": channel, "limit": _MOST}
        return [row[0] for row in await self._store.fetch(queries.WAITING, params)]

    async def worth_telling(
        self, user_id: str, ids: Sequence[str], workspace_ids: Sequence[str]
    ) -> list[Told]:
        """Those that the person has not read in the inbox, and may still see; oldest first."""
        if not ids:
            return []
        rows = await self._store.fetch(queries.BY_IDS, {"user_id": user_id, "ids": list(ids)})
        found = [Told(*row) for row in rows]
        mine = set(workspace_ids)
        return sorted(
            (
                one
                for one in found
                if (one.unread or not one.in_app)
                and (one.workspace_id is None or one.workspace_id in mine)
            ),
            key=lambda one: (one.created_at, one.id),
        )


class Sending:
    """Does the jobs that let leave what waits."""

    def __init__(self, store: Reader, users: Users, waiting: Waiting) -> None:
        self._store = store
        self._users = users
        self._waiting = waiting

    async def send(self, job: Job) -> Sequence[Operation]:
        """Make one job of the channel of all that waits for it. See `teller.SEND`."""
        user_id, channel = job.stream_id, job.args["channel"]
        account = await self._users.get(user_id)
        if account is None or not account.is_active:
            key = {"stream_id": user_id, "channel": channel}
            return [Operation("notification_deliveries", "delete", key)]
        chosen = (await preferences_of(self._store, [user_id])).get(user_id, USUAL)
        if chosen.quiet is not None:
            until = quiet_until(parse(now()), *chosen.quiet, zone_of(account.time_zone))
            if until is not None:
                raise Reschedule(canonical(until))
        ids = await self._waiting.ids(user_id, channel)
        mine = await self._waiting.workspaces(user_id)
        rows = await self._waiting.worth_telling(user_id, ids, mine)
        rows = [row for row in rows if chosen.wants(row.kind, channel)]
        operations = taken(user_id, channel, ids)
        if rows:
            operations.append(_channel_job(user_id, channel, rows))
        if len(ids) == _MOST:
            raise Reschedule(now(), operations)
        return operations


def _channel_job(user_id: str, channel: Channel, rows: Sequence[Told]) -> Operation:
    kinds = {row.kind for row in rows}
    args: Values = {
        "user_id": user_id,
        "notification_ids": [row.id for row in rows],
        "bundle": len(rows) > 1,
        "kind": kinds.pop() if len(kinds) == 1 else "several",
    }
    return Jobs.operation(user_id, f"notify.{channel}", args)
