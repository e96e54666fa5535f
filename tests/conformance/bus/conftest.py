"""Every test here runs on every bus; those that break a broker, on every broker."""

import uuid
from collections.abc import AsyncIterator

import pytest
from tests.services.brokers import BROKERS, Broker, running_broker, started_brokers
from tests.services.events import Opener

from tidework.bus.memory import MemoryBus
from tidework.bus.protocol import Bus

__all__ = ["started_brokers"]


@pytest.fixture(params=["memory", *BROKERS])
def maybe_broker(request: pytest.FixtureRequest) -> Broker | None:
    """A running broker; None for the bus that has none."""
    if request.param == "memory":
        return None
    return running_broker(request.getfixturevalue("started_brokers"), request.param)


@pytest.fixture(params=list(BROKERS))
def broker(request: pytest.FixtureRequest) -> Broker:
    """A running broker."""
    return running_broker(request.getfixturevalue("started_brokers"), request.param)


@pytest.fixture
async def buses() -> AsyncIterator[list[Bus]]:
    """Closed after the test: what it puts in here."""
    opened: list[Bus] = []
    yield opened
    for bus in opened:
        await bus.close()


@pytest.fixture
def open_bus(buses: list[Bus]) -> Opener:
    """Opens a bus on a broker, by another address if given."""

    async def open_one(broker: Broker | None, url: str = "") -> Bus:
        bus: Bus = MemoryBus() if broker is None else broker.bus(url)
        await bus.start()
        buses.append(bus)
        return bus

    return open_one


@pytest.fixture
def name() -> str:
    """A consumer's name that no other test has."""
    return f"consumer-{uuid.uuid4().hex[:8]}"
