"""Tasks: lists, single ones, and the commands that change them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tidework.http.conditional import expected_versions
from tidework.http.context import Membership, RequestContext
from tidework.log import Commit, Committed
from tidework.store.answers import Answers, FromStore
from tidework.store.protocol import Store
from tidework.store.retry import retried
from tidework.tasks import operations, queries
from tidework.tasks.filters import TaskQuery, next_cursor
from tidework.tasks.keys import Operation, by_id
from tidework.tasks.planner import Plan
from tidework.tasks.reads import Reads, find_task
from tidework.tasks.schemas import BatchOut, TaskCreate, TaskOut, TaskPage, TaskPatch
from tidework.tasks.values import task_after
from tidework.times import now
from tidework.workspaces.api import still


class TaskService:
    """The tasks of workspaces. `dialect` is the one that their search is to be asked in."""

    def __init__(self, store: Store, answers: Answers | None = None) -> None:
        self._store = store
        self._answers = answers or FromStore(store)
        self.dialect = store.dialect

    # --- reading -----------------------------------------------------------------------------

    async def page(self, query: TaskQuery, at_least: int | None = None) -> tuple[int, TaskPage]:
        """A page of tasks, and the seq at which it is so (0 when it is not one single seq)."""
        reader = self._answers.at(query.params["stream_id"], at_least)
        params = {**query.params, "limit": query.limit + 1}
        if query.after is not None:
            params["after_key"], params["after_id"] = query.after
        if query.page is not None:
            params["offset"] = (query.page - 1) * query.limit
        statement = queries.task_list(
            query.filters,
            query.sort,
            query.descending,
            query.after is not None,
            query.page is not None,
        )
        if query.nothing:
            return 0, _page(query, [], 0)
        rows = await reader.fetch(statement, params)
        seq: int = rows[0][0] if rows else 0
        found = [row for row in rows if row[1] is not None]
        if not query.total and query.page is None:
            return seq, _page(query, found, None)
        counted = await reader.fetch(queries.task_count(query.filters), query.params)
        total = counted[0][1] if counted else 0
        if counted and counted[0][0] != seq:
            seq = 0
        return seq, _page(query, found, total)

    async def show(
        self, workspace_id: str, key: str, at_least: int | None = None
    ) -> tuple[int, TaskOut]:
        """A task by id or number, and the seq at which it is so. Raises `NotFound`."""
        return await find_task(self._answers.at(workspace_id, at_least), workspace_id, key)

    async def get(self, workspace_id: str, key: str) -> tuple[int, TaskOut]:
        """The same for whoever decides a command on it."""
        return await find_task(self._store, workspace_id, key)

    # --- writing -----------------------------------------------------------------------------

    @retried
    async def create(
        self, editor: Membership, data: TaskCreate, context: RequestContext
    ) -> TaskOut:
        """Make a task."""
        plan = Plan(Reads(self._store, editor.workspace_id), editor.user_id, now())
        await operations.create(plan, data)
        return _task(await self._commit(editor, plan, context))

    @retried
    async def update(
        self, editor: Membership, key: str, data: TaskPatch, context: RequestContext
    ) -> TaskOut:
        """Change a task. What would change nothing is no commit."""
        plan, task = await self._plan_for(editor, key)
        await operations.update(plan, task, data, expected_versions(context.if_match))
        if not plan.changes:
            context.seq = plan.reads.base
            return task
        return _task(await self._commit(editor, plan, context))

    @retried
    async def delete(self, editor: Membership, key: str, context: RequestContext) -> None:
        """Remove a task with its comments and relations; sub-tasks lose their parent."""
        plan, task = await self._plan_for(editor, key)
        await operations.delete(plan, task, expected_versions(context.if_match))
        await self._commit(editor, plan, context)

    @retried
    async def batch(
        self,
        editor: Membership,
        wanted: Sequence[Operation],
        context: RequestContext,
    ) -> BatchOut:
        """Do all of it in one commit, or nothing."""
        plan = Plan(Reads(self._store, editor.workspace_id), editor.user_id, now())
        if context.repeated is not None:
            # Planned again it would contradict what it has led to.
            return await self._batch_again(plan, wanted, context)
        wanted = await by_id(self._store, editor.workspace_id, wanted)
        done = await operations.batch(plan, wanted)
        if not plan.changes:
            context.seq = base = plan.reads.base or 0
            nothing = Committed(editor.workspace_id, base, [])
            return BatchOut(operations.results(plan, wanted, done, nothing), base)
        committed = await self._commit(editor, plan, context)
        if committed.replayed:
            again = operations.results_again(wanted, done, committed, plan.reads.tasks)
            return BatchOut(again, committed.seq)
        return BatchOut(operations.results(plan, wanted, done, committed), committed.seq)

    async def _batch_again(
        self, plan: Plan, wanted: Sequence[Operation], context: RequestContext
    ) -> BatchOut:
        assert context.repeated is not None
        stream_id, seq = context.repeated
        logged = await self._store.log(stream_id, since=seq - 1, limit=1, until=seq)
        wanted = await by_id(self._store, stream_id, wanted, logged)
        done = [operations.Planned(str(operation.id or ""), 0) for operation in wanted]
        await plan.reads.load(task_id for task_id, _ in done if task_id)
        context.seq = seq
        committed = Committed(stream_id, seq, logged, replayed=True)
        return BatchOut(operations.results_again(wanted, done, committed, plan.reads.tasks), seq)

    async def _plan_for(self, editor: Membership, key: str) -> tuple[Plan, TaskOut]:
        seq, task = await find_task(self._store, editor.workspace_id, key)
        reads = Reads(self._store, editor.workspace_id, seq)
        reads.tasks[task.id] = task
        return Plan(reads, editor.user_id, now()), task

    async def _commit(self, editor: Membership, plan: Plan, context: RequestContext) -> Committed:
        commit = Commit(
            stream_id=editor.workspace_id,
            actor_id=editor.user_id,
            at=plan.at,
            request_id=context.request_id,
            changes=plan.all_changes(),
            expects=[still(editor, "editor"), *plan.expects],
            base_seq=plan.reads.base if plan.base_needed else None,
            idempotency=context.idempotency,
        )
        committed = await self._store.append(commit)
        context.seq = committed.seq
        return committed


def _task(committed: Committed) -> TaskOut:
    """The one task that a commit is about."""
    task = task_after(committed, 0)
    assert task is not None
    return task


def _page(query: TaskQuery, rows: Sequence[Any], total: int | None) -> TaskPage:
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    page = TaskPage(
        [TaskOut(*row[1:-1]) for row in shown],
        next_cursor(query, shown[-1][-1], shown[-1][1]) if more else None,
    )
    if total is None:
        return page
    page = msgspec.structs.replace(page, total=total)
    if query.page is None:
        return page
    return msgspec.structs.replace(page, page=query.page, pages=-(-total // query.limit))
