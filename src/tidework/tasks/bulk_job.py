"""Running a change in bulk, part after part.

A part is a commit, and what says that it is done is written by that commit: however often a process
dies in between, no part is done twice. The parts are planned by what `tasks.operations` plans for
single tasks.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from tidework.bus.jobs import Job, Jobs, Retry
from tidework.errors import NotFound, TideworkError, Unavailable, invalid
from tidework.http.context import Membership
from tidework.ids import new_id
from tidework.log import Commit, Expect, Operation, Values
from tidework.store.protocol import Contended, Store
from tidework.store.retry import retried
from tidework.tasks import bulk_queries as queries
from tidework.tasks import operations
from tidework.tasks.bulk_schemas import BulkAction
from tidework.tasks.planner import Plan
from tidework.tasks.reads import Reads
from tidework.tasks.schemas import TaskPatch
from tidework.times import now
from tidework.workspaces.api import still

JOB = "bulk"
UNDO_JOB = "bulk_undo"
MAX_LABELS = 100

Problem = list[str]
"""A task's id, a code and a text, of one that was left as it is."""


def run_key(stream_id: str, run_id: str, state: str) -> Values:
    """A run's row while it is in this state."""
    return {"stream_id": stream_id, "id": run_id, "state": state}


def part_key(stream_id: str, run_id: str, number: int, state: str) -> Values:
    """A part's row while it is in this state."""
    return {"stream_id": stream_id, "run_id": run_id, "number": number, "state": state}


class BulkRuns:
    """Does what `BulkService.start` has asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, jobs: Jobs) -> None:
        """Let `jobs` run it."""
        # Parts that meet other writers start over; a workspace that is busy for hours is no defect.
        jobs.register(JOB, self.run, deadline_s=20, max_attempts=50, concurrency=2)

    async def run(self, job: Job) -> Sequence[Operation]:
        """Do all parts that are not done yet."""
        run_id: str = job.args["run"]
        params = {"stream_id": job.stream_id, "run_id": run_id}
        rows = await self._store.fetch(queries.RUN, params)
        if not rows or rows[0][4] != "waiting":
            return ()
        editor = Membership(job.stream_id, rows[0][1], "editor")
        action = msgspec.convert(rows[0][2]["action"], BulkAction)
        parts = await self._store.fetch(queries.PARTS, params)
        ahead = [part[0] for part in parts if part[1] == "waiting"]
        running = run_key(job.stream_id, run_id, "waiting")
        try:
            for done, number in enumerate(ahead, len(parts) - len(ahead) + 1):
                await self._part(editor, run_id, number, action)
                await job.progress(done / len(parts))
        except Contended as error:
            raise Retry(error.detail, 1.0) from error
        except Unavailable:
            raise
        except TideworkError as error:
            failed = {"state": "failed", "error": error.detail}
            # Whoever asked is told; to whoever runs the server it is no failure.
            return [Operation("bulk_runs", "update", running, failed)]
        return [Operation("bulk_runs", "update", running, {"state": "done"})]

    @retried
    async def _part(self, editor: Membership, run_id: str, number: int, action: BulkAction) -> None:
        """Do one part, unless it is done. Raises what its commit raises."""
        params = {"stream_id": editor.workspace_id, "run_id": run_id, "number": number}
        rows = await self._store.fetch(queries.PART, params)
        if not rows or rows[0][0] != "waiting":
            return
        ids: list[str] = rows[0][1]
        plan = Plan(Reads(self._store, editor.workspace_id), editor.user_id, now())
        failed = await _plan(plan, action, ids)
        touched = {change.id for change in plan.changes if change.entity == "task"}
        commit_id = new_id()
        place = part_key(editor.workspace_id, run_id, number, "waiting")
        done: Values = {
            "state": "done",
            "commit_id": commit_id if plan.changes else None,
            "since": plan.reads.base,
            "changed": len(touched.intersection(ids)),
            "failed": failed,
        }
        marker = Operation("bulk_parts", "update", place, done, rows=1)
        if not plan.changes:
            await self._store.operate([marker])
            return
        await self._store.append(
            Commit(
                id=commit_id,
                stream_id=editor.workspace_id,
                actor_id=editor.user_id,
                at=plan.at,
                changes=plan.all_changes(),
                expects=[still(editor, "editor"), *plan.expects],
                base_seq=plan.reads.base if plan.base_needed else None,
                operations=[marker],
            )
        )


async def _plan(plan: Plan, action: BulkAction, ids: Sequence[str]) -> list[Problem]:
    """Plan the action for each task; those that cannot be changed."""
    reads = plan.reads
    await reads.last_number()
    await reads.load(ids)
    patch = _patch(action)
    if action.delete:
        await reads.load_hanging(ids)
    elif patch.parent_id:
        await reads.load_parents([str(patch.parent_id)])
    failed: list[Problem] = []
    for task_id in ids:
        try:
            await _one(plan, task_id, action, patch)
        except NotFound as error:
            # Somebody else has removed it: then that is what was wanted, or cannot be done any more.
            if not action.delete:
                failed.append([task_id, error.code, error.detail])
        except TideworkError as error:
            code = error.errors[0].code if error.errors else error.code
            failed.append([task_id, code, error.detail])
    return failed


async def _one(plan: Plan, task_id: str, action: BulkAction, patch: TaskPatch) -> None:
    task = plan.task(task_id)
    if action.delete:
        await operations.delete(plan, task, None)
        return
    if action.add_labels or action.remove_labels:
        added = [str(label) for label in action.add_labels or ()]
        removed = {str(label) for label in action.remove_labels or ()}
        wanted = list(dict.fromkeys([*task.label_ids, *added]))
        wanted = [label for label in wanted if label not in removed]
        if len(wanted) > MAX_LABELS:
            raise invalid(
                "/action/add_labels", "too_many", f"It would have more than {MAX_LABELS} labels."
            )
        patch = msgspec.structs.replace(patch, label_ids=[UUID(label) for label in wanted])
        # What is added to must still be so when it happens.
        plan.expects.append(Expect("task", task_id, {"label_ids": [task.label_ids]}))
    await operations.update(plan, task, patch, None, "/action/set")


def fields_of(data: msgspec.Struct) -> list[str]:
    """The names of the fields that were sent."""
    return [name for name in data.__struct_fields__ if getattr(data, name) is not UNSET]


def _patch(action: BulkAction) -> TaskPatch:
    """The action's merge patch as the one of a single task."""
    if action.set is UNSET:
        return TaskPatch()
    given: dict[str, Any] = {name: getattr(action.set, name) for name in fields_of(action.set)}
    return TaskPatch(**given)
