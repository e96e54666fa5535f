"""Accounts, on both stores."""

import asyncio

import pytest
from tests.modules.users.harness import PASSWORD, World, context

from tidework.errors import Conflict, Invalid, NotFound, PreconditionFailed, TideworkError
from tidework.ids import new_id


async def refusal(work: object, kind: type[TideworkError]) -> str:
    with pytest.raises(kind) as caught:
        await work  # type: ignore[misc]
    return caught.value.code


async def test_accounts_are_found_by_id_and_by_address(world: World) -> None:
    ada, _ = await world.person("Ada")
    bob, _ = await world.person("Bob")
    assert await world.users.get(ada.id) == ada
    assert await world.users.find_by_email(" ADA@Example.com") == ada
    found = await world.users.get_many([ada.id, bob.id, ada.id, new_id(), "nonsense"])
    assert found == {ada.id: ada, bob.id: bob}
    assert await world.users.get_many([]) == {}
    for nothing in (new_id(), "nonsense", ""):
        assert await world.users.get(nothing) is None
    for nobody in ("eve@example.com", "nonsense", ""):
        assert await world.users.find_by_email(nobody) is None


async def test_a_placeholder_is_made_once(world: World) -> None:
    made = await asyncio.gather(
        *(world.users.ensure_placeholder("Zoe", "zoe@example.com") for _ in range(5))
    )
    assert len({account.id for account in made}) == 1
    assert (made[0].placeholder, made[0].is_active) == (True, False)
    again = await world.users.ensure_placeholder("Other", "ZOE@example.com")
    assert (again.id, again.name) == (made[0].id, "Zoe")


async def test_a_person_without_an_address_is_found_again_by_name(world: World) -> None:
    first = await world.users.ensure_placeholder("Zoe Zimmer", None)
    assert (await world.users.ensure_placeholder("zoe  zimmer", None)).id == first.id
    assert (await world.users.ensure_placeholder("Zoe Zammer", None)).id != first.id
    long = await world.users.ensure_placeholder("x" * 300, None)
    assert len(long.name) == 100


async def test_whoever_has_an_account_needs_no_placeholder(world: World) -> None:
    ada, _ = await world.person("Ada")
    assert await world.users.ensure_placeholder("A. King", "Ada@example.com") == ada
    with pytest.raises(Invalid):
        await world.users.ensure_placeholder("Eve", "nonsense")


async def test_changing_ones_name(world: World) -> None:
    ada, _ = await world.person("Ada")
    changed = await world.users.update(ada.id, {"name": " Ada King "}, context())
    assert (changed.name, changed.version) == ("Ada King", ada.version + 1)
    assert changed.updated_at > ada.updated_at
    same = await world.users.update(ada.id, {"name": "Ada King"}, context())
    assert same.version == changed.version
    await world.check_log(ada.id)


async def test_changing_ones_address_moves_the_look_up(world: World) -> None:
    ada, _ = await world.person("Ada")
    await world.person("Bob")
    await world.users.update(ada.id, {"email": "Countess@example.com"}, context())
    assert await world.users.find_by_email("ada@example.com") is None
    found = await world.users.find_by_email("countess@example.com")
    assert found is not None
    assert found.email == "Countess@example.com"
    await world.auth.log_in("countess@example.com", PASSWORD, context())
    taken = world.users.update(ada.id, {"email": "BOB@example.com"}, context())
    assert await refusal(taken, Conflict) == "email_taken"
    # Only its spelling changes: it is still one's own.
    await world.users.update(ada.id, {"email": "COUNTESS@example.com"}, context())
    await world.person("Ada")
    await world.check_log(ada.id)


async def test_a_link_to_the_old_address_is_useless_once_it_has_changed(world: World) -> None:
    ada, _ = await world.person("Ada")
    await world.resets.forgot("ada@example.com", "192.0.2.1")
    token = await world.mailed_token("ada@example.com")
    await world.users.update(ada.id, {"email": "new@example.com"}, context())
    with pytest.raises(Invalid):
        await world.auth.reset_password(token, "a much better one", context())


