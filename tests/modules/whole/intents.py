"""What somebody may want to do, before it is known to what: drawn by Hypothesis, bound to the model.

An intent says "the third task" and not an id, so that what is drawn never depends on the answers.
"""

import uuid
from dataclasses import dataclass, fields, replace
from typing import Any

from hypothesis import strategies as st
from tests.modules.whole.commands import (
    AddMember,
    ChangeItem,
    ChangeRole,
    Command,
    DeleteWorkspace,
    MakeItem,
    RemoveItem,
    RemoveMember,
    Rename,
    Undo,
)
from tests.modules.whole.hanging import Relate, Reword, Say, Unrelate, Unsay
from tests.modules.whole.model import UNKNOWN, Space
from tests.modules.whole.tasks import BatchTasks, DeleteTask, MakeTask, PatchTask

TITLES = ("Mend the boat", " Sail ", "tide table", "Sail the tide", "boat", "a" * 200)
BAD_TITLES = ("   ", "a" * 201)
DUE = (
    "2020-02-29T12:00:00+14:00",
    "2021-01-01T00:00:00Z",
    "2099-12-31T23:30:00-05:00",
    "2099-12-31T23:59:59.999999Z",
)
NAMES = ("Apollo", "apollo", " Gemini ", "Vostok", "Soyuz", "x" * 100, "")
GUESTS = ("guest0@example.com", "Guest0@Example.com", "guest1@example.com", "nobody")
PLACES = ("5", "0V", "Zz", "AAAA1", "Y")


@dataclass(frozen=True)
class Pick:
    """Some thing of a kind."""

    kind: str
    number: int


@dataclass(frozen=True)
class Version:
    """`If-Match` for the command's thing: the right one, a wrong one, any, several."""

    how: str
    number: bool = False


_numbers = st.integers(0, 24)


def pick(kind: str) -> st.SearchStrategy[Any]:
    return st.builds(Pick, st.just(kind), _numbers)


_versions = st.sampled_from([None, None, None, "right", "right", "wrong", "any", "list", "weak"])
if_match = _versions.map(lambda how: how and Version(how))
_batch_match = st.sampled_from([None, None, "right", "wrong"]).map(
    lambda how: how and Version(how, number=True)
)
_positions = st.one_of(
    st.fixed_dictionaries({"after": st.none() | pick("task")}),
    st.fixed_dictionaries({"before": st.none() | pick("task")}),
    st.fixed_dictionaries({"after": pick("task"), "before": pick("task")}),
    st.sampled_from(PLACES),
)
_titles = st.sampled_from(TITLES * 4 + BAD_TITLES)
_common: dict[str, st.SearchStrategy[Any]] = {
    "description": st.sampled_from(["", "at high tide", "*low* water"]),
    "status": st.sampled_from(["completed", "pending", "in_progress", "cancelled"]),
    "priority": st.sampled_from(["low", "medium", "high", "urgent"]),
    "due_at": st.none() | st.sampled_from(DUE),
    "project_id": st.none() | pick("project"),
    "parent_id": st.none() | pick("task"),
    "assignee_id": st.none() | pick("member"),
    "label_ids": st.lists(pick("label"), max_size=3),
    "position": _positions,
}
_new_task = st.fixed_dictionaries({"title": _titles}, optional=_common)
_fields = {"title": _titles, **_common}
# Mostly one field, as people do; of many, one is often wrong.
_patch = st.one_of(
    st.fixed_dictionaries({}, optional=_fields),
    *(st.fixed_dictionaries({name: value}) for name, value in _fields.items()),
    st.fixed_dictionaries({"parent_id": pick("task")}),
    st.fixed_dictionaries({"status": _fields["status"]}),
)
_operation = st.one_of(
    st.fixed_dictionaries(
        {"op": st.just("create"), "data": _new_task}, optional={"id": pick("own")}
    ),
    st.fixed_dictionaries(
        {"op": st.just("update"), "id": pick("own"), "data": _patch},
        optional={"if_match": _batch_match},
    ),
    st.fixed_dictionaries(
        {"op": st.just("delete"), "id": pick("own")}, optional={"if_match": _batch_match}
    ),
)
_roles = st.sampled_from(["editor", "viewer", "commenter", "owner"])
_kinds = st.sampled_from(["blocks", "blocked_by", "duplicates", "duplicated_by", "relates_to"])
_item_kinds = st.sampled_from(["label", "project"])
_item = st.fixed_dictionaries(
    {"name": st.sampled_from(NAMES)}, optional={"color": st.sampled_from([None, "#00ff00"])}
)
_item_patch = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(NAMES),
        "color": st.sampled_from([None, "#00ff00"]),
        "archived": st.booleans(),
    },
)
_bodies = st.sampled_from(["Done", "Not yet", "*why?*", " \n"])


def _patch_task(**more: Any) -> Any:
    return st.builds(PatchTask, id=pick("task"), data=_patch, if_match=if_match, **more)


