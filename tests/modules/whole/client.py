"""A client that keeps a workspace offline: it knows only `changes since`."""

from typing import Any

from tidework.tasks.log import LogService


class Client:
    """Follows a workspace from nothing; `state` is what it believes."""

    def __init__(self, workspace_id: str) -> None:
        self._workspace_id = workspace_id
        self._limit = 0
        self.seq = 0
        self.state: dict[tuple[str, str], dict[str, Any]] = {}
        self.histories: dict[str, list[dict[str, Any]]] = {}

    async def follow(self, log: LogService) -> None:
        """Ask for what came since, page by page, in pages of changing size."""
        more = True
        while more:
            self._limit = self._limit % 7 + 1
            query = f"since={self.seq}&limit={self._limit}".encode()
            page = await log.changes(self._workspace_id, query)
            for change in page.changes:
                assert change.seq in (self.seq, self.seq + 1), "a seq was left out"
                self.seq = change.seq
                self._take(change)
            assert page.seq == self.seq
            more = page.more

    def _take(self, change: Any) -> None:
        key = (change.entity, change.id)
        stamp = {"id": change.id, "updated_at": change.at, "version": change.seq}
        before = self.state.get(key, {})
        if change.op == "create":
            assert key not in self.state
            self.state[key] = {**change.set, **stamp}
        elif change.op == "delete":
            assert change.was == {n: v for n, v in before.items() if n not in stamp}
            del self.state[key]
        else:
            assert change.was == {name: before[name] for name in change.was}
            assert change.was.keys() == change.set.keys()
            self.state[key] = {**before, **change.set, **stamp}
        if change.entity == "task":
            names = change.was if change.op == "delete" else change.set
            entry = {
                "seq": change.seq,
                "at": change.at,
                "actor_id": change.actor_id,
                "op": change.op,
                "changes": {
                    name: {"before": change.was.get(name), "after": change.set.get(name)}
                    for name in names
                },
            }
            self.histories.setdefault(change.id, []).append(entry)
