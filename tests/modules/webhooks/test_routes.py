"""Webhooks over HTTP, with all that follows commits at work."""

import asyncio
from typing import Any

import pytest
from standardwebhooks import Webhook
from tests.services.api import Api, OpenApi, Person
from tests.services.receiver import Receiver, Reply

from tidework.transfer.portable import ENTITIES

DEADLINE_S = 30
PUBLIC = "https://hooks.example.com/in"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The embedded one: what differs between the two is tested below HTTP."""
    return sqlite_url


@pytest.fixture
async def owner(open_api: OpenApi) -> Person:
    api = await open_api(OUTGOING_ALLOW="127.0.0.0/8")
    return await api.person()


async def made(person: Person, url: str = PUBLIC, **fields: Any) -> dict[str, Any]:
    # Of the address of an example nothing is asked: no test makes a label.
    wanted = {} if url.startswith("http://127.") else {"events": ["label.created"]}
    return await person.made("~/webhooks", {"url": url, **wanted, **fields})


async def settled(person: Person, webhook: str, count: int) -> list[dict[str, Any]]:
    """The deliveries, once there are so many and none waits."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            answer = await person.get(f"~/webhooks/{webhook}/deliveries?limit=100")
            assert answer.status_code == 200, answer.text
            items: list[dict[str, Any]] = answer.json()["items"]
            if len(items) >= count and all(one["state"] != "waiting" for one in items):
                return items
            await asyncio.sleep(0.01)


async def test_from_a_task_to_a_receiver(owner: Person, receiver: Receiver) -> None:
    webhook = await made(owner, receiver.url(), events=["task.*"])
    assert webhook["secret"].startswith("whsec_")
    task = await owner.made("~/tasks", {"title": "Mend the boat"})
    await owner.patch(f"~/tasks/{task['id']}", {"status": "completed"})
    await receiver.until(3)
    kinds = [hook.event["type"] for hook in receiver.received]
    assert kinds == ["task.created", "task.updated", "task.completed"]
    last = receiver.received[-1]
    event = Webhook(webhook["secret"]).verify(last.body, last.headers)
    shown = (await owner.get(f"~/tasks/{task['id']}")).json()
    assert event["data"]["task"] == shown
    assert event["actorid"] == owner.id
    items = await settled(owner, webhook["id"], 3)
    assert [one["type"] for one in items] == kinds[::-1]
    assert items[0]["message_id"] == last.headers["webhook-id"]
    assert items[0]["answer"]["status"] == 200


async def test_the_secret_is_shown_once(owner: Person) -> None:
    webhook = await made(owner)
    secret = webhook.pop("secret")
    one = await owner.get(f"~/webhooks/{webhook['id']}")
    assert one.json() == webhook
    assert one.headers["etag"] == f'"{webhook["version"]}"'
    assert (await owner.get("~/webhooks")).json() == {"items": [webhook]}
    patched = await owner.patch(f"~/webhooks/{webhook['id']}", {"description": "x"})
    rotated = await owner.post(f"~/webhooks/{webhook['id']}/rotate")
    assert rotated.status_code == 200
    assert rotated.json()["secret"] not in (secret, "")
    assert rotated.json()["rotated_at"]
    changes = (await owner.get("~/changes?limit=1000")).text
    for text in (one.text, patched.text, changes):
        assert secret.removeprefix("whsec_") not in text
        assert rotated.json()["secret"].removeprefix("whsec_") not in text


async def test_it_is_changed_conditionally_and_removed(owner: Person) -> None:
    webhook = await made(owner, description="a")
    path = f"~/webhooks/{webhook['id']}"
    done = await owner.patch(path, {"events": ["task.*", "task.*"], "is_active": False})
    assert done.status_code == 200, done.text
    assert (done.json()["events"], done.json()["is_active"]) == (["task.*"], False)
    old = {"if-match": f'"{webhook["version"]}"'}
    assert (await owner.patch(path, {"description": "b"}, headers=old)).status_code == 412
    assert (await owner.delete(path, headers=old)).status_code == 412
    new = {"if-match": done.headers["etag"]}
    again = await owner.patch(path, {"description": "b"}, headers=new)
    assert (again.status_code, again.json()["url"]) == (200, PUBLIC)
    same = await owner.patch(path, {"description": "b"})
    assert same.json()["version"] == again.json()["version"]
    assert (await owner.delete(path)).status_code == 204
    for answer in (await owner.get(path), await owner.delete(path), await owner.patch(path, {})):
        assert answer.status_code == 404
    for rest in ("deliveries", "test", "replay", "rotate"):
        call = owner.get if rest == "deliveries" else owner.post
        body = {"json": {"from": "2026-01-01T00:00:00Z"}} if rest == "replay" else {}
        assert (await call(f"{path}/{rest}", **body)).status_code == 404, rest


async def test_only_owners_see_and_change_webhooks(open_api: OpenApi) -> None:
    api = await open_api(OUTGOING_ALLOW="127.0.0.0/8")
    owner = await api.person()
    editor, viewer = await api.team(owner, "editor", "viewer")
    stranger = await api.person()
    stranger.workspace = owner.workspace
    webhook = await made(owner, "https://hooks.example.com/key-in-path")
    path = f"~/webhooks/{webhook['id']}"
    body = {"from": "2026-01-01T00:00:00Z"}
    # The owner's answers first: what would be kept of them would be shown to the others.
    for _ in range(2):
        for place in ("~/webhooks", path, f"{path}/deliveries"):
            assert (await owner.get(place)).status_code == 200
            for person, status in ((editor, 403), (viewer, 403), (stranger, 404)):
                assert (await person.get(place)).status_code == status
    for person, status in ((editor, 403), (viewer, 403), (stranger, 404)):
        answers = [
            await person.post("~/webhooks", {"url": PUBLIC}),
            await person.patch(path, {"url": PUBLIC}),
            await person.delete(path),
            await person.post(f"{path}/rotate"),
            await person.post(f"{path}/test"),
            await person.post(f"{path}/replay", body),
        ]
        assert {answer.status_code for answer in answers} == {status}
    seen = (await viewer.get("~/changes?limit=1000")).text
    assert webhook["id"] in seen
    assert "key-in-path" not in seen


