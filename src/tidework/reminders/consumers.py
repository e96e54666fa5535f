"""What follows a commit for reminders: their jobs, and their end."""

from collections.abc import Mapping, Sequence

from tidework.bus.catalogue import LoggedCommit
from tidework.log import LoggedChange, Operation
from tidework.reminders import queries
from tidework.reminders.changing import carry, remove
from tidework.reminders.planning import TaskState, Wanted, planned
from tidework.store.protocol import Store
from tidework.times import now

_MOVES = frozenset({"due_at", "status"})


class ReminderConsumer:
    """See `bus.consumer.PagedConsumer`.

    Jobs are on the stream of the account, also when the workspace's commit leads to them.
    """

    name = "reminders"

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_page(self, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
        """See `PagedConsumer.handle_page`."""
        concerned = [commit for commit in commits if any(map(_concerns, commit.changes))]
        if len(concerned) > 1 and not await self._are_wanted(concerned):
            concerned = [one for one in concerned if any(map(_concerns_people, one.changes))]
        operations: list[Operation] = []
        for commit in concerned:
            operations += await self._of(commit)
        return operations

    async def _are_wanted(self, commits: Sequence[LoggedCommit]) -> bool:
        """Whether there is a reminder of any task of these commits: mostly there is none."""
        ids: set[str] = set()
        for commit in commits:
            ids.update(*_tasks_of(commit))
        return bool(ids) and bool(await self._wanted(commits[0].stream_id, sorted(ids)))

    async def _of(self, commit: LoggedCommit) -> Sequence[Operation]:
        since = now() if commit.imported else commit.changes[0].at
        made = [one for one in commit.changes if one.entity == "reminder" and one.op == "create"]
        if made:
            return await self._made(commit.stream_id, made, since)
        if any(one.entity == "account" and one.op == "delete" for one in commit.changes):
            return await self._forgotten(commit.stream_id)
        return await self._of_workspace(commit, since)

    async def _made(
        self, user_id: str, made: Sequence[LoggedChange], since: str
    ) -> Sequence[Operation]:
        """The jobs of new reminders."""
        jobs: list[Operation] = []
        for change in made:
            workspace_id, task_id = change.set["workspace_id"], change.set["task_id"]
            when = change.set["at"], change.set["offset_minutes"]
            wanted = Wanted(task_id, change.id, user_id, *when)
            states = await self._states(workspace_id, [task_id])
            jobs += planned(workspace_id, [wanted], states, since)
        return jobs

    async def _forgotten(self, user_id: str) -> Sequence[Operation]:
        """The end of what an erased person wanted to be reminded of."""
        rows = await self._store.fetch(queries.OF_USER, {"user_id": user_id})
        for workspace_id, task_id, reminder_id in rows:
            wanted = Wanted(task_id, reminder_id, user_id, None, None)
            await remove(self._store, workspace_id, [wanted])
        return []

    async def _of_workspace(self, commit: LoggedCommit, since: str) -> Sequence[Operation]:
        workspace_id = commit.stream_id
        moved, gone, next_of = _tasks_of(commit)
        await self._left(commit)
        concerned = sorted({*moved, *gone, *next_of})
        if not concerned:
            return []
        found = await self._wanted(workspace_id, concerned)
        if not found:
            return []
        states = await self._states(workspace_id, {*concerned, *filter(None, gone.values())})
        there = {state.id for state in states}
        for wanted in found:
            heir = next_of.get(wanted.task_id)
            if wanted.task_id in gone and wanted.task_id not in there:
                # Of a series that an undo takes back, the one before is the present one again.
                heir = gone[wanted.task_id]
                if heir not in there:
                    heir = None
            if heir is not None:
                await carry(self._store, workspace_id, [wanted], heir)
            if wanted.task_id not in there:
                await remove(self._store, workspace_id, [wanted])
        return list(planned(workspace_id, found, states, since))

    async def _left(self, commit: LoggedCommit) -> None:
        """Remove the reminders of those who are no members any more."""
        left = [one.id for one in commit.changes if one.entity == "member" and one.op == "delete"]
        if left:
            params = {"workspace_id": commit.stream_id, "ids": left}
            rows = await self._store.fetch(queries.OF_MEMBERS, params)
            await remove(self._store, commit.stream_id, [Wanted(*row) for row in rows])

    async def _wanted(self, workspace_id: str, ids: Sequence[str]) -> list[Wanted]:
        params = {"workspace_id": workspace_id, "ids": ids}
        return [Wanted(*row) for row in await self._store.fetch(queries.OF_TASKS, params)]

    async def _states(self, workspace_id: str, ids: set[str] | Sequence[str]) -> list[TaskState]:
        params = {"workspace_id": workspace_id, "ids": sorted(ids)}
        return [TaskState(*row) for row in await self._store.fetch(queries.TASKS, params)]


def _tasks_of(
    commit: LoggedCommit,
) -> tuple[Sequence[str], Mapping[str, str | None], Mapping[str, str]]:
    """The tasks that moved; those that are gone, with the ones before them in their series; and, by
    the ones before them, those that follow.
    """
    tasks = [one for one in commit.changes if one.entity == "task"]
    moved = [one.id for one in tasks if one.op == "update" and not _MOVES.isdisjoint(one.set)]
    gone = {one.id: one.was.get("previous_id") for one in tasks if one.op == "delete"}
    next_of = {
        one.set["previous_id"]: one.id
        for one in tasks
        if one.op == "create" and one.set.get("previous_id")
    }
    return moved, gone, next_of


def _concerns(change: LoggedChange) -> bool:
    """Whether reminders may have to be planned, carried or removed after a change."""
    if change.entity == "task":
        if change.op == "update":
            return not _MOVES.isdisjoint(change.set)
        return change.op == "delete" or bool(change.set.get("previous_id"))
    return _concerns_people(change)


def _concerns_people(change: LoggedChange) -> bool:
    """Whether a change is of a reminder, or of who may have some."""
    if change.entity == "reminder":
        return change.op == "create"
    return change.entity in ("account", "member") and change.op == "delete"
