"""From the scan to commits: issues in order, about a thousand changes at once."""

from collections.abc import Callable

from tidework.store.protocol import Store
from tidework.transfer.appending import Appender
from tidework.transfer.batch import Batch
from tidework.transfer.jira_order import parents_first
from tidework.transfer.jira_read import Scan, decode_issue
from tidework.transfer.jira_targets import JiraTargets
from tidework.transfer.jira_tasks import Tasks
from tidework.transfer.jira_update import IssueUpdater
from tidework.transfer.jira_write import IssueWriter, Wanted
from tidework.transfer.marks import Marks
from tidework.transfer.people import People
from tidework.transfer.stable_ids import digest

CHANGES_IN_COMMIT = 1_000
_BYTES_IN_COMMIT = 4 * 1024 * 1024
# Part of every mark: raised when issues are to be taken over differently than before.
_VERSION = "1"


class IssueImport:
    """Writes every issue of a scan that is new or has changed."""

    def __init__(
        self,
        store: Store,
        workspace_id: str,
        scan: Scan,
        marks: Marks,
        tasks: Tasks,
        people: People,
        appender: Appender,
        actor_id: str | None,
        source: str,
    ) -> None:
        self._scan = scan
        self._spool = scan.spool
        self._report = scan.report
        self._marks = marks
        self._tasks = tasks
        self._people = people
        self._appender = appender
        self._targets = JiraTargets(store, workspace_id, scan, marks, tasks, actor_id)
        self._writer = IssueWriter(workspace_id, scan, marks, self._targets, actor_id, source)
        self._updater = IssueUpdater(
            store, workspace_id, self._writer, marks, tasks, actor_id, scan.report
        )
        self.user = self._targets.user
        self._members: set[str] = set()

    async def run(self, advance: Callable[[int], None]) -> None:
        """Write them; `advance` is told how many are done."""
        await self._targets.load()
        group: list[Wanted] = []
        changes = size = 0
        for ordinal, circle in parents_first(self._spool, self._scan.issues):
            key, parent, issue_digest = self._spool.execute(
                "SELECT key, parent, digest FROM issues WHERE ordinal = ?", (ordinal,)
            ).fetchone()
            fingerprint = self._fingerprint(issue_digest, parent, circle)
            if self._is_unchanged(key, fingerprint):
                self._report.unchanged += 1
                advance(1)
                continue
            body = self._spool.one("SELECT body FROM issues WHERE ordinal = ?", (ordinal,))
            issue = decode_issue(body)
            group.append(Wanted(issue, fingerprint, circle))
            changes += 1 + len(issue.histories) + len(issue.comments)
            size += len(body)
            if changes >= CHANGES_IN_COMMIT or size >= _BYTES_IN_COMMIT:
                await self._write(group)
                advance(len(group))
                group, changes, size = [], 0, 0
        if group:
            await self._write(group)
            advance(len(group))

    def _fingerprint(self, issue_digest: str, parent: str | None, circle: bool) -> str:
        parent_id = None if parent is None or circle else self._tasks.id_of(parent)
        return digest(_VERSION, issue_digest, self._scan.rules.fingerprint(), parent_id or "")

    def _is_unchanged(self, key: str, fingerprint: str) -> bool:
        mark = self._marks.get(f"issue/{key}")
        return mark is not None and mark[1].startswith(f"{fingerprint}:")

    async def _write(self, group: list[Wanted]) -> None:
        async def plan() -> Batch:
            return await self._plan(group)

        batch = await self._appender.append(plan, self._reload)
        self._marks.remember(batch.operations)

    async def _plan(self, group: list[Wanted]) -> Batch:
        batch = self._targets.batch = self._writer.batch = Batch()
        self._writer.moved = {}
        assignees: set[str] = set()
        for wanted in group:
            if self._is_unchanged(wanted.issue.key, wanted.fingerprint):
                continue
            mark = self._marks.get(f"issue/{wanted.issue.key}")
            if mark is None:
                final = await self._writer.create(wanted)
            else:
                updated = await self._updater.update(wanted, *mark)
                if updated is None:
                    continue
                final = updated
            if final.fields["assignee_id"] is not None:
                assignees.add(final.fields["assignee_id"])
            if final.fields["parent_id"] is not None:
                batch.expect("task", final.fields["parent_id"])
        if batch.changes:
            await self._ensure_members(assignees, batch)
        return batch

    async def _ensure_members(self, assignees: set[str], batch: Batch) -> None:
        """Only members can be assigned to a task."""
        new = sorted(assignees - self._members)
        if new:
            await self._people.ensure_members(new)
            self._members.update(new)
        for user_id in sorted(assignees):
            batch.expect("member", user_id)

    async def _reload(self) -> None:
        await self._marks.load()
        await self._targets.load()
        self._members.clear()
