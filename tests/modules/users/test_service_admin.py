"""What administrators see and do, on both stores."""

import asyncio

import pytest
from tests.modules.users.harness import World, context

from tidework.errors import Conflict, Invalid, NotFound, TideworkError
from tidework.http.cursor import encode
from tidework.ids import new_id


async def refusal(work: object, kind: type[TideworkError]) -> str:
    with pytest.raises(kind) as caught:
        await work  # type: ignore[misc]
    return caught.value.code


async def test_pages_hold_every_account_once(world: World) -> None:
    ada, _ = await world.person("Ada")
    for n in range(7):
        await world.users.ensure_placeholder(f"Person {n}", f"p{n}@example.com")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await world.admins.page(None, cursor, 3, ada.id, context())
        seen += [user.id for user in page.items]
        assert len(page.items) == 3 or page.next_cursor is None
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 8
    assert seen == sorted(seen)


async def test_searching_takes_every_character_literally(world: World) -> None:
    ada, _ = await world.person("Ada")
    for n, name in enumerate(["Bad", "100%_sure", "back\\slash"]):
        await world.users.ensure_placeholder(name, f"p{n}@example.com")
    searches: list[tuple[str, list[str]]] = [
        ("ad", ["Ada", "Bad"]),
        ("ADA@", ["Ada"]),
        ("100%", ["100%_sure"]),
        ("%", ["100%_sure"]),
        ("_", ["100%_sure"]),
        ("\\", ["back\\slash"]),
        ("'; --", []),
        ("nobody", []),
    ]
    for q, names in searches:
        page = await world.admins.page(q, None, 100, ada.id, context())
        assert [user.name for user in page.items] == names, q


async def test_a_cursor_that_is_none(world: World) -> None:
    ada, _ = await world.person("Ada")
    made_up = [
        "",
        "nonsense",
        encode(["accounts", None], ["x"]),
        encode(["accounts", None], [1]),
        "\ud800",
        "x" * 8000,
    ]
    for cursor in made_up:
        assert await refusal(world.admins.page(None, cursor, 3, ada.id, context()), Invalid)
        assert await refusal(world.admins.audit(cursor, 3), Invalid)


async def test_a_role_changes_on_the_next_request(world: World) -> None:
    ada, _ = await world.person("Ada")
    bob, pair = await world.person("Bob")
    changed = await world.admins.update(bob.id, {"role": "admin"}, ada.id, context())
    assert changed.role == "admin"
    assert (await world.principal(pair.access_token)).role == "admin"
    await world.admins.update(bob.id, {"role": "user"}, ada.id, context())
    assert (await world.principal(pair.access_token)).role == "user"
    await world.check_log(bob.id)


async def test_nobody_does_it_to_themselves(world: World) -> None:
    ada, _ = await world.person("Ada")
    values = {"role": "user"}
    assert await refusal(world.admins.update(ada.id, values, ada.id, context()), Conflict) == (
        "own_account"
    )
    assert await refusal(world.admins.delete(ada.id, ada.id, context()), Conflict) == "own_account"


@pytest.mark.parametrize("values", [{"role": "user"}, {"is_active": False}])
async def test_an_administrator_stays(world: World, values: dict[str, object]) -> None:
    ada, _ = await world.person("Ada")
    await world.person("Bob")
    demoting = world.admins.update(ada.id, values, None, context())
    assert await refusal(demoting, Conflict) == "last_admin"
    assert await refusal(world.closing.close(ada.id, ada.id, context()), Conflict) == "last_admin"
    await world.check_log(ada.id)


async def test_of_administrators_who_remove_each_other_one_stays(world: World) -> None:
    ada, _ = await world.person("Ada")
    bob, _ = await world.person("Bob")
    await world.admins.update(bob.id, {"role": "admin"}, ada.id, context())
    outcomes = await asyncio.gather(
        world.admins.update(bob.id, {"role": "user"}, ada.id, context()),
        world.admins.update(ada.id, {"is_active": False}, bob.id, context()),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
    left = [await world.users.existing(person.id) for person in (ada, bob)]
    assert sum(person.role == "admin" and person.is_active for person in left) == 1


async def test_a_placeholder_is_not_made_active_by_hand(world: World) -> None:
    ada, _ = await world.person("Ada")
    zoe = await world.users.ensure_placeholder("Zoe", "zoe@example.com")
    for values in ({"is_active": True}, {"role": "admin"}):
        changing = world.admins.update(zoe.id, values, ada.id, context())
        assert await refusal(changing, Conflict) == "placeholder"
    await world.admins.delete(zoe.id, ada.id, context())
    assert await world.users.get(zoe.id) is None


async def test_every_act_is_in_the_audit_and_nothing_that_failed(world: World) -> None:
    ada, _ = await world.person("Ada")
    bob, _ = await world.person("Bob")
    await world.admins.look(bob.id, ada.id, context())
    await world.admins.update(bob.id, {"is_active": False}, ada.id, context())
    await world.admins.update(bob.id, {"is_active": False}, ada.id, context())
    await refusal(world.admins.update(ada.id, {"role": "user"}, ada.id, context()), Conflict)
    await refusal(world.admins.look(new_id(), ada.id, context()), NotFound)
    await world.admins.delete(bob.id, ada.id, context())
    page = await world.admins.audit(None, 100)
    assert sorted((e.action, e.actor_id, e.target_id) for e in page.items) == [
        ("user.deleted", ada.id, bob.id),
        ("user.updated", ada.id, bob.id),
        ("user.viewed", ada.id, bob.id),
    ]
    assert [e.detail for e in page.items if e.action == "user.updated"] == [
        {"is_active": [True, False]}
    ]
    assert {e.request_id for e in page.items} == {"request-1"}


async def test_pages_of_the_audit(world: World) -> None:
    ada, _ = await world.person("Ada")
    for _ in range(5):
        await world.admins.look(ada.id, ada.id, context())
    first = await world.admins.audit(None, 3)
    second = await world.admins.audit(first.next_cursor, 3)
    assert (len(first.items), len(second.items), second.next_cursor) == (3, 2, None)
    ids = [entry.id for entry in (*first.items, *second.items)]
    assert ids == sorted(set(ids), reverse=True)


async def test_the_installation_in_numbers(world: World) -> None:
    ada, pair = await world.person("Ada")
    bob, _ = await world.person("Bob")
    await world.users.ensure_placeholder("Zoe", "zoe@example.com")
    await world.admins.update(bob.id, {"is_active": False}, ada.id, context())
    caller = await world.principal(pair.access_token)
    await world.api_tokens.create(caller, "x", ["read"], None, context())
    stats = await world.admins.stats(30, 10, ada.id, context())
    users = stats.users
    assert (users.total, users.active, users.inactive) == (3, 1, 1)
    assert (users.admins, users.placeholders) == (1, 1)
    assert (stats.workspaces, stats.sessions, stats.api_tokens) == (2, 1, 1)
    assert (stats.tasks, set(stats.tasks_by_status.values())) == (0, {0})
    assert stats.database_bytes > 10_000
