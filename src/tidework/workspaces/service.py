"""Workspaces and their members."""

from collections.abc import Sequence
from typing import Any

from tidework.bus.followups import Followups
from tidework.errors import Conflict, Forbidden, NotFound
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import Membership, RequestContext, Role
from tidework.ids import is_id, new_id
from tidework.log import Change, Commit, Committed, Expect, Operation
from tidework.store.protocol import Contended, Store
from tidework.store.retry import retried
from tidework.times import now
from tidework.users.api import DELETED_NAME, Account, Invitations, Users
from tidework.workspaces import queries
from tidework.workspaces.api import Named, admission, still
from tidework.workspaces.comings import Comings
from tidework.workspaces.commits import founding, lookup, removal
from tidework.workspaces.names import clean_name
from tidework.workspaces.owners import Owners
from tidework.workspaces.schemas import MemberOut, WorkspaceOut
from tidework.workspaces.shown import member_out


def _missing() -> NotFound:
    return NotFound("There is no such workspace, or you are not a member of it.")


def _no_member() -> NotFound:
    return NotFound("There is no such member in this workspace.")


class WorkspaceService:
    """See `workspaces.api.Workspaces`, `http.context.Memberships`, `users.api.Departures`."""

    def __init__(self, store: Store, users: Users, followups: Followups) -> None:
        self._store = store
        self._users = users
        self._followups = followups
        self.invitations: Invitations | None = None
        self._owners = Owners(users)
        self._comings = Comings(store, users, self._owners, followups, self.mine)

    # --- who is in ---------------------------------------------------------------------------

    async def membership(self, workspace_id: str, user_id: str) -> tuple[int, Membership | None]:
        """See `http.context.Memberships`."""
        params = {"stream_id": workspace_id, "user_id": user_id}
        rows = await self._store.fetch(queries.MEMBERSHIP, params)
        if not rows:
            return 0, None
        seq, role = rows[0]
        return seq, None if role is None else Membership(workspace_id, user_id, role)

    # --- workspaces --------------------------------------------------------------------------

    async def mine(self, user_id: str) -> list[WorkspaceOut]:
        """The workspaces that a user is a member of, oldest first."""
        found = await self._store.fetch(queries.MY_WORKSPACES, {"user_id": user_id})
        params = {"workspace_ids": [row[0] for row in found], "user_id": user_id}
        return [
            _workspace(row, row[6]) for row in await self._store.fetch(queries.WORKSPACES, params)
        ]

    async def get(self, member: Membership) -> tuple[int, WorkspaceOut]:
        """The workspace, and the seq at which it is so."""
        rows = await self._store.fetch(queries.WORKSPACE, {"stream_id": member.workspace_id})
        if not rows:
            raise _missing()
        return rows[0][0], _workspace(rows[0][1:], member.role)

    async def create(self, user_id: str, name: str, workspace_id: str | None = None) -> str:
        """See `workspaces.api.Workspaces`."""
        commit = founding(workspace_id or new_id(), user_id, clean_name(name), None)
        return (await self._store.append(commit)).stream_id

    async def create_for(self, user_id: str, name: str, context: RequestContext) -> WorkspaceOut:
        """Make a workspace that the caller owns."""
        commit = founding(new_id(), user_id, clean_name(name), context)
        committed = await self._store.append(commit)
        context.seq = committed.seq
        made = committed.changes[0]
        return WorkspaceOut(
            made.id, made.set["name"], False, "owner", made.set["created_at"], made.at, made.seq
        )

    @retried
    async def rename(
        self, owner: Membership, name: str | None, context: RequestContext
    ) -> WorkspaceOut:
        """Give a workspace another name; None leaves it as it is."""
        seq, present = await self.get(owner)
        text = present.name if name is None else clean_name(name)
        self._match(present.version, context)
        if text == present.name:
            context.seq = seq
            return present
        change = Change("workspace", owner.workspace_id, "update", {"name": text})
        committed = await self._append(
            owner, context, [change], [_version("workspace", owner.workspace_id, present.version)]
        )
        return WorkspaceOut(
            present.id, text, present.personal, present.role, present.created_at,
            committed.changes[0].at, committed.seq,
        )  # fmt: skip

    @staticmethod
    def _match(version: int, context: RequestContext) -> None:
        versions = expected_versions(context.if_match)
        if versions is not None and version not in versions:
            raise changed()

    @retried
    async def delete(self, owner: Membership, context: RequestContext) -> None:
        """Remove a workspace: nobody is a member any more, in one commit."""
        seq, present = await self.get(owner)
        if present.personal:
            raise Conflict("A personal workspace stays as long as its account.", code="personal")
        self._match(present.version, context)
        _, members = await self._rows(owner.workspace_id)
        ids = [row[1] for row in members]
        changes = [Change("member", user_id, "delete") for user_id in ids]
        changes.append(
            Change("workspace", owner.workspace_id, "update", {"deleted_at": now()}),
        )
        operations = [lookup("delete", user_id, owner.workspace_id) for user_id in ids]
        await self._append(owner, context, changes, base_seq=seq, operations=operations)

    # --- members -----------------------------------------------------------------------------

    async def _rows(self, workspace_id: str) -> tuple[int, list[Any]]:
        rows = await self._store.fetch(queries.MEMBERS, {"stream_id": workspace_id})
        return (rows[0][0] if rows else 0), list(rows)

    async def members(self, workspace_id: str) -> list[MemberOut]:
        """The members, in the order in which they came."""
        _, rows = await self._rows(workspace_id)
        accounts = await self._users.get_many([row[1] for row in rows])
        return [member_out(accounts.get(row[1]), *row[1:]) for row in rows]

    @retried
    async def add(
        self, owner: Membership, email: str, role: Role, context: RequestContext
    ) -> MemberOut:
        """Add somebody by address; one without an account is invited."""
        _, workspace = await self.get(owner)
        if workspace.personal:
            raise Conflict(
                "A personal workspace is for one person. Make another workspace to share.",
                code="personal",
            )
        taken = Conflict("This person is a member already.", code="member_exists")
        account = await self._users.find_by_email(email)
        if account is not None:
            _, rows = await self._rows(owner.workspace_id)
            if any(row[1] == account.id for row in rows) and context.idempotency is None:
                # Before anybody is sent a mail about it.
                raise taken
        if account is None or account.placeholder:
            account = await self._invited(owner, email, workspace.name)
        elif not account.is_active:
            raise Conflict("This account is deactivated. Ask an administrator.", code="inactive")
        at = now()
        change = Change("member", account.id, "create", {"role": role, "created_at": at})
        committed = await self._append(
            owner,
            context,
            [change],
            [Expect("member", account.id, absent=True, error=taken)],
            operations=admission(owner.workspace_id, account.id),
            at=at,
        )
        await self._followups.run(owner.workspace_id)
        done = committed.changes[0]
        fields = (done.set["role"], done.set["created_at"], done.at, committed.seq)
        return member_out(account, account.id, *fields)

    async def _invited(self, owner: Membership, email: str, workspace_name: str) -> Account:
        assert self.invitations is not None
        inviter = await self._users.get(owner.user_id)
        name = inviter.name if inviter else DELETED_NAME
        return await self.invitations.invite(email, name, workspace_name)

    async def admit(self, workspace_id: str, user_id: str, role: Role) -> None:
        """See `workspaces.api.Workspaces`."""
        at = now()
        commit = Commit(
            stream_id=workspace_id,
            actor_id=None,
            at=at,
            changes=[Change("member", user_id, "create", {"role": role, "created_at": at})],
            expects=[Expect("member", user_id, absent=True)],
            operations=admission(workspace_id, user_id),
        )
        try:
            await self._store.append(commit)
        except Contended:
            return
        await self._followups.run(workspace_id)

    @retried
    async def change_role(
        self, owner: Membership, user_id: str, role: Role, context: RequestContext
    ) -> MemberOut:
        """Give a member another role; one owner must stay."""
        seq, rows = await self._rows(owner.workspace_id)
        row = _find(rows, user_id)
        self._match(row[5], context)
        account = (await self._users.get_many([user_id])).get(user_id)
        if row[2] == role:
            context.seq = seq
            return member_out(account, *row[1:])
        if row[2] == "owner":
            await self._owners.keep_one(rows, user_id)
        change = Change("member", user_id, "update", {"role": role})
        committed = await self._append(owner, context, [change], base_seq=seq)
        return member_out(account, user_id, role, row[3], committed.changes[0].at, committed.seq)

    @retried
    async def remove(self, member: Membership, user_id: str, context: RequestContext) -> None:
        """Remove a member, or leave: their tasks here become nobody's, in the same commit."""
        if member.user_id != user_id and member.role != "owner":
            raise Forbidden("Only an owner of the workspace may remove somebody else.")
        seq, rows = await self._rows(member.workspace_id)
        row = _find(rows, user_id)
        self._match(row[5], context)
        _, workspace = await self.get(member)
        if workspace.personal:
            raise Conflict("Nobody can leave their personal workspace.", code="personal")
        if row[2] == "owner":
            await self._owners.keep_one(rows, user_id)
        await self._append(
            member,
            context,
            await removal(self._store, member.workspace_id, user_id),
            base_seq=seq,
            operations=[lookup("delete", user_id, member.workspace_id)],
            role="viewer" if member.user_id == user_id else "owner",
        )

    # --- accounts that come and go -----------------------------------------------------------

    async def blocking(self, user_id: str) -> Sequence[str]:
        """See `users.api.Departures`."""
        return await self._comings.blocking(user_id)

    # --- commands ----------------------------------------------------------------------------

    async def named(self, name: str) -> Sequence[Named]:
        """See `workspaces.api.Workspaces`."""
        if is_id(name):
            rows = await self._store.fetch(queries.WORKSPACE, {"stream_id": name})
            return [Named(row[1], row[2], row[3], None) for row in rows]
        found = await self._store.fetch(queries.NAMED_WORKSPACES, {"name": name})
        return [Named(row[0], name, row[1], row[2]) for row in found]

    async def _append(
        self,
        member: Membership,
        context: RequestContext,
        changes: Sequence[Change],
        expects: Sequence[Expect] = (),
        *,
        base_seq: int | None = None,
        operations: Sequence[Operation] = (),
        role: Role = "owner",
        at: str | None = None,
    ) -> Committed:
        commit = Commit(
            stream_id=member.workspace_id,
            actor_id=member.user_id,
            at=at or now(),
            request_id=context.request_id,
            changes=changes,
            expects=[still(member, role), *expects],
            base_seq=base_seq,
            operations=operations,
            idempotency=context.idempotency,
        )
        committed = await self._store.append(commit)
        context.seq = committed.seq
        return committed


def _version(entity: str, entity_id: str, version: int) -> Expect:
    return Expect(entity, entity_id, {"version": [version]})


def _find(rows: Sequence[Any], user_id: str) -> Any:
    for row in rows:
        if row[1] == user_id:
            return row
    raise _no_member()


def _workspace(row: Sequence[Any], role: Any) -> WorkspaceOut:
    return WorkspaceOut(row[0], row[1], row[2], role, row[3], row[4], row[5])
