"""SMS and chat, through a gateway that is really there."""

import asyncio
import json
import re

import pytest
import time_machine
from tests.modules.channels.world import URL, OpenWorld, World, in_hours
from tests.services.receiver import Receiver, Reply

from tidework.channels.addresses import Kept
from tidework.channels.provider import Channel
from tidework.errors import Conflict, Invalid, NotFound, TooManyRequests
from tidework.settings import InvalidSettings, load, table
from tidework.users.api import Account

PHONE = "+4915112345678"


@pytest.fixture
async def world(open_world: OpenWorld, receiver: Receiver) -> World:
    """A world with both gateways, which lie inside."""
    return await open_world(
        OUTGOING_ALLOW="",
        SMS_URL=receiver.url("/sms"),
        SMS_TOKEN="sms-token",
        CHAT_URL=receiver.url("/chat"),
    )


async def code_for(world: World, receiver: Receiver) -> str:
    """The code that was sent last."""
    await world.work()
    found = re.search(r"\b\d{6}\b", receiver.received[-1].event["text"])
    assert found is not None
    return found[0]


async def reachable(world: World, receiver: Receiver, channel: str, address: str) -> Account:
    """Somebody with a confirmed address."""
    ada = await world.person("Ada")
    contacts = world.services.channels.contacts
    await contacts.put(ada.id, channel, address)
    await contacts.confirm(ada.id, channel, await code_for(world, receiver))
    receiver.received.clear()
    return ada


@pytest.mark.parametrize(("channel", "address"), [("sms", PHONE), ("chat", "@ada:example.org")])
async def test_a_message_goes_to_the_gateway(
    world: World, receiver: Receiver, channel: str, address: str
) -> None:
    ada = await reachable(world, receiver, channel, address)
    job = await world.tell(ada, channel, await world.note(ada, "overdue"), kind="overdue")
    await world.work()
    (hook,) = receiver.received
    assert hook.path == f"/{channel}"
    assert hook.event == {
        "id": job,
        "channel": channel,
        "to": address,
        "text": "#7 Order the brass is overdue",
        "url": f"{URL}/w/{ada.personal_workspace_id}/t/7",
    }
    assert hook.headers["idempotency-key"] == job
    wanted = "Bearer sms-token" if channel == "sms" else None
    assert hook.headers.get("authorization") == wanted
    assert await world.all_jobs() == []


async def test_a_chat_has_room_for_more_than_an_sms(world: World, receiver: Receiver) -> None:
    ada = await reachable(world, receiver, "chat", "@ada")
    await world.services.channels.contacts.put(ada.id, "sms", PHONE)
    code = await code_for(world, receiver)
    await world.services.channels.contacts.confirm(ada.id, "sms", code)
    receiver.received.clear()
    ids = [await world.note(ada, data={"number": n}) for n in range(12)]
    for channel in ("sms", "chat"):
        await world.tell(ada, channel, *ids)
        await world.work()
    texts = [hook.event["text"] for hook in receiver.received]
    assert texts[0] == "Somebody has assigned you #0 Order the brass\nand 11 more"
    assert texts[1].count("\n") == 10


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_what_a_gateway_cannot_take_now_comes_again_with_the_same_key(
    world: World, receiver: Receiver, status: int
) -> None:
    ada = await reachable(world, receiver, "sms", PHONE)
    replies = [Reply(status, {"retry-after": "60"})]
    receiver.answer = lambda _: replies.pop() if replies else Reply(202)
    job = await world.tell(ada, "sms", await world.note(ada))
    await world.work()
    await world.work_later(2)
    assert [hook.headers["idempotency-key"] for hook in receiver.received] == [job, job]
    assert await world.all_jobs() == []


@pytest.mark.parametrize("status", [301, 400, 401, 422])
async def test_what_a_gateway_refuses_is_given_up_and_seen(
    world: World, receiver: Receiver, status: int
) -> None:
    ada = await reachable(world, receiver, "sms", PHONE)
    receiver.answer = lambda _: Reply(status, {"location": receiver.url("/elsewhere")})
    await world.tell(ada, "sms", await world.note(ada))
    await world.work()
    ((_, state, _, error, *_),) = await world.all_jobs()
    assert (state, len(receiver.received)) == ("failed", 1)
    assert str(status) in error


