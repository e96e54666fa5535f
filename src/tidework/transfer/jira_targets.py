"""What the names in Jira's issues stand for in the workspace."""

from typing import Any

from tidework.store.protocol import Store
from tidework.transfer.batch import Batch
from tidework.transfer.jira_read import Scan
from tidework.transfer.jira_tasks import Tasks
from tidework.transfer.marks import Marks
from tidework.transfer.names import Names

OUTSIDE = "parents that are neither in the files nor imported before, left out"


class JiraTargets:
    """The `Targets` of the planner: accounts, labels, projects and parents.

    Labels and projects that are missing are made in `batch`, which is set for each commit.
    """

    def __init__(
        self,
        store: Store,
        workspace_id: str,
        scan: Scan,
        marks: Marks,
        tasks: Tasks,
        actor_id: str | None,
    ) -> None:
        self.batch = Batch()
        self._spool = scan.spool
        self._report = scan.report
        self._tasks = tasks
        self._actor_id = actor_id
        self._labels = Names(store, workspace_id, "label", marks)
        self._projects = Names(store, workspace_id, "project", marks)
        self._project_names = _distinct({**scan.former_projects, **scan.projects})
        self._users: dict[str, str] = {}
        self._parents: dict[str, str | None] = {}

    async def load(self) -> None:
        """Read anew what the workspace has."""
        await self._labels.load()
        await self._projects.load()
        self._tasks.forget()
        self._parents.clear()

    async def look_up_parents(self, keys: set[str]) -> None:
        """Find the tasks of these issues, so that `parent` knows them."""
        for key in keys - self._parents.keys():
            self._parents[key] = await self._tasks.present(key)

    def user(self, person: str | None) -> str | None:
        """See `Targets`."""
        if person is None:
            return None
        found = self._users.get(person)
        if found is None:
            found = self._spool.one(
                "SELECT persons.user_id FROM people JOIN persons ON persons.id = people.id"
                " WHERE alias = ?",
                (person,),
            )
            assert found is not None
            self._users[person] = found
        return found

    def label(self, name: str) -> str:
        """See `Targets`."""
        return self._labels.use(name, self.batch, self._actor_id)

    def project(self, key: str) -> str:
        """See `Targets`."""
        more: dict[str, Any] = {"description": f"Imported from Jira ({key}).", "archived": False}
        name = self._project_names.get(key, key)
        return self._projects.use(name, self.batch, self._actor_id, key, **more)

    def parent(self, key: str, child: str) -> str | None:
        """See `Targets`."""
        found = self._parents.get(key)
        if found is None:
            self._report.note("parent_outside", OUTSIDE, f"{child}: {key}")
        return found

    def person(self, alias: str) -> str:
        """The one name of somebody who has several."""
        found = self._spool.one("SELECT id FROM people WHERE alias = ?", (alias,))
        return alias if found is None else str(found)

    def key(self, key: str) -> str:
        """The present key of an issue that was moved."""
        found = self._spool.one("SELECT key FROM aliases WHERE alias = ?", (key,))
        return key if found is None else str(found)


def _distinct(projects: dict[str, str]) -> dict[str, str]:
    """Names of projects by key, with the key behind names that several have."""
    keys: dict[str, list[str]] = {}
    for key, name in projects.items():
        keys.setdefault(name.casefold(), []).append(key)
    return {
        key: name if len(keys[name.casefold()]) == 1 else f"{name} ({key})"
        for key, name in projects.items()
    }
