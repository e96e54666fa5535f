"""A real mail server that keeps what it is given, and can be told to misbehave."""

import asyncio
import email
import email.policy
import ssl
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOGIN = ("tidework", "s3cret/@:")


@dataclass
class Delivered:
    """A message that the server has taken."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool
    user: str | None
    connection: int
    options: list[str]

    @property
    def message(self) -> EmailMessage:
        """What a mail program would show."""
        read = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        return read


@dataclass
class Mailbox:
    """What came, and what the server is to say: `answers[step]` is used up from its front.

    Steps are `connect`, `mail`, `rcpt`, `data`. An answer is a line to send, or `cut`, which ends
    the connection instead, or `swallow`, which takes the message and then ends the connection.
    While there is `hold`, a message that was taken is answered only once that is set.
    """

    delivered: list[Delivered] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    connections: int = 0
    hung_up: int = 0
    port: int = 0
    ca_file: Path | None = None
    hold: asyncio.Event | None = None
    _open: set[Any] = field(default_factory=set)

    def hang_up(self) -> None:
        """End every connection, as servers do that have waited for long."""
        for transport in list(self._open):
            transport.abort()

    def next(self, step: str) -> str | None:
        """What to say at this step, None for what is usual."""
        waiting = self.answers.get(step)
        return waiting.pop(0) if waiting else None


class _Server(SMTP):
    """One connection."""

    def __init__(self, mailbox: Mailbox, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._mailbox = mailbox
        self.number = 0
        self._made: list[Any] = []

    def connection_made(self, transport: Any) -> None:
        if self.number == 0:
            self._mailbox.connections += 1
            self.number = self._mailbox.connections
        self._made.append(transport)
        self._mailbox._open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._mailbox.hung_up += 1
        self._mailbox._open.difference_update(self._made)
        super().connection_lost(error)


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_MAIL(  # noqa: N802
        self,
        server: _Server,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        said = self._said(server, "mail")
        if said is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return said or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        server: _Server,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        said = self._said(server, "rcpt")
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: _Server, session: Session, envelope: Envelope
    ) -> str:
        said = self._mailbox.next("data")
        if said == "cut":
            server.transport.abort()
            return "451 gone"
        if said not in (None, "swallow"):
            return said
        assert isinstance(envelope.content, bytes)
        self._mailbox.delivered.append(
            Delivered(
                sender=envelope.mail_from or "",
                recipients=list(envelope.rcpt_tos),
                content=envelope.content,
                encrypted=server.transport.get_extra_info("sslcontext") is not None,
                user=session.auth_data.login.decode() if session.auth_data else None,
                connection=server.number,
                options=list(envelope.mail_options),
            )
        )
        if said == "swallow":
            server.transport.abort()
        if self._mailbox.hold is not None:
            await self._mailbox.hold.wait()
        return "250 kept"

    def _said(self, server: _Server, step: str) -> str | None:
        said = self._mailbox.next(step)
        if said == "cut":
            server.transport.abort()
            return "421 gone"
        return said


def authority(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that no authority knows, and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "mail.crt", folder / "mail.key"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


StartMailbox = Callable[..., Awaitable[Mailbox]]


@asynccontextmanager
async def mail_servers(folder: Path) -> AsyncIterator[StartMailbox]:
    """Starts mail servers in this event loop: `await start(tls="starttls", login=True)`."""
    servers: list[asyncio.Server] = []
    mailboxes: list[Mailbox] = []

    async def start(
        *, tls: str | None = None, login: bool = False, smtputf8: bool = True
    ) -> Mailbox:
        mailbox = Mailbox()
        options: dict[str, Any] = {"enable_SMTPUTF8": smtputf8, "hostname": "sink.example"}
        context = None
        if tls is not None:
            mailbox.ca_file, key_file = authority(folder)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(mailbox.ca_file, key_file)
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if login:
            options |= {
                "authenticator": _authenticate,
                "auth_required": True,
                "auth_require_tls": tls == "starttls",
            }
        handler = _Handler(mailbox)

        def connected() -> _Server:
            with warnings.catch_warnings():
                # That a password goes over a line that is not encrypted is what is tested.
                warnings.simplefilter("ignore")
                return _Server(mailbox, handler, **options)

        server = await asyncio.get_running_loop().create_server(
            connected,
            "127.0.0.1",
            0,
            ssl=context if tls == "smtps" else None,
        )
        servers.append(server)
        mailboxes.append(mailbox)
        mailbox.port = server.sockets[0].getsockname()[1]
        return mailbox

    yield start
    for server in servers:
        server.close()
    for mailbox in mailboxes:
        mailbox.hang_up()
    deadline = time.monotonic() + 20
    while any(mailbox._open for mailbox in mailboxes):
        assert time.monotonic() < deadline, "connections to the mail server stay"
        await asyncio.sleep(0.01)


@pytest.fixture
async def mail_server(tmp_path: Path) -> AsyncIterator[StartMailbox]:
    """See `mail_servers`."""
    async with mail_servers(tmp_path) as start:
        yield start


def _authenticate(
    server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
    return AuthResult(success=given == LOGIN, handled=False, auth_data=data)
