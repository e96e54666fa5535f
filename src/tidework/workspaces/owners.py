"""Who can act as the owner of a workspace.

An owner whose account is deactivated, or a placeholder that nobody has taken over, cannot hand the
workspace to anybody: such an owner does not count where one must stay.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tidework.errors import Conflict
from tidework.users.api import Users


class Owners:
    """Tells owners who can act from those who cannot."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def acting(self, user_ids: Iterable[str]) -> set[str]:
        """Those of them who can act."""
        accounts = await self._users.get_many(user_ids)
        return {a.id for a in accounts.values() if a.is_active and not a.placeholder}

    async def keep_one(self, rows: Sequence[Any], user_id: str) -> None:
        """Raise `Conflict` unless an owner who can act is left without this one.

        `rows` are those of `queries.MEMBERS`.
        """
        others = [row[1] for row in rows if row[2] == "owner" and row[1] != user_id]
        if not await self.acting(others):
            raise Conflict(
                "A workspace needs an owner whose account is active. Make somebody else an owner "
                "first.",
                code="last_owner",
            )
