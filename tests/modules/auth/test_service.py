"""Registering, logging in and passwords, on both stores."""

import asyncio
from collections.abc import Callable

import bcrypt
import pytest
from tests.modules.users.harness import PASSWORD, World, context

from tidework.auth.service import Registration
from tidework.errors import (
    Conflict,
    Forbidden,
    Invalid,
    TideworkError,
    TooManyRequests,
    Unauthenticated,
)
from tidework.log import Operation
from tidework.store.protocol import Contended
from tidework.users.api import NewAccount

WRONG = "not the password"


async def refused(
    work: object, kind: type[TideworkError], code: str | None = None
) -> TideworkError:
    with pytest.raises(kind) as caught:
        await work  # type: ignore[misc]
    if code is not None:
        codes = {caught.value.code, *(error.code for error in caught.value.errors)}
        assert code in codes
    return caught.value


async def test_the_first_account_becomes_admin_and_no_other(world: World) -> None:
    ada, _ = await world.person("Ada")
    bob, _ = await world.person("Bob")
    assert (ada.role, bob.role) == ("admin", "user")


async def test_of_accounts_made_at_once_exactly_one_becomes_admin(world: World) -> None:
    new = [
        NewAccount(email=f"p{n}@example.com", name="Somebody", may_be_first=True) for n in range(8)
    ]
    made = await asyncio.gather(*(world.users.create(account) for account in new))
    assert sorted(account.role for account, _ in made) == ["admin", *["user"] * 7]


async def test_a_placeholder_does_not_become_admin(world: World) -> None:
    await world.users.ensure_placeholder("Zoe", "zoe@example.com")
    ada, _ = await world.person("Ada")
    assert ada.role == "admin"


async def test_a_new_account_has_a_personal_workspace(world: World) -> None:
    ada, pair = await world.person("Ada")
    assert [w.id for w in await world.workspaces.mine(ada.id)] == [ada.personal_workspace_id]
    principal = await world.principal(pair.access_token)
    assert principal.user_id == ada.id
    assert principal.personal_workspace_id == ada.personal_workspace_id
    assert principal.scopes is None
    await world.check_log(ada.id)


async def test_an_address_has_one_account_however_it_is_spelled(world: World) -> None:
    await world.person("Ada")
    for spelling in ("ADA@example.com", " ada@EXAMPLE.com ", "ada@example.com"):
        registering = world.auth.register(spelling, PASSWORD, "Eve", None, context())
        await refused(registering, Conflict, "email_taken")


