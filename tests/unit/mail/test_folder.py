import asyncio
import email
import os
from email import policy

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tidework.errors import Unavailable
from tidework.mail import FolderMailer, Mail
from tidework.mail.message import compose, parse_address


def _read(folder):
    return [
        email.message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.iterdir())
    ]


async def test_a_message_becomes_a_file_that_mail_programs_read(tmp_path):
    folder = tmp_path / "mail"
    mailer = FolderMailer(folder, sender="tidework@tasks.example.org")
    await mailer.send(
        Mail("jänné@example.org", "Reset your pässword 🐘", "Grüße,\nTidework", "<p>Grüße</p>")
    )
    (read,) = _read(folder)
    assert [read["To"], read["From"]] == [
        "jänné@example.org",
        "Tidework <tidework@tasks.example.org>",
    ]
    assert read["Subject"] == "Reset your pässword 🐘"
    assert read["Date"].datetime is not None
    assert read["Message-ID"].endswith("@tasks.example.org>")
    assert read.get_body(["plain"]).get_content() == "Grüße,\r\nTidework\r\n"
    assert read.get_body(["html"]).get_content() == "<p>Grüße</p>\r\n"
    (path,) = folder.iterdir()
    assert path.suffix == ".eml"
    assert [folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777] == [0o700, 0o600]
    assert not any(line.endswith(b"\n") and not line.endswith(b"\r\n")
                   for line in path.read_bytes().splitlines(keepends=True))  # fmt: skip


async def test_a_text_only_message_has_no_other_part(tmp_path):
    await FolderMailer(tmp_path).send(Mail("a@example.org", "Hello", "Text"))
    (read,) = _read(tmp_path)
    assert read.get_content_type() == "text/plain"


async def test_names_sort_by_the_time_of_sending(tmp_path):
    mailer = FolderMailer(tmp_path)
    for number in range(20):
        await mailer.send(Mail("a@example.org", str(number), ""))
    assert [read["Subject"] for read in _read(tmp_path)] == [str(number) for number in range(20)]


async def test_messages_of_the_same_moment_do_not_meet(tmp_path):
    mailer = FolderMailer(tmp_path)
    with time_machine.travel(0, tick=False):
        await asyncio.gather(*(mailer.send(Mail("a@example.org", "x", "")) for _ in range(20)))
    assert len(_read(tmp_path)) == 20


BREAKS = ["\r\n", "\n", "\r", "\0", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\ud800"]


@pytest.mark.parametrize("line_break", BREAKS)
def test_nothing_can_add_a_header(line_break):
    injected = f"{line_break}Bcc: victim@example.org"
    with pytest.raises(ValueError, match="subject"):
        Mail("a@example.org", f"Hello{injected}", "")
    for to in (
        f"a@example.org{injected}",
        f"a{injected}@example.org",
        f'"a{injected}"@example.org',
    ):
        with pytest.raises(ValueError, match="to of a mail"):
            Mail(to, "Hello", "")


@pytest.mark.parametrize(
    "to",
    [
        "",
        "a",
        "@",
        "a@",
        "@example.org",
        "a@example.org, victim@example.org",
        "a@example.org;victim@example.org",
        "a@example.org victim@example.org",
        "A <a@example.org>",
        "<a@example.org>",
        "a@b@example.org",
        "group: a@example.org;",
        "(" * 3000,
        "a" * 250 + "@b.org",
        "=?utf-8?q?a=40example.org=2C?=@example.org",
    ],
)
def test_only_one_bare_address_is_taken(to):
    with pytest.raises(ValueError, match="e-mail address"):
        Mail(to, "Hello", "")
    with pytest.raises(ValueError, match="e-mail address"):
        FolderMailer(None, sender=to)


@given(
    to=st.text(max_size=40) | st.from_regex(r"\A.{1,20}@.{1,20}\Z"), subject=st.text(max_size=300)
)
def test_whatever_is_taken_stays_one_recipient_and_one_subject(to, subject):
    try:
        message = Mail(to, subject, "Text")
    except ValueError:
        return
    composed = compose(message, parse_address("a@example.org"), utf8=True)
    read = email.message_from_bytes(composed, policy=policy.default)
    assert len(read.keys()) == len(set(read.keys())) == 10
    assert len(read["To"].addresses) == 1
    assert read["Subject"].split() == subject.replace("=?", "= ?").split()


@pytest.mark.parametrize(
    "typed", ["=?utf-8?q?=0D=0ABcc=3A_v=40x.org?=", "=?utf-8?b?DQpCY2M6IHY=?="]
)
async def test_an_encoded_word_in_a_subject_is_text(tmp_path, typed):
    await FolderMailer(tmp_path).send(Mail("a@example.org", f"Hello {typed}", "Text"))
    assert b"=?" not in next(tmp_path.iterdir()).read_bytes()


async def test_text_that_is_no_unicode_is_sent_with_a_mark(tmp_path):
    await FolderMailer(tmp_path).send(Mail("a@example.org", "Hello", "a \ud800 b", "<p>\ud800</p>"))
    (read,) = _read(tmp_path)
    assert read.get_body(["plain"]).get_content() == "a ? b\r\n"


async def test_a_folder_that_cannot_be_written_is_unavailable_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable) as refused:
        await FolderMailer(tmp_path / "file").send(Mail("a@example.org", "Hello", "Text"))
    assert str(tmp_path) not in refused.value.detail


async def test_a_failed_write_leaves_no_torn_file(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable):
        await FolderMailer(tmp_path).send(Mail("a@example.org", "Hello", "Text"))
    assert list(tmp_path.iterdir()) == []
