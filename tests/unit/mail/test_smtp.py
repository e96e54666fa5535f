"""Handing messages to a real mail server."""

import asyncio
import email
import email.policy
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.smtp import LOGIN, Mailbox, StartMailbox

from tidework.errors import Unavailable
from tidework.mail import Mail, MailRefused
from tidework.mail import smtp as smtp_module
from tidework.mail.message import compose, parse_address
from tidework.mail.smtp import SmtpMailer
from tidework.settings import InvalidSettings, load
from tidework.settings_outside import smtp_address

HELLO = Mail("ada@example.org", "Hello", "Text", id="1.welcome")

Connect = Callable[..., SmtpMailer]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes mailers for a mailbox: `connect(mailbox, "smtps", login=True)`."""
    made: list[SmtpMailer] = []

    def make(
        mailbox: Mailbox, scheme: str = "smtp", *, login: Any = False, trust: bool = True
    ) -> SmtpMailer:
        user, password = LOGIN if login is True else (login or ("", ""))
        who = f"{quote(user)}:{quote(password, safe='')}@" if login else ""
        ca = f"?ca_file={mailbox.ca_file}" if mailbox.ca_file and trust else ""
        address = smtp_address(f"{scheme}://{who}127.0.0.1:{mailbox.port}/{ca}")
        made.append(SmtpMailer(address, sender="tidework@tasks.example.org"))
        return made[-1]

    yield make
    for mailer in made:
        await mailer.close()


@pytest.mark.parametrize(
    ("tls", "scheme", "login"),
    [
        (None, "smtp", False),
        (None, "smtp", True),
        ("starttls", "smtp+starttls", True),
        ("smtps", "smtps", True),
    ],
)
async def test_a_message_arrives(
    mail_server: StartMailbox, connect: Connect, tls: str | None, scheme: str, login: bool
) -> None:
    mailbox = await mail_server(tls=tls, login=login)
    await connect(mailbox, scheme, login=login).send(
        Mail("ada@example.org", "Grüße 🐘", "Schöne\n.\nGrüße", "<p>Schöne Grüße</p>", id="7.hi")
    )
    (got,) = mailbox.delivered
    assert [got.sender, got.recipients] == ["tidework@tasks.example.org", ["ada@example.org"]]
    assert [got.encrypted, got.user] == [tls is not None, LOGIN[0] if login else None]
    assert got.message["Subject"] == "Grüße 🐘"
    assert got.message["Message-ID"] == "<7.hi@tasks.example.org>"
    assert got.message["Auto-Submitted"] == "auto-generated"
    assert got.message.get_body(["plain"]).get_content().split() == ["Schöne", ".", "Grüße"]
    assert got.message.get_body(["html"]).get_content().strip() == "<p>Schöne Grüße</p>"
    # A server that knows nothing beyond RFC 5321 can pass it on.
    assert got.content.isascii()


@pytest.mark.parametrize(("tls", "scheme"), [("starttls", "smtp+starttls"), ("smtps", "smtps")])
async def test_a_server_that_cannot_prove_who_it_is_gets_no_password(
    mail_server: StartMailbox, connect: Connect, tls: str, scheme: str
) -> None:
    mailbox = await mail_server(tls=tls, login=True)
    with pytest.raises(Unavailable, match="sent later") as refused:
        await connect(mailbox, scheme, login=True, trust=False).send(HELLO)
    assert "certificate" in refused.value.reason.lower()
    assert mailbox.delivered == []


async def test_a_server_without_starttls_is_not_talked_to(
    mail_server: StartMailbox, connect: Connect
) -> None:
    mailbox = await mail_server()
    with pytest.raises(Unavailable):
        await connect(mailbox, "smtp+starttls").send(HELLO)
    assert mailbox.delivered == []


async def test_a_wrong_password_is_the_installations_fault_and_not_the_messages(
    mail_server: StartMailbox, connect: Connect
) -> None:
    mailbox = await mail_server(login=True)
    with pytest.raises(Unavailable) as refused:
        await connect(mailbox, login=("tidework", "wrong")).send(HELLO)
    assert "535" in refused.value.reason
    assert "wrong" not in refused.value.reason + refused.value.detail


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
async def test_what_is_refused_for_now_can_be_sent_later(
    mail_server: StartMailbox, connect: Connect, step: str
) -> None:
    mailbox = await mail_server()
    mailbox.answers[step] = ["451 4.7.1 greylisted"]
    mailer = connect(mailbox)
    with pytest.raises(Unavailable) as refused:
        await mailer.send(HELLO)
    assert "451 4.7.1 greylisted" in refused.value.reason
    await mailer.send(HELLO)
    assert len(mailbox.delivered) == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
async def test_what_is_refused_for_good_says_so_and_spoils_nothing(
    mail_server: StartMailbox, connect: Connect, step: str
) -> None:
    mailbox = await mail_server()
    mailbox.answers[step] = ["550 5.1.1 nobody here by that name"]
    mailer = connect(mailbox)
    with pytest.raises(MailRefused, match=r"5\.1\.1 nobody"):
        await mailer.send(HELLO)
    await mailer.send(HELLO)
    assert [got.connection for got in mailbox.delivered] == [1]


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
async def test_a_connection_that_is_cut_can_be_made_anew(
    mail_server: StartMailbox, connect: Connect, step: str
) -> None:
    mailbox = await mail_server()
    mailbox.answers[step] = ["cut"]
    mailer = connect(mailbox)
    with pytest.raises(Unavailable):
        await mailer.send(HELLO)
    await mailer.send(HELLO)
    assert [got.connection for got in mailbox.delivered] == [2]


async def test_a_message_that_was_taken_without_an_answer_can_be_recognised(
    mail_server: StartMailbox, connect: Connect
) -> None:
    mailbox = await mail_server()
    mailbox.answers["data"] = ["swallow"]
    mailer = connect(mailbox)
    with pytest.raises(Unavailable):
        await mailer.send(HELLO)
    await mailer.send(HELLO)
    assert [got.message["Message-ID"] for got in mailbox.delivered] == [
        "<1.welcome@tasks.example.org>"
    ] * 2


async def test_a_connection_is_used_again(mail_server: StartMailbox, connect: Connect) -> None:
    mailbox = await mail_server()
    mailer = connect(mailbox)
    for _ in range(5):
        await mailer.send(HELLO)
    assert [got.connection for got in mailbox.delivered] == [1] * 5


async def test_messages_at_once_have_a_connection_each(
    mail_server: StartMailbox, connect: Connect
) -> None:
    mailbox = await mail_server()
    mailer = connect(mailbox)
    await asyncio.gather(*(mailer.send(HELLO) for _ in range(4)))
    await asyncio.gather(*(mailer.send(HELLO) for _ in range(4)))
    assert len(mailbox.delivered) == 8
    assert mailbox.connections == 4


async def test_a_connection_that_the_server_has_ended_meanwhile_is_no_failure(
    mail_server: StartMailbox, connect: Connect
) -> None:
    mailbox = await mail_server()
    mailer = connect(mailbox)
    await mailer.send(HELLO)
    mailbox.hang_up()
    await mailer.send(HELLO)
    assert [got.connection for got in mailbox.delivered] == [1, 2]


async def test_connections_that_are_not_used_are_ended(
    mail_server: StartMailbox, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_module, "_IDLE_S", 0.05)
    mailbox = await mail_server()
    mailer = connect(mailbox)
    await mailer.send(HELLO)
    deadline = time.monotonic() + 20
    while mailbox.hung_up == 0:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    await mailer.send(HELLO)
    assert [got.connection for got in mailbox.delivered] == [1, 2]


async def test_a_server_that_says_nothing_is_given_up(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_module, "_STEP_S", 0.2)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    mailer = connect(Mailbox(port=server.sockets[0].getsockname()[1]))
    with pytest.raises(Unavailable):
        await mailer.send(HELLO)
    server.close()


async def test_nobody_listening(connect: Connect) -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(Unavailable):
        await connect(Mailbox(port=port)).send(HELLO)


@pytest.mark.parametrize(
    ("to", "wire"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        # By the rules of 2003 it would be strasse.example, which is somebody else's.
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("ada@EXAMPLE.org", "ada@EXAMPLE.org"),
    ],
)
async def test_domains_of_other_scripts_reach_any_server(
    mail_server: StartMailbox, connect: Connect, to: str, wire: str
) -> None:
    mailbox = await mail_server(smtputf8=False)
    await connect(mailbox).send(Mail(to, "Hello", "Text"))
    (got,) = mailbox.delivered
    assert [got.recipients, str(got.message["To"])] == [[wire], wire]


async def test_mailboxes_of_other_scripts_take_a_server_that_knows_them(
    mail_server: StartMailbox, connect: Connect
) -> None:
    message = Mail("jänné@bücher.example", "Grüße", "Text")
    modern, old = await mail_server(), await mail_server(smtputf8=False)
    await connect(modern).send(message)
    (got,) = modern.delivered
    assert got.recipients == ["jänné@xn--bcher-kva.example"]
    assert "SMTPUTF8" in got.options
    with pytest.raises(MailRefused, match="SMTPUTF8"):
        await connect(old).send(message)
    assert old.delivered == []


@given(
    subject=st.text(max_size=300),
    text=st.text(max_size=300),
    utf8=st.booleans(),
)
def test_nothing_that_is_typed_adds_a_header_or_a_recipient(
    subject: str, text: str, utf8: bool
) -> None:
    try:
        message = Mail("a@example.org", subject, text, text, id="1.x", unsubscribe="https://x.y/z")
    except ValueError:
        return
    raw = compose(message, parse_address("b@example.org"), utf8=utf8)
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line[:1].isspace()]
    assert len(names) == len(set(names))
    assert b"Bcc" not in names
    assert names.count(b"To") == names.count(b"Subject") == 1
    if not utf8:
        assert raw.isascii()


LINES = st.text(max_size=60) | st.sampled_from(
    ["From me", ".", "--", "trailing ", "tab\t", "=3D", "=", "ü" * 400, "x" * 2000, "\0", "\x85"]
)


@given(
    lines=st.lists(LINES, max_size=6),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    subject=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300),
    html=st.booleans(),
    utf8=st.booleans(),
)
def test_what_was_written_is_what_is_read(
    lines: list[str], line_end: str, subject: str, html: bool, utf8: bool
) -> None:
    text = line_end.join(lines)
    message = Mail("a@example.org", subject, text, text if html else None, id="1.x")
    raw = compose(message, parse_address("b@example.org"), utf8=utf8)
    assert utf8 or raw.isascii()
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b"")  # noqa: PT018
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    read = email.message_from_bytes(raw, policy=email.policy.SMTPUTF8)
    assert not read.defects
    wanted = text.encode(errors="replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    for kind in ("plain", "html") if html else ("plain",):
        part = read.get_body((kind,))
        assert part is not None
        got = part.get_payload(decode=True).decode().replace("\r\n", "\n")
        assert got.removesuffix("\n") == wanted.removesuffix("\n")
    shown = str(read["Subject"])
    assert shown.split() == subject.replace("=?", "= ?").split()


@pytest.mark.parametrize("utf8", [True, False])
def test_headers_for_programs_stand_as_they_are(utf8: bool) -> None:
    # However long: written as encoded words, as the email package would, nothing reads them.
    url = "https://tasks.example.org/u?token=" + "aB-_" * 200
    to = f"{'a' * 64}@{'x' * 60}.{'y' * 60}.example.org"
    message = Mail(to, "Hello", "Text", id=f"{'1' * 36}.mail", thread="t" * 90, unsubscribe=url)
    sender = parse_address("tidework@" + "sub." * 20 + "example.org")
    lines = compose(message, sender, utf8=utf8).decode().split("\r\n")
    assert f"List-Unsubscribe: <{url}>" in lines
    assert f"To: {to}" in lines
    assert f"From: Tidework <{sender.addr_spec}>" in lines
    assert f"Message-ID: <{'1' * 36}.mail@{sender.domain}>" in lines
    assert f"References: <{'t' * 90}@{sender.domain}>" in lines
    assert max(map(len, lines)) <= 998


async def test_a_sender_of_another_script(mail_server: StartMailbox, connect: Connect) -> None:
    mailbox = await mail_server(smtputf8=False)
    address = smtp_address(f"smtp://127.0.0.1:{mailbox.port}")
    mailer = SmtpMailer(address, sender="aufgaben@bücher.example")
    await mailer.send(HELLO)
    (got,) = mailbox.delivered
    assert got.sender == "aufgaben@xn--bcher-kva.example"
    assert got.message["Message-ID"] == "<1.welcome@xn--bcher-kva.example>"
    assert got.content.isascii()
    await mailer.close()
    other = SmtpMailer(address, sender="jänné@bücher.example")
    with pytest.raises(MailRefused, match="SMTPUTF8"):
        await other.send(HELLO)
    await other.close()


@pytest.mark.parametrize(
    "unsubscribe",
    [
        "https://x.y/z\r\nBcc: a@b.c",
        "https://x.y/>, <mailto:v@x.y",
        "javascript:1",
        "https://x.y/ü",
    ],
)
def test_an_address_to_unsubscribe_at_is_a_plain_one(unsubscribe: str) -> None:
    with pytest.raises(ValueError, match="unsubscribe"):
        Mail("a@example.org", "Hello", "", unsubscribe=unsubscribe)


@pytest.mark.parametrize("mail_id", ["a b", "a>", "", "a\r\nBcc: x", "ü"])
def test_an_id_is_a_plain_one(mail_id: str) -> None:
    with pytest.raises(ValueError, match="id of a mail"):
        Mail("a@example.org", "Hello", "", id=mail_id)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mail.example.org", "does not begin"),
        ("http://mail.example.org", "does not begin"),
        ("smtp://", "more or less"),
        ("smtp://mail.example.org/x", "more or less"),
        ("smtp://mail.example.org:0", "more or less"),
        ("smtp://mail.example.org:99999", "port"),
        ("smtps://ada@mail.example.org", "without a password"),
        ("smtps://mail.example.org?tls=no", "unknown option 'tls'"),
        ("smtps://mail.example.org?ca_file=x.pem", "absolute"),
        ("smtp://ada:secret@mail.example.org", "unencrypted"),
        ("smtps://ada:secret@mail.example.org#x", "more or less"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_start(url: str, problem: str) -> None:
    with pytest.raises(InvalidSettings, match=problem) as refused:
        load({"TIDEWORK_SMTP_URL": url})
    assert "secret" not in str(refused.value).partition("Example")[0]


def test_an_address_without_a_port_has_the_usual_one() -> None:
    ports = {"smtp://h": 25, "smtps://h": 465, "smtp+starttls://h": 587}
    assert {url: smtp_address(url).port for url in ports} == ports
