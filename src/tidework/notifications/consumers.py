"""What follows a commit for people: notifications, reminders, and the end of what they may not see."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tidework.bus.catalogue import LoggedCommit
from tidework.log import Change, Commit, Expect, LoggedChange, Operation
from tidework.notifications import queries, reminders
from tidework.notifications.deciding import Facts, Note, TaskFacts, decide
from tidework.notifications.digest import ending, planned
from tidework.notifications.mentions import Named, Names
from tidework.notifications.preferences import ENTITY, USUAL, preferences_of
from tidework.notifications.teller import Teller
from tidework.store.protocol import Contended, Store
from tidework.times import after, now
from tidework.users.api import Users

_NEWS_S = 7 * 86400
_TELLING = frozenset({"task", "comment", "member", "webhook"})


class _Concerned(NamedTuple):
    """What of a commit concerns people: what to tell, what may move reminders, what goes."""

    telling: Sequence[LoggedChange]
    planning: Sequence[LoggedChange]
    hidden: Sequence[Operation]


class NotificationConsumer:
    """See `bus.consumer.PagedConsumer`. Imported history is told to nobody."""

    name = "notifications"

    def __init__(self, store: Store, users: Users, teller: Teller) -> None:
        self._store = store
        self._users = users
        self._teller = teller

    async def handle_page(self, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
        """See `PagedConsumer.handle_page`. Asks for nothing where nobody is to be told anything."""
        operations: list[Operation] = []
        concerned: list[_Concerned] = []
        since = after(now(), -_NEWS_S)
        for commit in commits:
            if any(change.entity in ("account", ENTITY) for change in commit.changes):
                operations += await self._of_account(commit)
            elif (found := _concerned(commit, since)) is not None:
                concerned.append(found)
        if concerned:
            operations += await self._of_workspace(commits[0].stream_id, concerned)
        return operations

    async def _of_workspace(
        self, stream_id: str, concerned: Sequence[_Concerned]
    ) -> Sequence[Operation]:
        telling = [change for one in concerned for change in one.telling]
        planning = [change for one in concerned for change in one.planning]
        facts = await self._facts(stream_id, telling, planning)
        operations: list[Operation] = []
        notes: list[Note] = []
        for one in concerned:
            if one.hidden and notes:
                # Who left later has been told before.
                operations += await self._teller.operations(notes, stream_id)
                notes = []
            operations += one.hidden
            if facts is not None:
                operations += reminders.plans(one.planning, facts.tasks)
                notes += decide(one.telling, facts)
        return [*operations, *await self._teller.operations(notes, stream_id)]

    async def _facts(
        self, stream_id: str, telling: Sequence[LoggedChange], planning: Sequence[LoggedChange]
    ) -> Facts | None:
        """What the changes ask for; None when the workspace is gone."""
        place = {"stream_id": stream_id}
        facts = Facts()
        task_ids = {one.id for one in (*telling, *planning) if one.entity == "task"}
        if telling:
            found = await self._store.fetch(queries.WORKSPACE, place)
            if not found:
                return None
            facts.workspace = found[0][0]
            rows = await self._store.fetch(queries.MEMBERS, place)
            facts.members = {row[0]: row[1] for row in rows}
            facts.comments = await self._comments(stream_id, telling)
            task_ids.update(facts.comments.values())
            if any(_may_mention(one) for one in telling):
                facts.names = await self._names(facts.members)
            new = [one for one in telling if one.entity == "comment" and one.op == "create"]
            facts.commenters = await self._commenters(
                stream_id, [facts.comments[one.id] for one in new if one.id in facts.comments]
            )
        if task_ids:
            params = {**place, "ids": sorted(task_ids)}
            rows = await self._store.fetch(queries.TASKS, params)
            facts.tasks = {row[0]: TaskFacts(*row) for row in rows}
        return facts

    async def _comments(self, stream_id: str, changes: Iterable[LoggedChange]) -> dict[str, str]:
        ids = sorted(one.id for one in changes if one.entity == "comment" and one.op != "delete")
        if not ids:
            return {}
        rows = await self._store.fetch(queries.COMMENTS, {"stream_id": stream_id, "ids": ids})
        return {row[0]: row[1] for row in rows}

    async def _commenters(self, stream_id: str, task_ids: Sequence[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        if task_ids:
            params = {"stream_id": stream_id, "ids": sorted(set(task_ids))}
            for task_id, author_id in await self._store.fetch(queries.COMMENTERS, params):
                found[task_id].add(author_id)
        return found

    async def _names(self, members: Iterable[str]) -> Names:
        accounts = await self._users.get_many(members)
        return Names(Named(one.id, one.name, one.email) for one in accounts.values())

    async def _of_account(self, commit: LoggedCommit) -> Sequence[Operation]:
        """Keep the daily digest where the person wants it; forget an erased person."""
        user_id = commit.stream_id
        gone = [one for one in commit.changes if one.entity == "account" and one.op == "delete"]
        if gone:
            await self._forget(user_id)
            whole = {"stream_id": user_id}
            return [
                *ending(user_id),
                Operation("notifications", "delete", whole),
                Operation("notification_deliveries", "delete", whole),
            ]
        if not any(_moves_digest(change) for change in commit.changes):
            return []
        account = await self._users.get(user_id)
        chosen = (await preferences_of(self._store, [user_id])).get(user_id, USUAL)
        if account is None or not account.is_active or chosen.digest_at is None:
            return ending(user_id)
        return planned(account, chosen.digest_at)

    async def _forget(self, user_id: str) -> None:
        """Take an erased person's preferences out of their account."""
        commit = Commit(
            stream_id=user_id,
            actor_id=None,
            at=now(),
            changes=[Change(ENTITY, user_id, "delete")],
            expects=[Expect(ENTITY, user_id)],
        )
        try:
            await self._store.append(commit)
        except Contended:
            # They had none, or it has been done.
            return


