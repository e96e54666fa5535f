"""That an address is its account's: proved by a link that was mailed there."""

from collections.abc import Callable
from typing import Final

from tidework.auth import queries
from tidework.auth.access import digest
from tidework.auth.throttle import Throttle
from tidework.auth.tokens import new_confirmation, parse_confirmation
from tidework.errors import Conflict, Invalid, TooManyRequests, invalid
from tidework.http.context import Principal, RequestContext
from tidework.log import Change, Commit, Operation
from tidework.post.post import letter_job
from tidework.store.protocol import Contended, Store
from tidework.times import after, now
from tidework.users.api import Account, Users, email_key

LIFETIME_S: Final = 7 * 86_400
_MAX_LINKS: Final = 5


class Confirmations:
    """Makes the links and takes them back. `secret_of` as for `Resets`."""

    def __init__(
        self,
        store: Store,
        users: Users,
        throttle: Throttle,
        secret_of: Callable[[str], str] | None = None,
    ) -> None:
        self._store = store
        self._users = users
        self._throttle = throttle
        self._secret_of = secret_of

    async def link(self, account: Account, job_id: str) -> str:
        """The token of a link for the address that the account has now."""
        secret = self._secret_of(f"confirm {job_id}") if self._secret_of else None
        token = new_confirmation(account.id, secret)
        present = now()
        key = {"stream_id": account.id, "digest": digest(token)}
        values = {
            "email": email_key(account.email or "") or "",
            "expires_at": after(present, LIFETIME_S),
        }
        rows = await self._store.fetch(queries.CONFIRMATIONS, {"user_id": account.id})
        others = [row[0] for row in rows if row[0] != key["digest"]]
        dropped = [
            Operation("email_confirmations", "delete", {"stream_id": account.id, "digest": known})
            for known in others[: max(0, len(others) - _MAX_LINKS + 1)]
        ]
        await self._store.operate(
            [Operation("email_confirmations", "upsert", key, values), *dropped]
        )
        return token

    async def confirm(self, token: str, context: RequestContext) -> None:
        """Note that the address is its account's; again is as good as once.

        Raises `Invalid` for a link that has expired, or was sent to another address.
        """
        parsed = parse_confirmation(token)
        if parsed is None:
            raise _refusal()
        rows = await self._store.fetch(queries.CONFIRMATIONS, {"user_id": parsed.user_id})
        present = now()
        emails = [row[1] for row in rows if row[0] == parsed.digest and row[2] > present]
        account = await self._users.get(parsed.user_id) if emails else None
        if account is None or account.email is None or email_key(account.email) != emails[0]:
            raise _refusal()
        if account.email_confirmed_at is not None:
            context.seq = account.version
            return
        # Should the address change at this moment, the link's row is gone and so is the commit.
        key = {"stream_id": account.id, "digest": parsed.digest}
        used = Operation("email_confirmations", "update", key, {"email": emails[0]}, rows=1)
        commit = Commit(
            stream_id=account.id,
            actor_id=account.id,
            at=present,
            changes=[Change("account", account.id, "update", {"email_confirmed_at": present})],
            operations=[used],
            request_id=context.request_id,
        )
        try:
            context.seq = (await self._store.append(commit)).seq
        except Contended:
            raise _refusal() from None

    async def resend(self, caller: Principal, context: RequestContext) -> None:
        """Have another link sent. Raises `Conflict` (`email_confirmed`), `TooManyRequests`."""
        account = await self._users.get(caller.user_id)
        if account is not None and account.email_confirmed_at is not None:
            raise Conflict("This address is confirmed already.", code="email_confirmed")
        try:
            await self._throttle.check(f"confirm {caller.user_id}", context.address, known=True)
        except TooManyRequests as error:
            raise TooManyRequests(
                "Too many links were sent to this address. Look into the mailbox, or try again "
                "later.",
                retry_after=error.retry_after,
            ) from None
        await self._store.operate([letter_job(caller.user_id, "confirm")])


def _refusal() -> Invalid:
    return invalid(
        "/token",
        "link_invalid",
        "This link has expired, is incomplete, or was sent to another address. Ask for a new one "
        "with POST /auth/email/resend.",
    )
