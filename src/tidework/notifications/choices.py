"""Choosing how to be told. What somebody has chosen is part of their account's log."""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from tidework.errors import NotFound, invalid
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import RequestContext
from tidework.http.replies import given
from tidework.log import Change, Commit, Expect, Values
from tidework.notifications.preferences import (
    ENTITY,
    USUAL,
    Preferences,
    choice_of,
    clock,
    clock_text,
    preferences_of,
)
from tidework.notifications.schemas import KindsOut, PreferencesIn, PreferencesOut, QuietHours
from tidework.store.protocol import Store
from tidework.store.retry import retried
from tidework.times import now


class Choices:
    """See the module."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, user_id: str) -> Preferences:
        """What somebody has chosen."""
        return (await preferences_of(self._store, [user_id])).get(user_id, USUAL)

    async def replace(
        self, user_id: str, data: PreferencesIn, context: RequestContext
    ) -> Preferences:
        """Put what somebody chooses in place of all that they had. Raises `Invalid`,
        `PreconditionFailed`.
        """
        chosen = _chosen(data)
        return await self.change(user_id, lambda _: chosen, context)

    @retried
    async def change(
        self,
        user_id: str,
        decide: Callable[[Preferences], Preferences],
        context: RequestContext | None = None,
    ) -> Preferences:
        """Let `decide` make new preferences of the present ones. Raises `PreconditionFailed`."""
        present = await self.get(user_id)
        versions = expected_versions(context.if_match) if context is not None else None
        if versions is not None and present.version not in versions:
            raise changed()
        wanted = replace(decide(present), version=present.version)
        if wanted == present:
            return present
        before, after = _fields(present), _fields(wanted)
        expect = Expect(ENTITY, user_id, absent=True)
        change = Change(ENTITY, user_id, "create", after)
        if present.version:
            expect = Expect(ENTITY, user_id, {"version": [present.version]})
            moved = {name: value for name, value in after.items() if value != before[name]}
            change = Change(ENTITY, user_id, "update", moved)
        committed = await self._store.append(
            Commit(
                stream_id=user_id,
                actor_id=user_id,
                at=now(),
                changes=[change],
                # Whose account is erased meanwhile leaves nothing behind.
                expects=[Expect("account", user_id, error=_gone()), expect],
                request_id=context.request_id if context is not None else None,
            )
        )
        if context is not None:
            context.seq = committed.seq
        return replace(wanted, version=committed.seq)


def shown(preferences: Preferences) -> PreferencesOut:
    """Preferences as HTTP shows them."""
    quiet = preferences.quiet
    return PreferencesOut(
        kinds=msgspec.convert(preferences.kinds(), KindsOut),
        quiet_hours=QuietHours(*map(clock_text, quiet)) if quiet is not None else None,
        digest_at=None if preferences.digest_at is None else clock_text(preferences.digest_at),
        bundle_minutes=preferences.bundle_minutes,
    )


def _chosen(data: PreferencesIn) -> Preferences:
    choices = {
        choice_of(kind, channel): wanted
        for kind, channels in given(data.kinds).items()
        for channel, wanted in given(channels).items()
    }
    quiet = data.quiet_hours
    if quiet is not None and quiet.start == quiet.end:
        raise invalid(
            "/quiet_hours", "empty_range", "Quiet hours end at another time than they begin."
        )
    return Preferences(
        wanted=frozenset(choice for choice, wanted in choices.items() if wanted),
        unwanted=frozenset(choice for choice, wanted in choices.items() if not wanted),
        quiet=None if quiet is None else (clock(quiet.start), clock(quiet.end)),
        digest_at=None if data.digest_at is None else clock(data.digest_at),
        bundle_minutes=data.bundle_minutes,
    )


def _gone() -> NotFound:
    return NotFound("This account does not exist any more; nothing is sent to it.")


def _fields(preferences: Preferences) -> Values:
    quiet = preferences.quiet
    return {
        "wanted": sorted(preferences.wanted),
        "unwanted": sorted(preferences.unwanted),
        "quiet_start": None if quiet is None else clock_text(quiet[0]),
        "quiet_end": None if quiet is None else clock_text(quiet[1]),
        "digest_at": None if preferences.digest_at is None else clock_text(preferences.digest_at),
        "bundle_minutes": preferences.bundle_minutes,
    }