async def test_changing_an_account_that_has_changed_since(world: World) -> None:
    ada, _ = await world.person("Ada")
    stale = context()
    stale.if_match = f'"{ada.version}"'
    await world.users.update(ada.id, {"name": "Ada King"}, stale)
    outdated = world.users.update(ada.id, {"name": "Eve"}, stale)
    assert await refusal(outdated, PreconditionFailed) == "precondition_failed"


# --- erasing -----------------------------------------------------------------------------------


async def test_an_erased_account_is_gone_everywhere(world: World) -> None:
    await world.person("Root")
    ada, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    made, _ = await world.api_tokens.create(caller, "Ada's laptop", ["read"], None, context())
    await world.resets.forgot("ada@example.com", "192.0.2.1")
    link = await world.mailed_token("ada@example.com")
    await world.closing.close(ada.id, ada.id, context())
    assert await world.users.get(ada.id) is None
    assert await world.users.find_by_email("ada@example.com") is None
    assert await world.refusal_of(pair.access_token) == "session_ended"
    assert await world.refusal_of(made.token) == "token_gone"
    for work in (
        world.auth.log_in("ada@example.com", PASSWORD, context()),
        world.auth.sessions.refresh(pair.refresh_token, context()),
        world.auth.reset_password(link, "a much better one", context()),
        world.closing.close(ada.id, ada.id, context()),
    ):
        with pytest.raises(TideworkError):
            await work
    assert await world.store.seqs([ada.personal_workspace_id]) == {}
    await world.check_log(ada.id)


async def test_nothing_personal_stays_in_an_erased_persons_log(world: World) -> None:
    await world.person("Root")
    ada, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    await world.api_tokens.create(caller, "Ada's laptop", ["read"], None, context())
    await world.users.update(ada.id, {"name": "Ada King"}, context())
    await world.users.update(ada.id, {"email": "countess@example.com"}, context())
    assert "Ada King" in repr(await world.store.log(ada.id))
    await world.closing.close(ada.id, ada.id, context())
    left = repr(await world.store.log(ada.id))
    for personal in ("Ada", "ada@example.com", "countess", "laptop"):
        assert personal not in left
    await world.check_log(ada.id)


async def test_a_token_made_while_an_account_is_erased_does_not_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.person("Root")
    ada, pair = await world.person("Ada")
    caller = await world.principal(pair.access_token)
    real = world.auth.erasing

    async def erase_late(user_id: str) -> object:
        found = await real(user_id)
        if not await world.api_tokens.of(user_id):
            await world.api_tokens.create(caller, "late", ["read"], None, context())
        return found

    monkeypatch.setattr(world.auth, "erasing", erase_late)
    await world.closing.close(ada.id, ada.id, context())
    assert await world.api_tokens.of(ada.id) == []
    await world.check_log(ada.id)


async def test_an_erased_persons_address_is_free_again(world: World) -> None:
    await world.person("Root")
    ada, _ = await world.person("Ada")
    await world.closing.close(ada.id, ada.id, context())
    again, _ = await world.person("Ada")
    assert again.id != ada.id


async def test_a_sole_owner_must_hand_over_first(world: World) -> None:
    root, _ = await world.person("Root")
    ada, _ = await world.person("Ada")
    shared = await world.workspaces.create(ada.id, "Apollo")
    await world.workspaces.admit(shared, root.id, "editor")
    with pytest.raises(Conflict) as caught:
        await world.closing.close(ada.id, ada.id, context())
    assert caught.value.code == "sole_owner"
    assert '"Apollo"' in caught.value.detail
    assert await world.users.get(ada.id) == ada


async def test_an_account_that_has_changed_since_is_not_erased(world: World) -> None:
    await world.person("Root")
    ada, _ = await world.person("Ada")
    stale = context()
    stale.if_match = f'"{ada.version + 1}"'
    assert await refusal(world.closing.close(ada.id, ada.id, stale), PreconditionFailed)
    assert await world.users.get(ada.id) is not None


async def test_erasing_nobody(world: World) -> None:
    assert await refusal(world.closing.close(new_id(), None, context()), NotFound) == "not_found"
