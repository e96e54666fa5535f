"""A message to one person, and its form on the way (RFC 5322)."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from tidework.errors import TideworkError

# CRLF line ends; UTF-8 in headers where `utf8` is asked for (RFC 6532), else ASCII only.
_UTF8: Final = policy.SMTPUTF8
_ASCII: Final = policy.SMTP.clone(cte_type="7bit")
# No quoted local parts, which nobody has, and no "=?": the email package would decode that and
# put, say, another @ into the recipient.
_ADDRESS = re.compile(r"""(?!.*=\?)([^\s@"(),:;<>\[\]\\]+)@([^\s@"(),:;<>\[\]\\]+)""")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,100}")
_MAX_URL = 900


class MailRefused(TideworkError):
    """The mail server will not take this message, now or later; `detail` has its answer."""

    status = 502
    title = "Mail refused"
    code = "mail_refused"


@dataclass(frozen=True, slots=True)
class Mail:
    """A message to one person.

    `to` is a bare address (`someone@example.org`, no name, no list). `id` makes its Message-ID, so
    that a repetition is the same message; `thread` is that of the message it belongs to.
    `unsubscribe` is the address of RFC 8058 and marks the message as one of many.

    Raises `ValueError` when `to` is no address, or when `to` or `subject` holds a line break or
    another control character: nothing that a person typed can add a header or a recipient.
    """

    to: str
    subject: str
    text: str
    html: str | None = None
    id: str | None = None
    thread: str | None = None
    unsubscribe: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        for name in ("to", "subject"):
            if any(_is_control(ch) for ch in getattr(self, name)):
                raise ValueError(
                    f"the {name} of a mail must be one line without control characters"
                )
        parse_address(self.to)
        for name in ("id", "thread", "language"):
            value = getattr(self, name)
            if value is not None and not _ID.fullmatch(value):
                raise ValueError(f"{value[:100]!r} cannot be the {name} of a mail")
        url = self.unsubscribe
        if url is not None and (len(url) > _MAX_URL or not _is_plain_url(url)):
            raise ValueError(f"{url[:100]!r} is no address to unsubscribe at")


class Mailer(Protocol):
    """Hands messages over to whatever delivers them."""

    async def send(self, message: Mail) -> None:
        """Hand `message` over; when this returns it will not be lost by this process ending.

        Raises `Unavailable` when it cannot be handed over now (and may have been, when the
        connection broke at its end), `MailRefused` when it never can.
        """
        ...

    async def close(self) -> None:
        """Give up what is kept open."""
        ...


class _Plain(str):
    """A header's value on one line, as it is: what is checked above holds nothing to encode.

    The email package would write a long address as encoded words (RFC 2047), which no program reads
    in such a header. A line has room for 998 characters.
    """

    name: str

    def __new__(cls, name: str, value: str) -> "_Plain":
        made = super().__new__(cls, value)
        made.name = name
        return made

    def fold(self, *, policy: Any) -> str:
        """See `email.headerregistry.BaseHeader.fold`."""
        return f"{self.name}: {self}{policy.linesep}"


def compose(message: Mail, sender: Address, *, utf8: bool, to: str | None = None) -> EmailMessage:
    """The message with all its headers. `to` is how the recipient is written on this way."""
    composed = EmailMessage(policy=_UTF8 if utf8 else _ASCII)
    plain = {
        "From": f"Tidework <{sender.addr_spec}>",
        "To": parse_address(to or message.to).addr_spec,
        "Date": format_datetime(datetime.now(UTC)),
        "Message-ID": f"<{message.id}@{sender.domain}>"
        if message.id
        else make_msgid(domain=sender.domain),
        # RFC 3834: vacation responders and the like leave it unanswered; the other one is
        # Exchange's.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message.thread is not None:
        plain["References"] = f"<{message.thread}@{sender.domain}>"
    if message.unsubscribe is not None:
        plain["Precedence"] = "bulk"
        plain["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        plain["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, value in plain.items():
        composed.set_raw(name, _Plain(name, value))
    # A typed "=?utf-8?q?=0A?=" is text: the email package would take it for encoded already.
    composed["Subject"] = message.subject.replace("=?", "= ?")
    composed.set_content(_encodable(message.text))
    if message.html is not None:
        composed.add_alternative(_encodable(message.html), subtype="html")
    if message.language is not None:
        composed["Content-Language"] = message.language
    return composed


def parse_address(text: str) -> Address:
    """The parts of a bare address. Raises `ValueError`."""
    found = _ADDRESS.fullmatch(text)
    if found is None or len(text) > 254:
        raise ValueError(f"{text[:254]!r} is not an e-mail address")
    return Address(username=found[1], domain=found[2])


def _is_plain_url(url: str) -> bool:
    return (
        url.isascii()
        and url.isprintable()
        and not set(url) & set(' <>",')
        and bool(urlsplit(url).scheme in {"http", "https"})
    )


def _is_control(ch: str) -> bool:
    # Also U+2028, U+2029 and half surrogates, which have no place in a header either.
    return unicodedata.category(ch) in {"Cc", "Cs", "Zl", "Zp"}


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
