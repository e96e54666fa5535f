"""Reminders put together: what a server and a worker need of them."""

from tidework.bus.consumer import AnyConsumer
from tidework.bus.jobs import Jobs
from tidework.reminders.consumers import ReminderConsumer
from tidework.reminders.firing import Firing
from tidework.store.protocol import Store


def begin(store: Store, jobs: Jobs) -> AnyConsumer:
    """Let jobs of reminders be done; the consumer that plans them."""
    Firing(store).register(jobs)
    return ReminderConsumer(store)
