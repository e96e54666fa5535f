"""The WebSocket: what it takes to open one, and what may be said on it."""

import pytest
from tests.services.api import Api
from tests.services.live import listening


async def test_a_first_message_may_bear_the_token(api: Api) -> None:
    ada = await api.person()
    await ada.made("~/tasks", {"title": "T"})
    async with listening(ada, kind="websocket", header=False) as socket:
        socket.say({"token": ada.access_token, "since": 1})
        assert (await socket.next("ready")).data == {"seq": 1}
        event = await socket.next()
        assert event.id == event.data["seq"] == 2
        assert event.data["changes"] == (await ada.get("~/changes?since=1")).json()["changes"]


WRONG = [
    ("nonsense", "malformed", 4400),
    ("[]", "invalid", 4422),
    ({"token": 1}, "invalid", 4422),
    ({"since": 1}, "invalid", 4422),
    ({"token": "nonsense"}, "token_invalid", 4401),
    ({"token": "\u2603 \n"}, "token_invalid", 4401),
    ({"token": ""}, "token_invalid", 4401),
    ({"token": "x", "since": -1}, "invalid", 4422),
    ({"token": "x", "cookie": "y"}, "invalid", 4422),
    ({"token": "x" * 20_000}, "too_large", 4413),
]


async def test_a_first_message_that_is_wrong_is_told_so(api: Api) -> None:
    ada = await api.person()
    for message, code, closing in WRONG:
        async with listening(ada, kind="websocket", header=False) as socket:
            socket.say(message)
            assert (await socket.end(), socket.closing) == (code, closing), message


async def test_who_says_nothing_is_sent_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidework.live.socket._FIRST_WITHIN_S", 0.1)
    ada = await api.person()
    async with listening(ada, kind="websocket", header=False) as socket:
        assert (await socket.end(), socket.closing) == ("too_slow", 4408)


async def test_somebody_elses_token_does_not_renew(api: Api) -> None:
    ada, bob = await api.person(), await api.person()
    async with listening(ada, kind="websocket") as socket:
        await socket.next("ready")
        socket.say({"token": bob.access_token})
        assert (await socket.end(), socket.closing) == ("token_invalid", 4401)


async def test_tokens_come_one_a_second_at_most(api: Api) -> None:
    ada = await api.person()
    async with listening(ada, kind="websocket") as socket:
        await socket.next("ready")
        socket.say({"token": ada.access_token})
        socket.say({"token": ada.access_token})
        assert (await socket.end(), socket.closing) == ("rate_limited", 4429)


async def test_another_workspace_and_another_path_are_refused(api: Api) -> None:
    ada, bob = await api.person(), await api.person()
    async with listening(ada, kind="websocket", workspace=bob.workspace) as socket:
        assert (await socket.end(), socket.closing) == ("not_found", 4404)
    async with listening(ada, kind="websocket", workspace="a/b") as socket:
        await socket.until(lambda: socket.ended)
        assert (socket.closing, socket._events) == (4404, [])


async def test_a_token_without_the_scope_is_refused(api: Api) -> None:
    ada = await api.person()
    body = {"name": "writes", "scopes": ["write"]}
    made = await ada.made("/auth/tokens", body)
    async with listening(ada, kind="websocket", token=made["token"]) as socket:
        assert (await socket.end(), socket.closing) == ("scope_missing", 4403)
