"""What tests of imports and exports share."""

import asyncio
from typing import Any

from tests.modules.tasks.world import open_store
from tests.services.api import Api, Person

from tidework.bus.followups import Followups
from tidework.bus.jobs import Jobs
from tidework.exchange.importing import Importer
from tidework.exchange.undoing import ImportUndoer
from tidework.log import Commit
from tidework.reports.parts import make_files
from tidework.users.service import UserService
from tidework.workspaces.service import WorkspaceService

DEADLINE_S = 240
UNFINISHED = ("waiting", "running", "undoing")
CSV = {"content-type": "text/csv"}
ROWS = (
    b"Key,Summary,Status,Assignee,Labels,Project\n"
    b'A-1,One,Done,ada@example.com,"wood, tar",Boats\n'
    b"A-2,Two,Open,Bob,,Boats\n"
    b"A-3,Three,In Progress,,tar,\n"
)


async def sent(person: Person, body: bytes, query: str = "", **headers: str) -> dict[str, Any]:
    """An import that has been asked for."""
    given = CSV | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await person.call("POST", f"~/imports?{query}", content=body, headers=given)
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(f"/imports/{made['id']}")
    return made


async def ended(person: Person, one_id: str, what: str = "imports") -> dict[str, Any]:
    """An import or export when it has ended, whatever way."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            answer = await person.get(f"~/{what}/{one_id}")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            if found["state"] not in UNFINISHED:
                return found
            await asyncio.sleep(0.02)


async def imported(person: Person, body: bytes = ROWS, query: str = "", **more: str) -> Any:
    """An import that has ended."""
    return await ended(person, (await sent(person, body, query, **more))["id"])


async def undone(person: Person, import_id: str, **options: Any) -> dict[str, Any]:
    """The same, once taking it back has ended."""
    answer = await person.post(f"~/imports/{import_id}/undo", options)
    assert answer.status_code == 202, answer.text
    return await ended(person, import_id)


def rows(count: int, first: int = 0) -> bytes:
    """A CSV file of so many tasks."""
    lines = [f"K-{n},Task {n},person {n % 7}" for n in range(first, first + count)]
    return "\n".join(["key,title,assignee", *lines]).encode()


class Died(BaseException):
    """As if the process had ended."""


class Dying:
    """A store whose process dies after so many commits of a workspace, 0 for never.

    `meanwhile` happens before each of them.
    """

    def __init__(self, store: Any, workspace_id: str, commits: int, meanwhile: Any) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self._left = commits
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, wanted: Commit) -> Any:
        ours = wanted.stream_id == self._workspace_id
        if ours and self._meanwhile is not None:
            await self._meanwhile()
        done = await self._store.append(wanted)
        self._left -= ours
        if ours and self._left == 0:
            raise Died
        return done


async def work(api: Api, person: Person, *, dies_after: int = 0, meanwhile: Any = None) -> int:
    """Import what is due, in a process of its own as it were; how many jobs that were."""
    bare: Any = await open_store(api.settings)
    try:
        jobs = Jobs(bare)
        store: Any = Dying(bare, person.workspace, dies_after, meanwhile)
        followups = Followups(store)
        users = UserService(store, followups)
        workspaces = WorkspaceService(store, users, followups)
        files = make_files(api.settings, bare)
        Importer(store, users, workspaces, files).register(jobs)
        ImportUndoer(store).register(jobs)
        return await jobs.run_due()
    finally:
        await bare.close()
