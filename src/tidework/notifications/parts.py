"""Notifications put together: what a server and a worker need of them."""

from tidework.bus.jobs import Jobs
from tidework.notifications import digest, reminders, teller, telling
from tidework.notifications.choices import Choices
from tidework.notifications.consumers import NotificationConsumer
from tidework.notifications.digest import Digests
from tidework.notifications.inbox import Inbox
from tidework.notifications.reminders import Reminding
from tidework.notifications.teller import Teller
from tidework.notifications.telling import TellingJobs
from tidework.notifications.unsubscribing import Unsubscribing
from tidework.notifications.waiting import Sending, Waiting
from tidework.store.protocol import Store
from tidework.users.api import Users


class Notifications:
    """The parts; `begin` lets jobs find them."""

    def __init__(self, store: Store, users: Users, public_url: str) -> None:
        waiting = Waiting(store)
        self._teller = Teller(store, users)
        self._sending = Sending(store, users, waiting)
        self._digests = Digests(store, users, waiting)
        self._reminding = Reminding(store, self._teller)
        self._telling = TellingJobs(store, self._teller)
        self.choices = Choices(store)
        self.inbox = Inbox(store, users, waiting)
        self.unsubscribing = Unsubscribing(store, self.choices, public_url)
        self.consumer = NotificationConsumer(store, users, self._teller)

    def begin(self, jobs: Jobs) -> None:
        """Let jobs of notifications be done. All of them only read and return operations."""
        jobs.register(teller.SEND, self._sending.send, concurrency=8)
        jobs.register(digest.KIND, self._digests.send, concurrency=16)
        jobs.register(reminders.DUE, self._reminding.remind, concurrency=8)
        jobs.register(telling.KIND, self._telling.tell)