_weighted: list[tuple[int, st.SearchStrategy[Any]]] = [
    (4, st.builds(MakeTask, data=_new_task)),
    (4, _patch_task()),
    (2, _patch_task(number=st.just(Pick("number", 0)))),
    (3, st.builds(BatchTasks, operations=st.lists(_operation, min_size=1, max_size=6))),
    (1, st.builds(DeleteTask, id=pick("task"), if_match=if_match)),
    (2, st.builds(Say, task_id=pick("task"), body=_bodies)),
    (1, st.builds(Reword, comment_id=pick("comment"), body=_bodies, if_match=if_match)),
    (1, st.builds(Unsay, comment_id=pick("comment"), if_match=if_match)),
    (3, st.builds(Relate, task_id=pick("task"), kind=_kinds, other_id=pick("task"))),
    (1, st.builds(Unrelate, task_id=pick("task"), kind=_kinds, other_id=pick("task"))),
    (1, st.builds(Unrelate, task_id=pick("relation"), kind=_kinds, other_id=pick("task"))),
    (6, st.builds(Undo, seq=pick("seq"))),
    (1, st.builds(MakeItem, kind=_item_kinds, values=_item)),
    (
        2,
        st.builds(
            ChangeItem, kind=_item_kinds, id=pick("item"), values=_item_patch, if_match=if_match
        ),
    ),
    (1, st.builds(RemoveItem, kind=_item_kinds, id=pick("item"), if_match=if_match)),
    (1, st.builds(AddMember, email=pick("email"), new_role=_roles)),
    (2, st.builds(ChangeRole, user_id=pick("member"), new_role=_roles, if_match=if_match)),
    (1, st.builds(RemoveMember, user_id=pick("member"), if_match=if_match)),
    (1, st.builds(Rename, name=st.sampled_from(NAMES), if_match=if_match)),
]
_often = st.one_of([strategy for weight, strategy in _weighted for _ in range(weight)])
# In the middle, since Hypothesis likes the ends of a range.
intents = st.integers(1, 100).flatmap(
    lambda n: st.builds(DeleteWorkspace, if_match=if_match) if n == 40 else _often
)


@dataclass(frozen=True)
class Call:
    """Somebody's intent in some workspace; `stale` when they act by what they were at first."""

    space: int
    actor: int
    intent: Any
    stale: bool = False


calls = st.builds(
    Call,
    space=st.integers(0, 14),
    actor=st.integers(0, 15),
    intent=intents,
    stale=st.sampled_from([False, False, False, True]),
)


class Binder:
    """Puts ids in the place of picks. `foreign` has an id of each kind from another workspace."""

    def __init__(
        self, space: Space, foreign: dict[str, str], emails: list[str], round_number: int
    ) -> None:
        self._space = space
        self._foreign = foreign
        self._emails = [*emails, *GUESTS]
        self._round = round_number

    def bind(self, intent: Any) -> Command:
        """The command that an intent stands for now."""
        kind = getattr(intent, "kind", "")
        if isinstance(intent, Unrelate) and intent.task_id.kind == "relation":
            return self._unrelate(intent)
        values = {f.name: self._value(getattr(intent, f.name), kind) for f in fields(intent)}
        target = next((values[n] for n in ("id", "user_id", "comment_id") if n in values), None)
        kinds = {"user_id": "member", "comment_id": "comment"}
        target_kind = next((kinds[n] for n in kinds if n in values), kind or "task")
        if isinstance(intent, (Rename, DeleteWorkspace)):
            target, target_kind = self._space.id, "workspace"
        if isinstance(values.get("if_match"), Version):
            values["if_match"] = self._header(values["if_match"], target_kind, target)
        if isinstance(intent, PatchTask) and values["number"] is not None:
            task = self._space.things["task"].get(values["id"])
            values["number"] = None if task is None else task["number"]
        bound: Command = replace(intent, **values)
        return bound

    def _unrelate(self, intent: Unrelate) -> Command:
        """The end of a relation that there is, seen from either side."""
        relation = self._space.things["relation"].get(self._id(intent.task_id, ""))
        if relation is None:
            return Unrelate(UNKNOWN, intent.kind, UNKNOWN)
        kind, ends = relation["kind"], (relation["task_id"], relation["other_id"])
        if intent.other_id.number % 2:
            back = {"blocks": "blocked_by", "duplicates": "duplicated_by"}
            kind, ends = back.get(kind, kind), (ends[1], ends[0])
        return Unrelate(ends[0], kind, ends[1])

    def _header(self, wanted: Version, kind: str, thing_id: Any) -> Any:
        version = self._space.version(kind, thing_id) or 7777
        if wanted.number:
            return version if wanted.how == "right" else version + 1
        return {
            "right": f'"{version}"',
            "wrong": f'"{version + 1}", "abc"',
            "any": "*",
            "list": f'"999999", "{version}"',
            "weak": f'W/"{version}"',
        }[wanted.how]

    def _value(self, value: Any, kind: str) -> Any:
        if isinstance(value, Pick):
            return self._id(value, kind)
        if isinstance(value, dict):
            bound = {name: self._value(item, kind) for name, item in value.items()}
            if isinstance(bound.get("if_match"), Version):
                bound["if_match"] = self._header(bound["if_match"], "task", bound["id"])
            return bound
        if isinstance(value, list):
            return [self._value(item, kind) for item in value]
        return value

    def _id(self, wanted: Pick, kind: str) -> Any:
        number = wanted.number
        space = self._space
        if wanted.kind == "seq":
            # The newest first; the last of all lies in the future.
            return space.seq + 1 if number == 17 else space.seq - number % min(space.seq, 15)
        if wanted.kind == "email":
            return self._emails[number % len(self._emails)]
        if wanted.kind == "number":
            return number
        if wanted.kind == "own" and number % 4 == 3:
            return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._round} {number % 3}"))
        name = {"own": "task", "item": kind}.get(wanted.kind, wanted.kind)
        return space.numbered(name, number, self._foreign[name])
