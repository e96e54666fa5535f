"""Taking a change in bulk back: all of its commits, the newest first.

Unless it is to be partial, it does not begin when anything that was changed has been changed again
since. Once begun it goes to the end: what is changed in those moments is left as it is then, and
named.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec

from tidework.bus.jobs import Job, Jobs, Retry
from tidework.errors import Conflict, Gone, TideworkError, Unavailable
from tidework.http.context import Membership
from tidework.ids import new_id
from tidework.log import Change, Commit, Expect, LoggedChange, Operation, Values, inverse
from tidework.store.protocol import Contended, Store
from tidework.store.retry import retried
from tidework.store.sql.schema import fields_of
from tidework.tasks import bulk_queries as queries
from tidework.tasks import undo
from tidework.tasks.bulk_job import UNDO_JOB, Problem, part_key, run_key
from tidework.tasks.reads import Reads, stream_of
from tidework.times import now
from tidework.workspaces.api import still

_CHANGED = "later_changes"
_GONE = "reference_gone"
_REFERENCES = {"project_id": "project", "parent_id": "task", "assignee_id": "member"}


class Part(NamedTuple):
    """A part of a run that is done, and the commit that did it, None where nothing changed."""

    number: int
    state: str
    commit_id: str | None
    since: int


Beside = Callable[[str, Sequence[Change]], Awaitable[list[Operation]]]


class BulkUndo:
    """Does what `BulkService.undo` has asked for.

    `beside` gives what is written together with changes that undo a part.
    """

    def __init__(self, store: Store, beside: Beside | None = None) -> None:
        self._store = store
        self._beside = beside

    def register(self, jobs: Jobs) -> None:
        """Let `jobs` run it."""
        jobs.register(UNDO_JOB, self.run, deadline_s=20, max_attempts=50, concurrency=2)

    async def run(self, job: Job) -> Sequence[Operation]:
        """Undo all parts that are not undone yet."""
        run_id, stream_id = job.args["run"], job.stream_id
        params = {"stream_id": stream_id, "run_id": run_id}
        rows = await self._store.fetch(queries.RUN, params)
        if not rows or rows[0][4] != "undoing":
            return ()
        undoing = run_key(stream_id, run_id, "undoing")
        try:
            await self.take_back(job, run_id, job.args["by"], partial=job.args["partial"])
        except Unavailable:
            raise
        except TideworkError as error:
            before = {"state": job.args["before"], "error": f"Undo: {error.detail}"}
            return [Operation("bulk_runs", "update", undoing, before)]
        return [Operation("bulk_runs", "update", undoing, {"state": "undone"})]

    async def take_back(self, job: Job, run_id: str, by: str, *, partial: bool) -> None:
        """Undo all parts of a run that are not undone yet, in somebody's name.

        Raises `Conflict`, with nothing undone, when anything has been changed since and it is not to
        be partial; `Retry`.
        """
        editor = Membership(job.stream_id, by, "editor")
        params = {"stream_id": job.stream_id, "run_id": run_id}
        found = [Part(row[0], row[1], row[5], row[6]) for row in await self._parts(params)]
        begun = any(part.state == "undone" for part in found)
        ahead = sorted((part for part in found if part.state == "done"), reverse=True)
        try:
            if not begun and not partial:
                await self._refuse_changed(job, ahead)
            for done, part in enumerate(ahead, 1):
                await self._part(editor, run_id, part)
                await job.progress(done / len(ahead))
            await self._forget_gone(job.stream_id, run_id)
        except Contended as error:
            raise Retry(error.detail, 1.0) from error

    async def _forget_gone(self, stream_id: str, run_id: str) -> None:
        """No longer name tasks that came back without something and were then taken back whole, with
        the part that had made them.
        """
        params = {"stream_id": stream_id, "run_id": run_id}
        kept = {row[0]: row[4] for row in await self._parts(params) if row[4]}
        back = {one[0] for problems in kept.values() for one in problems if one[1] == _GONE}
        if not back:
            return
        ids = {"stream_id": stream_id, "ids": sorted(back)}
        rows = await self._store.fetch(queries.REFERENCES, ids)
        gone = back - {one for kind, one in rows if kind == "task"}
        operations = []
        for number, problems in kept.items():
            left = [one for one in problems if one[1] != _GONE or one[0] not in gone]
            if left != problems:
                place = part_key(stream_id, run_id, number, "undone")
                operations.append(Operation("bulk_parts", "update", place, {"kept": left}))
        if operations:
            await self._store.operate(operations)

    async def _parts(self, params: Mapping[str, Any]) -> Sequence[Any]:
        return await self._store.fetch(queries.PARTS, params)

    async def _logged(self, stream_id: str, part: Part) -> list[LoggedChange]:
        """The changes of a part's commit. Raises `Gone` when they are no longer kept."""
        if part.commit_id is None:
            return []
        params = {"stream_id": stream_id, "since": part.since, "commit_id": part.commit_id}
        rows = await self._store.fetch(queries.COMMIT_SEQ, params)
        if not rows:
            raise Gone("Its commits are no longer kept; it cannot be undone.")
        seq: int = rows[0][0]
        return await self._store.log(stream_id, since=seq - 1, until=seq)

    async def _refuse_changed(self, job: Job, parts: Sequence[Part]) -> None:
        """Raise `Conflict` when anything has been changed since. Memory: ids and names of fields."""
        settled: dict[tuple[str, str], set[str] | None] = {}
        # What a part has made may be used by those after it, which are undone before.
        undone: undo.Settled = set()
        for number, part in enumerate(parts):
            # The embedded database answers at once: others want their turn as well.
            await asyncio.sleep(0)
            logged = await self._logged(job.stream_id, part)
            changes, expects = inverse(logged)
            undone |= undo.settled_by(changes)
            if await undo.hung_on(self._store, job.stream_id, logged, undone):
                raise undo.in_the_way()
            await asyncio.sleep(0)
            present = await self._present(job.stream_id, expects)
            for expect in expects:
                key = (expect.entity, expect.id)
                known = settled.get(key, set())
                if known is None:
                    continue
                fields = {n: v for n, v in expect.fields.items() if n not in known}
                if (fields or key not in settled) and not _holds(
                    msgspec.structs.replace(expect, fields=fields), present
                ):
                    raise undo.in_the_way()
                settled[key] = None if expect.absent else known | fields.keys()
            if number % 20 == 19:
                await job.progress(0)

    async def _present(
        self, stream_id: str, expects: Sequence[Expect]
    ) -> dict[tuple[str, str], Any]:
        """What is expected, as it is."""
        reads = Reads(self._store, stream_id)
        await reads.load(expect.id for expect in expects if expect.entity == "task")
        found: dict[tuple[str, str], Any] = {("task", one.id): one for one in reads.tasks.values()}
        for entity, statement in queries.OTHERS.items():
            ids = sorted({expect.id for expect in expects if expect.entity == entity})
            names = fields_of(entity)
            for row in (
                await self._store.fetch(statement, {"stream_id": stream_id, "ids": ids})
                if ids
                else ()
            ):
                fields = dict(zip(names, row[1:], strict=True))
                found[entity, row[0]] = SimpleNamespace(**fields)
        return found

    @retried
    async def _part(self, editor: Membership, run_id: str, part: Part) -> None:
        """Undo one part, unless it is undone. Raises what its commit raises."""
        params = {"stream_id": editor.workspace_id, "run_id": run_id, "number": part.number}
        rows = await self._store.fetch(queries.PART, params)
        if not rows or rows[0][0] != "done":
            return
        _, seq, _, _ = await stream_of(self._store, editor.workspace_id)
        changes, expects, kept = await self._possible(editor.workspace_id, part)
        place = part_key(editor.workspace_id, run_id, part.number, "done")
        marker = Operation("bulk_parts", "update", place, {"state": "undone", "kept": kept}, rows=1)
        if not changes:
            await self._store.operate([marker])
            return
        # What comes back must not refer to what goes at the same moment.
        on_base = any(change.op != "update" or "parent_id" in change.set for change in changes)
        await self._store.append(
            Commit(
                id=new_id(),
                stream_id=editor.workspace_id,
                actor_id=editor.user_id,
                at=now(),
                changes=changes,
                expects=[still(editor, "editor"), *expects, *_referred(changes)],
                base_seq=seq if on_base else None,
                operations=[marker, *await self._with(editor.workspace_id, changes)],
            )
        )

    async def _with(self, stream_id: str, changes: Sequence[Change]) -> list[Operation]:
        return [] if self._beside is None else await self._beside(stream_id, changes)

    async def _possible(
        self, stream_id: str, part: Part
    ) -> tuple[list[Change], list[Expect], list[Problem]]:
        """What of a part can be undone, what that rests on, and which tasks stay as they are."""
        logged = await self._logged(stream_id, part)
        await asyncio.sleep(0)
        changes, expects = inverse(logged)
        await asyncio.sleep(0)
        present = await self._present(stream_id, expects)
        await asyncio.sleep(0)
        blocked = {(e.entity, e.id) for e in expects if not _holds(e, present)}
        kept = [
            [entity_id, _CHANGED, "It has been changed since."]
            for entity, entity_id in blocked
            if entity == "task"
        ]
        changes = _without_blocked(changes, logged, blocked)
        # What it has made, such as a task's next occurrence, may be used by now; what that uses stays.
        while (
            used := await undo.hung_on(self._store, stream_id, logged, undo.settled_by(changes))
            - blocked
        ):
            kept += [
                [entity_id, _CHANGED, f"This {entity} stays, since it is used."]
                for entity, entity_id in sorted(used)
            ]
            blocked |= used
            changes = _without_blocked(changes, logged, blocked)
        changes, dropped = await self._with_references(stream_id, changes)
        kept += dropped
        left = {(change.entity, change.id) for change in changes}
        expects = [expect for expect in expects if (expect.entity, expect.id) in left]
        try:
            await undo.refuse_circles(self._store, stream_id, changes)
        except Conflict:
            changes = [change for change in changes if not _may_circle(change)]
            left = {(change.entity, change.id) for change in changes}
            expects = [expect for expect in expects if (expect.entity, expect.id) in left]
        return changes, expects, kept

    async def _with_references(
        self, stream_id: str, changes: Sequence[Change]
    ) -> tuple[list[Change], list[Problem]]:
        """The changes without references to what is gone, and the tasks that this is about."""
        wanted = {one for change in changes for one in _refers_to(change)}
        returning = {(change.entity, change.id) for change in changes if change.op == "create"}
        params = {"stream_id": stream_id, "ids": sorted({one for _, one in wanted})}
        rows = await self._store.fetch(queries.REFERENCES, params)
        gone = wanted - {tuple(row) for row in rows} - returning
        if not gone:
            return list(changes), []
        possible: list[Change] = []
        kept: list[Problem] = []
        for change in changes:
            missing = gone.intersection(_refers_to(change))
            if not missing:
                possible.append(change)
            elif change.entity == "task":
                possible.append(_without(change, missing))
                what = ", ".join(sorted({kind for kind, _ in missing}))
                kept.append([change.id, _GONE, f"It comes back without its {what}."])
        return possible, kept


