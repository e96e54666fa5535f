"""From a commit to a mail, and from the mail back to the preferences."""

import asyncio
import email
import email.policy
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from tests.services.api import Api

WITHIN_S = 30


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def mails(api: Api, to: str, count: int) -> list[EmailMessage]:
    """The mails about notifications to an address, once so many are there."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            found = []
            for path in sorted(api.settings.mail_path.glob("*.eml")):
                mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                assert isinstance(mail, EmailMessage)
                if mail["to"] == to and mail["list-unsubscribe"]:
                    found.append(mail)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


async def test_a_mail_can_be_left_by_what_it_bears(api: Api) -> None:
    ada, bob = await api.person(name="Ada"), await api.person(name="Bob")
    await bob.call("PUT", "/notifications/preferences", {"bundle_minutes": 0})
    ada.workspace = (await ada.made("/workspaces", {"name": "Engine"}))["id"]
    await ada.made("~/members", {"email": bob.email, "role": "editor"})
    await mails(api, bob.email, 1)
    await ada.made("~/tasks", {"title": "Order the brass", "assignee_id": bob.id})
    mail = (await mails(api, bob.email, 2))[-1]
    assert "Order the brass" in mail.as_string()
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    address = urlsplit(str(mail["list-unsubscribe"]).strip("<>"))
    path = f"{address.path}?{address.query}"
    answer = await api.client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.json() == {"unsubscribed": ["assigned"]}

    task = await ada.made("~/tasks", {"title": "Not mailed", "assignee_id": bob.id})
    await ada.made(f"~/tasks/{task['id']}/comments", {"body": "@bob, have you seen it?"})
    last = (await mails(api, bob.email, 3))[-1]
    assert "have you seen it?" in last.as_string()
    kinds = [one["kind"] for one in (await bob.get("/notifications")).json()["items"]]
    assert kinds == ["mentioned", "assigned", "assigned", "added"]
