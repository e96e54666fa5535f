"""Writing links as relations, after all issues are there."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, select

from tidework.ids import LOWEST_ID
from tidework.store.protocol import Store
from tidework.store.sql.schema import relations
from tidework.store.sql.statement import Statement
from tidework.tasks.api import relation_id, stored_form
from tidework.transfer.appending import Appender
from tidework.transfer.batch import Batch
from tidework.transfer.graph import Graph
from tidework.transfer.jira_links import LinkPlanner, LinkStep, PlannedLink
from tidework.transfer.jira_read import Scan
from tidework.transfer.jira_tasks import Tasks
from tidework.transfer.marks import Marks
from tidework.transfer.stable_ids import digest

OUTSIDE = "links to issues that are neither in the files nor imported before, left out"
OUTSIDE_PAST = "former links to issues that are neither in the files nor imported before, left out"
CIRCLE = "links that would make tasks block themselves in a circle, left out"
SELF = "links of an issue to itself, left out"

_PAGE = 5_000
_LINKS_IN_COMMIT = 500
RELATIONS = Statement(
    "import_relations",
    select(relations.c.id, relations.c.kind, relations.c.task_id, relations.c.other_id)
    .where(relations.c.stream_id == bindparam("stream_id"), relations.c.id > bindparam("after"))
    .order_by(relations.c.id)
    .limit(bindparam("limit")),
)

Pair = tuple[str, str, str]


class LinkImport:
    """Writes the links of a scan. Memory: the relations of the workspace."""

    def __init__(
        self,
        store: Store,
        workspace_id: str,
        scan: Scan,
        marks: Marks,
        tasks: Tasks,
        user: Callable[[str | None], str | None],
        appender: Appender,
        actor_id: str | None,
        source: str,
    ) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self._spool = scan.spool
        self._report = scan.report
        self._marks = marks
        self._tasks = tasks
        self._user = user
        self._appender = appender
        self._actor_id = actor_id
        self._source = source
        self._planner = LinkPlanner(scan.spool, scan.report)
        self._existing: dict[Pair, str] = {}
        self._blocks = Graph()
        self._seq = 0

    async def run(self, advance: Callable[[int], None]) -> None:
        """Write every relation that is new or has changed."""
        pairs = list(self._planner.pairs())
        if not pairs:
            return
        await self._load()
        for start in range(0, len(pairs), _LINKS_IN_COMMIT):
            await self._write(pairs[start : start + _LINKS_IN_COMMIT])
            advance(_LINKS_IN_COMMIT)

    async def _write(self, pairs: list[Pair]) -> None:
        async def plan() -> Batch:
            batch = Batch()
            for a, b, kind in pairs:
                await self._link(a, b, kind, batch)
            if batch.changes:
                # Whether blocks make a circle depends on all of them.
                batch.base_seq = self._seq
            return batch

        batch = await self._appender.append(plan, self._reload)
        self._marks.remember(batch.operations)
        if batch.changes:
            self._seq += 1

    async def _reload(self) -> None:
        await self._marks.load()
        self._tasks.forget()
        await self._load()

    async def _load(self) -> None:
        """Read the workspace's relations, and the seq that they are of at least."""
        self._existing.clear()
        self._blocks = Graph()
        seqs = await self._store.seqs([self._workspace_id])
        self._seq = seqs[self._workspace_id]
        after = LOWEST_ID
        while True:
            params: dict[str, Any] = {
                "stream_id": self._workspace_id, "after": after, "limit": _PAGE,
            }  # fmt: skip
            rows = await self._store.fetch(RELATIONS, params)
            for id_, kind, task_id, other_id in rows:
                self._keep(kind, task_id, other_id, id_)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def _keep(self, kind: str, task_id: str, other_id: str, id_: str) -> None:
        self._existing[stored_form(kind, task_id, other_id)] = id_
        if kind == "blocks":
            self._blocks.add(task_id, other_id)

    async def _link(self, a: str, b: str, kind: str, batch: Batch) -> None:
        name = f"{a} {kind} {b}"
        if a == b:
            self._report.note("link_self", SELF, name)
            return
        one, other = await self._tasks.present(a), await self._tasks.present(b)
        if one is None or other is None:
            current = self._planner.is_current(a, b, kind)
            self._report.note(
                "link_outside" if current else "link_outside_past",
                OUTSIDE if current else OUTSIDE_PAST,
                name,
            )
            return
        planned = await self._plan(a, b, kind, one, other)
        foreign = f"link/{kind}/{a}/{b}"
        mark = self._marks.get(foreign)
        done = _fingerprint(planned.steps)
        if mark is not None and mark[1] == done:
            return
        skip = _taken(planned.steps, mark[1]) if mark is not None else 0
        pair = stored_form(kind, one, other)
        if skip is None:
            # Another past than before: only what it comes to counts.
            steps = planned.steps[-1:]
        else:
            steps = planned.steps[skip:]
        id_ = self._steps(planned, steps, pair, batch)
        if mark is None:
            batch.operations.append(self._marks.added(foreign, id_, done))
        else:
            batch.operations.append(self._marks.moved(foreign, mark[1], done))

    async def _plan(self, a: str, b: str, kind: str, one: str, other: str) -> PlannedLink:
        """The steps of a link; one that was there from the beginning is as old as the younger
        issue.
        """
        born: list[tuple[str, str | None]] = []
        updated: list[str] = []
        for key, task_id in ((a, one), (b, other)):
            row = self._spool.execute(
                "SELECT created, creator, updated FROM issues WHERE key = ?", (key,)
            ).fetchone()
            if row is not None:
                born.append((row[0], row[1]))
                updated.append(row[2])
            else:
                task = await self._tasks.fetch(task_id)
                assert task is not None
                born.append((task["created_at"], None))
        at, creator = max(born, key=lambda entry: entry[0])
        return self._planner.plan(a, b, kind, LinkStep(at, creator, True), max(updated))

    def _steps(self, planned: PlannedLink, steps: list[LinkStep], pair: Pair, batch: Batch) -> str:
        """Add what happens to a relation; returns its id."""
        kind, task_id, other_id = pair
        id_ = relation_id(*pair)
        for step in steps:
            existing = self._existing.get(pair)
            if step.made == (existing is not None):
                continue
            actor = self._actor_id if step.correction else self._user(step.actor)
            if step.correction:
                batch.count("corrections")
            if existing is not None:
                batch.delete("relation", existing, actor, step.at)
                del self._existing[pair]
                if kind == "blocks":
                    self._blocks.remove(task_id, other_id)
                continue
            if kind == "blocks" and self._blocks.reaches(other_id, task_id):
                self._report.note("link_circle", CIRCLE, f"{planned.a} {kind} {planned.b}")
                continue
            batch.create(
                "relation", id_, actor, step.at,
                kind=kind, task_id=task_id, other_id=other_id, created_at=step.at,
            )  # fmt: skip
            batch.expect("task", task_id)
            batch.expect("task", other_id)
            self._keep(kind, task_id, other_id, id_)
        return id_


def _fingerprint(steps: list[LinkStep]) -> str:
    texts = [f"{step.at} {step.made}" for step in steps]
    return f"{len(steps)}:{digest(*texts)}"


def _taken(steps: list[LinkStep], mark: str) -> int | None:
    """How many of the steps an earlier import has taken; None when they were others."""
    count = int(mark.partition(":")[0])
    return count if _fingerprint(steps[:count]) == mark else None
