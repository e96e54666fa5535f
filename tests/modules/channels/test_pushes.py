"""Web push, to a receiver that decrypts what comes."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.modules.channels.world import URL, OpenWorld, World, context, subscription
from tests.services.browser import Browser
from tests.services.receiver import Hook, Receiver, Reply

from tidework.channels.web_push import unb64
from tidework.errors import Forbidden, Invalid, NotFound
from tidework.http.context import Credential, Principal
from tidework.log import Operation


async def shown(world: World, user_id: str) -> list[str]:
    """The addresses of a person's browsers."""
    found = await world.services.channels.subscriptions.shown(user_id)
    return [one.endpoint for one in found]


async def test_a_browser_is_told(world: World, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(201)
    ada = await world.person("Ada", language="de")
    browser = await world.subscribe(ada, receiver.url("/push/abc"))
    note = await world.note(ada, "overdue")
    await world.tell(ada, "push", note, kind="overdue")
    await world.work()
    (hook,) = receiver.received
    said = json.loads(browser.read(hook.body))
    assert said["title"] == "Engine"
    assert said["body"] == "#7 Order the brass ist überfällig"
    assert said["url"] == f"{URL}/w/{ada.personal_workspace_id}/t/7"
    assert said["notification_ids"] == [note]
    assert hook.headers["content-encoding"] == "aes128gcm"
    assert int(hook.headers["ttl"]) > 0
    assert len(hook.headers["topic"]) <= 32
    assert b"brass" not in hook.body
    key = (await world.services.channels.subscriptions.vapid()).public
    parts = dict(p.strip().split("=", 1) for p in hook.headers["authorization"][6:].split(","))
    assert parts["k"] == key
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(key))
    claims = jwt.decode(parts["t"], ECKey.import_key(public), algorithms=["ES256"]).claims
    assert claims["aud"] == f"http://127.0.0.1:{receiver.port}"
    assert claims["sub"] == URL
    assert await world.all_jobs() == []


