"""The end of an account: erased everywhere, for good."""

from collections.abc import Mapping
from typing import Any

from tidework.bus.followups import Followups
from tidework.errors import Conflict
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import RequestContext
from tidework.log import Change, Commit, Operation
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.times import now
from tidework.users import queries
from tidework.users.admins import guard_last_admin
from tidework.users.api import DELETED_NAME, Account, Audit, Departures, Secrets
from tidework.users.service import UserService
from tidework.users.values import email_key

DEPARTURE = "account_departure"
"""The follow-up that takes a person out of all their workspaces."""

ERASURE = "account_erasure"
"""The follow-up that rewrites what the account's log says of the person."""

_RETRIES = 5
# What people have called things of theirs, those included that they have removed before.
_WRITTEN = {"api_token": {"name": ""}, "saved_filter": {"name": "", "name_key": "", "query": ""}}
_FORGOTTEN = {"name": DELETED_NAME, "email": None, "time_zone": None, "language": None}


class Closing:
    """Erases accounts. `departures` speaks for the workspaces, `secrets` for sessions and tokens."""

    def __init__(
        self,
        store: Store,
        users: UserService,
        followups: Followups,
        audit: Audit,
        departures: Departures,
        secrets: Secrets,
    ) -> None:
        self._store = store
        self._users = users
        self._followups = followups
        self._audit = audit
        self._departures = departures
        self._secrets = secrets
        followups.register(ERASURE, self._erase)

    async def close(self, user_id: str, actor_id: str | None, context: RequestContext) -> None:
        """Erase an account, and take the person out of every workspace.

        Raises `NotFound`; `Conflict` while they alone own a workspace that others are members of
        (`sole_owner`), or are the only active administrator (`last_admin`); `PreconditionFailed`.
        """
        for _ in range(_RETRIES):
            # What comes in between, such as a new token, would stay behind.
            seqs = await self._store.seqs([user_id])
            account = await self._users.existing(user_id)
            names = await self._departures.blocking(user_id)
            if names:
                raise _sole_owner(names, own=actor_id == user_id)
            commit = await self._commit(account, seqs[user_id], actor_id, context)
            try:
                committed = await self._store.append(commit)
            except (Contended, UniqueConflict):
                continue
            await self._followups.run(user_id)
            context.seq = committed.seq
            return
        raise Contended

    async def _commit(
        self, account: Account, seq: int, actor_id: str | None, context: RequestContext
    ) -> Commit:
        changes, operations = await self._secrets.erasing(account.id)
        rows = await self._store.fetch(queries.SAVED_FILTERS, {"user_id": account.id})
        changes += [Change("saved_filter", row[1], "delete") for row in rows if row[1] is not None]
        key = email_key(account.email or "")
        if key is not None:
            operations.append(
                Operation("emails", "delete", {"email": key, "user_id": account.id}, rows=1)
            )
        operations += await guard_last_admin(self._store, account)
        if actor_id != account.id:
            operations.append(
                self._audit.operation(actor_id, "user.deleted", account.id, {}, context.request_id)
            )
        operations += [
            Followups.operation(account.id, DEPARTURE, {}),
            Followups.operation(account.id, ERASURE, {}),
        ]
        versions = expected_versions(context.if_match)
        if versions is not None and account.version not in versions:
            raise changed()
        return Commit(
            stream_id=account.id,
            actor_id=actor_id,
            at=now(),
            changes=[*changes, Change("account", account.id, "delete")],
            base_seq=seq,
            operations=operations,
            request_id=context.request_id,
        )

    async def _erase(self, user_id: str, _: Mapping[str, Any]) -> None:
        await self._store.redact(user_id, "account", user_id, _FORGOTTEN)
        params = {"user_id": user_id, "entities": list(_WRITTEN)}
        for entity, entity_id in await self._store.fetch(queries.LOGGED, params):
            await self._store.redact(user_id, entity, entity_id, _WRITTEN[entity])


def _sole_owner(names: Any, *, own: bool) -> Conflict:
    listed = ", ".join(f'"{name}"' for name in names)
    if own:
        detail = (
            f"You are the only owner of {listed} whose account is active. Make another member owner "
            "there first, or delete the workspace."
        )
    else:
        detail = (
            f"Nobody else who is active owns {listed}. Have another member made owner there first; "
            "if the owner cannot, deactivate this account and name an owner with PATCH "
            "/admin/workspaces/{id}."
        )
    return Conflict(detail, code="sole_owner")
