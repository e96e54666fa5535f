"""Writing the rows of a CSV file as tasks."""

from collections.abc import Callable

import msgspec

from tidework.log import Values
from tidework.store.protocol import Store
from tidework.times import now
from tidework.transfer.appending import Appender
from tidework.transfer.batch import Batch
from tidework.transfer.csv_rows import CsvTask
from tidework.transfer.existing import fetch_task
from tidework.transfer.jira_plan import changed_fields, field_digests
from tidework.transfer.marks import Marks
from tidework.transfer.names import Names
from tidework.transfer.people import People
from tidework.transfer.report import ImportReport
from tidework.transfer.spool import Spool
from tidework.transfer.stable_ids import digest, stable_id

_ROWS_IN_COMMIT = 500
_BYTES_IN_COMMIT = 4 * 1024 * 1024
REMOVED = "rows whose task was removed here; they stay removed"
OVERWRITTEN = "fields changed both here and in the file since the last import; the file's is taken"

_decode = msgspec.msgpack.Decoder(CsvTask).decode


class CsvWriter:
    """Writes the rows of a spool that are new or have changed."""

    def __init__(
        self,
        store: Store,
        workspace_id: str,
        spool: Spool,
        marks: Marks,
        people: People,
        appender: Appender,
        actor_id: str | None,
        report: ImportReport,
    ) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self._spool = spool
        self._marks = marks
        self._people = people
        self._appender = appender
        self._actor_id = actor_id
        self._report = report
        self._labels = Names(store, workspace_id, "label", marks)
        self._projects = Names(store, workspace_id, "project", marks)
        self._members: set[str] = set()

    async def run(self, advance: Callable[[int], None]) -> None:
        """Write them; `advance` is told how many are done."""
        await self._load()
        group: list[tuple[str, str, CsvTask]] = []
        size = 0
        last = 0
        while True:
            rows = self._spool.execute(
                "SELECT ordinal, key, digest, body FROM issues WHERE ordinal > ?"
                " ORDER BY ordinal LIMIT 500",
                (last,),
            ).fetchall()
            if not rows:
                break
            for _, key, content, body in rows:
                if self._is_unchanged(key, content):
                    self._report.unchanged += 1
                    continue
                group.append((key, content, _decode(body)))
                size += len(body)
                if len(group) >= _ROWS_IN_COMMIT or size >= _BYTES_IN_COMMIT:
                    await self._write(group)
                    group, size = [], 0
            last = rows[-1][0]
            advance(len(rows))
        await self._write(group)

    async def _load(self) -> None:
        await self._labels.load()
        await self._projects.load()

    async def _reload(self) -> None:
        await self._marks.load()
        await self._load()
        self._members.clear()

    def _is_unchanged(self, key: str, content: str) -> bool:
        mark = self._marks.get(key)
        return mark is not None and mark[1].startswith(f"{content}:")

    async def _write(self, group: list[tuple[str, str, CsvTask]]) -> None:
        if not group:
            return

        async def plan() -> Batch:
            batch = Batch()
            assignees: set[str] = set()
            for key, content, task in group:
                if not self._is_unchanged(key, content):
                    await self._row(key, content, task, batch, assignees)
            new = sorted(assignees - self._members)
            if new:
                await self._people.ensure_members(new)
                self._members.update(new)
            for user_id in sorted(assignees):
                batch.expect("member", user_id)
            return batch

        batch = await self._appender.append(plan, self._reload)
        self._marks.remember(batch.operations)

    async def _row(
        self, key: str, content: str, task: CsvTask, batch: Batch, assignees: set[str]
    ) -> None:
        at = task.created_at or now()
        fields = self._fields(task, batch)
        mark = f"{content}:{field_digests(fields)}"
        if fields["assignee_id"] is not None:
            assignees.add(fields["assignee_id"])
        known = self._marks.get(key)
        if known is not None:
            await self._update(key, known, mark, fields, batch)
            return
        done_at = at if fields["status"] == "completed" else None
        task_id = stable_id(at, self._workspace_id, "csv", digest(at, key), key)
        author = fields["created_by"]
        batch.create("task", task_id, author, at, **fields, created_at=at, completed_at=done_at)
        batch.operations.append(self._marks.added(key, task_id, mark))

    def _fields(self, task: CsvTask, batch: Batch) -> Values:
        project = None
        if task.project is not None:
            project = self._projects.use(
                task.project, batch, self._actor_id, description="", archived=False
            )
        labels = {self._labels.use(name, batch, self._actor_id) for name in task.labels}
        return {
            "project_id": project,
            "parent_id": None,
            "title": task.title,
            "description": task.description,
            "status": task.status,
            "priority": task.priority,
            "due_at": task.due_at,
            "assignee_id": self._user(task.assignee),
            "label_ids": sorted(labels),
            "created_by": self._user(task.created_by) or self._actor_id,
        }

    def _user(self, name: str | None) -> str | None:
        if name is None:
            return None
        found: str = self._spool.one("SELECT user_id FROM persons WHERE id = ?", (name,))
        return found

    async def _update(
        self, key: str, known: tuple[str, str], mark: str, fields: Values, batch: Batch
    ) -> None:
        task_id, before = known
        task = await fetch_task(self._store, self._workspace_id, task_id)
        old = before.partition(":")[2]
        if task is None:
            self._report.note("removed", REMOVED, key.removeprefix("key/"))
        else:
            # Only what the file says differently than before: the rest is as it is here.
            names = changed_fields(old, mark.partition(":")[2]) - {"created_by"}
            changes = {name: fields[name] for name in sorted(names) if task[name] != fields[name]}
            for name in sorted(changed_fields(old, field_digests(task)) & changes.keys()):
                where = f"{key.removeprefix('key/')}: {name}"
                self._report.note("overwritten", OVERWRITTEN, where)
            at = now()
            if "status" in changes:
                changes["completed_at"] = at if changes["status"] == "completed" else None
            if changes:
                batch.update("task", task_id, self._actor_id, at, **changes)
        batch.operations.append(self._marks.moved(key, before, mark))
