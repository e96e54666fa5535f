"""The bus that the settings name."""

import importlib

from tidework.bus.memory import MemoryBus
from tidework.bus.protocol import Bus
from tidework.settings_broker import BROKERS

_CLASSES = {
    "rabbit": "RabbitBus",
    "nats": "NatsBus",
    "redis_streams": "RedisBus",
    "kafka": "KafkaBus",
}


def make_bus(url: str) -> Bus:
    """The bus on the broker at `url`, not started; that of this process by itself without one.

    The client of a broker is imported only here: none of them is small.
    """
    if not url:
        return MemoryBus()
    module = BROKERS[url.partition("://")[0]]
    bus: Bus = getattr(importlib.import_module(f"tidework.bus.{module}"), _CLASSES[module])(url)
    return bus