ADDRESSES = [
    "",
    "hooks.example.com",
    "ftp://hooks.example.com/",
    "https://user:password@hooks.example.com/",
    "http://10.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]:8080/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://hooks.example.com:25/",
    "http://hooks.example.com/\u0000",
    "https://hooks.example.com/" + "a" * 2048,
]
EVENTS: list[list[str]] = [[], ["nothing.*"], ["task.created", "task"], ["user.*"], ["**"]]


async def test_what_cannot_be_is_refused_at_once(owner: Person) -> None:
    webhook = await made(owner)
    for url in ADDRESSES:
        for answer in (
            await owner.post("~/webhooks", {"url": url}),
            await owner.patch(f"~/webhooks/{webhook['id']}", {"url": url}),
        ):
            assert answer.status_code == 422, (url, answer.text)
            assert answer.json()["errors"][0]["pointer"] == "/url"
    for events in EVENTS:
        answer = await owner.post("~/webhooks", {"url": PUBLIC, "events": events})
        assert answer.status_code == 422, (events, answer.text)
        assert answer.json()["errors"][0]["pointer"].startswith("/events")


async def test_a_workspace_has_so_many(owner: Person) -> None:
    for _ in range(20):
        await made(owner)
    for headers in ({}, {"idempotency-key": "one-more"}):
        answer = await owner.post("~/webhooks", {"url": PUBLIC}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "too_many_webhooks")


async def test_a_repeated_command_makes_one_and_has_the_same_answer(owner: Person) -> None:
    key = {"idempotency-key": "once"}
    body = {"url": PUBLIC, "events": ["label.created"]}
    first = await owner.post("~/webhooks", body, headers=key)
    again = await owner.post("~/webhooks", body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert len((await owner.get("~/webhooks")).json()["items"]) == 1


async def test_a_trial_and_a_replay(owner: Person, receiver: Receiver) -> None:
    receiver.answer = lambda hook: Reply(200 if hook.event["type"] == "webhook.test" else 418)
    webhook = await made(owner, receiver.url(), events=["task.created"])
    path = f"~/webhooks/{webhook['id']}"
    begun = await owner.post(f"{path}/test")
    assert begun.status_code == 202
    await receiver.until(1)
    assert receiver.received[0].headers["webhook-id"] == begun.json()["message_id"]
    await owner.made("~/tasks", {"title": "x"})
    await receiver.until(2)
    receiver.answer = None
    span = {"from": webhook["created_at"]}
    answer = await owner.post(f"{path}/replay", span)
    assert answer.status_code == 202, answer.text
    assert answer.json()["from"] == webhook["created_at"]
    await receiver.until(3)
    assert receiver.received[1].headers["webhook-id"] == receiver.received[2].headers["webhook-id"]
    items = await settled(owner, webhook["id"], 2)
    assert [one["state"] for one in items] == ["delivered", "delivered"]
    await owner.patch(path, {"is_active": False})
    refused = await owner.post(f"{path}/replay", span)
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")


SPANS: list[dict[str, str]] = [
    {},
    {"from": "yesterday"},
    {"from": "2026-11-22T09:00:00"},
    {"from": "2001-01-01T00:00:00Z"},
    {"from": "9999-12-31T23:59:59-01:00"},
    {"from": "2999-01-01T00:00:00Z"},
    {"from": "2026-11-22T09:00:00Z", "to": "2026-11-21T09:00:00Z"},
    {"from": "2026-11-22T09:00:00Z", "until": "2026-11-23T09:00:00Z"},
]


async def test_a_span_that_is_none_is_refused(owner: Person) -> None:
    webhook = await made(owner)
    for span in SPANS:
        answer = await owner.post(f"~/webhooks/{webhook['id']}/replay", span)
        assert answer.status_code == 422, (span, answer.text)


async def test_deliveries_come_in_pages(owner: Person, receiver: Receiver) -> None:
    webhook = await made(owner, receiver.url(), events=["task.created"])
    for number in range(5):
        await owner.made("~/tasks", {"title": f"task {number}"})
    whole = await settled(owner, webhook["id"], 5)
    path, found, cursor = f"~/webhooks/{webhook['id']}/deliveries?limit=2", [], ""
    while True:
        page = (await owner.get(path + (f"&cursor={cursor}" if cursor else ""))).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == whole
    for query in ("?cursor=x", "?limit=0", "?status=1", "?cursor=WyJ4IiwieSJd"):
        answer = await owner.get(f"~/webhooks/{webhook['id']}/deliveries{query}")
        assert answer.status_code == 422, query


async def test_undo_leaves_webhooks_alone(owner: Person) -> None:
    webhook = await made(owner)
    answer = await owner.post("~/undo", {"seq": webhook["version"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "webhooks")


async def test_a_removed_workspace_tells_nobody(open_api: OpenApi, receiver: Receiver) -> None:
    api: Api = await open_api(OUTGOING_ALLOW="127.0.0.0/8")
    owner = await api.person()
    await api.team(owner)
    await made(owner, receiver.url())
    await owner.made("~/tasks", {"title": "x"})
    await receiver.until(1)
    assert (await owner.delete("~")).status_code == 204
    assert (await owner.get("~/webhooks")).status_code == 404


def test_webhooks_do_not_travel() -> None:
    assert "webhook" not in ENTITIES
