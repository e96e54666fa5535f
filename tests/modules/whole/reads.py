"""Reading: what lists, single things and statistics must say, worked out from the model."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from hypothesis import strategies as st
from tests.modules.whole.intents import DUE, Pick, pick
from tests.modules.whole.model import UNKNOWN, Fields, Space
from tests.modules.whole.system import System
from tests.modules.whole.tasks import moment

from tidework.tasks.filters import PRIORITIES, STATUSES, read_task_query
from tidework.times import now

SORTS = ("created_at", "updated_at", "due_at", "priority", "position", "number", "title")
_RANK = {name: rank for rank, name in enumerate(PRIORITIES)}
_FILTERED = {"assignee": "assignee_id", "project": "project_id", "parent": "parent_id"}
_TARGETS = {"assignee": "member", "project": "project", "parent": "task", "label": "label"}

_ids: dict[str, st.SearchStrategy[Any]] = {
    name: st.lists(pick(kind) | st.just("none"), min_size=1, max_size=2)
    for name, kind in _TARGETS.items()
    if name != "label"
}
_filters: dict[str, st.SearchStrategy[Any]] = {
    **_ids,
    "label": st.lists(pick("label"), min_size=1, max_size=2),
    "status": st.lists(st.sampled_from(STATUSES), min_size=1, max_size=2),
    "priority": st.lists(st.sampled_from(PRIORITIES), min_size=1, max_size=2),
    "due_before": st.sampled_from(DUE),
    "due_after": st.sampled_from(DUE),
    "overdue": st.just("true"),
    "q": st.sampled_from(["boat", "TIDE", "sail tid", "high", "mend the", "zebra", "*", "wat"]),
}
# Few at a time: what matches nothing says little.
_some = st.lists(
    st.one_of([st.tuples(st.just(name), value) for name, value in _filters.items()]), max_size=2
)
_order = st.fixed_dictionaries(
    {"sort": st.sampled_from([way + name for name in SORTS for way in ("-", "")])},
    optional={"limit": st.integers(1, 3)},
)
queries = st.builds(lambda some, order: {**dict(some), **order}, _some, _order)


def _closed(task: Fields) -> bool:
    return task["status"] in ("completed", "cancelled")


def _fits(task: Fields, query: Fields) -> bool:
    for name, column in _FILTERED.items():
        wanted = [None if value == "none" else value for value in query.get(name, ())]
        if wanted and task[column] not in wanted:
            return False
    for name in ("status", "priority"):
        if name in query and task[name] not in query[name]:
            return False
    if "label" in query and not set(query["label"]) & set(task["label_ids"]):
        return False
    due = task["due_at"]
    if "due_before" in query and (due is None or due >= moment(query["due_before"])):
        return False
    if "due_after" in query and (due is None or due <= moment(query["due_after"])):
        return False
    if "overdue" in query and (due is None or due >= now() or _closed(task)):
        return False
    if "q" in query:
        wanted = re.findall(r"\w+", query["q"].lower())
        words = re.findall(r"\w+", f"{task['title']} {task['description']}".lower())
        return bool(wanted) and all(any(w.startswith(x) for w in words) for x in wanted)
    return True


def _sorted(tasks: list[Fields], sort: str) -> list[Fields]:
    name, down = sort.removeprefix("-"), sort.startswith("-")
    last = "0" if down else "~"

    def key(task: Fields) -> Any:
        value = task[name]
        if name == "due_at":
            value = value or last
        elif name == "priority":
            value = _RANK[value]
        elif name == "title":
            value = value.lower()
        return value, task["id"]

    return sorted(tasks, key=key, reverse=down)


class Reader:
    """Somebody who reads a workspace and compares."""

    def __init__(self, system: System, space: Space) -> None:
        self._system = system
        self._space = space

    def _bound(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._bound(item) for item in value]
        if isinstance(value, Pick):
            return self._space.numbered(value.kind, value.number, UNKNOWN)
        return value

    def tasks(self) -> list[Fields]:
        """All tasks as they must be shown."""
        return [self._space.task(task_id) for task_id in self._space.things["task"]]

    async def page(self, query: Fields, **more: Any) -> Any:
        """One page as the service gives it."""
        values = {n: ",".join(v) if isinstance(v, list) else v for n, v in (query | more).items()}
        raw = urlencode(values).encode()
        tasks = self._system.services.tasks
        asked = read_task_query(raw, self._space.id, UNKNOWN, tasks.dialect)
        seq, page = await tasks.page(asked)
        assert seq in (0, self._space.seq)
        return msgspec.to_builtins(page)

    async def check_list(self, query: Fields) -> None:
        """A list, by cursor, by page, and counted."""
        query = {name: self._bound(value) for name, value in query.items()}
        fitting = [task for task in self.tasks() if _fits(task, query)]
        wanted = _sorted(fitting, query.get("sort", "created_at"))
        limit = query.get("limit", 20)
        got: list[Fields] = []
        cursor: Fields = {}
        while True:
            page = await self.page(query, **cursor)
            got += page["items"]
            assert len(page["items"]) == limit or page["next_cursor"] is None
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert [t["number"] for t in got] == [t["number"] for t in wanted], query
        assert got == wanted, query
        number = 1 + len(wanted) // (2 * limit)
        page = await self.page(query, page=number, total="true")
        assert page["items"] == wanted[(number - 1) * limit : number * limit]
        assert page["total"] == len(wanted)
        assert page["pages"] == -(-len(wanted) // limit)

    async def check_things(self) -> None:
        """Every single thing, through its own query."""
        space, services = self._space, self._system.services
        for task_id in space.things["task"]:
            await self._check_task(task_id)
        for kind, items in (("project", services.projects), ("label", services.labels)):
            seq, rows = await items.all(space.id)
            assert seq == space.seq
            by_name = sorted(
                space.things[kind], key=lambda x: space.things[kind][x]["name"].lower()
            )
            assert [row[0] for row in rows] == by_name
            for row in rows:
                assert (await items.get(space.id, row[0]))[1] == row
                assert list(row[-2:]) == [
                    space.view(kind, row[0])[n] for n in ("updated_at", "version")
                ]
        members = await services.workspaces.members(space.id)
        shown = {m.user_id: (m.role, m.created_at, m.updated_at, m.version) for m in members}
        views = {x: space.view("member", x) for x in space.things["member"]}
        names = ("role", "created_at", "updated_at", "version")
        assert shown == {x: tuple(view[n] for n in names) for x, view in views.items()}

    async def _check_task(self, task_id: str) -> None:
        space, services = self._space, self._system.services
        wanted = space.task(task_id)
        for key in (task_id, str(wanted["number"])):
            seq, task = await services.tasks.get(space.id, key)
            assert (seq, msgspec.to_builtins(task)) == (space.seq, wanted)
        said = [x for x, c in space.things["comment"].items() if c["task_id"] == task_id]
        comments: list[Any] = []
        raw = b"limit=2"
        while True:
            _, page = await services.comments.page(space.id, task_id, raw)
            comments += msgspec.to_builtins(page.items)
            if page.next_cursor is None:
                break
            raw = f"limit=2&cursor={page.next_cursor}".encode()
        views = [space.view("comment", x) for x in said]
        assert comments == sorted(views, key=lambda c: (c["created_at"], c["id"]))
        _, found = await services.relations.all(space.id, task_id)
        seen = {(r.kind, r.task_id) for r in found}
        assert seen == self._relations(task_id)
        assert len(seen) == len(found)

    def _relations(self, task_id: str) -> set[tuple[str, str]]:
        back = {"blocks": "blocked_by", "duplicates": "duplicated_by", "relates_to": "relates_to"}
        found = set()
        for relation in self._space.things["relation"].values():
            if relation["task_id"] == task_id:
                found.add((relation["kind"], relation["other_id"]))
            elif relation["other_id"] == task_id:
                found.add((back[relation["kind"]], relation["task_id"]))
        return found

    async def check_histories(self, histories: dict[str, list[Fields]]) -> None:
        """A task's history is what a client has seen of it."""
        for task_id, wanted in histories.items():
            got: list[Any] = []
            raw = b"limit=3"
            while True:
                page = await self._system.services.log.history(self._space.id, task_id, raw)
                got += msgspec.to_builtins(page.items)
                if page.next_cursor is None:
                    break
                raw = f"limit=3&cursor={page.next_cursor}".encode()
            assert got == wanted

    async def check_stats(self) -> None:
        """The counts."""
        counted = self._system.services.stats.workspace(self._space.id, b"days=2")
        seq, stats = await counted
        assert seq == self._space.seq
        tasks = self.tasks()
        assert stats.total == len(tasks)
        for name, column in (("status", "status"), ("priority", "priority"), *_FILTERED.items()):
            if name == "parent":
                continue
            counts: dict[str, int] = {}
            for task in tasks:
                counts[task[column] or "none"] = counts.get(task[column] or "none", 0) + 1
            got = getattr(stats, f"by_{name}")
            assert {key: count for key, count in got.items() if count} == counts
        late = [t for t in tasks if t["due_at"] and t["due_at"] < now() and not _closed(t)]
        assert stats.overdue == len(late)
        first = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        assert sum(day.created for day in stats.days) == len(
            [task for task in tasks if task["created_at"] >= first]
        )
        assert sum(day.completed for day in stats.days) == len(
            [task for task in tasks if (task["completed_at"] or "") >= first]
        )
