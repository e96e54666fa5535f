"""A message to one person, and its form on the way (RFC 5322)."""

import re
import secrets
import unicodedata
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import urlsplit

from tidework.errors import TideworkError
from tidework.ids import new_id

# No quoted local parts, which nobody has, and no "=?": the email package would decode that and
# put, say, another @ into the recipient.
_ADDRESS = re.compile(r"""(?!.*=\?)([^\s@"(),:;<>\[\]\\]+)@([^\s@"(),:;<>\[\]\\]+)""")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,100}")
_MAX_URL = 900
_MAX_LINE = 990
_MAX_SUBJECT = 900


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
            text = getattr(self, name)
            if not text.isprintable() and any(map(_is_control, text)):
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


def compose(message: Mail, sender: Address, *, utf8: bool, to: str | None = None) -> bytes:
    """The message as it is sent, with all its headers; ASCII only, unless `utf8` (RFC 6532, 8 bit).

    `to` is how the recipient is written on this way. Headers for programs stand on one line each, as
    they are: they hold nothing that would have to be encoded, and written as encoded words (RFC 2047),
    as the email package does with what is long, nothing reads them.
    """
    lines = [
        f"From: Tidework <{sender.addr_spec}>",
        f"To: {parse_address(to or message.to).addr_spec}",
        f"Subject: {_subject(message.subject, utf8=utf8)}",
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: <{message.id or new_id()}@{sender.domain}>",
        # RFC 3834: vacation responders and the like leave it unanswered; the other is Exchange's.
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "MIME-Version: 1.0",
    ]
    if message.thread is not None:
        lines.append(f"References: <{message.thread}@{sender.domain}>")
    if message.unsubscribe is not None:
        lines += [
            "Precedence: bulk",
            f"List-Unsubscribe: <{message.unsubscribe}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    if message.language is not None:
        lines.append(f"Content-Language: {message.language}")
    parts = [_part("plain", message.text, utf8=utf8)]
    if message.html is not None:
        parts.append(_part("html", message.html, utf8=utf8))
    head = "\r\n".join(lines).encode("utf-8" if utf8 else "ascii")
    if len(parts) == 1:
        return head + b"\r\n" + parts[0]
    boundary = f"=_{secrets.token_hex(16)}".encode()
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    kind = b'Content-Type: multipart/alternative; boundary="' + boundary + b'"'
    return head + b"\r\n" + kind + b"\r\n\r\n" + body + b"--" + boundary + b"--\r\n"


def _part(kind: str, text: str, *, utf8: bool) -> bytes:
    """A text with its own headers. Quoted-printable where it has to be (RFC 2045, 6.7)."""
    content = text.encode(errors="replace")
    content = b"\r\n".join(content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    coding = "7bit" if content.isascii() else "8bit"
    longest = max(map(len, content.split(b"\r\n")))
    if (coding == "8bit" and not utf8) or longest > _MAX_LINE or b"\0" in content:
        coding, content = "quoted-printable", b2a_qp(content, istext=True)
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {coding}\r\n'
    return head.encode() + b"\r\n" + content


def _subject(text: str, *, utf8: bool) -> str:
    # A typed "=?utf-8?q?=0A?=" is text, and not encoded already.
    text = text.replace("=?", "= ?")
    if (text.isascii() or utf8) and len(text.encode()) <= _MAX_SUBJECT:
        return text
    return Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


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
