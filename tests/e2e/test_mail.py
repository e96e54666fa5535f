"""Mail of a real server: into the folder, to a mail server, and over a kill in the middle."""

import asyncio
import email
import email.policy
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from tests.services.server import StartServer
from tests.services.smtp import LOGIN, StartMailbox

PASSWORD = "correct horse battery staple"


async def until(there: Callable[[], bool], what: str, deadline: float = 60) -> None:
    """Wait for something in the time of this loop, which the mail server lives in."""
    end = time.monotonic() + deadline
    while not there():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.05)


async def register(base_url: str, address: str = "ada@example.org") -> None:
    body = {"email": address, "password": PASSWORD, "name": "Ada"}
    async with httpx.AsyncClient(base_url=base_url) as client:
        answer = await client.post("/api/v1/auth/register", json=body)
    assert answer.status_code == 201, answer.text


def links(texts: list[str]) -> set[str]:
    return {found for text in texts for found in re.findall(r"#token=(\S+)", text)}


async def test_mail_is_a_file_until_there_is_a_mail_server(
    tidework_server: StartServer, mail_server: StartMailbox
) -> None:
    server = await asyncio.to_thread(tidework_server)
    await register(server.base_url)
    folder = server.data_dir / "mail"
    await until(lambda: len(list(folder.glob("*.eml"))) == 1, "a file")
    (path,) = folder.glob("*.eml")
    written = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert (str(written["To"]), written["Subject"]) == ("ada@example.org", "Welcome to Tidework")
    await asyncio.to_thread(server.stop)

    mailbox = await mail_server(tls="starttls", login=True)
    user, password = LOGIN[0], LOGIN[1].replace("/", "%2F").replace("@", "%40")
    where = f"127.0.0.1:{mailbox.port}/?ca_file={mailbox.ca_file}"
    settings = {"TIDEWORK_SMTP_URL": f"smtp+starttls://{user}:{password}@{where}"}
    again = await asyncio.to_thread(tidework_server, server.data_dir, settings)
    await register(again.base_url, "bob@example.org")
    await until(lambda: len(mailbox.delivered) == 1, "a message")
    (got,) = mailbox.delivered
    assert (got.recipients, got.encrypted) == (["bob@example.org"], True)
    assert len(list(folder.glob("*.eml"))) == 1
    log = again.log.read_text()
    assert password not in log
    assert LOGIN[1] not in log


async def test_a_server_that_is_killed_while_it_sends_sends_the_same_message_again(
    tidework_server: StartServer, mail_server: StartMailbox
) -> None:
    mailbox = await mail_server()
    settings = {"TIDEWORK_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}"}
    mailbox.hold = asyncio.Event()
    server = await asyncio.to_thread(tidework_server, None, settings)
    await register(server.base_url)
    # The message is there; the server has not been told so.
    await until(lambda: len(mailbox.delivered) == 1, "a message")
    await asyncio.to_thread(server.kill)
    mailbox.hold.set()
    mailbox.hold = None
    let_claims_end(server.data_dir)
    await asyncio.to_thread(server.start)
    await until(lambda: len(mailbox.delivered) == 2, "the same message")
    first, second = (got.message for got in mailbox.delivered)
    assert first["Message-ID"] == second["Message-ID"]
    texts = [got.get_body(("plain",)).get_content() for got in (first, second)]
    assert len(links(texts)) == 1
    await until(lambda: waiting(server.data_dir) == 0, "nothing waits")
    assert len(mailbox.delivered) == 2


def let_claims_end(data_dir: Path) -> None:
    """As if the time had gone by for which the killed server had its jobs."""
    with sqlite3.connect(data_dir / "tidework.db", timeout=30) as database:
        moved = database.execute("UPDATE jobs SET due_at = '2020-01-01T00:00:00.000000Z'")
        assert moved.rowcount == 1


def waiting(data_dir: Path) -> int:
    with sqlite3.connect(data_dir / "tidework.db", timeout=30) as database:
        found: int = database.execute("SELECT count(*) FROM jobs WHERE kind = 'mail'").fetchone()[0]
        return found
