"""Whoever has a stream open hears that something has come into their inbox, and nobody else."""

import pytest
from tests.modules.notifications.test_routes import inbox
from tests.services.api import Api
from tests.services.live import listening


@pytest.mark.parametrize("kind", ["sse", "websocket"])
async def test_an_open_stream_tells_of_the_inbox(api: Api, kind: str) -> None:
    ada = await api.person(name="Ada")
    bob, eve = await api.team(ada, "editor", "editor")
    # That they were added has been told before.
    await inbox(bob)
    await inbox(eve)
    async with listening(bob, kind=kind) as stream, listening(eve, kind=kind) as other:
        await stream.next("ready")
        await other.next("ready")
        await ada.made("~/tasks", {"title": "Order the brass", "assignee_id": bob.id})
        await stream.next("commit")
        assert (await stream.next("inbox")).data == {}
        page = (await bob.get("/notifications?unread=true")).json()
        assert page["items"][0]["kind"] == "assigned"
        # What is read in one window is read in the others.
        await bob.post("/notifications/read", {"all": True})
        await stream.next("inbox")
        assert (await bob.get("/notifications")).json()["unread_count"] == 0
        await other.next("commit")
        # The hint that she was added may come late; Bob's two would be two more.
        assert other.text.count("inbox") <= 1
