"""From the states of an issue to the changes of a task: no store, no clock, nothing but the rules."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from tidework.transfer.jira_replay import State, Step
from tidework.transfer.jira_shape import Comment, Issue
from tidework.transfer.mapping import Mapping as Rules
from tidework.transfer.report import ImportReport
from tidework.transfer.stable_ids import digest
from tidework.transfer.text import DESCRIPTION_MAX, LABELS_MAX, TITLE_MAX, one_line, shortened

LONG_TITLE = "summaries longer than a title may be; the full text stands above the description"
NO_TITLE = "empty summaries; the key is the title"
LONG_TEXT = "texts longer than may be kept, cut off"
UNKNOWN_STATUS = "statuses that the mapping does not know, read as pending"
UNKNOWN_PRIORITY = "priorities that the mapping does not know, read as medium"
RESTRICTED = "comments that not everybody may read there, left out"
EMPTY = "empty comments, left out"

MANY_LABELS = "tasks with more labels than they may have; the rest is left out"

Fields = dict[str, Any]


class Targets(Protocol):
    """What names of the source stand for here; made when they are met for the first time."""

    def user(self, person: str | None) -> str | None:
        """An account."""
        ...

    def label(self, name: str) -> str:
        """A label."""
        ...

    def project(self, key: str) -> str:
        """A project."""
        ...

    def parent(self, key: str, child: str) -> str | None:
        """The task of an issue, or None when it cannot be its parent."""
        ...


class PlannedState(NamedTuple):
    """The fields of the task from some time on."""

    at: str
    actor: str | None
    fields: Fields
    correction: bool


class Planner:
    """Turns replayed states into fields of tasks."""

    def __init__(
        self, rules: Rules, categories: Mapping[str, str], targets: Targets, report: ImportReport
    ) -> None:
        self._rules = rules
        self._categories = categories
        self._targets = targets
        self._report = report

    def states(self, issue: Issue, steps: list[Step], actor: str | None) -> list[PlannedState]:
        """The task's fields at each step. `actor` makes the corrections."""
        planned: list[PlannedState] = []
        for step in steps:
            author = actor if step.correction else self._targets.user(step.actor)
            planned.append(
                PlannedState(step.at, author, self._fields(issue, step.state), step.correction)
            )
        self._complete(issue, planned)
        return planned

    def comments(self, issue: Issue) -> list[tuple[Comment, Fields]]:
        """The comments that are taken over, with their fields except for the task's id."""
        taken = []
        for comment in sorted(issue.comments, key=lambda c: c.at):
            where = f"{issue.key}, comment {comment.id}"
            if comment.restricted and self._rules.restricted_comments == "ignore":
                self._report.note("restricted_comment", RESTRICTED, where)
                continue
            if not comment.body.strip():
                self._report.note("empty_comment", EMPTY, where)
                continue
            body = self._cut(comment.body, where)
            author = self._targets.user(comment.author)
            taken.append((comment, {"author_id": author, "body": body, "created_at": comment.at}))
        return taken

    def _fields(self, issue: Issue, state: State) -> Fields:
        title, description = self._texts(
            issue, _text(state, "summary"), _text(state, "description")
        )
        status, priority = _text(state, "status"), state["priority"]
        resolution, due, parent = state["resolution"], state["due"], state["parent"]
        project = state["project"]
        category = self._categories.get(status)
        to_status = self._rules.status_of(status, category, _maybe(resolution))
        if to_status is None:
            self._report.note("unknown_status", UNKNOWN_STATUS, f"{issue.key}: {status}")
        to_priority = self._rules.priority_of(_maybe(priority))
        if to_priority is None:
            self._report.note("unknown_priority", UNKNOWN_PRIORITY, f"{issue.key}: {priority}")
        targets = self._targets
        return {
            "project_id": targets.project(project) if isinstance(project, str) else None,
            "parent_id": targets.parent(parent, issue.key) if isinstance(parent, str) else None,
            "title": title,
            "description": description,
            "status": to_status or "pending",
            "priority": to_priority or "medium",
            "due_at": f"{due}T{self._rules.due_time}.000000Z" if due else None,
            "assignee_id": targets.user(_maybe(state["assignee"])),
            "label_ids": sorted({targets.label(name) for name in self._labels(issue, state)}),
            "created_by": targets.user(_maybe(state["reporter"])),
        }

    def _texts(self, issue: Issue, summary: str, description: str) -> tuple[str, str]:
        title = one_line(summary)
        if not title:
            self._report.note("empty_title", NO_TITLE, issue.key)
            title = issue.key
        if len(title) > TITLE_MAX:
            self._report.note("long_title", LONG_TITLE, f"{issue.key} ({len(title)} characters)")
            description = f"{title}\n\n{description}" if description else title
            title = shortened(title, TITLE_MAX)
        return title, self._cut(description, f"{issue.key}, description")

    def _cut(self, text: str, where: str) -> str:
        if len(text) > DESCRIPTION_MAX:
            self._report.note("long_text", LONG_TEXT, f"{where} ({len(text)} characters)")
        return shortened(text, DESCRIPTION_MAX)

    def _labels(self, issue: Issue, state: State) -> list[str]:
        patterns, kind = self._rules.label, state["type"]
        names = [patterns.type.replace("{}", kind)] if isinstance(kind, str) else []
        for field, pattern in (
            ("components", patterns.component),
            ("versions", patterns.version),
            ("labels", patterns.label),
        ):
            held = state[field]
            if isinstance(held, frozenset):
                names += [pattern.replace("{}", name) for name in sorted(held)]
        names = [name for name in names if one_line(name)]
        if len(names) > LABELS_MAX:
            self._report.note("many_labels", MANY_LABELS, f"{issue.key} ({len(names)})")
        return names[:LABELS_MAX]

    def _complete(self, issue: Issue, planned: list[PlannedState]) -> None:
        """Say when the task was completed, at each state."""
        open_ = [i for i, state in enumerate(planned) if state.fields["status"] != "completed"]
        last_open = open_[-1] if open_ else -1
        since: str | None = None
        for i, state in enumerate(planned):
            if state.fields["status"] != "completed":
                since = None
            elif since is None:
                since = issue.resolved if i > last_open and issue.resolved else state.at
            state.fields["completed_at"] = since


def differences(before: Fields, after: Fields) -> Fields:
    """What of `after` is not as before."""
    return {name: value for name, value in after.items() if before.get(name) != value}


FINGERPRINTED = (
    "title", "description", "status", "priority", "due_at", "assignee_id", "created_by",
    "project_id", "parent_id", "label_ids",
)  # fmt: skip


def field_digests(fields: Mapping[str, Any]) -> str:
    """Six characters for each field, by which a later import sees which of them have changed."""
    return "".join(digest(repr(fields[name]), size=6) for name in FINGERPRINTED)


def changed_fields(one: str, other: str) -> set[str]:
    """The fields whose digests differ; all of them when either text is not of this kind."""
    if len(one) != len(other) or len(one) != 6 * len(FINGERPRINTED):
        return set(FINGERPRINTED)
    return {
        name
        for i, name in enumerate(FINGERPRINTED)
        if one[6 * i : 6 * i + 6] != other[6 * i : 6 * i + 6]
    }


def _text(state: State, name: str) -> str:
    value = state[name]
    return value if isinstance(value, str) else ""


def _maybe(value: object) -> str | None:
    return value if isinstance(value, str) else None
