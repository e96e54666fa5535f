"""Issues that were imported before and have changed since, there, here, or on both sides."""

from sqlalchemy import bindparam, select

from tidework.log import Values
from tidework.store.protocol import Store
from tidework.store.sql.schema import comments
from tidework.store.sql.statement import Statement
from tidework.transfer.jira_plan import Fields, PlannedState, changed_fields, field_digests
from tidework.transfer.jira_shape import Comment, Issue
from tidework.transfer.jira_tasks import Tasks
from tidework.transfer.jira_write import (
    CIRCLE,
    IssueMark,
    IssueWriter,
    Update,
    Wanted,
    comment_digest,
    entries_digest,
    mark_of,
    updates_of,
)
from tidework.transfer.marks import Marks
from tidework.transfer.report import ImportReport

REMOVED = "issues whose task was removed here; they stay removed"
REWRITTEN = "issues whose changelog was rewritten since the last import; only its result is taken"
OVERWRITTEN = "fields changed both here and there since the last import; theirs is taken"
COMMENT_GONE = "comments that are no longer in the files; they are kept"

COMMENT = Statement(
    "import_comment",
    select(comments.c.body).where(
        comments.c.stream_id == bindparam("stream_id"), comments.c.id == bindparam("id")
    ),
)


class IssueUpdater:
    """Adds what is new in an issue: entries of the changelog, comments, and fields that no entry
    explains. Fields that have not changed there stay as they are here.
    """

    def __init__(
        self,
        store: Store,
        workspace_id: str,
        writer: IssueWriter,
        marks: Marks,
        tasks: Tasks,
        actor_id: str | None,
        report: ImportReport,
    ) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self._writer = writer
        self._marks = marks
        self._tasks = tasks
        self._actor_id = actor_id
        self._report = report

    async def update(self, wanted: Wanted, task_id: str, mark: str) -> PlannedState | None:
        """Bring the task up to date; returns its last state, None when it was removed here."""
        issue, old = wanted.issue, IssueMark.of(mark)
        foreign, batch = f"issue/{issue.key}", self._writer.batch
        task = await self._tasks.fetch(task_id)
        if task is None:
            self._report.note("removed", REMOVED, issue.key)
            seen = old._replace(fingerprint=wanted.fingerprint).text()
            batch.operations.append(self._marks.moved(foreign, mark, seen))
            return None
        skip = min(old.entries, len(issue.histories))
        if entries_digest(issue, skip) != old.entries_digest:
            self._report.note("rewritten", REWRITTEN, issue.key)
            skip = len(issue.histories)
        states = await self._writer.states(wanted, skip)
        final = states[-1]
        updates = self._updates(issue, old, task, states)
        await self._keep_acyclic(issue, task_id, updates)
        self._writer.interleave(issue, task_id, updates, await self._comments(issue))
        done = mark_of(wanted, final.fields).text()
        batch.operations.append(self._marks.moved(foreign, mark, done))
        return final

    def _updates(
        self, issue: Issue, old: IssueMark, task: Values, states: list[PlannedState]
    ) -> list[Update]:
        final = states[-1]
        updates = updates_of(states)
        replayed = {name for _, change in updates for name in change}
        stale = changed_fields(old.fields, field_digests(final.fields)) - replayed
        missing = {n: final.fields[n] for n in sorted(stale) if task[n] != final.fields[n]}
        if "status" in missing:
            missing["completed_at"] = final.fields["completed_at"]
        if missing:
            at = max(issue.updated, final.at)
            updates.append((PlannedState(at, self._actor_id, final.fields, True), missing))
        here = changed_fields(old.fields, field_digests(task))
        for name in sorted(here & (replayed | missing.keys())):
            if task[name] != final.fields[name]:
                self._report.note("overwritten", OVERWRITTEN, f"{issue.key}: {name}")
        return updates

    async def _comments(self, issue: Issue) -> list[tuple[Comment, Fields]]:
        """The comments that are new; edited ones are updated in passing."""
        known = self._marks.below(f"comment/{issue.key}/")
        new: list[tuple[Comment, Fields]] = []
        for comment, fields in self._writer.planner.comments(issue):
            foreign = f"comment/{issue.key}/{comment.id}"
            mark = self._marks.get(foreign)
            if mark is None:
                new.append((comment, fields))
                continue
            known.discard(foreign)
            await self._edit(issue, foreign, mark, fields)
        for foreign in sorted(known):
            self._report.note("comment_gone", COMMENT_GONE, foreign.removeprefix("comment/"))
        return new

    async def _edit(
        self, issue: Issue, foreign: str, mark: tuple[str, str], fields: Fields
    ) -> None:
        comment_id, before = mark
        now = comment_digest(fields)
        if before == now:
            return
        batch = self._writer.batch
        params = {"stream_id": self._workspace_id, "id": comment_id}
        rows = await self._store.fetch(COMMENT, params)
        if rows and rows[0][0] != fields["body"]:
            author = fields["author_id"]
            batch.update("comment", comment_id, author, issue.updated, body=fields["body"])
        batch.operations.append(self._marks.moved(foreign, before, now))

    async def _keep_acyclic(self, issue: Issue, task_id: str, updates: list[Update]) -> None:
        """Leave out a new parent that descends from the task."""
        for state, change in updates:
            if "parent_id" not in change:
                continue
            if await self._descends(change["parent_id"], task_id):
                self._report.note("parent_circle", CIRCLE, issue.key)
                change["parent_id"] = state.fields["parent_id"] = None
            self._writer.moved[task_id] = change["parent_id"]

    async def _descends(self, current: str | None, ancestor: str) -> bool:
        seen: set[str] = set()
        while current is not None and current not in seen:
            if current == ancestor:
                return True
            seen.add(current)
            if current in self._writer.moved:
                current = self._writer.moved[current]
                continue
            task = await self._tasks.fetch(current)
            if task is None:
                return False
            self._writer.batch.expect("task", current, parent_id=[task["parent_id"]])
            current = task["parent_id"]
        return False
