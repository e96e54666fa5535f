"""Webhooks as their owners see them."""

from collections.abc import Sequence
from typing import Any, Final

from tidework.errors import Conflict, NotFound, TideworkError, invalid
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import Membership, RequestContext
from tidework.ids import new_id
from tidework.log import Change, Commit, Committed, Expect, Operation, Values
from tidework.outgoing.client import Outgoing
from tidework.store.protocol import Store
from tidework.store.retry import retried
from tidework.times import after, now
from tidework.webhooks import queries
from tidework.webhooks.filters import cleaned
from tidework.webhooks.schemas import WebhookMade, WebhookOut
from tidework.webhooks.signing import OVERLAP_S, new_secret
from tidework.workspaces.api import still

MAX_WEBHOOKS: Final = 20

_FIELDS = (
    "url",
    "description",
    "events",
    "is_active",
    "disabled_reason",
    "rotated_at",
    "created_by",
    "created_at",
)


class WebhookService:
    """Makes, changes and removes webhooks. Owners of the workspace only."""

    def __init__(self, store: Store, outgoing: Outgoing) -> None:
        self._store = store
        self._outgoing = outgoing

    async def all(self, workspace_id: str) -> list[WebhookOut]:
        """The webhooks of a workspace, oldest first."""
        rows = await self._store.fetch(queries.WEBHOOKS, {"stream_id": workspace_id})
        return [WebhookOut(*row) for row in rows]

    async def get(self, workspace_id: str, webhook_id: str) -> WebhookOut:
        """One of them. Raises `NotFound`."""
        params = {"stream_id": workspace_id, "webhook_id": webhook_id}
        rows = await self._store.fetch(queries.WEBHOOK, params)
        if not rows:
            raise _missing()
        return WebhookOut(*rows[0])

    async def create(
        self, owner: Membership, values: Values, context: RequestContext
    ) -> WebhookMade:
        """Make one, with its secret. Raises `Invalid`, and `Conflict` when there are too many."""
        self._check_url(values["url"])
        count = await self._store.fetch(queries.COUNT, {"stream_id": owner.workspace_id})
        if count[0][0] >= MAX_WEBHOOKS and context.repeated is None:
            raise _too_many()
        at, webhook_id, secret = now(), new_id(), new_secret()
        fields = {
            "url": values["url"],
            "description": values["description"],
            "events": cleaned(values["events"]),
            "is_active": True,
            "disabled_reason": None,
            "rotated_at": None,
            "created_by": owner.user_id,
            "created_at": at,
        }
        key = {"stream_id": owner.workspace_id, "webhook_id": webhook_id}
        committed = await self._append(
            owner,
            context,
            Change("webhook", webhook_id, "create", fields),
            operations=[Operation("webhook_secrets", "insert", key, {"secret": secret})],
            at=at,
        )
        if committed.replayed:
            raise _shown_before("made")
        return _made(committed, secret)

    @retried
    async def update(
        self, owner: Membership, webhook_id: str, values: Values, context: RequestContext
    ) -> WebhookOut:
        """Change some fields. Raises `NotFound`, `Invalid`, `PreconditionFailed`."""
        present = await self.get(owner.workspace_id, webhook_id)
        expects = _versions(present, context)
        if "url" in values:
            self._check_url(values["url"])
        if "events" in values:
            values = {**values, "events": cleaned(values["events"])}
        if values.get("is_active"):
            values = {**values, "disabled_reason": None}
        fields = {n: v for n, v in values.items() if getattr(present, n) != v}
        if not fields:
            context.seq = present.version
            return present
        operations: list[Operation] = []
        if fields.get("is_active"):
            # What it failed at before it was enabled again does not count any more.
            key = {"stream_id": owner.workspace_id, "webhook_id": webhook_id}
            operations.append(Operation("webhook_health", "delete", key))
        change = Change("webhook", webhook_id, "update", fields)
        committed = await self._append(owner, context, change, expects, operations=operations)
        return _out(committed)

    @retried
    async def delete(self, owner: Membership, webhook_id: str, context: RequestContext) -> None:
        """Remove one; nothing more is sent to it. Raises `NotFound`, `PreconditionFailed`."""
        present = await self.get(owner.workspace_id, webhook_id)
        key = {"stream_id": owner.workspace_id, "webhook_id": webhook_id}
        await self._append(
            owner,
            context,
            Change("webhook", webhook_id, "delete"),
            _versions(present, context),
            operations=[Operation("webhook_secrets", "delete", key)],
        )

    @retried
    async def rotate(
        self, owner: Membership, webhook_id: str, context: RequestContext
    ) -> WebhookMade:
        """Give it a new secret; the present one signs beside it for a day. Raises `NotFound`."""
        present = await self.get(owner.workspace_id, webhook_id)
        key = {"stream_id": owner.workspace_id, "webhook_id": webhook_id}
        rows = await self._store.fetch(queries.SECRETS, key)
        if not rows:
            raise _missing()
        at, secret, old = now(), new_secret(), rows[0][0]
        values = {"secret": secret, "previous": old, "previous_until": after(at, OVERLAP_S)}
        committed = await self._append(
            owner,
            context,
            Change("webhook", webhook_id, "update", {"rotated_at": at}),
            _versions(present, context),
            # Of two at once the second one replaces what the first one has made.
            operations=[
                Operation("webhook_secrets", "update", {**key, "secret": old}, values, rows=1)
            ],
            at=at,
        )
        if committed.replayed:
            raise _shown_before("rotated")
        return _made(committed, secret)

    def _check_url(self, url: str) -> None:
        try:
            self._outgoing.check(url)
        except ValueError as wrong:
            raise invalid("/url", "url_refused", f"/url: the address {wrong}.") from None

    async def _append(
        self,
        owner: Membership,
        context: RequestContext,
        change: Change,
        expects: Sequence[Expect] = (),
        *,
        operations: Sequence[Operation] = (),
        at: str | None = None,
    ) -> Committed:
        commit = Commit(
            stream_id=owner.workspace_id,
            actor_id=owner.user_id,
            at=at or now(),
            request_id=context.request_id,
            changes=[change],
            expects=[still(owner, "owner"), *expects],
            operations=operations,
            idempotency=context.idempotency,
        )
        committed = await self._store.append(commit)
        context.seq = committed.seq
        return committed


def _versions(present: WebhookOut, context: RequestContext) -> list[Expect]:
    versions = expected_versions(context.if_match)
    if versions is None:
        return [Expect("webhook", present.id, error=_missing())]
    if present.version not in versions:
        raise changed()
    return [Expect("webhook", present.id, {"version": list(versions)}, error=changed())]


def _out(committed: Committed) -> WebhookOut:
    return WebhookOut(**_left(committed))


def _made(committed: Committed, secret: str) -> WebhookMade:
    return WebhookMade(**_left(committed), secret=secret)


def _left(committed: Committed) -> dict[str, Any]:
    done = committed.changes[0]
    fields = committed.after[0] if committed.after else done.set
    left = {name: fields[name] for name in _FIELDS}
    return {**left, "id": done.id, "updated_at": done.at, "version": committed.seq}


def _missing() -> NotFound:
    return NotFound("There is no such webhook in this workspace.")


def _too_many() -> TideworkError:
    return Conflict(
        f"A workspace has {MAX_WEBHOOKS} webhooks at most. Remove one first.",
        code="too_many_webhooks",
    )


def _shown_before(what: str) -> TideworkError:
    return Conflict(
        f"This webhook has been {what} already, and its secret cannot be shown again. Rotate it for"
        " another one.",
        code="webhook_exists",
    )
