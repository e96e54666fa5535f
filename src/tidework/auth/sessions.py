"""Sessions: a row each, with the digest of the one refresh token that is good at the moment.

What ends a session is a commit on its account's stream, so that the next request of any copy
notices.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tidework.auth import queries
from tidework.auth.access import AccessTokens, digest
from tidework.auth.tokens import (
    RefreshToken,
    new_family_key,
    new_refresh,
    parse_refresh,
    seal,
    unseal,
)
from tidework.errors import NotFound, Unauthenticated
from tidework.http.context import RequestContext
from tidework.ids import new_id
from tidework.log import Change, Commit, Committed, Operation, Values
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.times import after, now

REFRESH_LIFETIME_S = 30 * 24 * 3600
GRACE_S = 30
"""How long the retry of a lost answer gets the same pair again."""

_RETRIES = 5
# Access tokens end within minutes: a revocation has nothing left to revoke after a day.
_REVOCATIONS_KEPT_S = 24 * 3600
_MAX_PRUNED = 100


class Pair(msgspec.Struct, frozen=True):
    """An access token, the refresh token that follows it, and the first one's seconds to live."""

    access_token: str
    refresh_token: str
    expires_in: int

    @property
    def user_id(self) -> str:
        """The account that both are for."""
        token = parse_refresh(self.refresh_token)
        assert token is not None
        return token.user_id


class Session(NamedTuple):
    """A session as it is kept."""

    id: str
    created_at: str
    used_at: str
    expires_at: str
    user_agent: str | None
    address: str | None
    refresh_digest: str
    previous_digest: str | None
    rotated_at: str | None
    sealed: str | None
    family_key: str


