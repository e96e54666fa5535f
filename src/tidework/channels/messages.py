"""Notifications by SMS and chat: a line or a few, to an address that its owner has confirmed."""

from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from tidework.bus.job import Job
from tidework.bus.jobs import Jobs
from tidework.channels.addresses import ContactAddresses, hand_over
from tidework.channels.notes import Addresses, Bundle, Bundles, line
from tidework.channels.provider import CHANNELS, Channel, Message, Provider
from tidework.log import Operation

_LINES: Final[Mapping[Channel, int]] = {"sms": 1, "chat": 10}

_log = structlog.get_logger()


class Messages:
    """Does the jobs of `notify.sms` and `notify.chat`."""

    def __init__(
        self,
        bundles: Bundles,
        contacts: ContactAddresses,
        providers: Mapping[str, Provider],
        public_url: str,
    ) -> None:
        self._bundles = bundles
        self._contacts = contacts
        self._providers = providers
        self._addresses = Addresses(public_url)

    def begin(self, jobs: Jobs) -> None:
        """Let the jobs be done."""
        for channel in CHANNELS:
            jobs.register(
                f"notify.{channel}", self._send, deadline_s=60.0, max_attempts=12, concurrency=4
            )

    async def _send(self, job: Job) -> Sequence[Operation]:
        channel: Channel = "sms" if job.kind == "notify.sms" else "chat"
        provider = self._providers.get(channel)
        kept = (await self._contacts.of(job.stream_id)).get(channel)
        if provider is None or kept is None or kept.confirmed_at is None:
            return ()
        bundle = await self._bundles.of(job)
        if bundle is None:
            return ()
        text = self.text(bundle, channel)
        url = self._addresses.of(bundle.notes[0]) if len(bundle.notes) == 1 else None
        url = url or self._addresses.mine
        await hand_over(provider, Message(job.id, channel, kept.address, text, url))
        return ()

    def text(self, bundle: Bundle, channel: Channel) -> str:
        """What a bundle says, in as many lines as the channel has room for."""
        room, notes = _LINES[channel], bundle.notes
        lines = [line(bundle, note) for note in notes[:room]]
        if len(notes) > room:
            lines.append(bundle.text("notification.many.more", len(notes) - room))
        return "\n".join(lines)
