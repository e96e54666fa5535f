"""Channels over HTTP."""

import asyncio
import email
import email.policy
import re
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.modules.channels.world import text_of
from tests.services.api import Api, OpenApi, Person, opened
from tests.services.browser import Browser
from tests.services.receiver import Receiver

from tidework.settings import load


@pytest.fixture
async def open_api(migrated_file: Path, tmp_path: Path) -> AsyncIterator[OpenApi]:
    """Opens an application on the embedded database; the rows are the same on the other one."""
    path = tmp_path / "tidework.db"
    shutil.copyfile(migrated_file, path)

    async with AsyncExitStack() as stack:

        async def make(**settings: str) -> Api:
            environ = {"DATA_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{path}"}
            environ |= {"RATE_LIMITS": "off", "OUTGOING_ALLOW": "127.0.0.1/32", **settings}
            loaded = load({f"TIDEWORK_{name}": value for name, value in environ.items()})
            return await stack.enter_async_context(opened(loaded))

        yield make


@pytest.fixture
async def api(open_api: OpenApi) -> Api:
    return await open_api()


def code(answer: httpx.Response) -> tuple[int, str]:
    problem: dict[str, Any] = answer.json()
    errors = problem.get("errors")
    return answer.status_code, errors[0]["code"] if errors else problem["code"]


async def with_token(api: Api, person: Person) -> Person:
    """The same person by an API token."""
    made = await person.made("/auth/tokens", {"name": "script", "scopes": ["read", "write"]})
    return Person(api, person.id, person.email, made["token"], "", person.workspace)


async def test_browsers(api: Api) -> None:
    ada, eve = await api.person(), await api.person()
    key = (await ada.get("/notifications/push/key")).json()["key"]
    assert len(key) == 87
    body = Browser().subscription("http://127.0.0.1:8099/x")
    made = await ada.made("/notifications/push/subscriptions", body)
    again = await ada.made("/notifications/push/subscriptions", body)
    assert again["id"] == made["id"]
    listed = (await ada.get("/notifications/push/subscriptions")).json()["items"]
    assert [(one["id"], one["endpoint"]) for one in listed] == [(made["id"], body["endpoint"])]
    assert "auth" not in listed[0]
    path = f"/notifications/push/subscriptions/{made['id']}"
    assert code(await eve.delete(path)) == (404, "not_found")
    assert (await ada.delete(path)).status_code == 204
    assert code(await ada.delete(path)) == (404, "not_found")
    script = await with_token(api, ada)
    refused = await script.post("/notifications/push/subscriptions", body)
    assert code(refused) == (403, "session_required")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"endpoint": "ftp://push.example.com/x"}, "url_refused"),
        ({"endpoint": "http://10.0.0.1/x"}, "url_refused"),
        ({"endpoint": "https://user:pw@push.example.com/x"}, "url_refused"),
        ({"endpoint": "x" * 2000}, "length"),
        ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, "invalid_keys"),
        ({"keys": {"p256dh": "AAAA"}}, "missing"),
        ({"expirationTime": -1}, "too_small"),
        ({"expirationTime": 1e300}, "too_large"),
        ({"extra": 1}, "unknown_field"),
    ],
)
async def test_subscriptions_that_are_none(
    api: Api, change: dict[str, object], wanted: str
) -> None:
    ada = await api.person()
    body = {**Browser().subscription("https://push.example.com/x"), **change}
    answer = await ada.post("/notifications/push/subscriptions", body)
    assert answer.status_code == 422
    assert wanted in {code(answer)[1], "length", "too_long", "out_of_range", "invalid"}


