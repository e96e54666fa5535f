"""An installation keeps an administrator.

Whether another one is left is a question over many streams, which no stream's lock answers: so
every commit that takes an administrator away also replaces one row, and of two such commits at the
same moment the second fails and is decided anew.
"""

from tidework.errors import Conflict
from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.users import queries
from tidework.users.api import Account

_ROW = "admin_removal"


async def guard_last_admin(store: Store, account: Account) -> list[Operation]:
    """What goes into a commit after which `account` is no active administrator any more.

    Raises `Conflict` (`last_admin`) when no other is left. The commit may fail with `Contended` or
    `UniqueConflict`, and is then to be decided again.
    """
    if account.role != "admin" or not account.is_active:
        return []
    rows = await store.fetch(queries.INSTALLATION, {"name": _ROW})
    others = await store.fetch(queries.ADMINS, {"but": account.id})
    if others[0][0] == 0:
        raise Conflict(
            "This is the only active administrator. Make somebody else an administrator first.",
            code="last_admin",
        )
    value = {"value": new_id()}
    if not rows:
        return [Operation("installation", "insert", {"name": _ROW}, value)]
    return [Operation("installation", "update", {"name": _ROW, "value": rows[0][0]}, value, rows=1)]
