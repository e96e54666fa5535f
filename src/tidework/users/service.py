"""Accounts, on the store. An account is the entity `account` of the stream that has its id."""

from collections.abc import Iterable, Sequence

from tidework.bus.followups import Followups
from tidework.errors import Conflict, Invalid, NotFound
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import RequestContext
from tidework.ids import is_id, new_id
from tidework.log import Change, Commit, Committed, Expect, IdempotencyKey, Operation, Values
from tidework.post.post import letter_job
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.times import now
from tidework.users import queries
from tidework.users.api import (
    DEFAULT_LANGUAGE,
    DEFAULT_ZONE,
    Account,
    NewAccount,
    UserRole,
)
from tidework.users.values import (
    clean_email,
    clean_name,
    clean_time_zone,
    combined,
    email_key,
    imported_email,
)

PERSONAL_WORKSPACE = "personal_workspace"
"""The follow-up that makes an account's workspace: `{workspace_id, name}`, name the person's."""

_RETRIES = 5
_CHECKS = (("name", clean_name), ("email", clean_email), ("time_zone", clean_time_zone))


class UserService:
    """See `users.api.Users`."""

    def __init__(self, store: Store, followups: Followups) -> None:
        self._store = store
        self._followups = followups

    async def get(self, user_id: str) -> Account | None:
        """See `Users.get`; None also for what is no id."""
        if not is_id(user_id):
            return None
        rows = await self._store.fetch(queries.GET, {"user_id": user_id})
        return Account(*rows[0]) if rows else None

    async def get_many(self, user_ids: Iterable[str]) -> dict[str, Account]:
        """See `Users.get_many`."""
        wanted = sorted({user_id for user_id in user_ids if is_id(user_id)})
        if not wanted:
            return {}
        rows = await self._store.fetch(queries.GET_MANY, {"user_ids": wanted})
        return {row[0]: Account(*row) for row in rows}

    async def find_by_email(self, email: str) -> Account | None:
        """See `Users.find_by_email`."""
        key = email_key(email)
        if key is None:
            return None
        rows = await self._store.fetch(queries.BY_EMAIL, {"email": key})
        return await self.get(rows[0][0]) if rows else None

    async def create(self, new: NewAccount) -> tuple[Account, Committed]:
        """See `Users.create`."""
        first = new.may_be_first and not await self._store.fetch(
            queries.INSTALLATION, {"name": "first_admin"}
        )
        try:
            committed = await self._store.append(_creation(new, first=first))
        except UniqueConflict as conflict:
            if conflict.constraint == "installation_pkey":
                committed = await self._append_new(_creation(new, first=False), new.email)
            elif conflict.constraint == "emails_pkey":
                raise await self._taken(new.email) from None
            else:
                raise
        if not new.placeholder:
            await self._followups.run(committed.stream_id)
        return _created(committed), committed

    async def _append_new(self, commit: Commit, email: str) -> Committed:
        try:
            return await self._store.append(commit)
        except UniqueConflict as conflict:
            if conflict.constraint != "emails_pkey":
                raise
            raise await self._taken(email) from None

    async def _taken(self, email: str) -> Conflict:
        account = await self.find_by_email(email)
        if account is not None and account.placeholder:
            return Conflict(
                "Somebody has asked this address in already. Use the link of the invitation mail, "
                "or ask for a new link with 'forgotten password'.",
                code="invitation_pending",
            )
        return Conflict(
            "There is an account with this e-mail address. Log in, or reset the password.",
            code="email_taken",
        )

    async def ensure_placeholder(
        self, name: str, email: str | None, *, actor_id: str | None = None
    ) -> Account:
        """See `Users.ensure_placeholder`."""
        address = imported_email(name) if email is None else clean_email(email)
        known = await self.find_by_email(address)
        if known is not None:
            return known
        new = NewAccount(
            email=address,
            name=_short_name(name, address),
            is_active=False,
            placeholder=True,
            actor_id=actor_id,
        )
        try:
            account, _ = await self.create(new)
        except Conflict:
            found = await self.find_by_email(address)
            if found is None:
                raise
            return found
        return account

    async def take_over(
        self,
        account: Account,
        *,
        name: str | None,
        operations: Sequence[Operation],
        request_id: str | None,
        role: UserRole | None = None,
        idempotency: IdempotencyKey | None = None,
        confirmed: bool = False,
    ) -> tuple[Account, Committed]:
        """See `Users.take_over`."""
        values: Values = {"is_active": True, "placeholder": False}
        if confirmed:
            values["email_confirmed_at"] = now()
        first = not await self._store.fetch(queries.INSTALLATION, {"name": "first_admin"})
        if first or role is not None:
            values["role"] = "admin" if first else role
        if name is not None:
            values["name"] = name
        workspace = {
            "workspace_id": account.personal_workspace_id,
            "name": name if name is not None else account.name,
        }
        commit = Commit(
            stream_id=account.id,
            actor_id=account.id,
            at=now(),
            changes=[Change("account", account.id, "update", values)],
            expects=[Expect("account", account.id, {"placeholder": [True]})],
            operations=[
                *operations,
                *([_first_admin(account.id)] if first else []),
                Followups.operation(account.id, PERSONAL_WORKSPACE, workspace),
            ],
            request_id=request_id,
            idempotency=idempotency,
        )
        try:
            committed = await self._store.append(commit)
        except UniqueConflict as conflict:
            if conflict.constraint != "installation_pkey":
                raise
            raise Contended from conflict
        await self._followups.run(account.id)
        return await self.existing(account.id), committed

    async def update(self, user_id: str, values: Values, context: RequestContext) -> Account:
        """Change name, address, time zone or language of an account, on its person's behalf.

        Raises `Invalid`, `Conflict` (`email_taken`), `PreconditionFailed`.
        """
        wanted = _cleaned(values)
        for _ in range(_RETRIES):
            account = await self.existing(user_id)
            versions = expected_versions(context.if_match)
            if versions is not None and account.version not in versions:
                raise changed()
            values = {k: v for k, v in wanted.items() if v != getattr(account, k)}
            if not values:
                return account
            if _is_other(account, values.get("email")):
                values["email_confirmed_at"] = None
            commit = Commit(
                stream_id=user_id,
                actor_id=user_id,
                at=now(),
                changes=[Change("account", user_id, "update", values)],
                expects=[Expect("account", user_id, {"version": [account.version]})],
                operations=_moved(account, values.get("email")),
                request_id=context.request_id,
            )
            try:
                context.seq = (await self._store.append(commit)).seq
            except Contended:
                continue
            except UniqueConflict as conflict:
                if conflict.constraint != "emails_pkey":
                    raise
                raise await self._taken(values["email"]) from None
            return await self.existing(user_id)
        raise Contended

    async def existing(self, user_id: str) -> Account:
        """The account of this id. Raises `NotFound`."""
        account = await self.get(user_id)
        if account is None:
            raise NotFound("There is no such account.")
        return account