class Sessions:
    """Opens, refreshes, lists and ends sessions. `lifetime_s` is how long one lasts unused."""

    def __init__(
        self, store: Store, access_tokens: AccessTokens, lifetime_s: int = REFRESH_LIFETIME_S
    ) -> None:
        self._store = store
        self._access_tokens = access_tokens
        self.lifetime_s = lifetime_s

    def opening(self, user_id: str, context: RequestContext) -> tuple[Operation, Pair]:
        """A new session: the operation that writes it, and its first pair of tokens."""
        at = now()
        session_id, family_key = new_id(), new_family_key()
        refresh = new_refresh(user_id, session_id, family_key)
        session = Session(
            id=session_id,
            created_at=at,
            used_at=at,
            expires_at=after(at, self.lifetime_s),
            user_agent=context.user_agent,
            address=context.address,
            refresh_digest=digest(refresh.text),
            previous_digest=None,
            rotated_at=None,
            sealed=None,
            family_key=family_key,
        )
        return _insertion(user_id, session), self._pair(refresh)

    def _pair(self, refresh: RefreshToken) -> Pair:
        access = self._access_tokens.issue(refresh.user_id, refresh.session_id)
        return Pair(access, refresh.text, self._access_tokens.lifetime_s)

    async def refresh(self, text: str, context: RequestContext) -> Pair:
        """The next pair for a refresh token, which is used up by it.

        The same token again within 30 s gets the same pair. After that it is somebody's copy: the
        session ends. Raises `Unauthenticated` (`refresh_invalid`, `refresh_reused`,
        `session_ended`).
        """
        for _ in range(_RETRIES):
            token, session = await self.find(text)
            presented = digest(text)
            try:
                if presented == session.refresh_digest:
                    return await self._rotate(token, session, context)
                if presented == session.previous_digest and _in_grace(session):
                    pair = unseal(session.sealed or "", token.secret, Pair)
                    if pair is not None:
                        return pair
                await self.end(token.user_id, session.id, "refresh_reused", context)
            except Contended:
                continue
            except NotFound:
                raise _ended() from None
            raise Unauthenticated(
                "This refresh token was used before; the session has been ended for safety. "
                "Log in again.",
                code="refresh_reused",
            )
        raise Contended

    async def find(self, text: str) -> tuple[RefreshToken, Session]:
        """The session that issued this refresh token, be it used by now or not.

        Raises `Unauthenticated`.
        """
        token = parse_refresh(text)
        if token is None:
            raise _invalid()
        params = {"user_id": token.user_id, "id": token.session_id}
        rows = await self._store.fetch(queries.SESSION, params)
        if not rows:
            raise _ended()
        session = Session(*rows[0])
        if not token.genuine(session.family_key):
            raise _invalid()
        caller = await self._store.fetch(queries.SESSION_CALLER, params)
        if session.expires_at <= now() or not caller or caller[0][5] is not None:
            raise _ended()
        if not caller[0][2]:
            raise Unauthenticated(
                "This account is not active. Ask an administrator.", code="account_inactive"
            )
        return token, session

    async def _rotate(self, token: RefreshToken, session: Session, context: RequestContext) -> Pair:
        following = new_refresh(token.user_id, session.id, session.family_key)
        pair = self._pair(following)
        at = now()
        values: Values = {
            "refresh_digest": digest(following.text),
            "previous_digest": session.refresh_digest,
            "rotated_at": at,
            "used_at": at,
            "expires_at": after(at, self.lifetime_s),
            "sealed": seal(pair, token.secret),
            "user_agent": context.user_agent,
            "address": context.address,
        }
        key = {
            "stream_id": token.user_id,
            "id": session.id,
            "refresh_digest": session.refresh_digest,
        }
        await self._store.operate([Operation("sessions", "update", key, values, rows=1)])
        return pair

    async def live(self, user_id: str) -> Sequence[Session]:
        """The sessions that can still be refreshed, the last used one first."""
        rows = await self._store.fetch(queries.SESSIONS, {"user_id": user_id})
        present = now()
        return [session for session in map(Session._make, rows) if session.expires_at > present]

    async def end(
        self, user_id: str, session_id: str, reason: str, context: RequestContext
    ) -> Committed:
        """End one session. Raises `NotFound` when there is no such session (any more)."""
        for _ in range(_RETRIES):
            params = {"user_id": user_id, "id": session_id}
            if not await self._store.fetch(queries.SESSION, params):
                break
            key = {"stream_id": user_id, "id": session_id}
            commit = Commit(
                stream_id=user_id,
                actor_id=user_id,
                at=now(),
                changes=[_revocation(session_id, reason), *await self._outdated(user_id)],
                operations=[Operation("sessions", "delete", key, rows=1)],
                request_id=context.request_id,
                idempotency=context.idempotency,
            )
            try:
                return await self._store.append(commit)
            except (Contended, UniqueConflict):
                continue
        raise NotFound("There is no such session; it may have ended already.")

    async def ending(
        self, user_id: str, reason: str, keep: str | None = None
    ) -> tuple[list[Change], list[Operation]]:
        """What ends every session of an account but `keep`, as part of a commit on its stream.

        Rows that come in between are removed as well: the operations name none. The commit may fail
        with `Contended` or `UniqueConflict`, and is then to be made again from here.
        """
        rows = await self._store.fetch(queries.SESSIONS, {"user_id": user_id})
        sessions = [Session._make(row) for row in rows]
        changes = [_revocation(s.id, reason) for s in sessions if s.id != keep]
        operations = [Operation("sessions", "delete", {"stream_id": user_id})]
        for session in sessions:
            if session.id == keep:
                key = {
                    "stream_id": user_id,
                    "id": session.id,
                    "refresh_digest": session.refresh_digest,
                }
                unmoved = Operation("sessions", "update", key, {"used_at": session.used_at}, rows=1)
                operations = [unmoved, *operations, _insertion(user_id, session)]
        return [*changes, *await self._outdated(user_id)], operations

    async def expired(self, user_id: str) -> list[Operation]:
        """What removes the sessions that nobody can refresh any more."""
        params = {"user_id": user_id, "moment": now(), "limit": _MAX_PRUNED}
        return [
            Operation("sessions", "delete", {"stream_id": user_id, "id": row[0]})
            for row in await self._store.fetch(queries.EXPIRED_SESSIONS, params)
        ]

    async def _outdated(self, user_id: str) -> list[Change]:
        moment = after(now(), -_REVOCATIONS_KEPT_S)
        params = {"user_id": user_id, "moment": moment, "limit": _MAX_PRUNED}
        rows = await self._store.fetch(queries.OLD_REVOCATIONS, params)
        return [Change("revocation", row[0], "delete") for row in rows]


def _insertion(user_id: str, session: Session) -> Operation:
    values = session._asdict()
    key = {"stream_id": user_id, "id": values.pop("id")}
    return Operation("sessions", "insert", key, values)


def _revocation(session_id: str, reason: str) -> Change:
    return Change("revocation", session_id, "create", {"reason": reason, "created_at": now()})


def _in_grace(session: Session) -> bool:
    return session.rotated_at is not None and after(session.rotated_at, GRACE_S) > now()


def _invalid() -> Unauthenticated:
    return Unauthenticated("This is no valid refresh token. Log in again.", code="refresh_invalid")


def _ended() -> Unauthenticated:
    return Unauthenticated("This session has ended. Log in again.", code="session_ended")
