"""The webhooks of an installation, put together."""

from tidework.bus.jobs import Jobs
from tidework.outgoing.client import Outgoing
from tidework.store.protocol import Store
from tidework.webhooks.consumers import WebhookConsumer
from tidework.webhooks.delivering import Deliverer
from tidework.webhooks.outbox import Outbox
from tidework.webhooks.payload import Payloads, TaskOf
from tidework.webhooks.service import WebhookService


class Webhooks:
    """What `composition` needs of this module.

    `service` and `outbox` are for the routes, `consumer` for the bus. `task_of` gives the task that
    an event is about as callers see it.
    """

    def __init__(self, store: Store, outgoing: Outgoing, task_of: TaskOf) -> None:
        self.service = WebhookService(store, outgoing)
        self.outbox = Outbox(store)
        self.consumer = WebhookConsumer(store)
        self._deliverer = Deliverer(store, outgoing, Payloads(store, task_of))

    def begin(self, jobs: Jobs) -> None:
        """Let deliveries and replays be done by these jobs."""
        self._deliverer.register(jobs)
        self.outbox.register(jobs)
