"""Links by mail: to set a new password, and to accept an invitation."""

from collections.abc import Callable

from tidework.auth import queries
from tidework.auth.access import digest
from tidework.auth.throttle import Throttle
from tidework.auth.tokens import new_reset, parse_reset
from tidework.errors import Forbidden, Invalid, TooManyRequests, invalid
from tidework.ids import new_id
from tidework.log import Operation
from tidework.post.post import letter_job
from tidework.store.protocol import Store
from tidework.times import after, now
from tidework.users.api import Account, Users, clean_email, email_key, is_imported

RESET_LIFETIME_S = 3600
INVITATION_LIFETIME_S = 7 * 24 * 3600

_MAX_LINKS = 5


class Resets:
    """Makes links, has them mailed, and says whose they are.

    `public_url` is where people reach the installation, without a slash at its end. `registration`
    as for `AuthService`. `secret_of` makes secrets of 43 characters from what they are for, so that
    a letter that is sent again has the same link; random ones without it.
    """

    def __init__(
        self,
        store: Store,
        users: Users,
        throttle: Throttle,
        *,
        public_url: str,
        registration: str = "open",
        secret_of: Callable[[str], str] | None = None,
    ) -> None:
        self._store = store
        self._users = users
        self._throttle = throttle
        self._public_url = public_url.rstrip("/")
        self._registration = registration
        self._secret_of = secret_of

    async def forgot(self, email: str, address: str) -> None:
        """Have a link sent to this address, if there is an account that may have one.

        Does the same for every address: whose it is, the job finds out. Raises `TooManyRequests`.
        """
        key = email_key(email) or email.strip().casefold()[:300]
        await self._count(f"forgot {key}", address)
        # A stream of its own, since there may be no account that it could belong to.
        await self._store.operate([letter_job(new_id(), "reset", email=email.strip()[:300])])

    async def _count(self, key: str, address: str, *, known: bool = False) -> None:
        try:
            await self._throttle.check(key, address, known=known)
        except TooManyRequests as error:
            raise TooManyRequests(
                "Too many links were sent to this address. Look into the mailbox, or try again "
                "later.",
                retry_after=error.retry_after,
            ) from None

    async def reachable(self, email: str) -> Account | None:
        """The account of this address, if it may have a link to set a password."""
        account = await self._users.find_by_email(email)
        if account is None or account.email is None or is_imported(account.email):
            return None
        if not (account.is_active or await self._may_claim(account)):
            return None
        return account

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
            letter = letter_job(
                account.id, "invitation", inviter=inviter_name, workspace=workspace_name
            )
            await self._store.operate([letter])
        return account

    async def link_for(self, account: Account) -> str:
        """A link to set a password, for an administrator to hand over."""
        lifetime = INVITATION_LIFETIME_S if account.placeholder else RESET_LIFETIME_S
        return f"{self._public_url}/reset-password#token={await self.link(account.id, lifetime)}"

    async def link(self, user_id: str, lifetime_s: int, job_id: str | None = None) -> str:
        """The token of a link for an account; the same again for the job of a letter."""
        secret = self._secret_of(f"reset {job_id}") if self._secret_of and job_id else None
        token = new_reset(user_id, secret)
        present = now()
        key = {"stream_id": user_id, "digest": digest(token)}
        made = Operation(
            "password_resets", "upsert", key, {"expires_at": after(present, lifetime_s)}
        )
        rows = await self._store.fetch(queries.RESETS, {"user_id": user_id})
        others = [(known, expires_at) for known, expires_at in rows if known != key["digest"]]
        live = [known for known, expires_at in others if expires_at > present]
        surplus = {known for known, _ in others} - set(live[-(_MAX_LINKS - 1) :])
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
