"""What administrators see of the installation's accounts, and do to them. All of it is audited."""

from collections.abc import Sequence
from typing import Any

from tidework.errors import Conflict
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import RequestContext
from tidework.http.cursor import decode, encode, wrong
from tidework.ids import is_id
from tidework.log import Change, Commit, Expect, Operation, Values
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.times import now
from tidework.users import queries
from tidework.users.admins import guard_last_admin
from tidework.users.api import Account, Audit, Secrets, Trends, view
from tidework.users.closing import Closing
from tidework.users.schemas import AuditEntry, AuditPage, Stats, UserCounts, UserPage
from tidework.users.service import UserService

_RETRIES = 5
_AUDIT = ("audit",)
_STATUSES = ("pending", "in_progress", "completed", "cancelled")


class AdminService:
    """Commands and views of administrators. `actor_id` is None for commands of the operator."""

    def __init__(
        self, store: Store, users: UserService, audit: Audit, secrets: Secrets, closing: Closing
    ) -> None:
        self._store = store
        self._users = users
        self._audit = audit
        self._secrets = secrets
        self._closing = closing
        self.trends: Trends | None = None

    async def page(
        self, q: str | None, cursor: str | None, limit: int, actor_id: str, context: RequestContext
    ) -> UserPage:
        """Accounts whose name or address contains `q`, oldest first. Raises `Invalid`."""
        params: dict[str, Any] = {"limit": limit + 1}
        of = ("accounts", q or None)
        if q:
            params["pattern"] = f"%{_escaped(q)}%"
        if cursor is not None:
            params["after"] = _place(cursor, of)
        statement = queries.page(searched=bool(q), continued=cursor is not None)
        rows = await self._store.fetch(statement, params)
        # The words are mostly somebody's name or address, and an audit is kept for ever.
        await self._audit.write(
            actor_id, "users.listed", None, {"searched": bool(q)}, context.request_id
        )
        more = len(rows) > limit
        items = [view(Account(*row)) for row in rows[:limit]]
        return UserPage(items, encode(of, [items[-1].id]) if more else None)

    async def look(self, user_id: str, actor_id: str, context: RequestContext) -> Account:
        """One account. Raises `NotFound`."""
        account = await self._users.existing(user_id)
        await self._audit.write(actor_id, "user.viewed", user_id, {}, context.request_id)
        return account

    async def update(
        self, user_id: str, values: Values, actor_id: str | None, context: RequestContext
    ) -> Account:
        """Change role (`role`) or activity (`is_active`) of an account.

        It takes effect on the next request of every copy; deactivating ends all sessions. Raises
        `NotFound`; `Conflict` for oneself (`own_account`), a placeholder (`placeholder`) and the
        last active administrator (`last_admin`); `PreconditionFailed`.
        """
        if user_id == actor_id:
            raise Conflict(
                "Nobody can change their own role or activity. Ask another administrator.",
                code="own_account",
            )
        for _ in range(_RETRIES):
            account = await self._users.existing(user_id)
            _match(account, context)
            wanted = {k: v for k, v in values.items() if v != getattr(account, k)}
            if not wanted:
                return account
            if account.placeholder:
                raise Conflict(
                    "Nobody has taken this account over yet. Its person becomes active by "
                    "following the link of an invitation mail.",
                    code="placeholder",
                )
            try:
                commit = await self._change(account, wanted, actor_id, context)
                context.seq = (await self._store.append(commit)).seq
            except (Contended, UniqueConflict):
                continue
            return await self._users.existing(user_id)
        raise Contended

    async def _change(
        self, account: Account, values: Values, actor_id: str | None, context: RequestContext
    ) -> Commit:
        changes = [Change("account", account.id, "update", values)]
        operations: list[Operation] = []
        if values.get("is_active") is False:
            ends, removals = await self._secrets.ending(account.id, "deactivated")
            changes += ends
            operations += removals
        if values.get("role") == "user" or values.get("is_active") is False:
            operations += await guard_last_admin(self._store, account)
        detail = {name: [getattr(account, name), value] for name, value in values.items()}
        operations.append(
            self._audit.operation(actor_id, "user.updated", account.id, detail, context.request_id)
        )
        return Commit(
            stream_id=account.id,
            actor_id=actor_id,
            at=now(),
            changes=changes,
            expects=[Expect("account", account.id, {"version": [account.version]})],
            operations=operations,
            request_id=context.request_id,
        )

    async def delete(self, user_id: str, actor_id: str, context: RequestContext) -> None:
        """Erase somebody's account. Raises as `Closing.close`; `Conflict` for oneself."""
        if user_id == actor_id:
            raise Conflict(
                "Nobody can delete their own account here. Use DELETE /users/me.",
                code="own_account",
            )
        await self._closing.close(user_id, actor_id, context)

    async def audit(self, cursor: str | None, limit: int) -> AuditPage:
        """The audit, newest first. Raises `Invalid`."""
        params: dict[str, Any] = {"limit": limit + 1}
        if cursor is not None:
            params["before"] = _place(cursor, _AUDIT)
        rows = await self._store.fetch(queries.audit_page(continued=cursor is not None), params)
        items = [AuditEntry(*row) for row in rows[:limit]]
        return AuditPage(items, encode(_AUDIT, [items[-1].id]) if len(rows) > limit else None)

    async def stats(self, days: int, top: int, actor_id: str, context: RequestContext) -> Stats:
        """The installation in numbers, of the last days and its largest workspaces too.

        Cost grows with its size.
        """
        fetch = self._store.fetch
        detail = {"days": days, "top": top}
        await self._audit.write(actor_id, "stats.viewed", None, detail, context.request_id)
        total, active, admins, placeholders = (await fetch(queries.USER_COUNTS, {}))[0]
        counts = (await fetch(queries.CONTENT_COUNTS, {"now": now()}))[0]
        statuses = {row[0]: row[1] for row in await fetch(queries.TASK_COUNTS, {})}
        size = await fetch(queries.DATABASE_BYTES[self._store.dialect], {})
        return Stats(
            users=UserCounts(
                total=total,
                active=active,
                inactive=total - active - placeholders,
                admins=admins,
                placeholders=placeholders,
            ),
            workspaces=counts[0],
            projects=counts[1],
            tasks=sum(statuses.values()),
            tasks_by_status={status: statuses.get(status, 0) for status in _STATUSES},
            comments=counts[2],
            sessions=counts[3],
            api_tokens=counts[4],
            database_bytes=size[0][0],
            days=await self.trends.days(days) if self.trends else [],
            largest_workspaces=await self.trends.largest(top) if self.trends else [],
        )


def _match(account: Account, context: RequestContext) -> None:
    versions = expected_versions(context.if_match)
    if versions is not None and account.version not in versions:
        raise changed()


def _escaped(q: str) -> str:
    return q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _place(cursor: str, of: Sequence[Any]) -> str:
    place: str = decode(cursor, of, [str])[0]
    if not is_id(place):
        raise wrong()
    return place
