"""Handing short messages to whoever delivers them: SMS, chat."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

import msgspec

from tidework.outgoing.client import Outgoing, OutgoingError

Channel = Literal["sms", "chat"]
CHANNELS: Final[tuple[Channel, ...]] = ("sms", "chat")

_LATER: Final = frozenset({408, 409, 425, 429})
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Message:
    """A short message. `id` is the same when it is sent again."""

    id: str
    channel: Channel
    to: str
    text: str
    url: str | None = None


class NotTaken(Exception):
    """The provider has not taken a message; it may later unless `for_good`."""

    def __init__(
        self, reason: str, *, for_good: bool = False, after_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.for_good = for_good
        self.after_s = after_s


class Provider(Protocol):
    """Delivers messages of one channel."""

    async def send(self, message: Message) -> None:
        """Hand a message over; at least once, so the provider tells repetitions by its id.

        Raises `NotTaken`.
        """
        ...


class HttpProvider:
    """A `Provider` that posts `{id, channel, to, text, url}` as JSON to an address of the operator.

    `Idempotency-Key` bears the message's id, `Authorization` the token where there is one. Any 2xx
    is taken as delivered; 408, 409, 425, 429 and 5xx are tried again, other answers never.
    """

    def __init__(self, url: str, token: str, outgoing: Outgoing) -> None:
        self._url = url
        self._token = token
        self._outgoing = outgoing

    async def send(self, message: Message) -> None:
        headers = {"content-type": "application/json", "idempotency-key": message.id}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        body = _encode(
            {
                "id": message.id,
                "channel": message.channel,
                "to": message.to,
                "text": message.text,
                "url": message.url,
            }
        )
        try:
            answer = await self._outgoing.request("POST", self._url, headers=headers, body=body)
        except OutgoingError as error:
            raise NotTaken(error.detail) from error
        if answer.status // 100 == 2:
            return
        reason = f"The provider answered {answer.status}."
        if answer.status in _LATER or answer.status >= 500:
            wait = answer.headers.get("retry-after", "")
            raise NotTaken(reason, after_s=min(float(wait), 3600.0) if wait.isdecimal() else None)
        raise NotTaken(reason, for_good=True)