def _concerned(commit: LoggedCommit, since: str) -> _Concerned | None:
    """What of a workspace's commit concerns people; None when nothing does.

    What was imported, or is older than `since`, is history that nobody wants to hear of.
    """
    changes = [change for change in commit.changes if change.entity in _TELLING]
    is_news = not commit.imported and commit.changes[0].at > since
    telling = [one for one in changes if _tells(one)] if is_news else []
    planning = [one for one in changes if reminders.concerns(one)]
    hidden = _hidden(changes)
    if not telling and not planning and not hidden:
        return None
    return _Concerned(telling, planning, hidden)


def _tells(change: LoggedChange) -> bool:
    """Whether somebody may have to be told of a change, to be seen from it alone."""
    if change.op == "delete":
        return False
    if change.entity == "task":
        return bool(
            change.set.get("assignee_id") not in (None, change.actor_id)
            or change.was.get("assignee_id") not in (None, change.actor_id)
            or change.set.get("status") == "completed"
            or _may_mention(change)
        )
    if change.entity == "webhook":
        return bool(change.set.get("disabled_reason"))
    return change.entity == "member" or "body" in change.set


def _may_mention(change: LoggedChange) -> bool:
    return "@" in (change.set.get("description") or "") + (change.set.get("body") or "")


def _moves_digest(change: LoggedChange) -> bool:
    if change.entity == "account":
        return change.op == "update" and not {"time_zone", "is_active"}.isdisjoint(change.set)
    return change.entity == ENTITY and "digest_at" in change.set


def _hidden(changes: Iterable[LoggedChange]) -> list[Operation]:
    """The end of what those have been told who are no members any more."""
    return [
        Operation(table, "delete", {"stream_id": change.id, "workspace_id": change.stream_id})
        for change in changes
        if change.entity == "member" and change.op == "delete"
        for table in ("notifications", "notification_deliveries")
    ]
