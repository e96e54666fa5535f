"""What readers that are behind have missed, read once for all of them."""

from typing import Final

from tidework.cache.versioned import VersionedCache
from tidework.live.commits import LiveCommit, live_commits
from tidework.store.protocol import Store
from tidework.tasks.api import kept_since

_BOUND: Final = 8 * 1024 * 1024
_PAGE: Final = 500


class Pages:
    """Pages of workspaces' logs, kept for a moment: after a restart many ask for the same."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: VersionedCache[tuple[str, int], list[LiveCommit]] = VersionedCache(
            _BOUND, _size
        )
        self._kept: VersionedCache[str, int] = VersionedCache(10_000)

    async def page(self, workspace_id: str, since: int, until: int) -> list[LiveCommit]:
        """The first commits with `since < seq <= until`; none when the log has none."""
        key = (workspace_id, since)
        found = self._pages.get(key, 0)
        if found is None:

            async def load() -> tuple[int, list[LiveCommit]]:
                changes = await self._store.log(workspace_id, since=since, limit=_PAGE, until=until)
                return 0, live_commits(changes)

            found = await self._pages.load(key, 0, load)
        return found

    async def kept_since(self, workspace_id: str) -> int:
        """The seq that the log begins after. Raises `NotFound`."""
        found = self._kept.get(workspace_id, 0)
        if found is None:

            async def load() -> tuple[int, int]:
                return 0, await kept_since(self._store, workspace_id)

            found = await self._kept.load(workspace_id, 0, load)
        return found

    def clear(self) -> None:
        """Forget everything."""
        self._pages.clear()
        self._kept.clear()


def _size(page: list[LiveCommit]) -> int:
    return 100 + sum(commit.size for commit in page)