async def test_several_are_one_message(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    browser = await world.subscribe(ada, receiver.url())
    ids = [await world.note(ada, data={"title": "ü" * 120, "number": n}) for n in range(5)]
    await world.tell(ada, "push", *ids)
    await world.work()
    (hook,) = receiver.received
    said = json.loads(browser.read(hook.body))
    assert said["title"] == "5 notifications"
    assert said["body"].count("\n") == 3
    assert said["body"].endswith("and 2 more")


@pytest.mark.parametrize("status", [404, 410, 403])
async def test_a_browser_that_is_gone_is_forgotten(
    world: World, receiver: Receiver, status: int
) -> None:
    receiver.answer = lambda _: Reply(status)
    ada = await world.person("Ada")
    await world.subscribe(ada, receiver.url())
    await world.tell(ada, "push", await world.note(ada))
    await world.work()
    assert len(receiver.received) == 1
    assert await shown(world, ada.id) == []
    assert await world.all_jobs() == []


@pytest.mark.parametrize(
    ("status", "headers"), [(500, {}), (429, {"retry-after": "7200"}), (503, {"retry-after": "x"})]
)
async def test_what_a_push_service_cannot_take_now_comes_again_to_that_one_only(
    world: World, receiver: Receiver, status: int, headers: dict[str, str]
) -> None:
    failing = [True]

    def answer(hook: Hook) -> Reply:
        return Reply(status, headers) if hook.path == "/two" and failing[0] else Reply(201)

    receiver.answer = answer
    ada = await world.person("Ada")
    await world.subscribe(ada, receiver.url("/one"))
    two = await world.subscribe(ada, receiver.url("/two"))
    await world.tell(ada, "push", await world.note(ada))
    await world.work()
    failing[0] = False
    if status == 429:
        await world.work_later(0.9)
        assert [hook.path for hook in receiver.received] == ["/one", "/two"]
    await world.work_later(3)
    assert [hook.path for hook in receiver.received] == ["/one", "/two", "/two"]
    assert json.loads(two.read(receiver.received[2].body))["title"] == "Engine"
    assert await world.all_jobs() == []
    topics = {hook.headers["topic"] for hook in receiver.received}
    assert len(topics) == 1


async def test_a_push_service_that_stays_away_is_given_up(world: World, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(500)
    ada = await world.person("Ada")
    await world.subscribe(ada, receiver.url())
    await world.tell(ada, "push", await world.note(ada))
    for hour in range(20):
        await world.work_later(hour * 2)
    ((_, state, _, error, attempts, _),) = await world.all_jobs()
    assert (state, attempts) == ("failed", 12)
    assert "500" in error
    assert len(await shown(world, ada.id)) == 1


async def test_nobody_is_sent_inside(open_world: OpenWorld, receiver: Receiver) -> None:
    world = await open_world(OUTGOING_ALLOW="")
    ada = await world.person("Ada")
    for endpoint in (receiver.url(), "http://localhost/x", "http://[::1]/x", "http://10.0.0.1/x"):
        with pytest.raises(Invalid) as refused:
            await world.subscribe(ada, endpoint)
        assert refused.value.errors[0].pointer == "/endpoint"
    # What was allowed once, and is not any more.
    allowing = await open_world()
    allowing.principals.update(world.principals)
    await allowing.subscribe(ada, receiver.url())
    await world.tell(ada, "push", await world.note(ada))
    await world.work()
    assert receiver.connections == 0
    assert await shown(world, ada.id) == []


async def test_a_browser_is_told_no_more_once_its_session_has_ended(
    world: World, receiver: Receiver
) -> None:
    ada = await world.person("Ada")
    await world.subscribe(ada, receiver.url())
    assert len(await shown(world, ada.id)) == 1
    session = world.principals[ada.id].credential.id
    await world.services.auth.sessions.end(ada.id, session, "ended", context())
    assert await shown(world, ada.id) == []
    await world.tell(ada, "push", await world.note(ada))
    await world.work()
    assert receiver.connections == 0
    assert await world.services.channels.subscriptions.of(ada.id) == []


async def test_the_same_browser_again_is_the_same(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    await world.subscribe(ada, receiver.url("/one"))
    again = await world.subscribe(ada, receiver.url("/one"))
    await world.tell(ada, "push", await world.note(ada))
    await world.work()
    (hook,) = receiver.received
    assert again.read(hook.body)


async def test_the_newest_twenty_are_kept(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    for number in range(22):
        await world.subscribe(ada, receiver.url(f"/{number}"))
    assert await shown(world, ada.id) == [receiver.url(f"/{n}") for n in range(2, 22)]


async def test_what_cannot_be_subscribed(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    browser = Browser()
    subscriptions = world.services.channels.subscriptions
    token = Principal(
        user_id=ada.id,
        role="user",
        personal_workspace_id=ada.personal_workspace_id,
        credential=Credential(kind="token", user_id=ada.id, id="x", expires_at=2**40),
    )
    good: Any = subscription(browser, receiver.url())
    with pytest.raises(Forbidden):
        await subscriptions.add(token, good, context())
    browser.p256dh = browser.p256dh[:-4] + "AAAA"
    with pytest.raises(Invalid) as refused:
        await subscriptions.add(
            world.principals[ada.id], subscription(browser, receiver.url()), context()
        )
    assert refused.value.errors[0].pointer == "/keys"


async def test_a_stranger_removes_nothing(world: World, receiver: Receiver) -> None:
    ada, eve = await world.person("Ada"), await world.person("Eve")
    await world.subscribe(ada, receiver.url())
    (one,) = await world.services.channels.subscriptions.shown(ada.id)
    with pytest.raises(NotFound):
        await world.services.channels.subscriptions.remove(eve.id, one.id)
    await world.services.channels.subscriptions.remove(ada.id, one.id)
    assert await shown(world, ada.id) == []


async def test_two_copies_have_one_key(open_world: OpenWorld) -> None:
    first, second = await open_world(), await open_world()
    one = (await first.services.channels.subscriptions.vapid()).public
    assert (await second.services.channels.subscriptions.vapid()).public == one


async def test_an_erased_account_leaves_nothing(world: World, receiver: Receiver) -> None:
    await world.person("Root")
    ada = await world.person("Ada")
    await world.subscribe(ada, receiver.url())
    key = {"stream_id": ada.id, "channel": "sms"}
    values = {"address": "+4915112345678", "attempts": 0}
    await world.store.operate([Operation("channel_addresses", "insert", key, values)])
    await world.services.closing.close(ada.id, ada.id, context())
    assert await world.services.channels.subscriptions.of(ada.id) == []
    assert await world.services.channels.contacts.of(ada.id) == {}
