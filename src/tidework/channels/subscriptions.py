"""Browsers that take messages, and the key that this installation is known to them by."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from tidework.channels import queries
from tidework.channels.schemas import Subscription, SubscriptionIn
from tidework.channels.web_push import Vapid, new_secret, read_browser
from tidework.errors import Forbidden, NotFound, invalid
from tidework.http.context import Principal, RequestContext
from tidework.log import Operation
from tidework.outgoing.client import Outgoing
from tidework.store.protocol import Store, UniqueConflict
from tidework.times import canonical, now

MOST: Final = 20
_NAME: Final = "vapid_key"
_NAMESPACE: Final = UUID("9f1c7c0e-2f0b-4b0c-9a57-0d6f6a3f8f61")


class Subscribed(NamedTuple):
    """A browser. It belongs to the session that it was subscribed in, and ends with it."""

    id: str
    endpoint: str
    p256dh: str
    auth: str
    user_agent: str | None
    created_at: str
    expires_at: str | None
    session_until: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be sent there any more."""
        moment = now()
        if self.session_until is None or self.session_until <= moment:
            return True
        return self.expires_at is not None and self.expires_at <= moment


class Subscriptions:
    """Keeps them, 20 for a person at most: the newest."""

    def __init__(self, store: Store, outgoing: Outgoing, contact: str) -> None:
        self._store = store
        self._outgoing = outgoing
        self._contact = contact
        self._vapid: Vapid | None = None

    async def vapid(self) -> Vapid:
        """The key; made at the first use, one for all copies."""
        if self._vapid is None:
            rows = await self._store.fetch(queries.INSTALLATION, {"name": _NAME})
            if not rows:
                made = Operation("installation", "insert", {"name": _NAME}, {"value": new_secret()})
                try:
                    await self._store.operate([made])
                except UniqueConflict:
                    # Another process was faster; its key is the one.
                    pass
                rows = await self._store.fetch(queries.INSTALLATION, {"name": _NAME})
            self._vapid = Vapid(rows[0][0], self._contact)
        return self._vapid

    async def of(self, user_id: str) -> Sequence[Subscribed]:
        """A person's browsers, those that are over too."""
        rows = await self._store.fetch(queries.SUBSCRIPTIONS, {"user_id": user_id})
        return [Subscribed(*row) for row in rows]

    async def add(
        self, caller: Principal, data: SubscriptionIn, context: RequestContext
    ) -> Subscription:
        """Take a browser in; the same one again is the same. Raises `Invalid`, `Forbidden`."""
        if caller.credential.kind != "session":
            raise Forbidden(
                "A browser is subscribed by who is logged in there. Log in with e-mail address and "
                "password.",
                code="session_required",
            )
        try:
            self._outgoing.check(data.endpoint)
        except ValueError as error:
            raise invalid(
                "/endpoint", "url_refused", f"The address of the push service {error}."
            ) from None
        try:
            read_browser(data.keys.p256dh, data.keys.auth)
        except ValueError:
            raise invalid(
                "/keys",
                "invalid_keys",
                "These are no keys of a push subscription. Send what PushSubscription.toJSON() "
                "gives.",
            ) from None
        subscription_id = str(uuid5(_NAMESPACE, f"{caller.user_id} {data.endpoint}"))
        values: dict[str, Any] = {
            "endpoint": data.endpoint,
            "p256dh": data.keys.p256dh,
            "auth": data.keys.auth,
            "user_agent": context.user_agent,
            "session_id": caller.credential.id,
            "created_at": now(),
            "expires_at": _moment(data.expiration_time),
        }
        known = await self.of(caller.user_id)
        others = [one for one in known if one.id != subscription_id]
        surplus = {one.id for one in others if one.is_over}
        living = [one.id for one in others if not one.is_over]
        surplus |= set(living[: max(0, len(living) - MOST + 1)])
        key = {"stream_id": caller.user_id, "id": subscription_id}
        await self._store.operate(
            [
                Operation("push_subscriptions", "upsert", key, values),
                *(dropped(caller.user_id, one) for one in sorted(surplus)),
            ]
        )
        return Subscription(
            subscription_id, data.endpoint, context.user_agent, values["created_at"]
        )

    async def shown(self, user_id: str) -> list[Subscription]:
        """A person's browsers as HTTP shows them, without keys."""
        return [
            Subscription(one.id, one.endpoint, one.user_agent, one.created_at)
            for one in await self.of(user_id)
            if not one.is_over
        ]

    async def remove(self, user_id: str, subscription_id: str) -> None:
        """Send nothing to a browser any more. Raises `NotFound`."""
        if all(one.id != subscription_id for one in await self.of(user_id)):
            raise NotFound("There is no such subscription.")
        await self._store.operate([dropped(user_id, subscription_id)])


def _moment(milliseconds: float | None) -> str | None:
    if milliseconds is None:
        return None
    return canonical(datetime.fromtimestamp(milliseconds / 1000, UTC))


def dropped(user_id: str, subscription_id: str) -> Operation:
    """That a browser takes nothing any more."""
    key = {"stream_id": user_id, "id": subscription_id}
    return Operation("push_subscriptions", "delete", key)
