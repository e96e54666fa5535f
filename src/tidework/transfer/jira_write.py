"""Writing issues as tasks: a group of issues to a commit."""

from itertools import pairwise
from typing import NamedTuple

from tidework.transfer.batch import Batch
from tidework.transfer.jira_plan import Fields, PlannedState, Planner, differences, field_digests
from tidework.transfer.jira_read import Scan
from tidework.transfer.jira_replay import Replay
from tidework.transfer.jira_shape import Comment, Issue
from tidework.transfer.jira_targets import JiraTargets
from tidework.transfer.marks import Marks
from tidework.transfer.stable_ids import digest, stable_id

_VERSION = "1"
CIRCLE = "issues that would be their own ancestors; they stand without their parent"


class Wanted(NamedTuple):
    """An issue to write. `circle` when it must go without its parent."""

    issue: Issue
    fingerprint: str
    circle: bool


class IssueMark(NamedTuple):
    """What the mark of an issue says: the issue as it was, and how much of it was taken over."""

    fingerprint: str
    entries: int
    entries_digest: str
    fields: str

    def text(self) -> str:
        """The mark's fingerprint in the store."""
        return f"{self.fingerprint}:{self.entries}:{self.entries_digest}:{self.fields}"

    @classmethod
    def of(cls, text: str) -> "IssueMark":
        """The reverse of `text`."""
        fingerprint, entries, entries_digest, fields = text.split(":")
        return cls(fingerprint, int(entries), entries_digest, fields)


Update = tuple[PlannedState, Fields]
"""A state, and the fields that differ from the state before."""


class IssueWriter:
    """Turns issues into changes in a batch. What is new is made here; see `IssueUpdater` too."""

    def __init__(
        self,
        workspace_id: str,
        scan: Scan,
        marks: Marks,
        targets: JiraTargets,
        actor_id: str | None,
        source: str,
    ) -> None:
        self.batch = Batch()
        # The parents that this batch gives to tasks, before they can be read.
        self.moved: dict[str, str | None] = {}
        self._workspace_id = workspace_id
        self._report = scan.report
        self._marks = marks
        self._targets = targets
        self._actor_id = actor_id
        self._source = source
        self._replay = Replay(scan.renamed, targets.person, targets.key, scan.report)
        self.planner = Planner(scan.rules, scan.categories, targets, scan.report)

    async def states(self, wanted: Wanted, skip: int) -> list[PlannedState]:
        """The states of the task, from after `skip` entries of the changelog on."""
        issue = wanted.issue
        steps = self._replay.steps(issue, skip)
        if wanted.circle and issue.parent is not None:
            self._report.note("parent_circle", CIRCLE, issue.key)
            circle = self._targets.key(issue.parent)
            for step in steps:
                if step.state["parent"] == circle:
                    step.state["parent"] = None
        parents = {step.state["parent"] for step in steps}
        await self._targets.look_up_parents({key for key in parents if isinstance(key, str)})
        return self.planner.states(issue, steps, self._actor_id)

    async def create(self, wanted: Wanted) -> PlannedState:
        """Make the task with its history and comments; returns its last state."""
        issue, states = wanted.issue, await self.states(wanted, 0)
        first, final = states[0], states[-1]
        task_id = stable_id(issue.created, self._workspace_id, self._source, "issue", issue.key)
        self.batch.create(
            "task", task_id, first.actor, first.at, **first.fields, created_at=issue.created
        )
        self.moved[task_id] = final.fields["parent_id"]
        self.interleave(issue, task_id, updates_of(states), self.planner.comments(issue))
        mark = mark_of(wanted, final.fields).text()
        self.batch.operations.append(self._marks.added(f"issue/{issue.key}", task_id, mark))
        return final

    def interleave(
        self,
        issue: Issue,
        task_id: str,
        updates: list[Update],
        comments: list[tuple[Comment, Fields]],
    ) -> None:
        """Add updates and comments in the order of their times."""
        events: list[tuple[str, int, Update | tuple[Comment, Fields]]] = []
        events += [(update[0].at, i, update) for i, update in enumerate(updates)]
        events += [(entry[0].at, i, entry) for i, entry in enumerate(comments, len(updates))]
        for at, _, (what, fields) in sorted(events, key=lambda event: event[:2]):
            if isinstance(what, Comment):
                self._comment(issue, task_id, what, fields)
                continue
            self.batch.update("task", task_id, what.actor, at, **fields)
            if what.correction:
                self.batch.count("corrections")

    def _comment(self, issue: Issue, task_id: str, comment: Comment, fields: Fields) -> None:
        foreign = f"comment/{issue.key}/{comment.id}"
        comment_id = stable_id(comment.at, self._workspace_id, self._source, foreign)
        author = fields["author_id"]
        self.batch.create("comment", comment_id, author, comment.at, task_id=task_id, **fields)
        mark = self._marks.added(foreign, comment_id, comment_digest(fields))
        self.batch.operations.append(mark)


def comment_digest(fields: Fields) -> str:
    """By what a later import sees that a comment was edited."""
    return digest(fields["body"], fields["author_id"] or "")


def mark_of(wanted: Wanted, final: Fields) -> IssueMark:
    """The mark of an issue that is taken over as a whole."""
    count = len(wanted.issue.histories)
    entries = entries_digest(wanted.issue, count)
    return IssueMark(wanted.fingerprint, count, entries, field_digests(final))


def entries_digest(issue: Issue, count: int) -> str:
    """By what a later import sees that the first `count` entries are still the same."""
    ordered = sorted(issue.histories, key=lambda h: (h.at, len(h.id), h.id))[:count]
    return digest(*(f"{h.id} {h.at}" for h in ordered), size=8)


def updates_of(states: list[PlannedState]) -> list[Update]:
    """The states that changed something, with what they changed."""
    updates: list[Update] = []
    for before, state in pairwise(states):
        if changed := differences(before.fields, state.fields):
            updates.append((state, changed))
    return updates