async def test_nothing_goes_where_nobody_has_confirmed(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    await world.tell(ada, "sms", await world.note(ada))
    await world.services.channels.contacts.put(ada.id, "sms", PHONE)
    await world.work()
    assert [hook.event["to"] for hook in receiver.received] == [PHONE]
    receiver.received.clear()
    await world.tell(ada, "sms", await world.note(ada))
    await world.work()
    assert receiver.received == []


async def test_a_code_can_be_guessed_five_times(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    contacts = world.services.channels.contacts
    await contacts.put(ada.id, "sms", " +49 (151) 1234-5678 ")
    code = await code_for(world, receiver)
    assert receiver.received[0].event["to"] == PHONE
    wrong = [f"{(int(code) + n) % 10**6:06}" for n in range(1, 6)]
    for guess in wrong:
        with pytest.raises(Invalid):
            await contacts.confirm(ada.id, "sms", guess)
    with pytest.raises(Invalid):
        await contacts.confirm(ada.id, "sms", code)
    assert (await contacts.of(ada.id))["sms"].confirmed_at is None


async def test_of_guesses_at_once_one_is_looked_at(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await world.person("Ada")
    contacts = world.services.channels.contacts
    await contacts.put(ada.id, "sms", PHONE)
    code = await code_for(world, receiver)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    guesses = [wrong] * 10 + [code] + [wrong] * 10
    read, all_read = contacts.of, asyncio.Barrier(len(guesses))

    async def of(user_id: str) -> dict[Channel, Kept]:
        found = await read(user_id)
        await all_read.wait()
        return found

    # Every one has read the same count; the right one does not write first.
    monkeypatch.setattr(contacts, "of", of)
    outcomes = await asyncio.gather(
        *(contacts.confirm(ada.id, "sms", guess) for guess in guesses), return_exceptions=True
    )
    assert all(isinstance(one, Invalid) for one in outcomes)
    kept = (await read(ada.id))["sms"]
    assert (kept.attempts, kept.confirmed_at) == (1, None)


async def test_a_code_grows_old(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    contacts = world.services.channels.contacts
    await contacts.put(ada.id, "sms", PHONE)
    code = await code_for(world, receiver)
    with time_machine.travel(in_hours(0.3), tick=True), pytest.raises(Invalid):
        await contacts.confirm(ada.id, "sms", code)
    assert (await contacts.confirm(ada.id, "sms", f" {code} ")).confirmed_at is not None


async def test_another_address_is_another_persons_until_it_is_confirmed(
    world: World, receiver: Receiver
) -> None:
    ada = await reachable(world, receiver, "sms", PHONE)
    contacts = world.services.channels.contacts
    same = await contacts.put(ada.id, "sms", PHONE)
    assert same.confirmed_at is not None
    other = await contacts.put(ada.id, "sms", "+4915187654321")
    assert other.confirmed_at is None
    await code_for(world, receiver)
    receiver.received.clear()
    await world.tell(ada, "sms", await world.note(ada))
    await world.work()
    assert receiver.received == []


async def test_codes_are_not_sent_one_after_the_other(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    contacts = world.services.channels.contacts
    await contacts.put(ada.id, "sms", PHONE)
    with pytest.raises(TooManyRequests):
        await contacts.put(ada.id, "sms", "+4915187654321")
    await world.work()
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("sms", "015112345678"),
        ("sms", "+0123456789"),
        ("sms", "+49abc"),
        ("sms", "+4915112345678\nBcc: x"),
        ("sms", ""),
        ("sms", "+" + "1" * 30),
        ("chat", "  "),
        ("chat", "a\r\nb"),
        ("chat", "\ud800"),
    ],
)
async def test_what_is_no_address(world: World, channel: str, address: str) -> None:
    ada = await world.person("Ada")
    with pytest.raises(Invalid):
        await world.services.channels.contacts.put(ada.id, channel, address)


async def test_a_channel_that_there_is_not(open_world: OpenWorld) -> None:
    world = await open_world()
    ada = await world.person("Ada")
    contacts = world.services.channels.contacts
    with pytest.raises(NotFound):
        await contacts.put(ada.id, "fax", "1")
    with pytest.raises(Conflict) as refused:
        await contacts.put(ada.id, "sms", PHONE)
    assert refused.value.code == "channel_unavailable"
    assert [(one.channel, one.available) for one in await contacts.shown(ada.id)] == [
        ("sms", False),
        ("chat", False),
    ]
    await world.tell(ada, "sms", await world.note(ada))
    await world.work()
    assert await world.all_jobs() == []


async def test_the_code_is_in_no_job(world: World, receiver: Receiver) -> None:
    ada = await world.person("Ada")
    await world.services.channels.contacts.put(ada.id, "sms", PHONE)
    before = json.dumps([row[2] for row in await world.all_jobs()])
    assert await code_for(world, receiver) not in before


def test_a_token_is_one_that_a_header_can_bear() -> None:
    with pytest.raises(InvalidSettings, match="visible"):
        load({"TIDEWORK_SMS_TOKEN": "a\r\nb"})


def test_a_token_is_not_shown() -> None:
    environ = {
        "TIDEWORK_SMS_TOKEN": "hidden-1",
        "TIDEWORK_CHAT_TOKEN": "hidden-2",
        "TIDEWORK_SMTP_URL": "smtps://ada:hidden-3@mail.example.org",
    }
    settings = load(environ)
    rows = {row.name: row.value for row in table(settings, environ)}
    assert "hidden" not in f"{rows} {settings!r}"
    assert rows["TIDEWORK_SMS_TOKEN"] == "***"
    assert rows["TIDEWORK_SMTP_URL"] == "smtps://ada:***@mail.example.org"
