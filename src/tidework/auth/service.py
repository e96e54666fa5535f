"""Registering, logging in and out, and everything about passwords."""

from typing import Literal

from tidework.auth import queries
from tidework.auth.access import AccessTokens
from tidework.auth.passwords import Passwords, check_strength
from tidework.auth.resets import Resets
from tidework.auth.sessions import REFRESH_LIFETIME_S, Pair, Sessions
from tidework.auth.throttle import Throttle
from tidework.errors import Conflict, Forbidden, Invalid, Unauthenticated, Unavailable, invalid
from tidework.http.context import Principal, RequestContext
from tidework.ids import new_id
from tidework.log import Change, Commit, Operation
from tidework.post.post import letter_job
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.times import now
from tidework.users.api import (
    Account,
    NewAccount,
    UserRole,
    Users,
    clean_email,
    clean_name,
    combined,
    email_key,
)

Registration = Literal["open", "invite", "closed"]

_RETRIES = 5
# What else is kept of how to reach somebody.
_OF_THE_PERSON = ("email_confirmations", "push_subscriptions", "channel_addresses")


class AuthService:
    """What a person does to prove who they are.

    `registration` says who may register: anybody, whoever was invited, nobody. A session lives
    `session_lifetime_s` seconds without being used.
    """

    def __init__(
        self,
        store: Store,
        users: Users,
        passwords: Passwords,
        access_tokens: AccessTokens,
        throttle: Throttle,
        resets: Resets,
        *,
        registration: Registration = "open",
        session_lifetime_s: int = REFRESH_LIFETIME_S,
    ) -> None:
        self._store = store
        self._users = users
        self._passwords = passwords
        self._throttle = throttle
        self._resets = resets
        self._registration = registration
        self.sessions = Sessions(store, access_tokens, session_lifetime_s)

    async def register(
        self, email: str, password: str, name: str, invitation: str | None, context: RequestContext
    ) -> tuple[Account, Pair, int]:
        """Make an account and log it in; the account, its tokens, its stream's seq.

        With an invitation's token the account is the one that was made for the invited person.
        Raises `Forbidden` (`registration_closed`), `Invalid`, `Conflict` (`email_taken`,
        `invitation_pending`).
        """
        self._check_open(invitation)
        email, name = _checked(email, password, name)
        if invitation is not None:
            return await self._accept(email, password, name, invitation, context)
        user_id = new_id()
        opening, pair = self.sessions.opening(user_id, context)
        new = NewAccount(
            id=user_id,
            email=email,
            name=name,
            may_be_first=True,
            operations=[
                _credentials(user_id, await self._passwords.hash(password)),
                opening,
                letter_job(user_id, "welcome"),
            ],
            request_id=context.request_id,
            idempotency=context.idempotency,
        )
        account, committed = await self._users.create(new)
        if committed.replayed:
            pair = await self._open(account.id, context)
        return account, pair, committed.seq

    def _check_open(self, invitation: str | None) -> None:
        if self._registration == "closed":
            raise Forbidden(
                "Nobody can register here. Ask an administrator to make an account for you.",
                code="registration_closed",
            )
        if self._registration == "invite" and invitation is None:
            raise Forbidden(
                "Registering takes an invitation here. Use the link of the invitation mail, or ask "
                "somebody to invite you to their workspace.",
                code="invitation_required",
            )

    async def _accept(
        self, email: str, password: str, name: str, invitation: str, context: RequestContext
    ) -> tuple[Account, Pair, int]:
        account = await self._resets.account_of(invitation, "/invitation")
        if email_key(email) != email_key(account.email or ""):
            raise invalid(
                "/email", "other_email", "The invitation was sent to another e-mail address."
            )
        if not account.placeholder:
            raise Conflict("This invitation has been accepted already. Log in.", code="email_taken")
        hashed = await self._passwords.hash(password)
        opening, pair = self.sessions.opening(account.id, context)
        try:
            account, committed = await self._users.take_over(
                account,
                name=name,
                operations=[
                    _credentials(account.id, hashed),
                    *self._resets.using(invitation),
                    opening,
                ],
                request_id=context.request_id,
                idempotency=context.idempotency,
                confirmed=True,
            )
        except Contended:
            raise self._resets.refusal("/invitation") from None
        if committed.replayed:
            pair = await self._open(account.id, context)
        await self._throttle.succeeded(_login_key(email), context.address)
        return account, pair, committed.seq

    async def _open(self, user_id: str, context: RequestContext) -> Pair:
        opening, pair = self.sessions.opening(user_id, context)
        await self._store.operate([opening])
        return pair

    async def log_in(
        self, email: str, password: str, context: RequestContext
    ) -> tuple[Account, Pair]:
        """The account, and the tokens of a new session.

        Raises `Unauthenticated` (`credentials_wrong`), the same for addresses without an account
        and for accounts that may not log in; `TooManyRequests` after several failures.
        """
        key, address = _login_key(email), context.address
        account = await self._users.find_by_email(email)
        # The same questions for a made-up id, so that the time does not tell whether there is one.
        user_id = new_id() if account is None else account.id
        if account is None:
            await self._users.get(user_id)
        stored = await self._password_of(user_id)
        known = bool(
            await self._store.fetch(queries.KNOWN_ADDRESS, {"user_id": user_id, "address": address})
        )
        await self._throttle.check(key, address, known=known)
        try:
            verified = await self._passwords.verify(password, stored)
            hashed = await self._passwords.hash(password) if verified.rehash else stored
        except Unavailable:
            await self._throttle.release(key, address, known=known)
            raise
        if not verified.ok or account is None or not account.is_active or account.placeholder:
            raise _wrong()
        opening, pair = self.sessions.opening(account.id, context)
        # Should the password change at this very moment, this was the old one.
        same = {"stream_id": account.id, "password_hash": stored}
        unchanged = Operation("credentials", "update", same, {"password_hash": hashed}, rows=1)
        outdated = await self.sessions.expired(account.id)
        try:
            await self._store.operate([unchanged, opening, *outdated])
        except Contended:
            raise _wrong() from None
        await self._throttle.succeeded(key, address, known=known)
        return account, pair

    async def _password_of(self, user_id: str) -> str | None:
        rows = await self._store.fetch(queries.PASSWORD, {"user_id": user_id})
        return rows[0][0] if rows else None

    async def confirm(self, user_id: str, password: str, address: str, pointer: str) -> None:
        """See `users.api.Secrets.confirm`."""
        account = await self._users.get(user_id)
        key = _login_key(account.email or user_id) if account is not None else user_id
        await self._throttle.check(key, address, known=True)
        try:
            verified = await self._passwords.verify(password, await self._password_of(user_id))
        except Unavailable:
            await self._throttle.release(key, address, known=True)
            raise
        if not verified.ok:
            raise invalid(pointer, "password_wrong", "This is not your present password.")
        await self._throttle.release(key, address, known=True)

    async def change_password(
        self, caller: Principal, current: str, new: str, context: RequestContext
    ) -> int:
        """Set another password and end all other sessions; the stream's seq.

        Raises `Invalid` for a wrong present password and for a new one that is not acceptable.
        """
        await self.confirm(caller.user_id, current, context.address, "/current_password")
        account = await self._existing(caller.user_id)
        _check_password(new, account, "/new_password")
        keep = caller.credential.id if caller.credential.kind == "session" else None
        return await self._replace(
            account, new, "password_changed", context.request_id, keep, tell=True
        )

    async def reset_password(self, token: str, password: str, context: RequestContext) -> int:
        """Set a new password by a mailed link, which is used up, and end all sessions.

        An invited person's account becomes theirs by it. Raises `Invalid`.
        """
        account = await self._resets.account_of(token, "/token")
        _check_password(password, account, "/password")
        if account.placeholder:
            seq = await self._claim(account, token, password, context)
        else:
            seq = await self._replace(
                account, password, "password_reset", context.request_id, None, token, tell=True
            )
        await self._throttle.succeeded(_login_key(account.email or ""), context.address)
        return seq

    async def _claim(
        self, account: Account, token: str, password: str, context: RequestContext
    ) -> int:
        self._check_open(token)
        hashed = await self._passwords.hash(password)
        operations = [_credentials(account.id, hashed), *self._resets.using(token)]
        try:
            _, committed = await self._users.take_over(
                account,
                name=None,
                operations=operations,
                request_id=context.request_id,
                idempotency=context.idempotency,
            )
        except Contended:
            raise self._resets.refusal("/token") from None
        return committed.seq

    async def _replace(
        self,
        account: Account,
        password: str,
        reason: str,
        request_id: str | None,
        keep: str | None,
        token: str | None = None,
        *,
        tell: bool = False,
    ) -> int:
        hashed = await self._passwords.hash(password)
        told = [letter_job(account.id, "password_changed")] if tell else []
        for _ in range(_RETRIES):
            changes, operations = await self.sessions.ending(account.id, reason, keep)
            # Also without a session to end the stream moves: what a copy knows of it is outdated.
            touch = Change("account", account.id, "update", {})
            used = self._resets.using(token) if token else self._resets.dropping(account.id)
            commit = Commit(
                stream_id=account.id,
                actor_id=account.id,
                at=now(),
                changes=[touch, *changes],
                operations=[_credentials(account.id, hashed), *used, *operations, *told],
                request_id=request_id,
            )
            try:
                return (await self._store.append(commit)).seq
            except (Contended, UniqueConflict):
                if token is not None:
                    await self._resets.account_of(token, "/token")
        raise Contended

    async def create_account(
        self, email: str, password: str, name: str, role: UserRole = "user"
    ) -> Account:
        """Make an account without logging it in, for an administrator's command.

        The first one of an installation becomes its admin. A placeholder of this address becomes the
        account: whoever runs the installation need not prove whose it is. Raises as `register` does.
        """
        email, name = _checked(email, password, name)
        user_id = new_id()
        hashed = await self._passwords.hash(password)
        waiting = await self._users.find_by_email(email)
        if waiting is not None and waiting.placeholder:
            account, _ = await self._users.take_over(
                waiting,
                name=name,
                operations=[_credentials(waiting.id, hashed)],
                request_id=None,
                role=role,
            )
            return account
        new = NewAccount(
            id=user_id,
            email=email,
            name=name,
            role=role,
            may_be_first=True,
            operations=[_credentials(user_id, hashed)],
        )
        return (await self._users.create(new))[0]

    async def set_password(self, user_id: str, password: str) -> None:
        """Set an account's password and end its sessions, for an administrator's command."""
        account = await self._existing(user_id)
        _check_password(password, account, "/password")
        if account.placeholder:
            raise Conflict(
                "This account has not been accepted by its person yet. Invite them.",
                code="placeholder",
            )
        await self._replace(account, password, "password_reset", None, None)

    async def account_of(self, pair: Pair) -> Account:
        """The account that a pair is for. Raises `Unauthenticated` when it is gone."""
        return await self._existing(pair.user_id)

    async def _existing(self, user_id: str) -> Account:
        account = await self._users.get(user_id)
        if account is None:
            raise Unauthenticated("This account does not exist any more.", code="session_ended")
        return account

    async def ending(self, user_id: str, reason: str) -> tuple[list[Change], list[Operation]]:
        """See `users.api.Secrets.ending`."""
        return await self.sessions.ending(user_id, reason)

    async def erasing(self, user_id: str) -> tuple[list[Change], list[Operation]]:
        """See `users.api.Secrets.erasing`."""
        changes = [
            Change("api_token", row[0], "delete")
            for row in await self._store.fetch(queries.API_TOKENS, {"user_id": user_id})
        ]
        changes += [
            Change("revocation", row[0], "delete")
            for row in await self._store.fetch(queries.REVOCATIONS, {"user_id": user_id})
        ]
        key = {"stream_id": user_id}
        tables = ("credentials", "sessions", "password_resets", *_OF_THE_PERSON)
        return changes, [Operation(table, "delete", key) for table in tables]


def _login_key(email: str) -> str:
    return email_key(email) or email.strip().casefold()[:300]


def _credentials(user_id: str, hashed: str) -> Operation:
    values = {"password_hash": hashed, "changed_at": now()}
    return Operation("credentials", "upsert", {"stream_id": user_id}, values)


def _checked(email: str, password: str, name: str) -> tuple[str, str]:
    """E-mail and name as they are kept. Raises one `Invalid` for all that is wrong."""
    problems: list[Invalid] = []
    address = shown = ""
    try:
        address = clean_email(email)
    except Invalid as problem:
        problems.append(problem)
    try:
        shown = clean_name(name)
    except Invalid as problem:
        problems.append(problem)
    try:
        check_strength(password, email=email, name=name)
    except Invalid as problem:
        problems.append(problem)
    if problems:
        raise combined(problems)
    return address, shown


def _check_password(password: str, account: Account, pointer: str) -> None:
    try:
        check_strength(password, email=account.email or "", name=account.name)
    except Invalid as problem:
        error = problem.errors[0]
        raise invalid(pointer, error.code, error.detail) from None


def _wrong() -> Unauthenticated:
    return Unauthenticated("The e-mail address or the password is wrong.", code="credentials_wrong")
