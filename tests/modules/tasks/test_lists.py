"""Lists of tasks: filters, sorts and both kinds of paging, held against a plain model in Python."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from hypothesis import settings
from tests.modules.tasks.world import NOBODY, batch, items, make, pointer, titles, workspace_of
from tests.services.api import Api, Person

STATUSES = ("pending", "in_progress", "completed", "cancelled")
PRIORITIES = ("low", "medium", "high", "urgent")
WORDS = [
    "alpha", "beta", "Gamma", "delta-one", "Über", "Ümlaut", "naïve", "日本語", "東京", "x-ray",
    "it's", "re_do", "42", "4711", "C++", "été", "straße", "\U0001f600", "Привет", "ok",
]  # fmt: skip
# As long as other tests that throw dice.
ROUNDS = settings().max_examples // 2
Task = dict[str, Any]


def lowered(text: str) -> str:
    """A to Z in lower case, as lists sort."""
    return "".join(c.lower() if c.isascii() else c for c in text)


EARLIEST, LATEST = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
SORTS: dict[str, Callable[[Task, bool], Any]] = {
    "created_at": lambda task, _: task["created_at"],
    "updated_at": lambda task, _: task["updated_at"],
    "due_at": lambda task, down: task["due_at"] or (EARLIEST if down else LATEST),
    "priority": lambda task, _: PRIORITIES.index(task["priority"]),
    "position": lambda task, _: task["position"],
    "number": lambda task, _: task["number"],
    "title": lambda task, _: lowered(task["title"]).encode(),
}


def in_order(tasks: Sequence[Task], sort: str) -> list[Task]:
    name, down = sort.removeprefix("-"), sort.startswith("-")
    key = SORTS[name]
    return sorted(tasks, key=lambda task: (key(task, down), task["id"]), reverse=down)


def words_of(text: str) -> list[str]:
    """The words of a text, as a search compares them."""
    return "".join(c if c.isalnum() else " " for c in text).lower().split()


class World:
    """A workspace with 300 random tasks, and what they refer to."""

    def __init__(self, owner: Person, other: Person) -> None:
        self.random = random.Random(4711)
        self.owner = owner
        self.people = [owner.id, other.id]
        self.projects: list[str] = []
        self.labels: list[str] = []
        self.parents: list[str] = []
        self.now = datetime.now(UTC)

    async def fill(self) -> list[Task]:
        for name in ("one", "two", "three"):
            self.projects.append((await self.owner.made("~/projects", {"name": name}))["id"])
            self.labels.append((await self.owner.made("~/labels", {"name": name}))["id"])
        self.parents = [task["id"] for task in await make(self.owner, "Parent", "parent", "Other")]
        for size in (100, 197):
            await batch(self.owner, *({"op": "create", "data": self.task()} for _ in range(size)))
        found = []
        for page in range(1, 4):
            found += await items(self.owner, f"~/tasks?limit=100&page={page}&sort=number")
        assert [task["number"] for task in found] == list(range(1, 301))
        # Not all changed and made at the same moment, nor in the order of their numbers.
        for chosen in (self.random.sample(found, 50) for _ in range(3)):
            changes = [
                {"op": "update", "id": task["id"], "data": {"description": self.text(6)}}
                for task in chosen
            ]
            await batch(self.owner, *changes)
        await batch(
            self.owner,
            *(
                {
                    "op": "update",
                    "id": task["id"],
                    "data": {"position": self.random.choice("abXYZ19")},
                }
                for task in self.random.sample(found, 40)
            ),
        )
        found = []
        for page in range(1, 4):
            found += await items(self.owner, f"~/tasks?limit=100&page={page}&sort=number")
        return found

    def text(self, longest: int) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(1, longest)))

    def task(self) -> Task:
        rnd = self.random
        data: Task = {
            "title": self.text(4),
            "status": rnd.choice(STATUSES),
            "priority": rnd.choice(PRIORITIES),
        }
        if rnd.random() < 0.5:
            data["description"] = self.text(8)
        if rnd.random() < 0.6:
            days = rnd.randint(-5, 5)
            data["due_at"] = (self.now + timedelta(days=days, hours=1)).isoformat()
        for field, values in (
            ("project_id", self.projects), ("parent_id", self.parents), ("assignee_id", self.people)
        ):  # fmt: skip
            if rnd.random() < 0.6:
                data[field] = rnd.choice(values)
        data["label_ids"] = rnd.sample(self.labels, rnd.choice((0, 0, 1, 2, 3)))
        return data

    def query(self) -> tuple[str, Callable[[Task], bool]]:
        """Random filters: the query string, and what they say in Python."""
        parts: list[str] = []
        tests: list[Callable[[Task], bool]] = []
        rnd = self.random
        for name in rnd.sample(sorted(self.FILTERS), rnd.choice((0, 1, 1, 2, 2, 3, 4))):
            part, test = self.FILTERS[name](self)
            parts.append(part)
            tests.append(test)
        rnd.shuffle(parts)
        return "&".join(parts), lambda task: all(test(task) for test in tests)

    def _several(self, name: str, values: Sequence[str]) -> str:
        """Values of a parameter: repeated, or with commas, or both."""
        text = ""
        for value in values:
            joint = self.random.choice((",", f"&{name}=", ", ")) if text else f"{name}="
            text += quote(joint, safe="&=,") + quote(value)
        return text

    def _choice(self, name: str, allowed: Sequence[str]) -> Any:
        chosen = self.random.sample(allowed, self.random.randint(1, 3))
        return self._several(name, chosen), lambda task: task[name] in chosen

    def _ids(self, name: str, field: str, values: Sequence[str], words: dict[str, Any]) -> Any:
        pool = [*values, *words, NOBODY]
        chosen = self.random.sample(pool, self.random.randint(1, 2))
        meant = [words.get(value, value) for value in chosen]
        spelled = [
            self.random.choice((value, value.upper())) if "-" in value else value
            for value in chosen
        ]
        return self._several(name, spelled), lambda task: task[field] in meant

    def _label(self) -> Any:
        chosen = self.random.sample([*self.labels, NOBODY], self.random.randint(1, 2))
        return self._several("label", chosen), lambda task: bool({*task["label_ids"]} & {*chosen})

    def _due(self, name: str) -> Any:
        moment = self.now + timedelta(days=self.random.randint(-6, 6))
        spelling = self.random.choice(("day", "utc", "east", "west"))
        if spelling == "day":
            text = moment.date().isoformat()
            limit = f"{text}T00:00:00.000000Z"
        else:
            zone = {"utc": 0, "east": 14 * 60, "west": -(9 * 60 + 30)}[spelling]
            local = moment + timedelta(minutes=zone)
            sign = "-" if zone < 0 else "+"
            offset = f"{sign}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}" if zone else "Z"
            text = local.strftime("%Y-%m-%dT%H:%M:%S") + offset
            limit = moment.strftime("%Y-%m-%dT%H:%M:%S") + ".000000Z"
            # A plus sign that somebody forgot to encode is one all the same.
            text = text if self.random.random() < 0.3 else quote(text)
        if name == "due_before":
            return f"{name}={text}", lambda task: task["due_at"] and task["due_at"] < limit
        return f"{name}={text}", lambda task: task["due_at"] and task["due_at"] > limit

    def _overdue(self) -> Any:
        if self.random.random() < 0.3:
            return "overdue=false", lambda task: True
        now = self.now.strftime("%Y-%m-%dT%H:%M:%S")

        def late(task: Task) -> bool:
            due = task["due_at"]
            return bool(due) and due < now and task["status"] in STATUSES[:2]

        return "overdue=true", late

    def _search(self) -> Any:
        text = self.text(2) + self.random.choice(("", "", " \u201equoted\u201c", '"', "*", " AND"))
        if self.random.random() < 0.3:
            text = text[:3]
        wanted = words_of(text)

        def found(task: Task) -> bool:
            has = words_of(task["title"] + " " + task["description"])
            return bool(wanted) and all(any(h.startswith(w) for h in has) for w in wanted)

        return f"q={quote(text)}", found

    FILTERS: ClassVar[dict[str, Callable[["World"], Any]]] = {
        "status": lambda self: self._choice("status", STATUSES),
        "priority": lambda self: self._choice("priority", PRIORITIES),
        "assignee": lambda self: self._ids(
            "assignee", "assignee_id", self.people, {"me": self.owner.id, "none": None}
        ),
        "project": lambda self: self._ids("project", "project_id", self.projects, {"none": None}),
        "parent": lambda self: self._ids("parent", "parent_id", self.parents, {"none": None}),
        "label": lambda self: self._label(),
        "due_before": lambda self: self._due("due_before"),
        "due_after": lambda self: self._due("due_after"),
        "overdue": lambda self: self._overdue(),
        "q": lambda self: self._search(),
    }


async def page_of(person: Person, query: str) -> Any:
    answer = await person.get(f"~/tasks?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def read_by_cursor(person: Person, query: str) -> list[Task]:
    found: list[Task] = []
    cursor = ""
    while True:
        page = await page_of(person, f"{query}{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        assert page["items"], query
        cursor = f"&cursor={page['next_cursor']}"


async def read_by_page(person: Person, query: str, limit: int, total: int) -> list[Task]:
    found: list[Task] = []
    pages = -(-total // limit)
    for number in range(1, pages + 2):
        page = await page_of(person, f"{query}&page={number}")
        found += page["items"]
        assert (page["page"], page["pages"], page["total"]) == (number, pages, total), query
        assert (page["next_cursor"] is None) == (number >= pages), query
    return found


async def test_lists_say_what_a_plain_model_says(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    (stranger,) = await workspace_of(api)
    await make(stranger, *WORDS)
    world = World(ada, eva)
    tasks = await world.fill()
    matched = 0
    for _ in range(2 * ROUNDS):
        query, test = world.query()
        sort = world.random.choice(["", "-"]) + world.random.choice(sorted(SORTS))
        wanted = in_order([task for task in tasks if test(task)], sort)
        limit = world.random.choice((7, 20) if len(wanted) < 60 else (50, 100))
        matched += bool(wanted)
        full = "&".join(part for part in (query, f"sort={sort}", f"limit={limit}") if part)
        if world.random.random() < 0.5:
            found = await read_by_cursor(ada, full)
        else:
            found = await read_by_page(ada, full, limit, len(wanted))
        assert [task["number"] for task in found] == [task["number"] for task in wanted], full
        assert found == wanted, full
        counted = await page_of(ada, f"{full}&total=true")
        assert counted["total"] == len(wanted), full
        assert "page" not in counted
    assert matched > ROUNDS


async def test_me_is_whoever_asks(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    await make(ada, "Ada's", assignee_id=ada.id)
    await make(ada, "Eva's", assignee_id=eva.id)
    for query in ("assignee=me", "assignee=%6De", "assignee=%6d%65", "assignee=none,me"):
        for _ in range(2):
            assert await titles(ada, query) == ["Ada's"], query
            assert await titles(eva, query) == ["Eva's"], query


async def test_overdue_follows_the_clock_and_not_the_cache(api: Api) -> None:
    # A slow machine may need longer to ask than the first of these leaves.
    for lead in (0.3, 2, 10):
        ada = await api.person()
        soon = datetime.now(UTC) + timedelta(seconds=lead)
        await make(ada, "Soon", due_at=soon.isoformat())
        (done,) = await make(ada, "Done", due_at=soon.isoformat(), status="completed")
        first = await ada.get("~/tasks?overdue=true")
        if datetime.now(UTC) < soon:
            break
    assert first.json()["items"] == []
    while datetime.now(UTC) <= soon:
        await ada.get("~/tasks?overdue=true")
    tag = {"if-none-match": first.headers["etag"]}
    later = await ada.get("~/tasks?overdue=true", headers=tag)
    assert [task["title"] for task in later.json()["items"]] == ["Soon"]
    assert (await ada.get("~/stats")).json()["overdue"] == 1
    await ada.patch(f"~/tasks/{done['id']}", {"status": "pending"})
    assert (await ada.get("~/stats")).json()["overdue"] == 2


WRONG = [
    "limit=0", "limit=", "page=", "overdue=", "due_before=", "limit=101", "limit=-1", "limit=1e2", "limit=ten", "limit=%201", "limit=1&limit=2",
    f"limit={'9' * 30}", "limit=%D9%A3", "page=0", "page=-1", f"page={'9' * 18}", "page=x",
    "status=done", "status=Pending", "priority=1", "priority=low;high", "sort=id", "sort=--number",
    "sort=created_at,number", "sort=title&sort=number", "assignee=x", "assignee=ME", "project=me",
    "label=none", "label=x", "parent=1", "overdue=1", "overdue=True", "total=yes",
    "due_before=tomorrow", "due_before=2026-13-01", "due_after=2026-02-30", "due_after=2026-01-01T00:00",
    "due_before=10000-01-01", "due_before=0000-01-01", "due_after=0001-01-01T00:00:00%2B14:00",
    "due_before=2026-01-01&due_before=2026-01-02", "q=a&q=b", "q=%00", "colour=red", "Status=pending",
    f"assignee={','.join([NOBODY] * 201)}",
]  # fmt: skip


async def test_wrong_parameters_are_named(api: Api) -> None:
    ada = await api.person()
    for query in WRONG:
        answer = await ada.get(f"~/tasks?{query}")
        assert pointer(answer) == f"?{query.partition('=')[0]}", query
    assert (await ada.get("~/tasks?q=%ff")).status_code == 400
    assert (await ada.get(f"~/tasks?q={'x' * 20_000}")).status_code == 414
    # A script whose variable is empty must not get everything.
    for query in (
        "q=", "status=", "status=,", "status=pending,", "label=,%20,", "assignee=", "project=%20",
        "priority", "sort=", "cursor=", "page=", "limit=", "overdue=", "due_before=",
    ):  # fmt: skip
        answer = await ada.get(f"~/tasks?{query}")
        assert pointer(answer) == f"?{query.partition('=')[0]}", query
        assert "empty" in answer.json()["detail"], query
    for query in ("", "&&"):
        assert (await ada.get(f"~/tasks?{query}")).status_code == 200, query
