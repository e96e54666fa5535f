"""A stream ends with the right to read: within a second, before anything later is told."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest
from tests.services.api import PASSWORD, Api, Person
from tests.services.live import listening

from tidework.auth.access import AccessTokens
from tidework.auth.keys import KeySet


class Case(NamedTuple):
    """A member of a team, their owner, and the administrator."""

    api: Api
    admin: Person
    owner: Person
    member: Person


async def team(api: Api) -> Case:
    admin, owner = await api.person(), await api.person()
    [member] = await api.team(owner, "viewer")
    return Case(api, admin, owner, member)


async def _done(answer: Awaitable[object]) -> None:
    found = await answer
    assert found.status_code < 300, found.text  # type: ignore[attr-defined]


async def logged_out(case: Case) -> None:
    await _done(case.member.post("/auth/logout"))


async def password_changed_elsewhere(case: Case) -> None:
    login = {"email": case.member.email, "password": PASSWORD}
    other = (await case.api.client.post("/api/v1/auth/login", json=login)).json()
    body = {"current_password": PASSWORD, "new_password": "another horse battery"}
    bearer = {"authorization": f"Bearer {other['access_token']}"}
    await _done(case.member.post("/auth/password/change", body, headers=bearer))


async def deactivated(case: Case) -> None:
    await _done(case.admin.patch(f"/admin/users/{case.member.id}", {"is_active": False}))


async def erased(case: Case) -> None:
    await _done(case.member.delete("/users/me", {"password": PASSWORD}))


async def removed(case: Case) -> None:
    await _done(case.owner.delete(f"~/members/{case.member.id}"))


async def workspace_deleted(case: Case) -> None:
    await _done(case.owner.delete("~"))


NET_ONLY = "the net only"
SESSION, ACCESS = ("session_ended", 4401), ("not_found", 4404)
# Erasing an account ends it and removes it from the workspace: either may be noticed first.
EITHER = (None, None)


@pytest.mark.parametrize(
    ("act", "told", "hears"),
    [
        (logged_out, SESSION, "wake-ups"),
        (logged_out, SESSION, NET_ONLY),
        (password_changed_elsewhere, SESSION, "wake-ups"),
        (deactivated, SESSION, "wake-ups"),
        (erased, EITHER, "wake-ups"),
        (removed, ACCESS, "wake-ups"),
        (removed, ACCESS, NET_ONLY),
        (workspace_deleted, ACCESS, "wake-ups"),
    ],
)
async def test_what_is_taken_away_ends_the_stream(
    api: Api, act: Callable[[Case], Awaitable[None]], told: tuple[str | None, int | None],
    hears: str,
) -> None:  # fmt: skip
    code, closing = told
    case = await team(api)
    if hears == NET_ONLY:
        api.app.streams._unlisten()
    member, owner = case.member, case.owner
    async with (
        listening(member) as stream,
        listening(member, kind="websocket") as socket,
        listening(owner) as stays,
    ):
        for one in (stream, socket, stays):
            await one.next("ready")
        await act(case)
        for one in (stream, socket):
            ended = await one.end()
            assert code in (None, ended)
            # The commit that took it away is told to those who stay only.
            assert [e.kind for e in one._events if e.kind != "inbox"] == ["ready", "end"]
        assert closing in (None, socket.closing)
        if act is not workspace_deleted:
            await owner.made("~/tasks", {"title": "Still here"})
            while (await stays.next()).data["events"] != ["task.created"]:
                pass
    async with listening(member) as again:
        assert again.status in (401, 404)


async def test_a_token_that_is_removed_ends_its_stream_only(api: Api) -> None:
    ada = await api.person()
    made = []
    for name in ("one", "two"):
        body = {"name": name, "scopes": ["read"]}
        made.append(await ada.made("/auth/tokens", body))
    one, two = made
    async with (
        listening(ada, token=one["token"]) as first,
        listening(ada, token=two["token"]) as second,
        listening(ada) as third,
    ):
        for stream in (first, second, third):
            await stream.next("ready")
        assert (await ada.delete(f"/auth/tokens/{one['id']}")).status_code == 204
        assert await first.end() == "token_gone"
        await ada.made("~/tasks", {"title": "T"})
        await second.next()
        await third.next()


async def test_a_token_that_expires_ends_the_stream_and_a_newer_one_goes_on(api: Api) -> None:
    ada = await api.person()
    settings = api.settings
    issuer = AccessTokens(KeySet.from_file(settings.keys_path), settings.public_url, 3)
    token = issuer.issue(ada.id, issuer.verify(ada.access_token).session_id)
    async with (
        listening(ada, token=token) as stream,
        listening(ada, token=token, kind="websocket") as socket,
        listening(ada, token=token, kind="websocket") as renewed,
    ):
        for one in (stream, socket, renewed):
            await one.next("ready")
        renewed.say({"token": ada.access_token})
        assert await stream.end() == "token_expired"
        assert await socket.end() == "token_expired"
        assert socket.closing == 4401
        await ada.made("~/tasks", {"title": "T"})
        assert (await renewed.next()).id == 2
    async with listening(ada, last=1) as again:
        await again.next("ready")
        assert (await again.next()).id == 2


async def test_a_role_that_is_lowered_may_still_read(api: Api) -> None:
    case = await team(api)
    async with listening(case.member) as stream:
        await stream.next("ready")
        path = f"~/members/{case.member.id}"
        await _done(case.owner.patch(path, {"role": "editor"}))
        await _done(case.owner.patch(path, {"role": "viewer"}))
        for _ in range(2):
            assert (await stream.next()).data["events"] == ["member.role_changed"]


async def test_who_was_removed_and_comes_back_hears_what_follows(api: Api) -> None:
    """A removal from before must not end a stream that was opened after it."""
    case = await team(api)
    api.app.streams._unlisten()
    async with listening(case.owner) as other:
        await other.next("ready")
        await removed(case)
        body = {"email": case.member.email, "role": "viewer"}
        await _done(case.owner.post("~/members", body))
        async with listening(case.member) as stream:
            ready = await stream.next("ready")
            await other.commits(2)
            await case.owner.made("~/tasks", {"title": "T"})
            assert (await stream.next()).id == ready.id + 1
