"""Labels and projects by name: found in the workspace, or made with the first use."""

from typing import Any, Literal

from sqlalchemy import bindparam, select

from tidework.ids import LOWEST_ID
from tidework.store.protocol import Store
from tidework.store.sql.schema import labels, projects
from tidework.store.sql.statement import Statement
from tidework.times import now
from tidework.transfer.batch import Batch
from tidework.transfer.marks import Marks
from tidework.transfer.stable_ids import stable_id
from tidework.transfer.text import one_line, shortened
from tidework.workspaces.api import MAX_NAME, name_key

_TABLES = {"label": labels, "project": projects}
_NAMES = {
    entity: Statement(
        f"import_{entity}s",
        select(table.c.id, table.c.name_key)
        .where(table.c.stream_id == bindparam("stream_id"), table.c.id > bindparam("after"))
        .order_by(table.c.id)
        .limit(bindparam("limit")),
    )
    for entity, table in _TABLES.items()
}
_PAGE = 5_000


def clean_name(name: str) -> str:
    """A name as it can be kept: one line, at most `MAX_NAME` characters."""
    return shortened(" ".join(one_line(name).split()), MAX_NAME)


class Names:
    """The labels, or the projects, of a workspace.

    What an import has made is found by its mark also when it has been renamed here since.
    """

    def __init__(
        self, store: Store, stream_id: str, entity: Literal["label", "project"], marks: Marks
    ) -> None:
        self._store = store
        self._marks = marks
        self._stream_id = stream_id
        self._entity = entity
        self._known: dict[str, str] = {}
        self._ids: set[str] = set()

    async def load(self) -> None:
        """Read all names anew."""
        self._known.clear()
        after = LOWEST_ID
        while True:
            params = {"stream_id": self._stream_id, "after": after, "limit": _PAGE}
            rows = await self._store.fetch(_NAMES[self._entity], params)
            self._known.update({key: id_ for id_, key in rows})
            if len(rows) < _PAGE:
                break
            after = rows[-1][0]
        self._ids = set(self._known.values())

    def use(
        self, name: str, batch: Batch, actor: str | None, mark: str | None = None, **fields: Any
    ) -> str:
        """The id of the one with this name; it is made in the batch when it is missing.

        `mark` is what the source calls it, when that is not its name.
        """
        name = clean_name(name)
        key = name_key(name)
        foreign = f"{self._entity}/{mark or key}"
        marked = self._marks.get(foreign)
        found = marked[0] if marked and marked[0] in self._ids else self._known.get(key)
        if found is not None:
            batch.expect(self._entity, found)
            return found
        at = now()
        id_ = stable_id(at, self._stream_id, self._entity, key)
        values = {"name": name, "name_key": key, "color": None, "created_at": at, **fields}
        batch.create(self._entity, id_, actor, at, **values)
        batch.operations.append(self._marks.put(foreign, id_))
        self._known[key] = id_
        self._ids.add(id_)
        return id_