async def test_registering_at_once_with_one_address_makes_one_account(world: World) -> None:
    outcomes = await asyncio.gather(
        *(world.person("Ada") for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(outcome, tuple) for outcome in outcomes) == 1
    assert all(
        isinstance(outcome, tuple)
        or (isinstance(outcome, Conflict) and outcome.code == "email_taken")
        for outcome in outcomes
    )


async def test_everything_wrong_is_said_at_once(world: World) -> None:
    error = await refused(world.auth.register("nonsense", "short", "  ", None, context()), Invalid)
    assert {e.pointer for e in error.errors} == {"/email", "/password", "/name"}


async def test_a_common_password_is_refused(world: World) -> None:
    registering = world.auth.register("a@example.com", "password123", "Ada", None, context())
    error = await refused(registering, Invalid)
    assert error.errors[0].pointer == "/password"


async def test_where_registration_is_closed_nobody_registers(
    compose_world: Callable[[Registration], World],
) -> None:
    world = compose_world("closed")
    await refused(world.person("Ada"), Forbidden, "registration_closed")
    await refused(world.resets.invite("b@example.com", "Ada", "W"), Forbidden)
    assert await world.users.find_by_email("b@example.com") is None


async def test_where_registering_takes_an_invitation(
    compose_world: Callable[[Registration], World],
) -> None:
    world = compose_world("invite")
    await refused(world.person("Ada"), Forbidden, "invitation_required")
    await world.auth.create_account("root@example.com", PASSWORD, "Root")
    await world.resets.invite("bob@example.com", "Root", "Apollo")
    token = await world.mailed_token("bob@example.com")
    bob, _, _ = await world.auth.register("bob@example.com", PASSWORD, "Bob", token, context())
    assert bob.is_active


# --- logging in --------------------------------------------------------------------------------


async def test_logging_in(world: World) -> None:
    ada, _ = await world.person("Ada")
    again, pair = await world.auth.log_in("ADA@example.com", PASSWORD, context())
    assert again.id == ada.id
    assert (await world.principal(pair.access_token)).user_id == ada.id


async def answers_of_logging_in(world: World) -> set[tuple[int, str, str]]:
    ada, _ = await world.person("Ada")
    bob, _ = await world.person("Bob")
    await world.users.ensure_placeholder("Zoe", "zoe@example.com")
    await world.admins.update(bob.id, {"is_active": False}, ada.id, context())
    attempts = [
        ("ada@example.com", WRONG),
        ("nobody@example.com", PASSWORD),
        ("bob@example.com", PASSWORD),
        ("zoe@example.com", PASSWORD),
        ("no address", PASSWORD),
    ]
    answers = set()
    for address, password in attempts:
        error = await refused(
            world.auth.log_in(address, password, context("198.51.100.1")), Unauthenticated
        )
        answers.add((error.status, error.code, error.detail))
    return answers


async def test_every_refused_log_in_has_the_same_answer(world: World) -> None:
    assert len(await answers_of_logging_in(world)) == 1


async def test_every_refused_log_in_does_the_same_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[bool] = []
    real = world.passwords.verify

    async def counted(password: str, stored: str | None) -> object:
        verified.append(True)
        return await real(password, stored)

    monkeypatch.setattr(world.passwords, "verify", counted)
    await answers_of_logging_in(world)
    assert len(verified) == 5


async def test_failures_from_one_address_are_slowed_down_and_the_owner_is_not(
    world: World,
) -> None:
    await world.person("Ada")
    home, stranger = context("192.0.2.1"), context("198.51.100.66")
    await world.auth.log_in("ada@example.com", PASSWORD, home)
    for _ in range(5):
        await refused(world.auth.log_in("ada@example.com", WRONG, stranger), Unauthenticated)
    error = await refused(world.auth.log_in("ada@example.com", PASSWORD, stranger), TooManyRequests)
    assert 0 < int(error.headers["Retry-After"]) <= 900
    await world.auth.log_in("ada@example.com", PASSWORD, home)


async def test_an_old_hash_is_replaced_when_its_owner_logs_in(world: World) -> None:
    ada, _ = await world.person("Ada")
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    key = {"stream_id": ada.id}
    await world.store.operate([Operation("credentials", "update", key, {"password_hash": old})])
    await refused(world.auth.log_in("ada@example.com", WRONG, context()), Unauthenticated)
    assert await world.auth._password_of(ada.id) == old
    await world.auth.log_in("ada@example.com", PASSWORD, context())
    stored = await world.auth._password_of(ada.id)
    assert stored is not None
    assert stored.startswith("$argon2id$")
    await world.auth.log_in("ada@example.com", PASSWORD, context())


async def test_a_log_in_does_not_survive_a_password_change_at_the_same_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = await world.person("Ada")
    real = world.passwords.verify

    async def verify_then_change(password: str, stored: str | None) -> object:
        verified = await real(password, stored)
        await world.auth.set_password(ada.id, "another long password")
        return verified

    monkeypatch.setattr(world.passwords, "verify", verify_then_change)
    logging_in = world.auth.log_in("ada@example.com", PASSWORD, context())
    await refused(logging_in, Unauthenticated, "credentials_wrong")
    assert await world.auth.sessions.live(ada.id) == []


# --- passwords ---------------------------------------------------------------------------------


async def test_changing_the_password_ends_all_other_sessions(world: World) -> None:
    ada, first = await world.person("Ada")
    _, second = await world.auth.log_in("ada@example.com", PASSWORD, context())
    caller = await world.principal(second.access_token)
    await world.auth.change_password(caller, PASSWORD, "a much better one", context())
    assert await world.refusal_of(first.access_token) == "session_ended"
    assert (await world.principal(second.access_token)).user_id == ada.id
    await refused(world.auth.log_in("ada@example.com", PASSWORD, context()), Unauthenticated)
    following = await world.auth.sessions.refresh(second.refresh_token, context())
    assert (await world.principal(following.access_token)).user_id == ada.id
    assert [to for to, _ in await world.mails()] == ["ada@example.com"]
    ended = world.authenticator.read(first.access_token).id
    assert await world.revoked(ada.id) == {ended: "password_changed"}
    await world.check_log(ada.id)


async def test_changing_the_password_takes_the_present_one(world: World) -> None:
    _, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    error = await refused(
        world.auth.change_password(caller, WRONG, "a much better one", context()), Invalid
    )
    assert error.errors[0].pointer == "/current_password"
    error = await refused(world.auth.change_password(caller, PASSWORD, "short", context()), Invalid)
    assert error.errors[0].pointer == "/new_password"


async def test_guessing_the_present_password_is_slowed_down(world: World) -> None:
    _, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    for _ in range(5):
        changing = world.auth.change_password(caller, WRONG, "a much better one", context())
        await refused(changing, Invalid)
    changing = world.auth.change_password(caller, PASSWORD, "a much better one", context())
    await refused(changing, TooManyRequests)


async def test_a_mailed_link_sets_a_password_once_and_ends_all_sessions(world: World) -> None:
    ada, pair = await world.person("Ada")
    await world.resets.forgot("ADA@example.com", "192.0.2.9")
    token = await world.mailed_token("ada@example.com")
    await world.auth.reset_password(token, "a much better one", context())
    assert await world.refusal_of(pair.access_token) == "session_ended"
    await world.auth.log_in("ada@example.com", "a much better one", context())
    again = world.auth.reset_password(token, "yet another one", context())
    error = await refused(again, Invalid, "link_invalid")
    assert error.errors[0].pointer == "/token"
    await world.check_log(ada.id)


async def test_a_link_used_twice_at_once_works_once(world: World) -> None:
    await world.person("Ada")
    await world.resets.forgot("ada@example.com", "192.0.2.9")
    token = await world.mailed_token("ada@example.com")
    outcomes = await asyncio.gather(
        *(world.auth.reset_password(token, f"a much better one {n}", context()) for n in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Invalid) for outcome in outcomes) == 2


async def test_an_expired_link_does_not_work(world: World) -> None:
    ada, _ = await world.person("Ada")
    token = await world.resets.link(ada.id, -1)
    await refused(
        world.auth.reset_password(token, "a much better one", context()), Invalid, "link_invalid"
    )


async def test_a_made_up_link_does_not_work(world: World) -> None:
    made_up = ["", "tws_", "nonsense", "tws_" + "A" * 22 + "." + "A" * 43, "tws_" + "-" * 66]
    for token in made_up:
        resetting = world.auth.reset_password(token, "a much better one", context())
        await refused(resetting, Invalid, "link_invalid")


async def test_forgetting_mails_only_who_may_have_a_link(world: World) -> None:
    ada, _ = await world.person("Ada")
    bob, _ = await world.person("Bob")
    await world.users.ensure_placeholder("Nameless Person", None)
    await world.admins.update(bob.id, {"is_active": False}, ada.id, context())
    for n, address in enumerate(
        ["bob@example.com", "nobody@example.com", "nameless-person@imported.invalid", "nonsense"]
    ):
        await world.resets.forgot(address, f"192.0.2.{n}")
    assert await world.mails() == []
    await world.resets.forgot("ada@example.com", "192.0.2.9")
    assert [to for to, _ in await world.mails()] == ["ada@example.com"]


async def test_nobody_fills_a_mailbox_with_links(world: World) -> None:
    await world.person("Ada")
    for _ in range(5):
        await world.resets.forgot("ada@example.com", "192.0.2.9")
    await refused(world.resets.forgot("ada@example.com", "192.0.2.9"), TooManyRequests)
    assert len(await world.mails()) == 5


# --- invitations -------------------------------------------------------------------------------


async def test_an_invited_person_takes_over_what_was_made_for_them(world: World) -> None:
    await world.person("Ada")
    placeholder = await world.resets.invite("bob@example.com", "Ada", "Apollo")
    assert (placeholder.placeholder, placeholder.is_active) == (True, False)
    assert await world.workspaces.mine(placeholder.id) == []
    token = await world.mailed_token("bob@example.com")
    bob, pair, _ = await world.auth.register("Bob@example.com", PASSWORD, "Bob", token, context())
    assert bob.id == placeholder.id
    assert (bob.placeholder, bob.is_active, bob.name, bob.role) == (False, True, "Bob", "user")
    assert (await world.principal(pair.access_token)).user_id == bob.id
    assert [w.id for w in await world.workspaces.mine(bob.id)] == [bob.personal_workspace_id]
    again = world.auth.register("bob@example.com", PASSWORD, "Bob", token, context())
    await refused(again, Invalid, "link_invalid")
    await world.check_log(bob.id)


async def test_nobody_takes_over_an_address_that_they_have_not_proved(world: World) -> None:
    await world.person("Ada")
    placeholder = await world.resets.invite("bob@example.com", "Ada", "Apollo")
    taking = world.auth.register("bob@example.com", PASSWORD, "Mallory", None, context())
    await refused(taking, Conflict, "invitation_pending")
    token = await world.mailed_token("bob@example.com")
    other = world.auth.register("eve@example.com", PASSWORD, "Eve", token, context())
    await refused(other, Invalid, "other_email")
    kept = await world.users.get(placeholder.id)
    assert kept is not None
    assert kept.placeholder


async def test_a_reset_link_takes_over_a_placeholder(world: World) -> None:
    await world.person("Ada")
    placeholder = await world.users.ensure_placeholder("Bob Imported", "bob@example.com")
    await world.resets.forgot("bob@example.com", "192.0.2.9")
    token = await world.mailed_token("bob@example.com")
    await world.auth.reset_password(token, PASSWORD, context())
    bob, _ = await world.auth.log_in("bob@example.com", PASSWORD, context())
    assert bob.id == placeholder.id
    assert bob.name == "Bob Imported"
    assert not bob.placeholder


async def test_forgetting_is_no_way_around_an_invitation(
    compose_world: Callable[[Registration], World],
) -> None:
    world = compose_world("invite")
    await world.auth.create_account("root@example.com", PASSWORD, "Root")
    await world.users.ensure_placeholder("Bob", "bob@example.com")
    await world.resets.forgot("bob@example.com", "192.0.2.9")
    assert await world.mails() == []
    await world.resets.invite("bob@example.com", "Root", "Apollo")
    assert [to for to, _ in await world.mails()] == ["bob@example.com"]
    await world.resets.forgot("bob@example.com", "192.0.2.9")
    assert [to for to, _ in await world.mails()] == ["bob@example.com"] * 2


async def test_a_placeholder_is_taken_over_once(world: World) -> None:
    zoe = await world.users.ensure_placeholder("Zoe", "zoe@example.com")
    outcomes = await asyncio.gather(
        *(
            world.users.take_over(zoe, name=f"Zoe {n}", operations=[], request_id=None)
            for n in range(3)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Contended) for outcome in outcomes) == 2
    await world.check_log(zoe.id)


async def test_inviting_who_has_an_account_mails_nothing(world: World) -> None:
    ada, _ = await world.person("Ada")
    assert (await world.resets.invite("ADA@example.com", "Bob", "Apollo")).id == ada.id
    assert await world.mails() == []


async def test_an_unused_link_of_an_account_is_dropped_with_its_password(world: World) -> None:
    _, pair = await world.person("Ada")
    await world.resets.forgot("ada@example.com", "192.0.2.9")
    token = await world.mailed_token("ada@example.com")
    caller = await world.principal(pair.access_token)
    await world.auth.change_password(caller, PASSWORD, "a much better one", context())
    await refused(world.auth.reset_password(token, WRONG, context()), Invalid, "link_invalid")


async def test_an_operators_account(world: World) -> None:
    root = await world.auth.create_account("root@example.com", PASSWORD, "Root")
    assert root.role == "admin"
    made = NewAccount(email="x@example.com", name="X", role="admin")
    account, _ = await world.users.create(made)
    assert account.role == "admin"


async def test_the_operator_makes_a_placeholder_the_account(world: World) -> None:
    zoe = await world.users.ensure_placeholder("Zoe", "zoe@example.com")
    made = await world.auth.create_account("Zoe@example.com", PASSWORD, "Zoe Z.")
    assert (made.id, made.name, made.is_active, made.placeholder) == (zoe.id, "Zoe Z.", True, False)
    # There was nobody else: the next stranger must not become the administrator.
    assert made.role == "admin"
    stranger = await world.auth.create_account("eve@example.com", PASSWORD, "Eve")
    assert stranger.role == "user"
