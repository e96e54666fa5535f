"""Which task an issue is, or will be."""

from tidework.log import Values
from tidework.store.protocol import Store
from tidework.transfer.existing import fetch_task
from tidework.transfer.marks import Marks
from tidework.transfer.spool import Spool
from tidework.transfer.stable_ids import stable_id


class Tasks:
    """Issues by key, as tasks of one workspace."""

    def __init__(
        self, store: Store, workspace_id: str, marks: Marks, spool: Spool, source: str
    ) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self._marks = marks
        self._spool = spool
        self._source = source
        self._gone: dict[str, bool] = {}

    def id_of(self, key: str) -> str | None:
        """The task of an issue that has been imported or is in the files; None for others."""
        mark = self._marks.get(f"issue/{key}")
        if mark is not None:
            return mark[0]
        created = self._spool.one("SELECT created FROM issues WHERE key = ?", (key,))
        if created is None:
            return None
        return stable_id(created, self._workspace_id, self._source, "issue", key)

    async def present(self, key: str) -> str | None:
        """`id_of`, or None when the task has been imported and removed here since."""
        task_id = self.id_of(key)
        if task_id is not None and self._marks.get(f"issue/{key}") is not None:
            if task_id not in self._gone:
                self._gone[task_id] = await self.fetch(task_id) is None
            if self._gone[task_id]:
                return None
        return task_id

    async def fetch(self, task_id: str) -> Values | None:
        """The task's fields as they are now."""
        return await fetch_task(self._store, self._workspace_id, task_id)

    def forget(self) -> None:
        """Look again at what was removed."""
        self._gone.clear()
