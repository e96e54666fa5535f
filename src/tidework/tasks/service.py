"""Tasks: lists, single ones, and the commands that change them."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tidework.errors import TideworkError, invalid
from tidework.http.conditional import expected_versions
from tidework.http.context import Membership, RequestContext
from tidework.ids import is_id
from tidework.log import Commit, Committed
from tidework.store.protocol import Store
from tidework.store.retry import retried
from tidework.store.sql.queries import STREAM
from tidework.tasks import queries
from tidework.tasks.filters import TaskQuery, next_cursor
from tidework.tasks.planner import (
    Neighbours,
    Plan,
    check_position,
    patched,
    position_between,
    task_missing,
    task_of,
    tasks_after,
    values_of,
)
from tidework.tasks.schemas import (
    BatchCreate,
    BatchDelete,
    BatchOut,
    BatchResult,
    BatchUpdate,
    Move,
    TaskCreate,
    TaskOut,
    TaskPage,
    TaskPatch,
)
from tidework.times import now
from tidework.workspaces.api import still

_CREATED = (
    "title",
    "description",
    "status",
    "priority",
    "due_at",
    "project_id",
    "parent_id",
    "assignee_id",
    "label_ids",
)
_MAX_NUMBER_DIGITS = 15
_Operation = BatchCreate | BatchUpdate | BatchDelete


class TaskService:
    """The tasks of workspaces. `dialect` is the one that their search is to be asked in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.dialect = store.dialect

    # --- reading -----------------------------------------------------------------------------

    async def page(self, query: TaskQuery) -> tuple[int, TaskPage]:
        """A page of tasks, and the seq at which it is so (0 when it is not one single seq)."""
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
        rows = await self._store.fetch(statement, params)
        seq: int = rows[0][0] if rows else 0
        found = [row for row in rows if row[1] is not None]
        if not query.total and query.page is None:
            return seq, _page(query, found, None)
        counted = await self._store.fetch(queries.task_count(query.filters), query.params)
        total = counted[0][1] if counted else 0
        if counted and counted[0][0] != seq:
            seq = 0
        return seq, _page(query, found, total)

    async def get(self, workspace_id: str, key: str) -> tuple[int, TaskOut]:
        """A task by id or number, and the seq at which it is so. Raises `NotFound`."""
        if key.isascii() and key.isdigit() and len(key) <= _MAX_NUMBER_DIGITS:
            params: dict[str, Any] = {"stream_id": workspace_id, "number": int(key)}
            rows = await self._store.fetch(queries.TASK_BY_NUMBER, params)
        elif is_id(key.lower()):
            params = {"stream_id": workspace_id, "id": key.lower()}
            rows = await self._store.fetch(queries.TASK, params)
        else:
            rows = []
        if not rows:
            raise task_missing()
        return rows[0][0], TaskOut(*rows[0][1:])

    async def _many(self, workspace_id: str, ids: Sequence[str]) -> tuple[int, dict[str, TaskOut]]:
        params = {"stream_id": workspace_id, "ids": list(ids)}
        rows = await self._store.fetch(queries.TASKS, params)
        return (rows[0][0] if rows else 0), {row[1]: TaskOut(*row[1:]) for row in rows}

    # --- writing -----------------------------------------------------------------------------

    @retried
    async def create(
        self, editor: Membership, data: TaskCreate, context: RequestContext
    ) -> TaskOut:
        """Make a task."""
        plan = Plan(editor.workspace_id, editor.user_id, now())
        base = await self._plan_create(plan, editor.workspace_id, data)
        committed = await self._commit(editor, plan, context, base)
        return (await self._left(committed))[committed.changes[0].id]

    @retried
    async def update(
        self, editor: Membership, key: str, data: TaskPatch, context: RequestContext
    ) -> TaskOut:
        """Change a task. What would change nothing is no commit."""
        seq, task = await self.get(editor.workspace_id, key)
        plan = Plan(editor.workspace_id, editor.user_id, now())
        versions = expected_versions(context.if_match)
        planned = await self._plan_update(plan, task, data, versions, "")
        if not planned:
            context.seq = seq
            return task
        committed = await self._commit(editor, plan, context, seq)
        return tasks_after(committed)[task.id]

    @retried
    async def delete(self, editor: Membership, key: str, context: RequestContext) -> None:
        """Remove a task with its comments and relations; sub-tasks lose their parent."""
        seq, task = await self.get(editor.workspace_id, key)
        versions = expected_versions(context.if_match)
        plan = Plan(editor.workspace_id, editor.user_id, now())
        plan.update(task, {}, versions)
        await self._plan_delete(plan, editor.workspace_id, task)
        await self._commit(editor, plan, context, seq)

    @retried
    async def batch(
        self, editor: Membership, operations: Sequence[_Operation], context: RequestContext
    ) -> BatchOut:
        """Do all of it in one commit, or nothing."""
        plan = Plan(editor.workspace_id, editor.user_id, now())
        wanted = [str(o.id) for o in operations if not isinstance(o, BatchCreate)]
        base = await self._seq(editor.workspace_id)
        _, tasks = await self._many(editor.workspace_id, wanted) if wanted else (0, {})
        ids: list[str] = []
        for index, operation in enumerate(operations):
            pointer = f"/operations/{index}"
            try:
                ids.append(await self._plan_one(plan, editor, operation, tasks, pointer))
            except TideworkError as error:
                if not error.errors:
                    error.detail = f"{pointer}: {error.detail}"
                raise
        results: dict[str, TaskOut] = tasks
        if plan.changes:
            committed = await self._commit(editor, plan, context, base)
            results = tasks | await self._left(committed)
        seq = context.seq = context.seq or base
        return BatchOut(_results(operations, ids, results), seq)

    async def _plan_one(
        self,
        plan: Plan,
        editor: Membership,
        operation: _Operation,
        tasks: dict[str, TaskOut],
        pointer: str,
    ) -> str:
        if isinstance(operation, BatchCreate):
            own = None if operation.id is None else str(operation.id)
            await self._plan_create(
                plan, editor.workspace_id, operation.data, pointer + "/data", own
            )
            made = plan.changes[-1]
            # As later operations of the batch see it; the number comes with the commit.
            fields = {**made.set, "number": 0}
            tasks[made.id] = task_of(fields, made.id, editor.workspace_id, plan.at, 0)
            return made.id
        task_id = str(operation.id)
        task = tasks.get(task_id)
        if task is None:
            raise task_missing()
        versions = None if operation.if_match is None else [operation.if_match]
        if isinstance(operation, BatchDelete):
            plan.update(task, {}, versions)
            await self._plan_delete(plan, editor.workspace_id, task)
            del tasks[task_id]
            return task_id
        before = len(plan.changes)
        await self._plan_update(plan, task, operation.data, versions, pointer + "/data")
        if len(plan.changes) > before:
            tasks[task_id] = msgspec.structs.replace(task, **plan.changes[-1].set)
        return task_id

    # --- planning ----------------------------------------------------------------------------

    async def _plan_create(
        self,
        plan: Plan,
        workspace_id: str,
        data: TaskCreate,
        pointer: str = "",
        task_id: str | None = None,
    ) -> int | None:
        values = values_of(data, _CREATED, pointer)
        base = None
        values["position"] = data.position
        if isinstance(data.position, Move):
            base, values["position"] = await self._place(plan, workspace_id, data.position, pointer)
            plan.base_needed = True
        elif data.position is not None:
            check_position(data.position, pointer)
        plan.create(values, pointer, task_id)
        return base

    async def _plan_update(
        self,
        plan: Plan,
        task: TaskOut,
        data: TaskPatch,
        versions: Sequence[int] | None,
        pointer: str,
    ) -> bool:
        values = values_of(data, patched(data), pointer)
        if isinstance(data.position, Move):
            move = data.position
            _, place = await self._place(plan, task.workspace_id, move, pointer, task.id)
            values["position"] = place
            plan.base_needed = True
        elif isinstance(data.position, str):
            values["position"] = check_position(data.position, pointer)
        parent = values.get("parent_id")
        if parent is not None and parent != task.parent_id:
            await self._refuse_cycle(plan, task, parent, pointer)
            plan.base_needed = True
        return plan.update(task, values, versions, pointer)

    async def _plan_delete(self, plan: Plan, workspace_id: str, task: TaskOut) -> None:
        params = {"stream_id": workspace_id, "ids": [task.id]}
        found = [
            [row[0] for row in await self._store.fetch(statement, params)]
            for statement in (queries.CHILDREN, queries.COMMENT_IDS, queries.RELATION_IDS)
        ]
        plan.delete(task, plan.children_of(task.id, found[0]), found[1], found[2])

    async def _refuse_cycle(self, plan: Plan, task: TaskOut, parent: str, pointer: str) -> None:
        stored: dict[str, str | None] = {}
        above: str | None = parent
        while above is not None and above != task.id:
            if above not in plan.parents and above not in stored:
                params = {"stream_id": task.workspace_id, "id": above}
                stored |= dict(await self._store.fetch(queries.ANCESTORS, params))
            above = plan.parents[above] if above in plan.parents else stored.get(above)
        if above == task.id:
            raise invalid(
                f"{pointer}/parent_id",
                "cycle",
                f"{pointer}/parent_id: the task would be its own ancestor.",
            )

    async def _place(
        self, plan: Plan, workspace_id: str, move: Move, pointer: str, moved: str | None = None
    ) -> tuple[int, str]:
        """The position that a move asks for, and the seq at which that is right."""
        seq, last_number = await self._head(workspace_id)
        ids = {
            name: str(value)
            for name in ("after", "before")
            if (value := getattr(move, name)) is not msgspec.UNSET and value is not None
        }
        _, tasks = await self._many(workspace_id, list(ids.values()))
        places: dict[str, str | None] = {}
        for name, task_id in ids.items():
            if task_id not in tasks or task_id == moved:
                raise invalid(
                    f"{pointer}/position/{name}",
                    "unknown_reference",
                    f"{pointer}/position/{name}: there is no such other task in this workspace.",
                )
            places[name] = tasks[task_id].position
        after, before = places.get("after"), places.get("before")
        if move.before is msgspec.UNSET:
            before = await self._next(plan, workspace_id, after or "")
        elif move.after is msgspec.UNSET or before is None:
            after = after or await self._previous(plan, workspace_id, before or "~")
        return seq, position_between(Neighbours(after, before), last_number, pointer)

    async def _next(self, plan: Plan, workspace_id: str, position: str) -> str | None:
        params = {"stream_id": workspace_id, "position": position}
        stored = (await self._store.fetch(queries.NEXT_POSITION, params))[0][0]
        planned = [key for key in plan.positions if key > position]
        return min([*planned, *([stored] if stored else [])], default=None)

    async def _previous(self, plan: Plan, workspace_id: str, position: str) -> str | None:
        params = {"stream_id": workspace_id, "position": position}
        stored = (await self._store.fetch(queries.PREVIOUS_POSITION, params))[0][0]
        planned = [key for key in plan.positions if key < position]
        return max([*planned, *([stored] if stored else [])], default=None)

    async def _head(self, workspace_id: str) -> tuple[int, int]:
        rows = await self._store.fetch(STREAM, {"stream_id": workspace_id})
        return rows[0][1], rows[0][2]

    async def _seq(self, workspace_id: str) -> int:
        return (await self._head(workspace_id))[0]

    async def _commit(
        self, editor: Membership, plan: Plan, context: RequestContext, base_seq: int | None
    ) -> Committed:
        commit = Commit(
            stream_id=editor.workspace_id,
            actor_id=editor.user_id,
            at=plan.at,
            request_id=context.request_id,
            changes=plan.changes,
            expects=[still(editor, "editor"), *plan.expects],
            base_seq=base_seq if plan.base_needed else None,
            idempotency=context.idempotency,
        )
        committed = await self._store.append(commit)
        context.seq = committed.seq
        return committed

    async def _left(self, committed: Committed) -> dict[str, TaskOut]:
        """What a commit has left its tasks at; for a repeated one, from the log."""
        if committed.after:
            return tasks_after(committed)
        made = {c.id: c.set for c in committed.changes if c.entity == "task" and c.op == "create"}
        changed = {c.id for c in committed.changes if c.entity == "task"} - set(made)
        _, left = await self._many(committed.stream_id, list(changed)) if changed else (0, {})
        again = Committed(
            committed.stream_id,
            committed.seq,
            [c for c in committed.changes if c.id in made],
            after=[made[c.id] for c in committed.changes if c.id in made],
        )
        return left | tasks_after(again)


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


def _results(
    operations: Iterable[_Operation], ids: Sequence[str], tasks: dict[str, TaskOut]
) -> list[BatchResult]:
    results = []
    for operation, task_id in zip(operations, ids, strict=True):
        if isinstance(operation, BatchCreate):
            results.append(BatchResult("create", task_id, 201, tasks.get(task_id)))
        elif isinstance(operation, BatchUpdate):
            results.append(BatchResult("update", task_id, 200, tasks.get(task_id)))
        else:
            results.append(BatchResult("delete", task_id, 204))
    return results
