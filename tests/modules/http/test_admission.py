"""Who gets a place, who waits for one, and who is sent away at once."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tidework.http.admission import Admission, Gate, Overloaded


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def filled(limit: int = 2, patience: float = 30.0, service: float = 0.1) -> Gate:
    """A gate without a free place, whose requests take `service` seconds."""
    gate = Gate("read", limit, patience)
    gate.in_flight = limit
    gate.service = service
    return gate


def come(gate: Gate, count: int) -> int:
    """How many of those who come are refused."""
    return sum(gate.refuses() for _ in range(count))


async def test_places_are_taken_and_given_back() -> None:
    gate = Gate("read", 2, 1.0)
    await gate.enter(None)
    await gate.enter(None)
    assert (gate.in_flight, gate.waiting, gate.refuses()) == (2, 0, False)
    gate.leave(0.1)
    assert gate.in_flight == 1


async def test_those_who_wait_are_served_in_their_order() -> None:
    gate, order = filled(), []

    async def work(name: str) -> None:
        await gate.enter(None)
        order.append(name)

    tasks = []
    for name in "abc":
        tasks.append(asyncio.create_task(work(name)))
        await turns()
    assert (gate.waiting, order) == (3, [])
    for _ in tasks:
        gate.leave(0.1)
    await asyncio.gather(*tasks)
    assert order == ["a", "b", "c"]
    assert (gate.in_flight, gate.waiting) == (2, 0)


async def test_a_wait_that_would_be_too_long_is_refused_at_once() -> None:
    gate = filled(limit=2, patience=1.0, service=0.9)
    waiting = []
    # Each place comes free every 0.45 s: the first two get theirs in time, the third would not.
    for expected in (False, False, True, True):
        assert gate.refuses() is expected
        if not expected:
            waiting.append(asyncio.create_task(gate.enter(None)))
            await turns()
    assert gate.refused["busy"] == 2
    assert gate.retry_after() == 2
    for _ in waiting:
        gate.leave(0.9)
    await asyncio.gather(*waiting)
    assert not gate.refuses()


def test_who_would_be_answered_too_late_does_not_wait_at_all() -> None:
    for service, expected in ((1.4, False), (1.9, True)):
        gate = filled(limit=10, patience=1.0, service=service)
        # Its turn would come soon, and its answer after 1.54 s or 2.09 s.
        assert gate.expected_wait < 0.2
        assert gate.refuses() is expected
    gate.in_flight -= 1
    assert not gate.refuses()


async def test_what_the_event_loop_is_behind_is_waited_for_too() -> None:
    gate = filled(limit=2, patience=1.0, service=0.6)
    assert gate.expected_wait == pytest.approx(0.3)
    for behind, expected in ((0.0, False), (0.4, False), (0.8, True), (0.1, False)):
        # What has come so late has waited that long before anybody saw it.
        gate.adapt(behind)
        gate.share = 1.0
        assert gate.refuses() is expected
    assert gate.refused["busy"] == 1


def test_fewer_are_let_in_before_the_loop_is_behind_by_all_that_may_be_waited() -> None:
    gate = Gate("read", 8, 1.0)
    for behind, many in ((0.4, True), (0.6, False)):
        come(gate, 8 if many else 7)
        gate.adapt(behind)
        # A machine that others keep busy is not helped by sending a few away.
        assert gate.share == 1.0
    come(gate, 8)
    gate.adapt(0.6)
    assert gate.share < 1.0


async def test_what_is_quick_may_wait_in_a_long_queue() -> None:
    gate = filled(limit=2, patience=0.5, service=0.001)
    waiting = [asyncio.create_task(gate.enter(None)) for _ in range(500)]
    await turns()
    assert gate.waiting == 500
    assert not gate.refuses()
    for _ in waiting:
        gate.leave(0.001)
    await asyncio.gather(*waiting)


async def test_who_has_waited_long_enough_is_refused_and_not_worked_on() -> None:
    gate = filled(patience=0.05)
    with pytest.raises(Overloaded) as caught:
        await asyncio.wait_for(gate.enter(None), 10)
    assert caught.value.code == "overloaded"
    assert int(caught.value.headers["Retry-After"]) >= 1
    assert (gate.refused["waited"], gate.waiting, gate.in_flight) == (1, 0, 2)
    # The timer is set again for the next one.
    with pytest.raises(Overloaded):
        await asyncio.wait_for(gate.enter(None), 10)


async def test_a_place_goes_to_nobody_who_has_left() -> None:
    gate = filled()
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    leaves = asyncio.create_task(gate.enter(messages.get))
    stays = asyncio.create_task(gate.enter(None))
    await turns()
    messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    await turns()
    assert not leaves.done()
    messages.put_nowait({"type": "http.disconnect"})
    with pytest.raises(Overloaded):
        await asyncio.wait_for(leaves, 10)
    assert gate.refused["gone"] == 1
    gate.leave(0.1)
    await asyncio.wait_for(stays, 10)
    assert (gate.in_flight, gate.waiting) == (2, 0)


async def test_a_place_that_a_cancelled_request_had_got_is_given_on() -> None:
    gate = filled(limit=1)
    cancelled = asyncio.create_task(gate.enter(None))
    after = asyncio.create_task(gate.enter(None))
    await turns()
    gate.leave(0.1)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await asyncio.wait_for(after, 10)
    gate.leave(0.1)
    assert gate.in_flight == 0


def gates() -> Iterator[tuple[str, str, str | None]]:
    api = "/api/v1"
    yield "GET", f"{api}/workspaces/personal/tasks", "read"
    yield "HEAD", f"{api}/users/me", "read"
    yield "POST", f"{api}/workspaces/personal/tasks", "write"
    yield "DELETE", f"{api}/users/me", "write"
    yield "POST", f"{api}/auth/login", "login"
    yield "POST", f"{api}/auth/refresh", "login"
    yield "GET", f"{api}/auth/sessions", "login"
    yield "OPTIONS", f"{api}/users/me", None
    yield "GET", f"{api}/workspaces/personal/events", None
    yield "GET", "/health/ready", None
    yield "GET", "/.well-known/jwks.json", None


@pytest.mark.parametrize(("method", "path", "name"), list(gates()))
def test_each_kind_has_its_own_places(method: str, path: str, name: str | None) -> None:
    gate = Admission().gate(method, path)
    assert (gate and gate.name) == name


def test_a_flood_of_reads_leaves_the_others_their_places() -> None:
    admission = Admission(limit=8)
    admission.reads.in_flight, admission.reads.service = 8, 9.0
    assert admission.reads.refuses()
    assert not admission.writes.refuses()
    assert not admission.logins.refuses()


def test_its_numbers_are_metrics() -> None:
    admission = Admission(limit=1)
    admission.reads.in_flight, admission.reads.service = 1, 9.0
    admission.reads.refuses()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in admission.collect()
        for sample in metric.samples
    }
    assert found["tidework_admission_refused_total", "read", "busy"] == 1
    assert found["tidework_admission_refused_total", "login", "waited"] == 0
    assert found["tidework_admission_in_flight", "read"] == 1
    assert found["tidework_admission_waiting", "write"] == 0


def test_a_part_is_let_in_however_far_the_loop_is_behind() -> None:
    gate = Gate("read", 8, 0.5)
    assert not any(gate.refuses() for _ in range(100))
    for _ in range(50):
        come(gate, 8)
        gate.adapt(5.0)
    assert come(gate, 100) == pytest.approx(90, abs=1)
    for _ in range(50):
        gate.adapt(0.0)
    assert not any(gate.refuses() for _ in range(100))


async def test_a_single_stall_refuses_nobody() -> None:
    admission = Admission()
    watch = asyncio.create_task(admission.watch())
    await asyncio.sleep(0.06)
    come(admission.reads, 200)
    time.sleep(0.8)  # noqa: ASYNC251  (what the loop must notice, and get over)
    await asyncio.sleep(0.2)
    assert admission.reads.share == 1.0
    # A second one at once is a backlog.
    for _ in range(3):
        come(admission.reads, 200)
        time.sleep(0.8)  # noqa: ASYNC251
        await asyncio.sleep(0.01)
    assert admission.reads.share < 1.0
    watch.cancel()
