"""From a commit to a receiver: what is sent, to whom, and what becomes of it."""

import asyncio
import json
import time
from collections.abc import Sequence
from email.utils import formatdate

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.modules.webhooks.world import World, context, later, statuses, titles, told
from tests.services.commits import CREATED, update
from tests.services.receiver import Hook, Receiver, Reply

from tidework.ids import new_id
from tidework.log import Change
from tidework.times import now

CREATE_AND_MORE = ["task.created", "task.updated", "task.completed"]


async def test_an_event_arrives_signed_with_its_task_as_it_is(
    world: World, receiver: Receiver
) -> None:
    webhook = await world.webhook(receiver.url("/in?key=1"))
    task = await world.task(title="Order the brass")
    await world.change(task, title="Order the copper")
    await world.work()

    assert told(receiver) == [("task.created", f"tasks/{task}"), ("task.updated", f"tasks/{task}")]
    first = receiver.received[0]
    assert (first.method, first.path) == ("POST", "/in?key=1")
    assert first.headers["content-type"] == "application/json"
    event = first.event
    assert Webhook(webhook.secret).verify(first.body, first.headers) == event
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook.secret).verify(first.body + b" ", first.headers)
    assert event["specversion"] == "1.0"
    assert event["streamid"] == world.workspace
    assert event["data"]["values"]["title"] == "Order the brass"
    assert event["data"]["task"]["title"] == "Order the copper"
    assert event["data"]["task"]["workspace_id"] == world.workspace
    assert receiver.received[1].event["data"]["before"] == {"title": "Order the brass"}
    assert await world.jobs() == []


async def test_the_log_tells_what_was_sent_and_answered(world: World, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(202, {"x-place": "here"}, b"thank\0you" + b"!" * 5000)
    webhook = await world.webhook(receiver.url())
    await world.task(description="long" * 2000)
    await world.work()
    (done,) = await world.deliveries(webhook)
    assert (done.state, done.attempts, done.next_at) == ("delivered", 1, None)
    assert done.message_id == receiver.received[0].headers["webhook-id"]
    assert done.request is not None
    assert done.request.url == receiver.url()
    assert done.request.headers["webhook-id"] == done.message_id
    assert done.request.truncated
    assert receiver.received[0].body.decode().startswith(done.request.body)
    assert done.answer is not None
    assert (done.answer.status, done.answer.truncated) == (202, True)
    assert done.answer.headers["x-place"] == "here"
    assert done.answer.body.startswith("thank\ufffdyou!!")
    assert [(one.status, one.error) for one in done.tries] == [(202, None)]


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        (["*"], CREATE_AND_MORE),
        (["task.*"], CREATE_AND_MORE),
        (["task.completed"], ["task.completed"]),
        (["comment.*", "member.added"], []),
    ],
)
async def test_only_what_is_wanted_is_sent(
    world: World, receiver: Receiver, events: Sequence[str], wanted: list[str]
) -> None:
    await world.webhook(receiver.url(), *events)
    await world.change(await world.task(), status="completed")
    await world.work()
    assert [kind for kind, _ in told(receiver)] == wanted


async def test_comments_are_in_the_lane_of_their_task(world: World, receiver: Receiver) -> None:
    await world.webhook(receiver.url(), "task.*", "comment.*")
    task, comment = await world.task(title="Here"), new_id()
    fields = {"task_id": task, "author_id": None, "body": "Done?", "created_at": CREATED}
    await world.append(Change("comment", comment, "create", fields))
    await world.append(Change("comment", comment, "update", {"body": "Done."}))
    await world.change(task, status="completed")
    await world.append(Change("comment", comment, "delete"))
    receiver.answer = statuses(500)
    assert await world.work() == 1
    assert len(receiver.received) == 1
    with later(seconds=10):
        await world.work()
    assert [kind for kind, _ in told(receiver)[1:]] == [
        "task.created",
        "comment.created",
        "comment.updated",
        "task.updated",
        "task.completed",
        "comment.deleted",
    ]
    # A comment that is no more had a task.
    assert [hook.event["data"]["task"]["title"] for hook in receiver.received[1:3]] == ["Here"] * 2


