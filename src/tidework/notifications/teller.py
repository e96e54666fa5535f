"""From a note to what the person gets: a row of their inbox, and what waits to leave by channels."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from tidework.bus.jobs import Jobs
from tidework.log import Operation, Values
from tidework.notifications import queries
from tidework.notifications.deciding import Note
from tidework.notifications.kinds import DIGEST
from tidework.notifications.local_time import quiet_until, window_end, zone_of
from tidework.notifications.preferences import USUAL, Preferences, preferences_of
from tidework.store.protocol import Reader
from tidework.times import after, canonical, now, parse
from tidework.users.api import Account, Users, is_imported

SEND: Final = "notifications.send"
"""The job that lets leave what waits for one channel of one person: `{channel}`, on their stream."""

KEPT_S: Final = 90 * 86400
"""How long one that has been read, or was never for the inbox, is kept."""

_NAMESPACE: Final = UUID("5f3a1d8e-90b4-4c1b-8f3e-2f6c3a7d5e10")
# A window that ends so soon is left to what is in it already: its job may be running by the time
# that this is written.
_MARGIN: Final = timedelta(seconds=30)


def stable_id(*parts: object) -> str:
    """The id that stands for these parts, always the same."""
    return str(uuid5(_NAMESPACE, ":".join(map(str, parts))))


def id_of(note: Note) -> str:
    """The id of the notification that a note becomes."""
    return stable_id(note.source, note.kind, note.user_id)


def leaves_at(preferences: Preferences, zone: str, channel: str, moment: datetime) -> datetime:
    """When what waits for a channel leaves, if it begins to wait at `moment`."""
    minutes = preferences.minutes(channel)
    at = window_end(moment + _MARGIN, minutes) if minutes else moment
    if preferences.quiet is not None:
        at = quiet_until(at, *preferences.quiet, zone_of(zone)) or at
    return at


class Teller:
    """Makes rows and jobs of notes."""

    def __init__(self, store: Reader, users: Users) -> None:
        self._store = store
        self._users = users

    async def operations(self, notes: Sequence[Note], workspace_id: str | None) -> list[Operation]:
        """What is to be written for the notes to be told. Nobody is told whose account is not active.

        Three queries, however many they are.
        """
        if not notes:
            return []
        people = {note.user_id for note in notes}
        accounts = await self._users.get_many(people)
        active = {
            user_id: account
            for user_id, account in accounts.items()
            if account.is_active and not account.placeholder
        }
        chosen = await preferences_of(self._store, active)
        reach = await self._reach(active.values())
        moment = parse(now())
        found: dict[tuple[str, str, str], Operation] = {}
        for note in notes:
            account = active.get(note.user_id)
            if account is None:
                continue
            preferences = chosen.get(note.user_id, USUAL)
            channels = [
                channel
                for channel in preferences.outward(note.kind)
                if channel in reach[note.user_id]
            ]
            for operation in _told(note, workspace_id, account, preferences, channels, moment):
                # The jobs of one window are one.
                found[operation.table, operation.op, str(operation.key)] = operation
        return sorted(found.values(), key=_place)

    async def _reach(self, accounts: Collection[Account]) -> dict[str, set[str]]:
        """The channels by which each person can be reached outside."""
        found: dict[str, set[str]] = {
            account.id: {"email"} if account.email and not is_imported(account.email) else set()
            for account in accounts
        }
        if found:
            rows = await self._store.fetch(queries.REACH, {"user_ids": sorted(found)})
            for user_id, channel in rows:
                found[user_id].add(channel)
        return found


def _place(operation: Operation) -> tuple[str, str, str, str]:
    """Where an operation stands: who writes for the same people at the same time, for other
    workspaces, takes their rows in the same order. A job is made before it is moved.
    """
    key = operation.key
    row = f"{key.get('id', '')}{key.get('channel', '')}{key.get('notification_id', '')}"
    return key["stream_id"], operation.table, row, operation.op


def _told(
    note: Note,
    workspace_id: str | None,
    account: Account,
    preferences: Preferences,
    channels: Sequence[str],
    moment: datetime,
) -> Iterable[Operation]:
    in_app = preferences.wants(note.kind, "in_app")
    if not in_app and not channels:
        return
    notification_id = id_of(note)
    values: Values = {
        "kind": note.kind,
        "workspace_id": workspace_id,
        "task_id": note.task_id,
        "actor_id": note.actor_id,
        "data": note.data,
        "in_app": in_app,
        "unread": in_app,
        "created_at": note.at,
        "read_at": None,
        "expires_at": None if in_app else after(note.at, KEPT_S),
    }
    key = {"stream_id": note.user_id, "id": notification_id}
    yield Operation("notifications", "upsert", key, values)
    if in_app and preferences.digest_at is not None:
        yield _waiting(note.user_id, DIGEST, notification_id, workspace_id)
    for channel in channels:
        yield _waiting(note.user_id, channel, notification_id, workspace_id)
        yield from _jobs(note.user_id, channel, notification_id, account, preferences, moment)


def _waiting(
    user_id: str, channel: str, notification_id: str, workspace_id: str | None
) -> Operation:
    key = {"stream_id": user_id, "channel": channel, "notification_id": notification_id}
    return Operation("notification_deliveries", "upsert", key, {"workspace_id": workspace_id})


def _jobs(
    user_id: str,
    channel: str,
    notification_id: str,
    account: Account,
    preferences: Preferences,
    moment: datetime,
) -> Iterable[Operation]:
    at = leaves_at(preferences, account.time_zone, channel, moment)
    # One job for a person, a channel and a window; what does not wait has one of its own.
    window = notification_id if at == moment else canonical(at)
    job_id = stable_id("send", user_id, channel, window)
    yield Jobs.operation(user_id, SEND, {"channel": channel}, canonical(at), job_id)
    # One that runs at this moment has not seen this: it loses its claim, and begins anew.
    yield Jobs.moved(user_id, job_id, canonical(at))
