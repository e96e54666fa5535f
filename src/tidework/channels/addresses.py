"""Phone numbers and names in a chat: nothing is sent there before a code has come back."""

import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from tidework.bus.job import GiveUp, Job, Retry, planned
from tidework.bus.jobs import Jobs
from tidework.channels import queries
from tidework.channels.provider import CHANNELS, Channel, Message, NotTaken, Provider
from tidework.channels.schemas import Address
from tidework.errors import Conflict, NotFound, TooManyRequests, invalid
from tidework.languages import words
from tidework.log import Operation, Values
from tidework.store.protocol import Contended, Store
from tidework.times import after, now
from tidework.users.api import Users

CODE: Final = "channels.code"
"""The job that sends a code: `{channel}`, on the account's stream. The code is in no job."""

_TABLE: Final = "channel_addresses"
_GOOD_S: Final = 15 * 60
_PAUSE_S: Final = 5 * 60
_ATTEMPTS: Final = 5
_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_SPACING: Final = re.compile(r"[\s().\-/]")


class Kept(NamedTuple):
    """An address as it is kept."""

    channel: Channel
    address: str
    confirmed_at: str | None
    digest: str | None
    attempts: int
    code_expires_at: str | None


class ContactAddresses:
    """Keeps the addresses of people. `secret_of` as for mailed links: a code that is sent again is
    the same.
    """

    def __init__(
        self,
        store: Store,
        users: Users,
        providers: Mapping[str, Provider],
        secret_of: Callable[[str], str] | None = None,
    ) -> None:
        self._store = store
        self._users = users
        self._providers = providers
        self._secret_of = secret_of

    def begin(self, jobs: Jobs) -> None:
        """Let codes be sent."""
        jobs.register(CODE, self._send_code, deadline_s=60.0, max_attempts=6)

    async def of(self, user_id: str) -> dict[Channel, Kept]:
        """A person's addresses, confirmed or not."""
        rows = await self._store.fetch(queries.ADDRESSES, {"user_id": user_id})
        return {row[0]: Kept(*row) for row in rows}

    async def shown(self, user_id: str) -> list[Address]:
        """Every channel, as HTTP shows it."""
        known = await self.of(user_id)
        return [self._shown(channel, known.get(channel)) for channel in CHANNELS]

    def _shown(self, channel: Channel, kept: Kept | None) -> Address:
        available = channel in self._providers
        if kept is None:
            return Address(channel, available)
        return Address(channel, available, kept.address, kept.confirmed_at)

    async def put(self, user_id: str, channel: str, address: str) -> Address:
        """Take an address in and send a code there; the same one that is confirmed stays so.

        Raises `Invalid`, `NotFound`, `Conflict` (`channel_unavailable`), `TooManyRequests`.
        """
        known = _known(channel)
        if known not in self._providers:
            raise Conflict(
                "This installation sends no messages by this channel. Ask whoever runs it to set "
                f"TIDEWORK_{known.upper()}_URL.",
                code="channel_unavailable",
            )
        cleaned = _phone(address) if known == "sms" else _name(address)
        kept = (await self.of(user_id)).get(known)
        if kept is not None and kept.confirmed_at is not None and kept.address == cleaned:
            return self._shown(known, kept)
        moment = now()
        if kept is not None and kept.code_expires_at is not None:
            again = after(kept.code_expires_at, _PAUSE_S - _GOOD_S)
            if again > moment:
                raise TooManyRequests(
                    "A code has just been sent. Wait five minutes for it before you ask for the "
                    "next one.",
                    retry_after=_PAUSE_S,
                )
        values: Values = {
            "address": cleaned,
            "confirmed_at": None,
            "digest": None,
            "attempts": 0,
            "code_expires_at": after(moment, _GOOD_S),
        }
        key = {"stream_id": user_id, "channel": known}
        await self._store.operate(
            [Operation(_TABLE, "upsert", key, values), planned(user_id, CODE, {"channel": known})]
        )
        return Address(known, available=True, address=cleaned)

    async def confirm(self, user_id: str, channel: str, code: str) -> Address:
        """Take the code that was sent. Raises `Invalid` (`code_wrong`), `NotFound`."""
        known = _known(channel)
        kept = (await self.of(user_id)).get(known)
        if kept is None:
            raise NotFound("There is no address that waits for a code. Set one first.")
        if kept.confirmed_at is not None:
            return self._shown(known, kept)
        moment = now()
        usable = kept.digest is not None and (kept.code_expires_at or "") > moment
        if not usable or kept.attempts >= _ATTEMPTS:
            raise _wrong()
        # Counted before it is looked at: of guesses at the same moment one is taken.
        key = {"stream_id": user_id, "channel": known, "attempts": kept.attempts}
        right = hmac.compare_digest(_digest(user_id, code.strip()), kept.digest or "")
        values: Values = {"attempts": kept.attempts + 1}
        if right:
            values |= {"confirmed_at": moment, "digest": None, "code_expires_at": None}
        try:
            await self._store.operate([Operation(_TABLE, "update", key, values, rows=1)])
        except Contended:
            raise _wrong() from None
        if not right:
            raise _wrong()
        return Address(known, available=True, address=kept.address, confirmed_at=moment)

    async def remove(self, user_id: str, channel: str) -> None:
        """Send nothing there any more. Raises `NotFound`."""
        known = _known(channel)
        if known not in await self.of(user_id):
            raise NotFound("There is no address for this channel.")
        key = {"stream_id": user_id, "channel": known}
        await self._store.operate([Operation(_TABLE, "delete", key)])

    async def _send_code(self, job: Job) -> Sequence[Operation]:
        user_id, channel = job.stream_id, job.args["channel"]
        kept = (await self.of(user_id)).get(channel)
        account = await self._users.get(user_id)
        provider = self._providers.get(channel)
        if kept is None or account is None or provider is None:
            return ()
        if kept.confirmed_at is not None or (kept.code_expires_at or "") <= now():
            return ()
        code = self._code(job)
        key = {"stream_id": user_id, "channel": channel, "address": kept.address}
        digest = {"digest": _digest(user_id, code)}
        await self._store.operate([Operation(_TABLE, "update", key, digest)])
        text = words(account.language)("code.text", code=code, minutes=str(_GOOD_S // 60))
        await hand_over(provider, Message(job.id, channel, kept.address, text))
        return ()

    def _code(self, job: Job) -> str:
        if self._secret_of is None:
            return f"{secrets.randbelow(10**6):06}"
        secret = self._secret_of(f"code {job.id}").encode()
        return f"{int.from_bytes(sha256(secret).digest(), 'big') % 10**6:06}"


async def hand_over(provider: Provider, message: Message) -> None:
    """Send a job's message. Raises `GiveUp`, `Retry`."""
    try:
        await provider.send(message)
    except NotTaken as error:
        if error.for_good:
            raise GiveUp(str(error)) from error
        raise Retry(str(error), error.after_s) from error


def _known(channel: str) -> Channel:
    for known in CHANNELS:
        if channel == known:
            return known
    raise NotFound(f"There is no such channel. There are {' and '.join(CHANNELS)}.")


def _phone(text: str) -> str:
    number = _SPACING.sub("", text)
    if not _PHONE.fullmatch(number):
        raise invalid(
            "/address",
            "invalid_phone",
            "This is no phone number with its country's code. Write it like +4915112345678.",
        )
    return number


def _name(text: str) -> str:
    name = text.strip()
    if not name or any(unicodedata.category(ch) in {"Cc", "Cs", "Zl", "Zp"} for ch in name):
        raise invalid("/address", "invalid_text", "An address is one line with something on it.")
    return name


def _digest(user_id: str, code: str) -> str:
    return sha256(f"{user_id} {code}".encode(errors="replace")).hexdigest()


def _wrong() -> Exception:
    return invalid(
        "/code",
        "code_wrong",
        "This is not the code, or it is too old, or it was tried too often. Set the address again "
        "to have a new one sent.",
    )
