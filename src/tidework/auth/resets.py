"""Links by mail: to set a new password, and to accept an invitation."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from tidework.auth import mails, queries
from tidework.auth.access import digest
from tidework.auth.throttle import Throttle
from tidework.auth.tokens import new_reset, parse_reset
from tidework.errors import Forbidden, Invalid, TooManyRequests, Unavailable, invalid
from tidework.log import Operation
from tidework.mail import Mailer
from tidework.store.protocol import Store
from tidework.times import after, now
from tidework.users.api import Account, Users, clean_email, email_key, is_imported

RESET_LIFETIME_S = 3600
INVITATION_LIFETIME_S = 7 * 24 * 3600

_MAX_LINKS = 5
_MAX_TASKS = 1000

_log = structlog.get_logger()


class Resets:
    """Makes links, mails them, and says whose they are.

    `public_url` is where people reach the installation, without a slash at its end. `registration`
    as for `AuthService`.
    """

    def __init__(
        self,
        store: Store,
        users: Users,
        mailer: Mailer,
        throttle: Throttle,
        *,
        public_url: str,
        registration: str = "open",
    ) -> None:
        self._store = store
        self._users = users
        self._mailer = mailer
        self._throttle = throttle
        self._public_url = public_url.rstrip("/")
        self._registration = registration
        self._tasks: set[asyncio.Task[None]] = set()

    async def forgot(self, email: str, address: str) -> None:
        """Have a link sent to this address, if there is an account that may have one.

        Returns at once and the same for every address. Raises `TooManyRequests`.
        """
        key = email_key(email) or email.strip().casefold()[:300]
        await self._count(f"forgot {key}", address)
        self._later(self._send_reset(email))

    async def _count(self, key: str, address: str, *, known: bool = False) -> None:
        try:
            await self._throttle.check(key, address, known=known)
        except TooManyRequests as error:
            raise TooManyRequests(
                "Too many links were sent to this address. Look into the mailbox, or try again "
                "later.",
                retry_after=error.retry_after,
            ) from None

    async def _send_reset(self, email: str) -> None:
        account = await self._users.find_by_email(email)
        if account is None or account.email is None or is_imported(account.email):
            return
        if not (account.is_active or await self._may_claim(account)):
            return
        token = await self._link(account.id, RESET_LIFETIME_S)
        await self._mailer.send(
            mails.reset(
                account.email, account.name, self._public_url, token, RESET_LIFETIME_S // 60
            )
        )

    async def _may_claim(self, account: Account) -> bool:
        """Whether the person a placeholder stands for may take it over by proving the address."""
        if not account.placeholder or self._registration == "closed":
            return False
        if self._registration == "open":
            return True
        return bool(await self._store.fetch(queries.RESETS, {"user_id": account.id}))

    async def invite(self, email: str, inviter_name: str, workspace_name: str) -> Account:
        """See `users.api.Invitations.invite`."""
        address = clean_email(email)
        account = await self._users.find_by_email(address)
        if account is not None and not account.placeholder:
            return account
        if self._registration == "closed":
            raise Forbidden(
                "There is no account with this address, and nobody can register here. Ask an "
                "administrator to make the account first.",
                code="registration_closed",
            )
        await self._count(f"invite {email_key(address)}", "invitations", known=True)
        if account is None:
            account = await self._users.ensure_placeholder(address.partition("@")[0], address)
        if account.placeholder:
            token = await self._link(account.id, INVITATION_LIFETIME_S)
            await self._mailer.send(
                mails.invitation(
                    account.email or address,
                    self._public_url,
                    token,
                    inviter_name,
                    workspace_name,
                )
            )
        return account

    async def link_for(self, account: Account) -> str:
        """A link to set a password, for an administrator to hand over."""
        lifetime = INVITATION_LIFETIME_S if account.placeholder else RESET_LIFETIME_S
        return f"{self._public_url}/reset-password#token={await self._link(account.id, lifetime)}"

    async def _link(self, user_id: str, lifetime_s: int) -> str:
        token = new_reset(user_id)
        present = now()
        key = {"stream_id": user_id, "digest": digest(token)}
        made = Operation(
            "password_resets", "insert", key, {"expires_at": after(present, lifetime_s)}
        )
        rows = await self._store.fetch(queries.RESETS, {"user_id": user_id})
        live = [known for known, expires_at in rows if expires_at > present]
        surplus = {known for known, _ in rows} - set(live[-(_MAX_LINKS - 1) :])
        dropped = [
            Operation("password_resets", "delete", {"stream_id": user_id, "digest": known})
            for known in sorted(surplus)
        ]
        await self._store.operate([made, *dropped])
        return token

    async def account_of(self, token: str, pointer: str) -> Account:
        """The account that a link was made for. Raises `Invalid` when it is no longer good."""
        parsed = parse_reset(token)
        if parsed is None:
            raise self.refusal(pointer)
        rows = await self._store.fetch(queries.RESETS, {"user_id": parsed.user_id})
        present = now()
        good = any(known == parsed.digest and expires > present for known, expires in rows)
        account = await self._users.get(parsed.user_id) if good else None
        if account is None or not (account.is_active or account.placeholder):
            raise self.refusal(pointer)
        return account

    def refusal(self, pointer: str) -> Invalid:
        """The error for a link that is not good, or no longer."""
        return invalid(
            pointer,
            "link_invalid",
            "This link has expired, was used already, or is incomplete. Ask for a new one.",
        )

    def using(self, token: str) -> list[Operation]:
        """What uses a link up, and any other of the same account, in the commit it allows."""
        parsed = parse_reset(token)
        assert parsed is not None
        key = {"stream_id": parsed.user_id, "digest": parsed.digest}
        return [
            Operation("password_resets", "delete", key, rows=1),
            *self.dropping(parsed.user_id),
        ]

    def dropping(self, user_id: str) -> list[Operation]:
        """What makes all links of an account useless."""
        return [Operation("password_resets", "delete", {"stream_id": user_id})]

    def announce_change(self, account: Account) -> None:
        """Tell a person that their password is another one now, after the answer."""
        # The password is changed already: a full queue is no reason to answer otherwise.
        if account.email is not None and len(self._tasks) < _MAX_TASKS:
            self._later(
                self._mailer.send(
                    mails.password_changed(account.email, account.name, self._public_url)
                )
            )

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= _MAX_TASKS:
            work.close()
            raise Unavailable("Too many mails wait to be sent. Try again.", code="overloaded")
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Wait until every mail is handed over."""
        while self._tasks:
            await asyncio.gather(*self._tasks)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        _log.exception("mail_failed")