def _without_blocked(
    changes: Sequence[Change], logged: Sequence[LoggedChange], blocked: set[tuple[str, str]]
) -> list[Change]:
    """The changes without those of what stays; comments stay with their task."""
    blocked |= {
        ("comment", change.id)
        for change in logged
        if change.entity == "comment" and ("task", change.set.get("task_id")) in blocked
    }
    return [change for change in changes if (change.entity, change.id) not in blocked]


def _holds(expect: Expect, present: Mapping[tuple[str, str], Any]) -> bool:
    """Whether what is expected is so."""
    found = present.get((expect.entity, expect.id))
    if expect.absent:
        return found is None
    return found is not None and all(
        getattr(found, name) in allowed for name, allowed in expect.fields.items()
    )


def _refers_to(change: Change) -> list[tuple[str, str]]:
    """What must be there for a change: kind and id."""
    if change.entity == "comment" and change.op == "create":
        return [("task", change.set["task_id"])]
    if change.entity == "relation" and change.op == "create":
        return [("task", change.set["task_id"]), ("task", change.set["other_id"])]
    found = [(kind, change.set[name]) for name, kind in _REFERENCES.items() if change.set.get(name)]
    return [*found, *(("label", label) for label in change.set.get("label_ids") or ())]


def _referred(changes: Sequence[Change]) -> list[Expect]:
    returning = {(change.entity, change.id) for change in changes if change.op == "create"}
    wanted = {one for change in changes for one in _refers_to(change)} - returning
    return [Expect(kind, one) for kind, one in sorted(wanted)]


def _without(change: Change, missing: set[tuple[str, str]]) -> Change:
    values: Values = dict(change.set)
    for name, kind in _REFERENCES.items():
        if (kind, values.get(name)) in missing:
            values[name] = None
    if values.get("label_ids"):
        values["label_ids"] = [
            label for label in values["label_ids"] if ("label", label) not in missing
        ]
    return msgspec.structs.replace(change, set=values)


def _may_circle(change: Change) -> bool:
    if change.entity == "relation":
        return change.set.get("kind") == "blocks"
    return change.op == "update" and change.set.get("parent_id") is not None