async def test_what_was_imported_or_before_the_webhook_is_not_sent(
    world: World, receiver: Receiver
) -> None:
    before = await world.task()
    await world.webhook(receiver.url())
    await world.append(
        Change("label", new_id(), "create", {"name": "a", "name_key": "a", "color": None, "created_at": CREATED}),
        authorship=[(None, now())],
    )  # fmt: skip
    await world.change(before, title="After")
    await world.work()
    assert titles(receiver.received) == ["After"]


async def test_when_a_webhook_was_made_is_no_matter_of_clocks(
    world: World, receiver: Receiver
) -> None:
    # The copy that makes it is ahead of the others.
    with later(minutes=5):
        before = await world.task(title="before")
        webhook = await world.webhook(receiver.url(), "task.*")
        await world.copy.webhooks.service.rotate(world.owner, webhook.id, context())
    await world.change(before, title="after")
    await world.work()
    assert titles(receiver.received) == ["after"]


async def test_a_webhook_is_not_told_of_itself_and_nobody_of_addresses(
    world: World, receiver: Receiver
) -> None:
    first = await world.webhook(receiver.url("/first"), "webhook.*")
    second = await world.webhook(receiver.url("/secret-key"), "webhook.*")
    service = world.copy.webhooks.service
    await service.update(world.owner, first.id, {"description": "x"}, context())
    await world.work()
    seen = [(hook.path, hook.event["subject"]) for hook in receiver.received]
    assert sorted(seen) == [
        ("/first", f"webhooks/{second.id}"),
        ("/secret-key", f"webhooks/{first.id}"),
    ]
    assert not any(b"secret-key" in hook.body for hook in receiver.received)


