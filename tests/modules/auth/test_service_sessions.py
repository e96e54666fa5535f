"""Sessions and tokens, on both stores."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from tests.modules.users.harness import PASSWORD, World, context

from tidework.auth.tokens import new_api, new_family_key, new_refresh, parse_refresh
from tidework.errors import Conflict, Forbidden, NotFound, TideworkError, Unauthenticated
from tidework.ids import new_id

LATER = timedelta(seconds=31)


async def code_of(work: object) -> str:
    with pytest.raises(TideworkError) as caught:
        await work  # type: ignore[misc]
    return caught.value.errors[0].code if caught.value.errors else caught.value.code


def in_the_future(delta: timedelta) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + delta, tick=True)


async def test_a_refresh_token_gives_the_next_pair(world: World) -> None:
    ada, first = await world.person("Ada")
    second = await world.auth.sessions.refresh(first.refresh_token, context())
    third = await world.auth.sessions.refresh(second.refresh_token, context())
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert (await world.principal(third.access_token)).user_id == ada.id
    # An access token is good until it expires; only the session's end ends it.
    assert (await world.principal(first.access_token)).user_id == ada.id
    assert len(await world.auth.sessions.live(ada.id)) == 1


async def test_the_retry_of_a_lost_answer_gets_the_same_pair(world: World) -> None:
    _, first = await world.person("Ada")
    second = await world.auth.sessions.refresh(first.refresh_token, context())
    assert await world.auth.sessions.refresh(first.refresh_token, context()) == second


async def test_refreshing_at_once_gives_everyone_the_same_pair(world: World) -> None:
    _, first = await world.person("Ada")
    pairs = await asyncio.gather(
        *(world.auth.sessions.refresh(first.refresh_token, context()) for _ in range(10))
    )
    assert len({pair.refresh_token for pair in pairs}) == 1
    assert len({pair.access_token for pair in pairs}) == 1


async def test_a_used_token_ends_the_session_once_the_grace_is_over(world: World) -> None:
    ada, first = await world.person("Ada")
    second = await world.auth.sessions.refresh(first.refresh_token, context())
    with in_the_future(LATER):
        reusing = world.auth.sessions.refresh(first.refresh_token, context())
        assert await code_of(reusing) == "refresh_reused"
        assert await world.refusal_of(second.access_token) == "session_ended"
        going_on = world.auth.sessions.refresh(second.refresh_token, context())
        assert await code_of(going_on) == "session_ended"
    await world.check_log(ada.id)


async def test_the_grace_is_for_the_last_token_only(world: World) -> None:
    _, first = await world.person("Ada")
    second = await world.auth.sessions.refresh(first.refresh_token, context())
    await world.auth.sessions.refresh(second.refresh_token, context())
    reusing = world.auth.sessions.refresh(first.refresh_token, context())
    assert await code_of(reusing) == "refresh_reused"


async def test_a_made_up_token_does_not_end_a_session(world: World) -> None:
    ada, pair = await world.person("Ada")
    parsed = parse_refresh(pair.refresh_token)
    assert parsed is not None
    foreign = new_refresh(ada.id, parsed.session_id, new_family_key()).text
    text = pair.refresh_token
    swapped = text[:-1] + ("A" if text[-1] != "A" else "B")
    for made_up in (foreign, "", "twr_", "nonsense", text + "A", text[:-1], swapped):
        refreshing = world.auth.sessions.refresh(made_up, context())
        assert await code_of(refreshing) == "refresh_invalid"
    unknown = new_refresh(new_id(), new_id(), new_family_key()).text
    assert await code_of(world.auth.sessions.refresh(unknown, context())) == "session_ended"
    assert (await world.principal(pair.access_token)).user_id == ada.id
    await world.auth.sessions.refresh(pair.refresh_token, context())


async def test_what_is_kept_is_no_token(world: World) -> None:
    ada, first = await world.person("Ada")
    second = await world.auth.sessions.refresh(first.refresh_token, context())
    kept = repr(await world.auth.sessions.live(ada.id))
    for pair in (first, second):
        for text in (pair.access_token, pair.refresh_token, *pair.refresh_token.split(".")[2:]):
            assert text not in kept


async def test_a_session_that_is_not_used_ends_by_itself(world: World) -> None:
    ada, pair = await world.person("Ada")
    with in_the_future(timedelta(days=31)):
        assert await code_of(world.auth.sessions.refresh(pair.refresh_token, context())) == (
            "session_ended"
        )
        assert await world.auth.sessions.live(ada.id) == []
        _, fresh = await world.auth.log_in("ada@example.com", PASSWORD, context())
        # Logging in also clears away what has expired.
        parsed = parse_refresh(pair.refresh_token)
        assert parsed is not None
        ending = world.auth.sessions.end(ada.id, parsed.session_id, "ended", context())
        assert await code_of(ending) == "not_found"
        await world.auth.sessions.refresh(fresh.refresh_token, context())


async def test_ending_a_session_moves_the_seq_that_every_copy_looks_at(world: World) -> None:
    ada, pair = await world.person("Ada")
    _, other = await world.auth.log_in("ada@example.com", PASSWORD, context())
    before, principal = await world.authenticator.principal(
        world.authenticator.read(pair.access_token)
    )
    committed = await world.auth.sessions.end(ada.id, principal.credential.id, "logout", context())
    assert committed.seq > before
    assert (await world.store.seqs([ada.id]))[ada.id] == committed.seq
    assert await world.refusal_of(pair.access_token) == "session_ended"
    assert (await world.principal(other.access_token)).user_id == ada.id
    with pytest.raises(NotFound):
        await world.auth.sessions.end(ada.id, principal.credential.id, "logout", context())


async def test_a_session_ended_twice_at_once_ends_once(world: World) -> None:
    ada, pair = await world.person("Ada")
    session = (await world.principal(pair.access_token)).credential.id
    outcomes = await asyncio.gather(
        *(world.auth.sessions.end(ada.id, session, "logout", context()) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, NotFound) for outcome in outcomes) == 3
    await world.check_log(ada.id)


async def test_nobody_ends_somebody_elses_session(world: World) -> None:
    _, pair = await world.person("Ada")
    bob, _ = await world.person("Bob")
    session = (await world.principal(pair.access_token)).credential.id
    with pytest.raises(NotFound):
        await world.auth.sessions.end(bob.id, session, "ended", context())
    await world.principal(pair.access_token)


async def test_old_revocations_are_cleared_away(world: World) -> None:
    ada, _ = await world.person("Ada")
    for _ in range(2):
        _, pair = await world.auth.log_in("ada@example.com", PASSWORD, context())
        session = (await world.principal(pair.access_token)).credential.id
        await world.auth.sessions.end(ada.id, session, "logout", context())
    with in_the_future(timedelta(days=2)):
        _, pair = await world.auth.log_in("ada@example.com", PASSWORD, context())
        session = (await world.principal(pair.access_token)).credential.id
        committed = await world.auth.sessions.end(ada.id, session, "logout", context())
    assert sorted(change.op for change in committed.changes) == ["create", "delete", "delete"]
    await world.check_log(ada.id)


async def test_an_access_token_ends_with_its_time(world: World) -> None:
    _, pair = await world.person("Ada")
    with in_the_future(timedelta(minutes=16)):
        with pytest.raises(Unauthenticated) as caught:
            world.authenticator.read(pair.access_token)
        assert caught.value.code == "token_expired"


# --- API tokens --------------------------------------------------------------------------------


async def test_an_api_token_speaks_for_its_account(world: World) -> None:
    ada, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    made, seq = await world.api_tokens.create(caller, " laptop ", ["read"], None, context())
    assert made.name == "laptop"
    principal = await world.principal(made.token)
    assert (principal.user_id, principal.scopes) == (ada.id, frozenset({"read"}))
    assert principal.credential.kind == "token"
    listed = await world.api_tokens.of(ada.id)
    assert [(t.id, t.name) for t in listed] == [(made.id, "laptop")]
    assert (await world.store.seqs([ada.id]))[ada.id] == seq
    assert made.token not in repr(await world.store.log(ada.id))
    await world.check_log(ada.id)


async def test_an_api_token_is_useless_once_it_is_removed(world: World) -> None:
    _, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    made, _ = await world.api_tokens.create(caller, "x", ["read"], None, context())
    await world.api_tokens.remove(caller, made.id, context())
    assert await world.refusal_of(made.token) == "token_gone"
    with pytest.raises(NotFound):
        await world.api_tokens.remove(caller, made.id, context())


async def test_an_api_token_expires(world: World) -> None:
    _, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    soon = datetime.now(UTC) + timedelta(hours=1)
    made, _ = await world.api_tokens.create(caller, "x", ["read"], soon, context())
    principal = await world.principal(made.token)
    assert principal.credential.expires_at == pytest.approx(soon.timestamp(), abs=1e-3)
    # What the front compares with, so that it need not ask again.
    assert world.authenticator.read(made.token) == principal.credential
    with in_the_future(timedelta(hours=2)):
        assert await world.refusal_of(made.token) == "token_expired"


async def test_a_made_up_api_token_is_refused(world: World) -> None:
    ada, pair = await world.person("Ada")
    bob, _ = await world.person("Bob")
    caller = await world.principal(pair.access_token)
    made, _ = await world.api_tokens.create(caller, "x", ["read"], None, context())
    guesses = [new_api(ada.id, made.id), new_api(bob.id, made.id), new_api(new_id(), new_id())]
    for guess in guesses:
        assert await world.refusal_of(guess) == "token_gone"
    assert await world.refusal_of("twp_nonsense") == "token_invalid"
    assert await world.refusal_of(pair.refresh_token) == "token_invalid"


async def test_what_an_administrator_may_takes_the_scope(world: World) -> None:
    _, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    plain, _ = await world.api_tokens.create(caller, "x", ["read", "write"], None, context())
    full, _ = await world.api_tokens.create(caller, "y", ["read", "admin"], None, context())
    assert (await world.principal(plain.token)).role == "user"
    assert (await world.principal(full.token)).role == "admin"


async def test_only_an_administrators_token_has_the_scope(world: World) -> None:
    await world.person("Ada")
    _, pair = await world.person("Bob")
    caller = await world.principal(pair.access_token)
    with pytest.raises(Forbidden):
        await world.api_tokens.create(caller, "x", ["admin"], None, context())


async def test_a_token_must_expire_in_the_future(world: World) -> None:
    _, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    for text, code in (
        ("2001-01-01T00:00:00+00:00", "in_the_past"),
        ("0001-01-01T00:00:00+14:00", "out_of_range"),
        ("9999-12-31T23:59:59-14:00", "out_of_range"),
    ):
        moment = datetime.fromisoformat(text)
        making = world.api_tokens.create(caller, "x", ["read"], moment, context())
        assert await code_of(making) == code


async def test_there_are_not_tokens_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidework.auth.api_tokens.MAX_TOKENS", 2)
    _, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    for _ in range(2):
        await world.api_tokens.create(caller, "x", ["read"], None, context())
    with pytest.raises(Conflict):
        await world.api_tokens.create(caller, "x", ["read"], None, context())


async def test_deactivating_takes_effect_on_the_next_request(world: World) -> None:
    ada, _ = await world.person("Ada")
    bob, pair = await world.person("Bob")
    caller = await world.principal(pair.access_token)
    made, _ = await world.api_tokens.create(caller, "x", ["read"], None, context())
    await world.admins.update(bob.id, {"is_active": False}, ada.id, context())
    assert await world.refusal_of(pair.access_token) == "session_ended"
    assert await world.refusal_of(made.token) == "account_inactive"
    assert await world.revoked(bob.id) == {caller.credential.id: "deactivated"}
    refreshing = world.auth.sessions.refresh(pair.refresh_token, context())
    assert await code_of(refreshing) == "session_ended"
    await world.admins.update(bob.id, {"is_active": True}, ada.id, context())
    assert await world.refusal_of(pair.access_token) == "session_ended"
    assert (await world.principal(made.token)).user_id == bob.id
    await world.check_log(bob.id)
