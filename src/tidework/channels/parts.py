"""Channels put together: what a server and a worker need of them."""

from collections.abc import Callable

from tidework.bus.jobs import Jobs
from tidework.channels.addresses import ContactAddresses
from tidework.channels.mails import NotificationMails, Unsubscribe
from tidework.channels.messages import Messages
from tidework.channels.notes import Bundles
from tidework.channels.provider import HttpProvider, Provider
from tidework.channels.pushes import Pushes
from tidework.channels.subscriptions import Subscriptions
from tidework.outgoing.client import Outgoing
from tidework.post.post import Post
from tidework.settings import Settings
from tidework.store.protocol import Store
from tidework.users.api import Users

# An operator's own gateway may well be inside: its address is no stranger's.
_ANYWHERE = ("0.0.0.0/0", "::/0")


class Channels:
    """The parts; `begin` lets jobs find them. `outgoing` is for addresses that people give."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        users: Users,
        post: Post,
        unsubscribe: Unsubscribe,
        outgoing: Outgoing,
        secret_of: Callable[[str], str],
    ) -> None:
        url = settings.public_url
        providers = _providers(settings, Outgoing(_ANYWHERE))
        bundles = Bundles(store, users)
        contact = url if url.startswith("https://") else f"mailto:{settings.mail_from}"
        self.subscriptions = Subscriptions(store, outgoing, contact)
        self.contacts = ContactAddresses(store, users, providers, secret_of)
        self.mails = NotificationMails(bundles, post, unsubscribe, url)
        self._pushes = Pushes(bundles, self.subscriptions, outgoing, url)
        self._messages = Messages(bundles, self.contacts, providers, url)

    def begin(self, jobs: Jobs) -> None:
        """Let the jobs of channels be done."""
        self.mails.begin(jobs)
        self._pushes.begin(jobs)
        self._messages.begin(jobs)
        self.contacts.begin(jobs)


def _providers(settings: Settings, outgoing: Outgoing) -> dict[str, Provider]:
    found: dict[str, Provider] = {}
    if settings.sms_url:
        found["sms"] = HttpProvider(settings.sms_url, settings.sms_token, outgoing)
    if settings.chat_url:
        found["chat"] = HttpProvider(settings.chat_url, settings.chat_token, outgoing)
    return found
