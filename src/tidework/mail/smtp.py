"""Mail by SMTP (RFC 5321), over connections that are kept for the next message."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiosmtplib
import idna
from aiosmtplib import SMTP

from tidework.errors import Unavailable
from tidework.mail.message import Mail, MailRefused, compose, parse_address
from tidework.settings_outside import SmtpAddress

# What an answer may take; RFC 5321 (4.5.3.2) would wait for minutes, and the job comes again.
_STEP_S: Final = 30.0
_WHOLE_S: Final = 90.0
_IDLE_S: Final = 20.0
_PER_CONNECTION: Final = 100
_CONNECTIONS: Final = 8
# These say that the server, or our login there, is not as it should be: no message's fault.
_OF_THE_SERVER: Final = frozenset({421, 432, 454, 500, 502, 503, 504, 530, 534, 535, 538})

_OF_THE_MESSAGE: Final = (
    aiosmtplib.SMTPSenderRefused,
    aiosmtplib.SMTPRecipientRefused,
    aiosmtplib.SMTPDataError,
)


class SmtpMailer:
    """A `Mailer` that hands messages to one mail server.

    Connections, eight at most, that were used within the last 20 seconds are used again. TLS certificates are
    verified, against `ca_file` where the address names one. Each `send` ends within 90 seconds.
    """

    def __init__(self, address: SmtpAddress, *, sender: str) -> None:
        """Raises `ValueError` when `sender` is not a bare address."""
        self._address = address
        self._sender = parse_address(_ascii_domain(sender))
        self._tls: ssl.SSLContext | None = None
        self._idle: list[_Connection] = []
        self._places = asyncio.Semaphore(_CONNECTIONS)
        self._reaper: asyncio.TimerHandle | None = None

    async def send(self, message: Mail) -> None:
        try:
            async with asyncio.timeout(_WHOLE_S), self._places, self._connection() as connection:
                await self._hand_over(connection.client, message)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _meaning(error) from error

    async def close(self) -> None:
        """End the connections that are kept."""
        if self._reaper is not None:
            self._reaper.cancel()
        while self._idle:
            await _end(self._idle.pop().client)

    async def _hand_over(self, client: SMTP, message: Mail) -> None:
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        sender, to = self._sender.addr_spec, _ascii_domain(message.to)
        utf8 = not f"{sender}{to}".isascii()
        if utf8 and not client.supports_extension("smtputf8"):
            raise MailRefused(
                "The mail server does not take addresses with letters beyond ASCII before the @"
                " (SMTPUTF8)."
            )
        content = compose(message, self._sender, utf8=utf8, to=to)
        options = ["SMTPUTF8", "BODY=8BITMIME"] if utf8 else []
        await client.sendmail(sender, [to], content, mail_options=options)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["_Connection"]:
        """A connection on which nothing is under way; kept afterwards if all went well."""
        connection = await self._kept() or _Connection(await self._open())
        try:
            yield connection
        except MailRefused:
            self._keep(connection)
            raise
        except aiosmtplib.SMTPResponseException as error:
            if error.code // 100 == 5:
                self._keep(connection)
            else:
                connection.client.close()
            raise
        except aiosmtplib.SMTPRecipientsRefused:
            self._keep(connection)
            raise
        except BaseException:
            connection.client.close()
            raise
        else:
            connection.sent += 1
            self._keep(connection)

    async def _kept(self) -> "_Connection | None":
        while self._idle:
            connection = self._idle.pop()
            if time.monotonic() - connection.used_at > _IDLE_S:
                await _end(connection.client)
                continue
            try:
                # A server that has hung up meanwhile is noticed before a message is under way.
                await connection.client.rset(timeout=5)
            except (aiosmtplib.SMTPException, OSError):
                connection.client.close()
                continue
            return connection
        return None

    def _keep(self, connection: "_Connection") -> None:
        if connection.sent >= _PER_CONNECTION or not connection.client.is_connected:
            connection.client.close()
            return
        connection.used_at = time.monotonic()
        self._idle.append(connection)
        if self._reaper is None:
            self._reaper = asyncio.get_running_loop().call_later(_IDLE_S, self._reap)

    def _reap(self) -> None:
        oldest = time.monotonic() - _IDLE_S
        for connection in [one for one in self._idle if one.used_at <= oldest]:
            self._idle.remove(connection)
            connection.client.close()
        self._reaper = None
        if self._idle:
            self._reaper = asyncio.get_running_loop().call_later(_IDLE_S, self._reap)

    async def _open(self) -> SMTP:
        where = self._address
        if where.scheme != "smtp" and self._tls is None:
            self._tls = await asyncio.to_thread(
                ssl.create_default_context, cafile=where.ca_file or None
            )
        client = SMTP(
            hostname=where.host,
            port=where.port,
            username=where.username,
            password=where.password,
            use_tls=where.scheme == "smtps",
            start_tls=where.scheme == "smtp+starttls",
            tls_context=self._tls,
            timeout=_STEP_S,
        )
        await client.connect()
        return client


class _Connection:
    __slots__ = ("client", "sent", "used_at")

    def __init__(self, client: SMTP) -> None:
        self.client = client
        self.sent = 0
        self.used_at = 0.0


async def _end(client: SMTP) -> None:
    try:
        await client.quit(timeout=2)
    except (aiosmtplib.SMTPException, OSError):
        client.close()


def _meaning(error: Exception) -> MailRefused | Unavailable:
    """What a failure says about trying again."""
    answer: Exception = error
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        answer = error.recipients[0]
    if isinstance(answer, _OF_THE_MESSAGE) and _is_final(answer.code):
        return MailRefused(f"The mail server refused the message: {_said(answer)}")
    reason = f"{type(answer).__name__}: {_said(answer)}"
    return Unavailable(
        "The mail server cannot be used at the moment. The message is sent later.",
        code="mail_unavailable",
        retry_after=60,
        reason=reason,
    )


def _is_final(code: int) -> bool:
    return code // 100 == 5 and code not in _OF_THE_SERVER


def _said(error: Exception) -> str:
    """The server's answer, on one line and not endless."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        text = f"{error.code} {error.message}"
    else:
        text = str(error)
    return "".join(ch if ch.isprintable() else " " for ch in text)[:500]


def _ascii_domain(address: str) -> str:
    """The address with its domain as the name service knows it (IDNA 2008, UTS 46)."""
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        raise MailRefused(f"The domain {domain!r} cannot exist: {error}.") from error