def _creation(new: NewAccount, *, first: bool) -> Commit:
    at = now()
    workspace_id = new_id()
    key = email_key(new.email)
    values: Values = {
        "email": new.email,
        "name": new.name,
        "role": "admin" if first else new.role,
        "is_active": new.is_active,
        "placeholder": new.placeholder,
        "personal_workspace_id": workspace_id,
        "time_zone": DEFAULT_ZONE,
        "language": DEFAULT_LANGUAGE,
        "email_confirmed_at": None,
        "created_at": at,
    }
    operations = [Operation("emails", "insert", {"email": key}, {"user_id": new.id})]
    if first:
        operations.append(_first_admin(new.id))
    operations += new.operations
    if not new.placeholder:
        detail = {"workspace_id": workspace_id, "name": new.name}
        operations.append(Followups.operation(new.id, PERSONAL_WORKSPACE, detail))
    return Commit(
        stream_id=new.id,
        actor_id=new.actor_id if new.actor_id or new.placeholder else new.id,
        at=at,
        creates="account",
        changes=[Change("account", new.id, "create", values)],
        operations=operations,
        request_id=new.request_id,
        idempotency=new.idempotency,
    )


def _cleaned(values: Values) -> Values:
    """The values as they are kept. Raises one `Invalid` for all that is wrong."""
    cleaned: Values = {}
    problems: list[Invalid] = []
    for name, check in _CHECKS:
        if name in values:
            try:
                cleaned[name] = check(values[name])
            except Invalid as problem:
                problems.append(problem)
    if "language" in values:
        cleaned["language"] = values["language"]
    if problems:
        raise combined(problems)
    return cleaned


def _is_other(account: Account, email: str | None) -> bool:
    """Whether that is another address, not another spelling."""
    return email is not None and email_key(account.email or "") != email_key(email)


def _moved(account: Account, email: str | None) -> list[Operation]:
    """What another e-mail address changes beside the account."""
    if email is None:
        return []
    # Links that were mailed to the old address must not work any more.
    key = {"stream_id": account.id}
    operations = [
        Operation(table, "delete", key) for table in ("password_resets", "email_confirmations")
    ]
    old, new = email_key(account.email or ""), email_key(email)
    if old != new:
        if old is not None:
            gone = {"email": old, "user_id": account.id}
            operations.append(Operation("emails", "delete", gone, rows=1))
            operations.append(letter_job(account.id, "email_changed", to=account.email))
        operations.append(Operation("emails", "insert", {"email": new}, {"user_id": account.id}))
        operations.append(letter_job(account.id, "confirm"))
    return operations


def _created(committed: Committed) -> Account:
    """The account that a commit made, as it was then."""
    change = committed.changes[0]
    return Account(id=change.id, version=committed.seq, updated_at=change.at, **change.set)


def _short_name(name: str, address: str) -> str:
    shown = " ".join("".join(ch if ch.isprintable() else " " for ch in name).split())
    return shown[:100].strip() or address.partition("@")[0]


def _first_admin(user_id: str) -> Operation:
    """The row that only one account of an installation can write."""
    return Operation("installation", "insert", {"name": "first_admin"}, {"value": user_id})
