"""Sending mail, and the implementation that needs no mail server: a file for each message."""

import asyncio
import os
import re
import secrets
import time
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol

from tidework.errors import Unavailable

# CRLF line ends, and UTF-8 in addresses where they have it (RFC 6532).
_POLICY = policy.SMTPUTF8
# No quoted local parts, which nobody has, and no "=?": the email package would decode that and
# put, say, another @ into the recipient.
_ADDRESS = re.compile(r"""(?!.*=\?)([^\s@"(),:;<>\[\]\\]+)@([^\s@"(),:;<>\[\]\\]+)""")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message to one person.

    `to` is a bare address (`someone@example.org`, no name, no list). Raises `ValueError` when `to`
    is not one, or when `to` or `subject` holds a line break or another control character: nothing
    that a person typed can add a header or a recipient.
    """

    to: str
    subject: str
    text: str
    html: str | None = None

    def __post_init__(self) -> None:
        for name in ("to", "subject"):
            if any(_is_control(ch) for ch in getattr(self, name)):
                raise ValueError(
                    f"the {name} of a mail must be one line without control characters"
                )
        _address(self.to)


class Mailer(Protocol):
    """Hands messages over to whatever delivers them."""

    async def send(self, message: Mail) -> None:
        """Hand `message` over; when this returns it will not be lost by this process ending.

        Raises `Unavailable` when it cannot be handed over.
        """
        ...


class FolderMailer:
    """A `Mailer` that puts each message into a folder, as an `.eml` file (RFC 5322).

    The names sort by the time of sending. Folder and files are readable by their owner only: a
    message may carry a secret. A file is complete when it appears.
    """

    def __init__(self, path: Path, *, sender: str = "tidework@localhost") -> None:
        """Raises `ValueError` when `sender` is not a bare address."""
        self._path = path
        self._sender = _address(sender)

    async def send(self, message: Mail) -> None:
        now = time.time_ns()
        try:
            await asyncio.to_thread(self._write, f"{_stamp(now)}-{secrets.token_hex(4)}", message)
        except OSError as error:
            raise Unavailable(
                "The message could not be sent. Try again later; if it stays so, ask whoever runs "
                "this server to look at its mail folder.",
                code="mail_unavailable",
                retry_after=60,
            ) from error

    def _write(self, name: str, message: Mail) -> None:
        content = self._compose(message).as_bytes()
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path / f".{name}.tmp"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(self._path / f"{name}.eml")
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _compose(self, message: Mail) -> EmailMessage:
        composed = EmailMessage(policy=_POLICY)
        composed["From"] = Address("Tidework", addr_spec=self._sender.addr_spec)
        composed["To"] = _address(message.to)
        # A typed "=?utf-8?q?=0A?=" is text: the email package would take it for encoded already.
        composed["Subject"] = message.subject.replace("=?", "= ?")
        composed["Date"] = format_datetime(datetime.now(UTC))
        composed["Message-ID"] = make_msgid(domain=self._sender.domain)
        # RFC 3834: vacation responders and the like leave it unanswered.
        composed["Auto-Submitted"] = "auto-generated"
        composed.set_content(_encodable(message.text))
        if message.html is not None:
            composed.add_alternative(_encodable(message.html), subtype="html")
        return composed


def _stamp(now_ns: int) -> str:
    seconds, rest = divmod(now_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}.{rest:09d}Z"


def _address(text: str) -> Address:
    found = _ADDRESS.fullmatch(text)
    if found is None or len(text) > 254:
        raise ValueError(f"{text[:254]!r} is not an e-mail address")
    return Address(username=found[1], domain=found[2])


def _is_control(ch: str) -> bool:
    # Also U+2028, U+2029 and half surrogates, which have no place in a header either.
    return unicodedata.category(ch) in {"Cc", "Cs", "Zl", "Zp"}


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
