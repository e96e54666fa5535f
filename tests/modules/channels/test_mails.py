"""Notifications by mail: what they say, to whom, and in which form."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from tests.modules.channels.world import URL, World, context, html_of, text_of
from tests.services.smtp import StartMailbox
from tests.services.stores import Database

from tidework.bus.jobs import Jobs
from tidework.channels.notes import Bundle, Note
from tidework.log import Operation
from tidework.post.letter import html_of as html
from tidework.post.letter import text_of as text
from tidework.tasks.schemas import TaskCreate

NASTY = '<script>alert(1)</script>[x](javascript:alert(1)) "quoted" & <img src=x onerror=y>'


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """What is read is the same for pushes, which are tried on both databases."""
    return sqlite_database


async def test_a_single_notification(world: World) -> None:
    ada = await world.person("Ada")
    bob = await world.person("Bob")
    data = {"due_at": "2026-12-01T16:00:00.000000Z"}
    note = await world.note(ada, "assigned", actor_id=bob.id, data=data)
    job = await world.tell(ada, "email", note, kind="assigned")
    await world.work()
    (letter,) = world.letters()
    assert str(letter["To"]) == "ada@example.com"
    assert letter["Subject"] == "[Engine] Bob has assigned you #7 Order the brass"
    assert letter["Message-ID"] == f"<{job}.notify.email@localhost>"
    assert letter["References"].startswith("<task.")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Precedence"] == "bulk"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Content-Language"] == "en"
    said = text_of(letter)
    assert "Bob has assigned you #7 Order the brass." in said
    assert "Due Tue, 1 December 2026, 16:00 (UTC)" in said
    assert f"{URL}/w/{ada.personal_workspace_id}/t/7" in said
    assert f"GET {URL}/api/v1/workspaces/{ada.personal_workspace_id}/tasks/7" in said.replace(
        "\n", " "
    )
    assert f'href="{URL}/w/{ada.personal_workspace_id}/t/7"' in html_of(letter)
    assert await world.all_jobs() == []


async def test_the_address_to_unsubscribe_at_works_and_is_in_the_mail(world: World) -> None:
    ada = await world.person("Ada")
    first = await world.note(ada, "assigned")
    await world.tell(ada, "email", first, kind="assigned")
    await world.work()
    (letter,) = world.letters()
    url = letter["List-Unsubscribe"].strip("<>")
    assert url in text_of(letter).replace("\n", "")
    await world.services.notifications.unsubscribing.leave(url.partition("token=")[2])
    chosen = await world.services.notifications.choices.get(ada.id)
    assert not chosen.wants("assigned", "email")
    assert chosen.wants("mentioned", "email")


async def test_in_the_readers_language_and_by_their_clock(world: World) -> None:
    ada = await world.person("Ada", language="de", time_zone="Europe/Berlin")
    note = await world.note(
        ada, "due_soon", data={"title": "Schöner Titel", "due_at": "2026-12-01T16:00:00.000000Z"}
    )
    await world.tell(ada, "email", note, kind="due_soon")
    await world.work()
    (letter,) = world.letters()
    assert letter["Subject"] == "[Engine] #7 Schöner Titel ist bald fällig"
    assert "Di., 1. Dezember 2026, 17:00 Uhr (Europe/Berlin)" in text_of(letter).replace("\n", " ")
    assert '<html lang="de">' in html_of(letter)


async def test_several_come_together_by_workspace(world: World) -> None:
    ada = await world.person("Ada")
    ids = [
        await world.note(ada, "assigned", data={"title": "One", "number": 1}),
        await world.note(ada, "commented", data={"number": 2, "excerpt": "I\nsay"}),
        await world.note(ada, "mentioned", data={"workspace": "Hull", "number": 3}),
    ]
    await world.tell(ada, "email", *ids)
    await world.work()
    (letter,) = world.letters()
    assert letter["Subject"] == "3 notifications"
    assert letter["References"] is None
    said = text_of(letter)
    assert said.index("Engine") < said.index("#1 One") < said.index("Hull")
    assert "Somebody has commented on #2" in said


async def test_many_of_one_commit_name_some(world: World) -> None:
    ada = await world.person("Ada")
    data = {
        "count": 12,
        "number": None,
        "title": None,
        "tasks": [{"id": None, "number": n, "title": f"Task {n}"} for n in range(10)],
    }
    note = await world.note(ada, "assigned", task_id=None, data=data)
    await world.tell(ada, "email", note, kind="assigned")
    await world.work()
    (letter,) = world.letters()
    assert letter["Subject"] == "[Engine] Somebody has assigned you 12 tasks"
    assert "- #9 Task 9" in text_of(letter)
    assert "- and 2 more" in text_of(letter)


async def test_the_digest(world: World) -> None:
    ada = await world.person("Ada", time_zone="America/New_York")
    note = await world.note(ada, "commented", data={"excerpt": "Look"})
    due = [
        {"workspace_id": ada.personal_workspace_id, "task_id": "x", "number": n, "title": t,
         "due_at": at}
        for n, t, at in [
            (1, "Late", "2026-11-20T03:00:00.000000Z"),
            (2, "Today", "2026-11-23T04:30:00.000000Z"),
        ]
    ]  # fmt: skip
    stranger = {**due[0], "workspace_id": "0193c5c0-0000-7000-8000-000000000000", "title": "Secret"}
    with time_machine.travel(datetime(2026, 11, 22, 13, 0, tzinfo=UTC), tick=True):
        await world.tell(ada, "email", note, kind="digest", due=[*due, stranger])
        await world.work()
    (letter,) = world.letters()
    assert letter["Subject"] == "Your day: Sun, 22 November 2026"
    said = text_of(letter)
    assert "2 tasks need you today." in said
    assert said.index("1 task is overdue") < said.index("#1 Late")
    assert said.index("1 task is due today") < said.index("#2 Today") < said.index("not read yet")
    assert "Sun, 22 November 2026, 23:30 (America/New York)" in said
    assert "Secret" not in said
    await world.services.notifications.unsubscribing.leave(
        letter["List-Unsubscribe"].strip("<>").partition("token=")[2]
    )


@pytest.mark.parametrize("what", ["read", "left", "inactive", "gone"])
async def test_what_concerns_nobody_any_more_is_not_sent(world: World, what: str) -> None:
    root, ada = await world.person("Root"), await world.person("Ada")
    fields: dict[str, Any] = {"unread": what != "read"}
    if what == "left":
        fields |= {"workspace_id": "0193c5c0-0000-7000-8000-000000000000"}
    note = await world.note(ada, **fields)
    await world.tell(ada, "email", note)
    if what == "inactive":
        await world.services.admins.update(ada.id, {"is_active": False}, root.id, context())
    if what == "gone":
        key = {"stream_id": ada.id}
        await world.store.operate([Operation("notifications", "delete", key)])
    await world.work()
    assert world.letters() == []
    assert await world.all_jobs() == []


async def test_what_people_type_is_text_wherever_it_stands(world: World) -> None:
    ada = await world.person("Ada")
    bob = await world.person("Bob", name=f"Bob {NASTY}"[:100])
    data = {"title": NASTY, "workspace": NASTY[:60], "excerpt": f"{NASTY}\n\x1b[31m\r\nBcc: x"}
    ids = [await world.note(ada, "commented", actor_id=bob.id, data=data) for _ in range(2)]
    await world.tell(ada, "email", ids[0], kind="commented")
    await world.tell(ada, "email", *ids)
    await world.work()
    assert len(world.letters()) == 2
    for letter in world.letters():
        page = html_of(letter)
        assert "<script" not in page
        assert "<img" not in page
        assert "javascript:" not in re.sub(r">[^<]*<", "><", page)
        assert letter["Bcc"] is None
        assert "\x1b" not in page + text_of(letter)
        assert "&lt;script&gt;" in page


async def test_a_mail_that_is_refused_for_good_is_given_up_and_seen(
    open_world, mail_server: StartMailbox
) -> None:
    mailbox = await mail_server()
    mailbox.answers["rcpt"] = ["550 5.1.1 <ada@example.com>: no such mailbox"]
    world = await open_world(SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}")
    ada = await world.person("Ada")
    await world.tell(ada, "email", await world.note(ada))
    await world.work()
    ((_, state, _, error, *_),) = await world.all_jobs()
    assert state == "failed"
    assert "5.1.1" in error
    assert "ada" not in error
    await world.work_later(2)
    assert mailbox.delivered == []


async def test_a_mail_that_is_refused_for_now_is_the_same_one_later(
    open_world, mail_server: StartMailbox
) -> None:
    mailbox = await mail_server()
    mailbox.answers["data"] = ["swallow", "451 4.3.0 later", "cut"]
    world = await open_world(SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}")
    ada = await world.person("Ada")
    job = await world.tell(ada, "email", await world.note(ada))
    for hours in (0, 2, 4, 6):
        await world.work_later(hours)
    assert [one.message["Message-ID"] for one in mailbox.delivered] == [
        f"<{job}.notify.email@localhost>"
    ] * 2
    assert await world.all_jobs() == []


async def test_a_mail_server_that_stays_away_is_given_up_after_a_day(open_world) -> None:
    world = await open_world(SMTP_URL="smtp://127.0.0.1:9")
    ada = await world.person("Ada")
    await world.tell(ada, "email", await world.note(ada))
    for hour in range(45):
        await world.work_later(hour * 2)
    ((_, state, _, error, attempts, _),) = await world.all_jobs()
    assert (state, attempts) == ("failed", 36)
    assert "SMTPConnectError" in error


async def test_from_a_commit_to_the_mailbox(world: World) -> None:
    ada, bob = await world.person("Ada"), await world.person("Bob")
    world.workspace = await world.services.workspaces.create(ada.id, "Engine")
    await world.services.workspaces.add(
        world.member(ada.id), "bob@example.com", "editor", context()
    )
    task = TaskCreate(title="Order the brass", assignee_id=bob.id)
    made = await world.services.tasks.create(world.member(ada.id), task, context())
    await world.follow()
    await world.work_later(1)
    (letter,) = [one for one in world.letters() if one["To"] == "bob@example.com"]
    assert f"{URL}/w/{world.workspace}/t/{made.number}" in text_of(letter)
    assert "Ada has made you editor" in text_of(letter)
    assert [one for one in world.letters() if one["To"] == "ada@example.com"] == []


def note(kind: str) -> Note:
    data = {"workspace": "Engine", "number": 1, "title": "T", "role": "editor", "report": "Week"}
    return Note("n", kind, "w", "t", None, data, "2026-11-22T09:00:00.000000Z", True, True)


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_kind_can_be_told_in_every_form(world: World, language: str) -> None:
    ada = await world.person("Ada", language=language)
    mails = world.services.channels.mails
    kinds = ["assigned", "unassigned", "mentioned", "commented", "completed", "due_soon", "overdue",
             "added", "role_changed", "webhook_disabled", "report_ready", "unheard_of"]  # fmt: skip
    for kind in kinds:
        letter = mails.letter(Bundle(ada, [note(kind)], (), kind, {}), "https://x.y/z")
        assert "Engine" in letter.subject
        assert text(letter)
        assert html(letter)
    letter = mails.letter(
        Bundle(ada, [note(kind) for kind in kinds], (), "several", {}), "https://x"
    )
    assert text(letter).count("\n- ") == len(kinds)
    assert isinstance(world.jobs, Jobs)


async def test_a_webhook_that_is_off_is_named_with_the_reason(world: World) -> None:
    ada = await world.person("Ada")
    data = {
        "workspace": "Engine",
        "webhook_id": "h-1",
        "excerpt": "The receiver answered 410 Gone.",
    }
    note = await world.note(ada, "webhook_disabled", task_id=None, data=data)
    await world.tell(ada, "email", note, kind="webhook_disabled")
    await world.work()
    (letter,) = world.letters()
    assert "The receiver answered 410 Gone." in text_of(letter)
    assert "/webhooks/h-1\n" in text_of(letter)


async def test_a_report_that_is_ready_leads_to_its_file(world: World) -> None:
    ada = await world.person("Ada")
    url = f"{URL}/api/v1/downloads?token=abc"
    note = await world.note(ada, "report_ready", task_id=None, data={"url": url, "report": "Week"})
    await world.tell(ada, "email", note, kind="report_ready")
    await world.work()
    (letter,) = world.letters()
    assert letter["Subject"] == 'The report "Week" of the workspace Engine is ready'
    assert url in text_of(letter)
    assert f'href="{url}"' in html_of(letter)
