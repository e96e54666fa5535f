"""The audit: what administrators looked at and did."""

from typing import Any

from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.times import now


class AuditLog:
    """See `users.api.Audit`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def operation(
        self,
        actor_id: str | None,
        action: str,
        target_id: str | None,
        detail: dict[str, Any],
        request_id: str | None,
    ) -> Operation:
        """See `users.api.Audit.operation`."""
        values = {
            "at": now(),
            "actor_id": actor_id,
            "action": action,
            "target_id": target_id,
            "detail": detail,
            "request_id": request_id,
        }
        return Operation("audit", "insert", {"id": new_id()}, values)

    async def write(
        self,
        actor_id: str | None,
        action: str,
        target_id: str | None,
        detail: dict[str, Any],
        request_id: str | None,
    ) -> None:
        """See `users.api.Audit.write`."""
        await self._store.operate([self.operation(actor_id, action, target_id, detail, request_id)])
