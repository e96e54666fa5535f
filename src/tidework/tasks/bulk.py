"""Changes in bulk: what is asked for, what has become of it, and taking it back."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET

from tidework.bus.jobs import Jobs
from tidework.errors import Conflict, NotFound, invalid
from tidework.http.context import Membership, RequestContext
from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.tasks import bulk_queries as queries
from tidework.tasks.bulk_job import JOB, UNDO_JOB, fields_of
from tidework.tasks.bulk_schemas import (
    BulkAction,
    BulkIn,
    BulkList,
    BulkOut,
    BulkProblem,
    RunState,
)
from tidework.tasks.selection import TaskFilter, query_of
from tidework.tasks.values import values_of
from tidework.times import after, now

MAX_TASKS = 100_000
KEPT_FOR_S = 30 * 86400
_SHOWN = 100
_LISTED = 50
# So many tasks are changed by one commit; removing one takes what hangs on it along.
_PART = 250
_PART_ON_BASE = 100
_NAMES = UUID("5f0c0b1a-6a57-4a2b-9d0e-3f6f0d1b7c11")


class Run(NamedTuple):
    """A row of `bulk_runs`."""

    id: str
    created_by: str
    spec: dict[str, Any]
    matched: int
    state: str
    error: str | None
    undone_by: str | None
    created_at: str
    expires_at: str


class BulkService:
    """Does one thing to all tasks that match a filter, in the background, a commit after the other.

    Which tasks those are is settled when it is asked for. `jobs` run it.
    """

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs

    async def start(self, editor: Membership, data: BulkIn, context: RequestContext) -> BulkOut:
        """Settle which tasks are meant, and begin. Raises `Invalid`."""
        await self._check(editor.workspace_id, data.action)
        ids = await self._matching(editor, data.filter)
        out = BulkOut(None, "dry_run", data.filter, data.action, len(ids))
        if data.dry_run:
            return out
        run_id = new_id()
        if context.idempotency is not None:
            # No commit notes the key, so the run itself is what there is only once.
            key = f"{context.idempotency.scope} {context.idempotency.key}"
            run_id = str(uuid5(_NAMES, key))
        operations = _rows(editor, run_id, data, ids)
        if ids:
            operations.append(
                Jobs.operation(editor.workspace_id, JOB, {"run": run_id}, job_id=run_id)
            )
        try:
            await self._store.operate(operations)
        except UniqueConflict:
            if context.idempotency is None:
                raise
        self._jobs.wake()
        return await self.show(editor.workspace_id, run_id)

    async def show(self, workspace_id: str, run_id: str) -> BulkOut:
        """A run as far as it has come. Raises `NotFound`."""
        # The jobs first: whatever ends between the two looks is seen to have ended.
        jobs = await self._jobs_of(workspace_id, [run_id])
        return await self._out(workspace_id, await self._run(workspace_id, run_id), jobs)

    async def latest(self, workspace_id: str) -> BulkList:
        """The latest runs, newest first."""
        params = {"stream_id": workspace_id, "limit": _LISTED}
        ids = [row[0] for row in await self._store.fetch(queries.RUNS, params)]
        jobs = await self._jobs_of(workspace_id, ids)
        rows = await self._store.fetch(queries.RUNS, params)
        return BulkList([await self._out(workspace_id, Run(*row), jobs) for row in rows])

    async def cancel(self, workspace_id: str, run_id: str) -> None:
        """Let no further part begin; what is done stays, and can be undone.

        Raises `NotFound`, `Conflict` when it does not run.
        """
        run = await self._run(workspace_id, run_id)
        if run.state != "waiting":
            raise Conflict("This change in bulk has ended; undo it instead.", code="ended")
        await self._move(
            workspace_id, run, {"state": "cancelled"}, [Jobs.cancelled(workspace_id, run_id)]
        )

    async def undo(self, editor: Membership, run_id: str, *, partial: bool) -> BulkOut:
        """Begin to take all of its commits back. Raises `NotFound`, `Conflict`."""
        workspace_id = editor.workspace_id
        run = await self._run(workspace_id, run_id)
        if run.state in ("waiting", "undoing"):
            raise Conflict(
                "This change in bulk still runs. Wait for its end, or cancel it first.",
                code="still_running",
            )
        if run.state == "undone":
            raise Conflict("This change in bulk has been undone already.", code="already_undone")
        job_id = undo_job_id(run_id)
        args = {"run": run_id, "by": editor.user_id, "partial": partial, "before": run.state}
        again = [
            Jobs.cancelled(workspace_id, job_id),
            Jobs.operation(workspace_id, UNDO_JOB, args, job_id=job_id),
        ]
        values = {"state": "undoing", "undone_by": editor.user_id, "error": None}
        await self._move(workspace_id, run, values, again)
        self._jobs.wake()
        return await self.show(workspace_id, run_id)

    async def _move(
        self, workspace_id: str, run: Run, values: dict[str, Any], more: list[Operation]
    ) -> None:
        key = {"stream_id": workspace_id, "id": run.id, "state": run.state}
        try:
            await self._store.operate(
                [Operation("bulk_runs", "update", key, values, rows=1), *more]
            )
        except Contended:
            raise Conflict(
                "This change in bulk has just gone on. Look at it again.", code="moved"
            ) from None

    # --- what is asked for -------------------------------------------------------------------

    async def _check(self, workspace_id: str, action: BulkAction) -> None:
        """Raise `Invalid` for an action that cannot be done to any task."""
        named = set(fields_of(action))
        if action.delete is False:
            named.discard("delete")
        if not named or (named == {"set"} and action.set and not fields_of(action.set)):
            raise invalid(
                "/action", "missing", "/action: say what to do: set, add_labels, … or delete."
            )
        if "delete" in named and len(named) > 1:
            raise invalid("/action/delete", "not_both", "/action/delete excludes all else.")
        wanted: list[tuple[str, str, str]] = []
        if action.set is not UNSET:
            if action.set.label_ids is not UNSET and len(named) > 1:
                raise invalid(
                    "/action/set/label_ids",
                    "not_both",
                    "/action/set/label_ids excludes add_labels and remove_labels.",
                )
            values_of(action.set, fields_of(action.set), "/action/set")
            for name, kind in _REFERENCES.items():
                if getattr(action.set, name):
                    wanted.append((kind, str(getattr(action.set, name)), f"/action/set/{name}"))
            for i, label in enumerate(action.set.label_ids or ()):
                wanted.append(("label", str(label), f"/action/set/label_ids/{i}"))
        if set(action.add_labels or ()) & set(action.remove_labels or ()):
            raise invalid(
                "/action/remove_labels",
                "not_both",
                "/action/remove_labels has a label that /action/add_labels has as well.",
            )
        for i, label in enumerate(action.add_labels or ()):
            wanted.append(("label", str(label), f"/action/add_labels/{i}"))
        params = {"stream_id": workspace_id, "ids": sorted({one for _, one, _ in wanted})}
        there = set(map(tuple, await self._store.fetch(queries.REFERENCES, params)))
        for kind, one, pointer in wanted:
            if (kind, one) not in there:
                raise invalid(
                    pointer, "unknown_reference", f"{pointer}: there is no such {kind} here."
                )

    async def _matching(self, editor: Membership, wanted: TaskFilter) -> list[str]:
        query = query_of(wanted, editor.workspace_id, editor.user_id, self._store.dialect)
        if query.nothing:
            return []
        params = {**query.params, "limit": MAX_TASKS + 1}
        rows = await self._store.fetch(queries.matching(query.filters), params)
        if len(rows) > MAX_TASKS:
            raise invalid(
                "/filter",
                "too_many",
                f"/filter: more than {MAX_TASKS} tasks match. Narrow it, and do it in several.",
            )
        return [row[0] for row in rows]

    # --- what has become of it ---------------------------------------------------------------

    async def _run(self, workspace_id: str, run_id: str) -> Run:
        rows = await self._store.fetch(queries.RUN, {"stream_id": workspace_id, "run_id": run_id})
        if not rows:
            raise NotFound("There is no such change in bulk, or it is no longer kept.")
        return Run(*rows[0])

    async def _jobs_of(self, workspace_id: str, run_ids: Sequence[str]) -> dict[str, Sequence[Any]]:
        ids = [*run_ids, *map(undo_job_id, run_ids)]
        rows = await self._store.fetch(queries.JOBS, {"stream_id": workspace_id, "ids": ids})
        return {row[0]: row[1:] for row in rows}

    async def _out(self, workspace_id: str, run: Run, jobs: Mapping[str, Sequence[Any]]) -> BulkOut:
        params = {"stream_id": workspace_id, "run_id": run.id}
        parts = await self._store.fetch(queries.PARTS, params)
        state, error = _state(run, jobs)
        undone = sum(part[1] == "undone" for part in parts)
        done = undone + sum(part[1] == "done" for part in parts)
        progress = 1.0
        if state in ("undoing", "undone"):
            progress = undone / done if done else 1.0
        elif parts:
            progress = done / len(parts)
        failed = [problem for part in parts for problem in part[3]]
        left = [problem for part in parts for problem in part[4]]
        return BulkOut(
            id=run.id,
            state=state,
            filter=msgspec.convert(run.spec["filter"], TaskFilter),
            action=msgspec.convert(run.spec["action"], BulkAction),
            matched=run.matched,
            changed=sum(part[2] for part in parts),
            progress=round(progress, 3),
            failed_count=len(failed),
            failed=[BulkProblem(*problem) for problem in failed[:_SHOWN]],
            left_count=len(left),
            left=[BulkProblem(*problem) for problem in left[:_SHOWN]],
            error=error,
            created_by=run.created_by,
            created_at=run.created_at,
            undone_by=run.undone_by,
            undo_until=run.expires_at,
        )


_REFERENCES = {"project_id": "project", "parent_id": "task", "assignee_id": "member"}
_DEFECT = (
    "It was tried several times and failed each time. What is done stays, and can be undone; ask"
    " whoever runs this server to look into its log."
)


def undo_job_id(run_id: str) -> str:
    """The job that undoes a run."""
    return str(uuid5(UUID(run_id), "undo"))


def _state(run: Run, jobs: Mapping[str, Sequence[Any]]) -> tuple[RunState, str | None]:
    """The state of a run for people, and its error, from its row and its jobs'."""
    state: Any = run.state
    job = jobs.get(undo_job_id(run.id) if state == "undoing" else run.id)
    if state in ("waiting", "undoing") and job is not None:
        if job[0] == "failed":
            return "failed", _DEFECT
        if state == "waiting" and job[1] > 0:
            return "running", None
    return state, run.error


def _rows(editor: Membership, run_id: str, data: BulkIn, ids: Sequence[str]) -> list[Operation]:
    """The run, and its parts."""
    at = now()
    expires_at = after(at, KEPT_FOR_S)
    action = data.action
    on_base = bool(action.delete) or (action.set is not UNSET and bool(action.set.parent_id))
    size = _PART_ON_BASE if on_base else _PART
    place = {"stream_id": editor.workspace_id}
    run = {
        "created_by": editor.user_id,
        "spec": msgspec.to_builtins({"filter": data.filter, "action": action}),
        "matched": len(ids),
        "state": "waiting" if ids else "done",
        "created_at": at,
        "expires_at": expires_at,
    }
    part = {
        "state": "waiting",
        "changed": 0,
        "failed": [],
        "kept": [],
        "expires_at": expires_at,
    }
    return [
        Operation("bulk_runs", "insert", {**place, "id": run_id}, run),
        *(
            Operation(
                "bulk_parts",
                "insert",
                {**place, "run_id": run_id, "number": number},
                {**part, "ids": list(ids[start : start + size])},
            )
            for number, start in enumerate(range(0, len(ids), size))
        ),
    ]