async def test_both_secrets_sign_for_a_day(world: World, receiver: Receiver) -> None:
    webhook = await world.webhook(receiver.url())
    rotated = await world.copy.webhooks.service.rotate(world.owner, webhook.id, context())
    assert rotated.secret != webhook.secret
    await world.task()
    await world.work()
    with later(hours=24, seconds=1):
        await world.task()
        await world.work()
        both, one = receiver.received
        assert Webhook(rotated.secret).verify(one.body, one.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(webhook.secret).verify(one.body, one.headers)
    for secret in (rotated.secret, webhook.secret):
        assert Webhook(secret).verify(both.body, both.headers)


async def test_the_secret_is_in_no_log(world: World, receiver: Receiver) -> None:
    webhook = await world.webhook(receiver.url())
    service = world.copy.webhooks.service
    rotated = await service.rotate(world.owner, webhook.id, context())
    await world.task()
    await world.work()
    told_all = str(await world.store.log(world.workspace)) + str(await world.deliveries(webhook))
    for secret in (webhook.secret, rotated.secret):
        assert secret.removeprefix("whsec_") not in told_all


async def test_a_lane_that_fails_holds_back_only_itself(world: World, receiver: Receiver) -> None:
    bad = ""

    def answer(hook: Hook) -> Reply:
        return Reply(500 if bad in hook.event["subject"] else 200)

    webhook = await world.webhook(receiver.url(), "task.updated")
    good, bad = await world.task(), await world.task()
    receiver.answer = answer
    for title in ("one", "two", "three"):
        await world.change(bad, title=title)
        await world.change(good, title=title)
    await world.work()
    mine = [hook for hook in receiver.received if good in hook.event["subject"]]
    assert titles(mine) == ["one", "two", "three"]
    assert len(receiver.received) == 4
    waiting = [one for one in await world.deliveries(webhook) if one.state == "waiting"]
    assert [one.attempts for one in waiting] == [1, 0, 0]
    bad = "nobody"
    with later(seconds=6):
        await world.work()
    assert titles([hook for hook in receiver.received if good not in hook.event["subject"]]) == [
        "one",
        "one",
        "two",
        "three",
    ]
    assert {state for _, state in await world.states(webhook)} == {"delivered"}


async def test_another_webhook_does_not_wait(world: World, receiver: Receiver) -> None:
    async with Receiver() as other:
        other.answer = lambda _: Reply(503)
        await world.webhook(other.url(), "task.*")
        await world.webhook(receiver.url(), "task.*")
        task = await world.task()
        await world.change(task, title="x")
        await world.work()
    assert len(other.received) == 1
    assert len(receiver.received) == 2


async def test_attempts_are_spread_over_a_day_under_one_id(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = lambda _: Reply(500)
    webhook = await world.webhook(receiver.url(), "task.created")
    await world.task()
    await world.work()
    pauses = [5, 30, 120, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600]
    gone_by = 0.0
    for number, pause in enumerate(pauses, start=1):
        with later(seconds=gone_by + pause * 0.85):
            assert await world.work() == 0, pause
        gone_by += pause * 1.15
        with later(seconds=gone_by):
            assert await world.work() == 1, pause
        assert len(receiver.received) == number + 1
    (lost,) = await world.deliveries(webhook)
    assert (lost.state, lost.attempts, len(lost.tries)) == ("failed", 9, 9)
    assert lost.tries[0].error == "The receiver answered 500."
    assert len({hook.headers["webhook-id"] for hook in receiver.received}) == 1
    assert await world.jobs() == []
    # It is over for that one only.
    receiver.answer = None
    await world.task()
    await world.work()
    assert [state for _, state in await world.states(webhook)] == ["failed", "delivered"]


@pytest.mark.parametrize("form", ["120", "date"])
async def test_a_receiver_may_ask_for_patience(world: World, receiver: Receiver, form: str) -> None:
    wait = "120" if form == "120" else formatdate(time.time() + 120, usegmt=True)
    receiver.answer = lambda _: Reply(429, {"retry-after": wait})
    await world.webhook(receiver.url(), "task.created")
    await world.task()
    await world.work()
    with later(seconds=115):
        assert await world.work() == 0
    with later(seconds=125):
        assert await world.work() == 1


async def test_a_redirect_is_a_failure_that_says_what_to_do(
    world: World, receiver: Receiver
) -> None:
    async with Receiver() as elsewhere:
        receiver.answer = lambda _: Reply(301, {"location": elsewhere.url()})
        webhook = await world.webhook(receiver.url(), "task.created")
        await world.task()
        await world.work()
        (failed,) = await world.deliveries(webhook)
        assert "redirects are not followed" in str(failed.tries[0].error)
        assert elsewhere.connections == 0


async def test_a_receiver_that_does_not_answer_is_tried_again(world: World) -> None:
    async with Receiver() as gone:
        url = gone.url()
    webhook = await world.webhook(url, "task.created")
    await world.task()
    await world.work()
    (failed,) = await world.deliveries(webhook)
    assert (failed.state, failed.answer) == ("waiting", None)
    assert failed.tries[0].error == "The host does not take connections."
    async with Receiver(port=gone.port) as back:
        with later(seconds=10):
            await world.work()
        assert len(back.received) == 1


async def test_nothing_is_sent_inside_unless_the_operator_allows_it(world: World) -> None:
    # A name that leads inside passes when the webhook is made: nobody has been asked yet.
    async with Receiver("127.0.0.1") as inside:
        webhook = await world.webhook(inside.url(host="localhost"), "task.created")
        world.copy.outgoing._allowed = type(world.copy.outgoing._allowed)(())
        await world.task()
        await world.work()
        (failed,) = await world.deliveries(webhook)
    assert inside.connections == 0
    assert "not on the public internet" in str(failed.tries[0].error)


async def test_many_about_one_task_go_out_in_order_one_at_a_time(
    world: World, receiver: Receiver
) -> None:
    at_once = most = 0

    async def slowly(hook: Hook) -> Reply:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.005)
        at_once -= 1
        return Reply()

    receiver.answer = slowly
    await world.webhook(receiver.url(), "task.updated")
    task = await world.task()
    wanted = [f"title {i}" for i in range(50)]
    for title in wanted:
        await world.append(update(task, title=title))
    await world.work()
    assert titles(receiver.received) == wanted
    assert most == 1


async def test_bodies_are_what_the_document_says(world: World, receiver: Receiver) -> None:
    await world.webhook(receiver.url())
    await world.task(title="Grüße 🌊")
    await world.work()
    (hook,) = receiver.received
    assert json.loads(hook.body.decode("utf-8"))["data"]["task"]["title"] == "Grüße 🌊"
