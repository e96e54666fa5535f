"""What commands about tasks are decided on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from tidework.errors import NotFound
from tidework.ids import is_id
from tidework.store.protocol import Reader, Row, Store
from tidework.store.sql.queries import STREAM
from tidework.store.sql.schema import accounts
from tidework.store.sql.statement import Statement
from tidework.tasks import queries
from tidework.tasks.schemas import TaskOut
from tidework.users.api import DEFAULT_ZONE

MAX_NUMBER_DIGITS = 15
_ZONE = Statement(
    "zone_of_account",
    select(accounts.c.time_zone).where(accounts.c.stream_id == bindparam("stream_id")),
)
_HANGING = {
    "task": queries.CHILDREN,
    "comment": queries.COMMENT_IDS,
    "relation": queries.RELATION_IDS,
}


def task_missing() -> NotFound:
    """The error for a task that is not in the workspace."""
    return NotFound("There is no such task in this workspace.")


async def stream_of(store: Reader, workspace_id: str) -> Row:
    """Kind, seq, last number and first kept seq of a workspace. Raises `NotFound`."""
    rows = await store.fetch(STREAM, {"stream_id": workspace_id})
    if not rows:
        raise NotFound("There is no such workspace, or you are not a member of it.")
    return rows[0]


async def find_task(store: Reader, workspace_id: str, key: str) -> tuple[int, TaskOut]:
    """A task by id or number, and the seq at which it is so. Raises `NotFound`."""
    rows: list[Row] = []
    if key.isascii() and key.isdigit():
        if len(key) <= MAX_NUMBER_DIGITS:
            params: dict[str, Any] = {"stream_id": workspace_id, "number": int(key)}
            rows = await store.fetch(queries.TASK_BY_NUMBER, params)
    elif is_id(key.lower()):
        params = {"stream_id": workspace_id, "id": key.lower()}
        rows = await store.fetch(queries.TASK, params)
    if not rows:
        raise task_missing()
    return rows[0][0], TaskOut(*rows[0][1:])


class Reads:
    """A workspace as one command sees it; what it asks for again is read once.

    `base` is the seq before anything else was read: while the stream is there, all of it holds.
    """

    def __init__(self, store: Store, workspace_id: str, base: int | None = None) -> None:
        self.workspace_id = workspace_id
        self.base = base
        self.tasks: dict[str, TaskOut] = {}
        self._store = store
        self._last_number: int | None = None
        self._parents: dict[str, str | None] = {}
        self._hanging: dict[str, Mapping[str, Sequence[str]]] = {}

    async def last_number(self) -> int:
        """The number of the task that was made last."""
        if self._last_number is None:
            _, seq, self._last_number, _ = await stream_of(self._store, self.workspace_id)
            if self.base is None:
                self.base = seq
        return self._last_number

    async def zone_of(self, user_id: str) -> str:
        """The time zone of an account."""
        rows = await self._store.fetch(_ZONE, {"stream_id": user_id})
        return rows[0][0] if rows and rows[0][0] else DEFAULT_ZONE

    async def load(self, ids: Iterable[str]) -> None:
        """Read tasks into `tasks`; those that do not exist are left out."""
        if wanted := sorted(set(ids) - self.tasks.keys()):
            for row in await self._many(queries.TASKS, wanted):
                self.tasks[row[1]] = TaskOut(*row[1:])

    async def load_parents(self, ids: Iterable[str]) -> None:
        """Read who is above these tasks, all the way up."""
        if wanted := sorted(set(ids) - self._parents.keys()):
            self._parents |= dict.fromkeys(wanted)
            for task_id, parent in await self._many(queries.ANCESTORS, wanted):
                self._parents[task_id] = parent

    async def parent_of(self, task_id: str) -> str | None:
        """The parent of a task; None also for one that does not exist."""
        await self.load_parents([task_id])
        return self._parents[task_id]

    async def load_hanging(self, ids: Iterable[str]) -> None:
        """Read what hangs on these tasks."""
        wanted = sorted(set(ids) - self._hanging.keys())
        if not wanted:
            return
        found: dict[str, dict[str, list[str]]] = {
            task_id: {entity: [] for entity in _HANGING} for task_id in wanted
        }
        for entity, statement in _HANGING.items():
            for task_id, hanging in await self._many(statement, wanted):
                found[task_id][entity].append(hanging)
        self._hanging |= found

    async def hanging_on(self, task_id: str) -> Mapping[str, Sequence[str]]:
        """The ids of a task's sub-tasks, comments and relations, by entity."""
        await self.load_hanging([task_id])
        return self._hanging[task_id]

    async def next_position(self, position: str) -> str | None:
        """The first position behind this one."""
        return await self._position(queries.NEXT_POSITION, position)

    async def previous_position(self, position: str) -> str | None:
        """The last position before this one."""
        return await self._position(queries.PREVIOUS_POSITION, position)

    async def _position(self, statement: Statement, position: str) -> str | None:
        params = {"stream_id": self.workspace_id, "position": position}
        found: str | None = (await self._store.fetch(statement, params))[0][0]
        return found

    async def _many(self, statement: Statement, ids: list[str]) -> list[Row]:
        return await self._store.fetch(statement, {"stream_id": self.workspace_id, "ids": ids})


async def blocks_in_circle(
    store: Store, workspace_id: str, added: Iterable[tuple[str, str]]
) -> bool:
    """Whether a task would block itself if these also blocked each other: the first the second."""
    new = list(added)
    params = {"stream_id": workspace_id, "ids": sorted({other for _, other in new})}
    blocked: dict[str, list[str]] = defaultdict(list)
    for task_id, other in [*await store.fetch(queries.BLOCKED, params), *new]:
        blocked[task_id].append(other)
    return any(_reaches(blocked, other, task_id) for task_id, other in new)


def _reaches(blocked: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    seen = {start}
    waiting = [start]
    while waiting:
        found = set(blocked.get(waiting.pop(), ())) - seen
        seen |= found
        waiting += found
    return goal in seen