async def test_addresses(open_api: OpenApi) -> None:
    async with Receiver() as receiver:
        api = await open_api(SMS_URL=receiver.url())
        ada = await api.person()
        listed = (await ada.get("/notifications/addresses")).json()["items"]
        assert [(one["channel"], one["available"]) for one in listed] == [
            ("sms", True),
            ("chat", False),
        ]
        path, body = "/notifications/addresses", {"address": "+4915112345678"}
        assert code(await ada.call("PUT", f"{path}/fax", body)) == (404, "not_found")
        assert code(await ada.call("PUT", f"{path}/chat", body)) == (409, "channel_unavailable")
        wrong = await ada.call("PUT", f"{path}/sms", {"address": "0151"})
        assert code(wrong) == (422, "invalid_phone")
        script = await with_token(api, ada)
        assert code(await script.call("PUT", f"{path}/sms", body)) == (403, "session_required")
        assert code(await ada.post(f"{path}/sms/confirm", {"code": "1"})) == (404, "not_found")
        put = await ada.call("PUT", f"{path}/sms", body)
        assert (put.status_code, put.json()["confirmed_at"]) == (200, None)
        soon = await ada.call("PUT", f"{path}/sms", {"address": "+4915112345679"})
        assert soon.status_code == 429
        assert 0 < int(soon.headers["retry-after"]) <= 300
        guess = await ada.post(f"{path}/sms/confirm", {"code": "x"})
        assert code(guess) == (422, "code_wrong")
        assert (await ada.delete(f"{path}/sms")).status_code == 204
        assert code(await ada.delete(f"{path}/sms")) == (404, "not_found")


async def test_confirming_an_address(api: Api) -> None:
    ada = await api.person()
    assert (await ada.get("/users/me")).json()["email_confirmed_at"] is None
    wrong = await api.client.post("/api/v1/auth/email/confirm", json={"token": "twc_x"})
    assert code(wrong) == (422, "link_invalid")
    assert (await ada.post("/auth/email/resend")).status_code == 202
    assert (await api.client.post("/api/v1/auth/email/resend")).status_code == 401


async def mailed(api: Api, to: str, words: str) -> EmailMessage:
    """The mail to an address that says these words; waits until it is there."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for path in sorted(api.settings.mail_path.glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            if message["to"] == to and words in text_of(message):
                return message
        await asyncio.sleep(0.02)
    raise AssertionError(f"no mail to {to} that says {words!r}")


async def test_from_a_change_to_a_mail_and_out_of_it_with_one_click(api: Api) -> None:
    ada = await api.person(name="Ada")
    (bob,) = await api.team(ada, "editor")
    chosen = (await bob.get("/notifications/preferences")).json() | {"bundle_minutes": 0}
    assert (await bob.call("PUT", "/notifications/preferences", chosen)).status_code == 200
    await ada.made("~/tasks", {"title": "Order the brass", "assignee_id": bob.id})
    # Together with what had waited already: that they are in the workspace.
    letter = await mailed(api, bob.email, "has assigned you #1 Order the brass")
    url = letter["List-Unsubscribe"].strip("<>")
    page = await api.client.get(url)
    assert "<form" in page.text
    # As a mail program does it: RFC 8058, without cookies or a log-in.
    left = await api.client.post(
        url,
        content=b"List-Unsubscribe=One-Click",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert left.status_code == 200
    kinds = (await bob.get("/notifications/preferences")).json()["kinds"]
    assert kinds["assigned"]["email"] is False
    assert kinds["mentioned"]["email"] is True


async def test_an_address_is_confirmed_by_the_mailed_link(api: Api) -> None:
    ada = await api.person(name="Ada")
    letter = await mailed(api, ada.email, "/confirm-email#")
    found = re.search(r"#token=(twc_\S+)", text_of(letter))
    assert found is not None
    answer = await api.client.post("/api/v1/auth/email/confirm", json={"token": found[1]})
    assert answer.status_code == 204
    me = await ada.get("/users/me")
    assert me.json()["email_confirmed_at"] is not None
    assert int(answer.headers["tidework-seq"]) == int(me.headers["etag"].strip('W/"').split(".")[0])
    assert code(await ada.post("/auth/email/resend")) == (409, "email_confirmed")
