"""A workspace worth looking at: eight people, four projects, six weeks of work.

Everything follows from the moment that its owner's account was made, so that a run that was
interrupted is gone on with where it was.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tidework.errors import Conflict
from tidework.log import Change, Commit, Values
from tidework.store.protocol import Store
from tidework.times import parse
from tidework.transfer.demo_read import Event, Relation, Team, read_events, read_team
from tidework.transfer.report import Progress
from tidework.transfer.stable_ids import stable_id
from tidework.workspaces.api import admission, name_key

OWNER = "robin"
"""Whose account it is: the short name of one of the team."""

PersonOf = Callable[[str, str], Awaitable[str]]


def address(person: str) -> str:
    """The e-mail address of somebody of the team (RFC 2606: nobody can have it)."""
    return f"{person}@slackwater.example"


def owner_name() -> str:
    """The name of the owner's account."""
    return read_team().people[OWNER][0]


def workspace_of(owner_id: str, begun: str) -> str:
    """The id of the workspace that belongs to an owner's account, made at the time `begun`."""
    return stable_id(begun, owner_id, "demo")


async def build_demo(
    store: Store, owner_id: str, begun: str, person: PersonOf, progress: Progress | None = None
) -> str:
    """Make the workspace, or what is missing of it; its id.

    `begun` is when the owner's account was made; `person` gives the account of a name and an
    address. Each event is a commit of its own, with the time at which it happened. Raises
    `Conflict` when the workspace is complete, or was changed before it was.
    """
    team = read_team()
    workspace_id = workspace_of(owner_id, begun)
    people = {OWNER: owner_id}
    for short, (name, _) in team.people.items():
        if short != OWNER:
            people[short] = await person(name, address(short))
    commits = _Commits(team, workspace_id, people, parse(begun)).all()
    seq = (await store.seqs([workspace_id])).get(workspace_id, 0)
    if seq >= len(commits):
        raise Conflict(f"The demo is complete already: workspace {workspace_id}.")
    for done in range(seq, len(commits)):
        await store.append(commits[done])
        if progress is not None:
            progress(done + 1, len(commits))
    return workspace_id


class _Commits:
    def __init__(
        self, team: Team, workspace_id: str, people: Mapping[str, str], today: datetime
    ) -> None:
        self._team = team
        self._workspace_id = workspace_id
        self._people = people
        self._today = today
        self._made: dict[str, str] = {}

    def all(self) -> list[Commit]:
        """Every commit, in the order of their times; the first makes the workspace."""
        events, relations = read_events(self._team, self._today)
        self._made = {event.task: event.at for event in events if event.kind == "create"}
        begun = min(events).at[:10] + "T07:30:00.000000Z"
        commits = [self._founding(begun)]
        timed = [(event.at, self._event(event)) for event in events]
        timed += [(relation.at, self._relation(relation)) for relation in relations]
        # Stable: a relation follows the creation that it has its time from.
        timed.sort(key=lambda pair: pair[0])
        for at, commit in timed:
            assert at >= begun
            commits.append(commit)
        for index, commit in enumerate(commits[1:], 1):
            # A commit of somebody else in between would make this one a guess.
            commits[index] = _on_top_of(commit, index)
        return commits

    def _founding(self, at: str) -> Commit:
        owner = self._people[OWNER]
        name = self._team.workspace
        changes = [
            _create(
                "workspace", self._workspace_id, name=name, personal=False, created_by=owner,
                created_at=at, deleted_at=None,
            )
        ]  # fmt: skip
        operations = []
        for short, (_, role) in self._team.people.items():
            user_id = self._people[short]
            changes.append(_create("member", user_id, role=role, created_at=at))
            operations += admission(self._workspace_id, user_id)
        for short, (name, text, color) in self._team.projects.items():
            changes.append(
                _create(
                    "project", self._id("project", short, at), name=name, name_key=name_key(name),
                    description=text, color=color, archived=False, created_at=at,
                )
            )  # fmt: skip
        for name, color in self._team.labels.items():
            changes.append(
                _create(
                    "label", self._id("label", name, at), name=name, name_key=name_key(name),
                    color=color, created_at=at,
                )
            )  # fmt: skip
        self._begun = at
        return Commit(
            stream_id=self._workspace_id,
            actor_id=owner,
            at=at,
            creates="workspace",
            changes=changes,
            operations=operations,
            authorship=[(owner, at)] * len(changes),
        )

    def _event(self, event: Event) -> Commit:
        task_id = self._task(event.task)
        actor = self._people[event.person]
        if event.kind == "comment":
            change = _create(
                "comment", self._id("comment", f"{event.task}/{event.at}", event.at),
                task_id=task_id, author_id=actor, body=event.comment, created_at=event.at,
            )  # fmt: skip
        elif event.kind == "create":
            fields = self._fields(event.fields)
            change = _create(
                "task", task_id, number=None, position=None, **fields, created_by=actor,
                created_at=event.at, completed_at=None,
            )  # fmt: skip
        else:
            fields = self._fields(event.fields)
            if "status" in fields:
                completed = fields["status"] == "completed"
                fields["completed_at"] = event.at if completed else None
            change = Change("task", task_id, "update", fields)
        return self._commit(actor, event.at, [change])

    def _relation(self, relation: Relation) -> Commit:
        what = f"{relation.kind}/{relation.task}/{relation.other}"
        change = _create(
            "relation", self._id("relation", what, relation.at), kind=relation.kind,
            task_id=self._task(relation.task), other_id=self._task(relation.other),
            created_at=relation.at,
        )  # fmt: skip
        return self._commit(self._people[relation.person], relation.at, [change])

    def _fields(self, given: Values) -> Values:
        """The fields with ids in the place of short names."""
        fields = dict(given)
        if fields.get("project_id"):
            fields["project_id"] = self._id("project", fields["project_id"], self._begun)
        if fields.get("parent_id"):
            fields["parent_id"] = self._task(fields["parent_id"])
        if fields.get("assignee_id"):
            fields["assignee_id"] = self._people[fields["assignee_id"]]
        if "label_ids" in fields:
            names = fields["label_ids"]
            fields["label_ids"] = [self._id("label", name, self._begun) for name in names]
        return fields

    def _task(self, key: str) -> str:
        return self._id("task", key, self._made[key])

    def _id(self, kind: str, name: str, at: str) -> str:
        return stable_id(at, self._workspace_id, kind, name)

    def _commit(self, actor: str, at: str, changes: Sequence[Change]) -> Commit:
        # An invented past, as an imported one, is no news to anybody.
        return Commit(
            stream_id=self._workspace_id,
            actor_id=actor,
            at=at,
            changes=changes,
            authorship=[(actor, at)] * len(changes),
        )


def _on_top_of(commit: Commit, seq: int) -> Commit:
    return Commit(
        stream_id=commit.stream_id,
        actor_id=commit.actor_id,
        at=commit.at,
        changes=commit.changes,
        authorship=commit.authorship,
        base_seq=seq,
    )


def _create(entity: str, id_: str, **fields: Any) -> Change:
    return Change(entity, id_, "create", fields)
