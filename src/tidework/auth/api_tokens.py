"""Personal API tokens: for scripts, without a session. Only their digests are kept."""

from collections.abc import Sequence
from datetime import datetime

from tidework.auth import queries
from tidework.auth.access import digest
from tidework.auth.schemas import Scope, TokenMade, TokenOut
from tidework.auth.tokens import new_api
from tidework.errors import Conflict, Forbidden, NotFound, invalid
from tidework.http.context import Principal, RequestContext
from tidework.ids import new_id
from tidework.log import Change, Commit, Expect
from tidework.store.protocol import Store
from tidework.times import canonical, now
from tidework.users.api import clean_name

MAX_TOKENS = 100


class ApiTokens:
    """Makes, lists and removes API tokens."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, user_id: str) -> list[TokenOut]:
        """The tokens of an account, oldest first, expired ones too."""
        rows = await self._store.fetch(queries.API_TOKENS, {"user_id": user_id})
        return [TokenOut(*row) for row in rows]

    async def create(
        self,
        caller: Principal,
        name: str,
        scopes: Sequence[Scope],
        expires_at: datetime | None,
        context: RequestContext,
    ) -> tuple[TokenMade, int]:
        """A new token, with its secret, and the stream's seq.

        Raises `Invalid`, `Forbidden` for a scope beyond the caller's role, `Conflict` when there
        are too many.
        """
        if "admin" in scopes and caller.role != "admin":
            raise Forbidden(
                "Only an administrator's token may have the scope 'admin'.", code="scope_refused"
            )
        name = clean_name(name)
        until = _future(expires_at)
        if len(await self.of(caller.user_id)) >= MAX_TOKENS:
            raise Conflict(
                f"An account has {MAX_TOKENS} API tokens at most. Remove one first.",
                code="too_many_tokens",
            )
        token_id, at = new_id(), now()
        text = new_api(caller.user_id, token_id)
        granted: list[Scope] = sorted(set(scopes))
        values = {
            "name": name,
            "scopes": granted,
            "digest": digest(text),
            "expires_at": until,
            "created_at": at,
        }
        commit = Commit(
            stream_id=caller.user_id,
            actor_id=caller.user_id,
            at=at,
            changes=[Change("api_token", token_id, "create", values)],
            request_id=context.request_id,
            idempotency=context.idempotency,
        )
        committed = await self._store.append(commit)
        if committed.replayed:
            raise Conflict(
                "This token has been made already, and its secret cannot be shown again. Remove it "
                "and make another one.",
                code="token_exists",
            )
        return TokenMade(token_id, name, granted, until, at, text), committed.seq

    async def remove(self, caller: Principal, token_id: str, context: RequestContext) -> int:
        """Make a token useless at once; the stream's seq. Raises `NotFound`."""
        gone = NotFound("There is no such API token; it may have been removed already.")
        commit = Commit(
            stream_id=caller.user_id,
            actor_id=caller.user_id,
            at=now(),
            changes=[Change("api_token", token_id, "delete")],
            expects=[Expect("api_token", token_id, error=gone)],
            request_id=context.request_id,
        )
        return (await self._store.append(commit)).seq


def _future(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    try:
        text = canonical(moment)
    except OverflowError:
        raise invalid(
            "/expires_at", "out_of_range", "This time lies outside the years 1 to 9999 in UTC."
        ) from None
    if text <= now():
        raise invalid("/expires_at", "in_the_past", "A token must expire in the future.")
    return text
