"""Replaying an issue's changelog: the states it went through, from its creation to its fields.

The state at the creation is what the first entry about each field says it was before; where an issue
has no entry about a field, it has always been what it is. Entries are applied in the order of time.
What an entry says a field was before, and what the entries before it made of it, can differ: then
the entry is still applied, and the difference is noted. Where the last entry leads elsewhere than
the issue's fields, a correction follows, and is noted.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tidework.transfer.jira_shape import History, Issue, Item
from tidework.transfer.report import ImportReport
from tidework.transfer.text import BadRecord, day, one_line, shortened

Value = str | frozenset[str] | None
State = dict[str, Value]
Renamed = Mapping[tuple[str, str], Mapping[str, str]]
Canonical = Callable[[str], str]

FIELDS = {
    "status": "status",
    "resolution": "resolution",
    "priority": "priority",
    "issuetype": "type",
    "issue type": "type",
    "type": "type",
    "assignee": "assignee",
    "reporter": "reporter",
    "summary": "summary",
    "description": "description",
    "duedate": "due",
    "due date": "due",
    "labels": "labels",
    "component": "components",
    "fix version": "versions",
    "parent": "parent",
    "issueparentassociation": "parent",
    "key": "project",
}
"""Which part of an issue each field of the changelog is about."""

_SETS = frozenset({"components", "versions"})
_ELSEWHERE = frozenset({"link", "project"})

FROM = "entries that say a field was something else before than the entries before them made it"
END = "fields that the changelog leaves elsewhere than the issue has them; corrected at the end"
ORDER = "changelogs whose entries are not in the order of their times; replayed by time"
EARLY = "changelog entries older than their issue; kept with their own times"
DATE = "entries with a date that cannot be read, left out"
RENAMED = (
    "words of the changelog that were renamed there later; what was renamed bears its last name"
)
NOT_TAKEN = "changelog entries about a field that a task does not have"


class Step(NamedTuple):
    """A state of the issue, who made it so, and when. `correction` when no entry says so."""

    at: str
    actor: str | None
    state: State
    correction: bool = False


class _Edit(NamedTuple):
    field: str
    before: Value
    after: Value
    before_id: str | None = None
    after_id: str | None = None


class Replay:
    """Replays issues; everything that contradicts itself goes into the report.

    `person` and `key` give the one name of people and issues that have several.
    """

    def __init__(
        self, renamed: Renamed, person: Canonical, key: Canonical, report: ImportReport
    ) -> None:
        self._renamed = renamed
        self._person = person
        self._key = key
        self._report = report
        self._renamings: set[str] = set()

    def steps(self, issue: Issue, skip: int = 0) -> list[Step]:
        """The states from the creation on, or, with `skip`, from after that many entries on; the
        last one is that of the issue's fields. Entries without an effect here make no step.
        """
        histories = self.ordered(issue)[skip:]
        end = self.final_state(issue)
        entries = [(history, self._edits(issue, history)) for history in histories]
        state = _beginning(end, [edit for _, edits in entries for edit in edits])
        creator = issue.creator or issue.reporter
        steps = [Step(issue.created, creator, dict(state))]
        last_ids: dict[str, str | None] = {}
        for history, edits in entries:
            if not edits:
                continue
            for edit in edits:
                self._apply(issue, history, state, edit, last_ids)
            steps.append(Step(history.at, history.author, dict(state)))
        wrong = [name for name in end if not _equal(state[name], end[name])]
        for name in wrong:
            left, held = _shown(state[name]), _shown(end[name])
            self._note(f"end_{name}", END, f"{issue.key}: {name} is {held}, changelog left {left}")
        if wrong or state != end:
            at = max([issue.updated, *(step.at for step in steps)])
            if wrong:
                steps.append(Step(at, None, dict(end), correction=True))
            else:
                # Line ends and blanks: the last entry's text is the field's.
                steps[-1] = steps[-1]._replace(state=dict(end))
        return steps

    def final_state(self, issue: Issue) -> State:
        """The state that the issue's fields describe."""
        return {
            "status": issue.status,
            "resolution": issue.resolution,
            "priority": issue.priority,
            "type": issue.type,
            "assignee": self._person(issue.assignee) if issue.assignee else None,
            "reporter": self._person(issue.reporter) if issue.reporter else None,
            "summary": issue.summary,
            "description": issue.description,
            "due": issue.due,
            "labels": frozenset(issue.labels),
            "components": frozenset(c.name for c in issue.components),
            "versions": frozenset(v.name for v in issue.versions),
            "parent": self._key(issue.parent) if issue.parent else None,
            "project": issue.project_key,
        }

    def ordered(self, issue: Issue) -> list[History]:
        """The entries of an issue in the order of time."""
        times = [history.at for history in issue.histories]
        ordered = sorted(issue.histories, key=lambda h: (h.at, len(h.id), h.id))
        # Jira's newer versions give the last entry first.
        if times not in (sorted(times), sorted(times, reverse=True)):
            self._note("order", ORDER, issue.key)
        return ordered

    def _edits(self, issue: Issue, history: History) -> list[_Edit]:
        if history.at < issue.created:
            self._note("early", EARLY, f"{issue.key}, entry {history.id} of {history.at}")
        edits: list[_Edit] = []
        for item in dict.fromkeys(history.items):
            name = FIELDS.get(item.field.lower())
            if name is None:
                if item.field.lower() not in _ELSEWHERE:
                    kind = f"not taken over: changelog of {shortened(one_line(item.field), 60)}"
                    self._note(kind, NOT_TAKEN, f"{issue.key}, entry {history.id}")
                continue
            try:
                edit = self._edit(name, item)
            except BadRecord as error:
                self._note("date", DATE, f"{issue.key}, entry {history.id}: {error}")
                continue
            # Jira writes one move as both `type` and `issuetype`.
            if edit not in edits:
                edits.append(edit)
        return edits

    def _edit(self, name: str, item: Item) -> _Edit:
        before, after = item.from_text or None, item.to_text or None
        if name in ("assignee", "reporter"):
            return _Edit(
                name, *(self._person(i) if i else None for i in (item.from_id, item.to_id))
            )
        if name == "parent":
            return _Edit(name, *(self._key(k) if k else None for k in (before, after)))
        if name == "due":
            return _Edit(
                name,
                day(item.from_id or before, "the date before"),
                day(item.to_id or after, "the date after"),
            )
        if name == "labels":
            return _Edit(name, frozenset((before or "").split()), frozenset((after or "").split()))
        if name == "project":
            return _Edit(name, _project(before), _project(after))
        if name in _SETS:
            return _Edit(name, self._name(item, False), self._name(item, True))
        if name in ("summary", "description"):
            return _Edit(name, before or "", after or "")
        return _Edit(name, before, after, item.from_id or None, item.to_id or None)

    def _name(self, item: Item, after: bool) -> str | None:
        """The present name of what a component or version was called."""
        id_, name = (item.to_id, item.to_text) if after else (item.from_id, item.from_text)
        if not name or not id_:
            return name or None
        names = self._renamed.get((item.field.lower(), id_), {name: ""})
        last = max(names, key=lambda known: (names[known], known))
        if last != name:
            self._note_renamed(f"{item.field} {name} is now {last}")
        return last

    def _apply(
        self,
        issue: Issue,
        history: History,
        state: State,
        edit: _Edit,
        last_ids: dict[str, str | None],
    ) -> None:
        name = edit.field
        held = state[name]
        where = f"{issue.key}, entry {history.id}"
        if isinstance(held, frozenset) and name in _SETS:
            if edit.before is not None and edit.before not in held:
                self._note(f"from_{name}", FROM, f"{where}: took away {edit.before}, not there")
            if edit.after is not None and edit.after in held:
                self._note(f"from_{name}", FROM, f"{where}: added {edit.after}, there already")
            gone = {edit.before} if isinstance(edit.before, str) else set()
            come = {edit.after} if isinstance(edit.after, str) else set()
            state[name] = (held - gone) | come
            return
        if not _equal(held, edit.before):
            said, was = _shown(edit.before), _shown(held)
            if edit.before_id and last_ids.get(name) == edit.before_id:
                self._note_renamed(f"{name} {was} is now {said}")
            else:
                self._note(f"from_{name}", FROM, f"{where}: {name} was {was}, not {said}")
        state[name] = edit.after
        last_ids[name] = edit.after_id

    def _note_renamed(self, example: str) -> None:
        if example not in self._renamings:
            self._renamings.add(example)
            self._note("renamed", RENAMED, example)

    def _note(self, kind: str, meaning: str, example: str) -> None:
        self._report.note(kind, meaning, example)


def _beginning(end: State, edits: list[_Edit]) -> State:
    """The state before the first of the edits, as they and the end say."""
    state = dict(end)
    for edit in reversed(edits):
        held = state[edit.field]
        if edit.field in _SETS and isinstance(held, frozenset):
            gone = {edit.after} if isinstance(edit.after, str) else set()
            come = {edit.before} if isinstance(edit.before, str) else set()
            state[edit.field] = (held - gone) | come
        else:
            state[edit.field] = edit.before
    return state


def _project(key: str | None) -> str | None:
    return key.rpartition("-")[0] or None if key else None


def _equal(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return _plain(one) == _plain(other)
    return (one or None) == (other or None)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _shown(value: Value) -> str:
    if value is None:
        return "nothing"
    text = ", ".join(sorted(value)) if isinstance(value, frozenset) else value
    return repr(shortened(one_line(text), 60))
