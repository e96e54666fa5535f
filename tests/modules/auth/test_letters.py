"""The letters of auth, and addresses that are confirmed, on both stores."""

import email
import email.policy
import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from tests.modules.users.harness import PASSWORD, PUBLIC_URL, World, context

from tidework.auth.queries import CONFIRMATIONS
from tidework.auth.service import Registration
from tidework.errors import Conflict, Invalid, TooManyRequests
from tidework.log import Operation
from tidework.store.sql.schema import jobs as job_table
from tidework.store.sql.statement import Statement
from tidework.users.api import Account

JOBS = Statement(
    "all_jobs",
    select(job_table.c.stream_id, job_table.c.args, job_table.c.state),
    fan_out="a test looks at all jobs",
)


async def letters(world: World) -> list[EmailMessage]:
    """Every mail so far, once the jobs are done."""
    await world.jobs.run_due()
    found = []
    for path in sorted((world.folder / "mail").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found.append(message)
    return found


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


async def token(world: World) -> str:
    """The token of the last mail that confirms an address."""
    texts = [text_of(one) for one in await letters(world)]
    found = [one for text in texts for one in re.findall(r"/confirm-email#token=(\S+)", text)]
    return found[-1]


async def account(world: World, known: Account) -> Account:
    found = await world.users.get(known.id)
    assert found is not None
    return found


# --- what they say -----------------------------------------------------------------------------


async def test_who_registers_is_welcomed(world: World) -> None:
    await world.person("Ada")
    (letter,) = await letters(world)
    assert str(letter["To"]) == "ada@example.com"
    assert letter["Subject"] == "Welcome to Tidework"
    assert letter["List-Unsubscribe"] is None
    said = text_of(letter)
    assert said.startswith("Hello Ada,\n")
    assert f"{PUBLIC_URL}/confirm-email#token=twc_" in said
    assert f"POST\n{PUBLIC_URL}/api/v1/auth/email/confirm" in said.replace(" ", "\n")


async def test_letters_are_in_the_language_of_their_reader(world: World) -> None:
    ada, _ = await world.person("Ada")
    await world.users.update(ada.id, {"language": "de"}, context())
    await letters(world)
    await world.resets.forgot("ada@example.com", "192.0.2.1")
    letter = (await letters(world))[-1]
    assert letter["Subject"] == "Neues Passwort für Tidework"
    assert "innerhalb von 60 Minuten" in text_of(letter).replace("\n", " ")
    assert letter["Content-Language"] == "de"


async def test_a_name_is_no_markup_and_no_link(world: World) -> None:
    await world.users.ensure_placeholder("X", "zoe@example.com")
    await world.resets.invite(
        "zoe@example.com", "<b>Eve</b> https://evil.example/x", "win.example/now <script>"
    )
    (letter,) = await letters(world)
    html = letter.get_body(("html",))
    assert html is not None
    page = str(html.get_content())
    assert "<b>" not in page
    assert "<script" not in page
    for text in (page, text_of(letter)):
        assert "evil.example" not in text
        assert "win.example" not in text
        assert "win.\u200bexample" in text


async def test_a_repeated_letter_bears_the_same_link(world: World) -> None:
    ada, _ = await world.person("Ada")
    world.resets._secret_of = lambda purpose: f"{hash(purpose):043x}"[-43:]
    first = await world.resets.link(ada.id, 60, "job")
    assert await world.resets.link(ada.id, 60, "job") == first
    assert await world.resets.link(ada.id, 60, "other") != first


# --- what jobs hold ----------------------------------------------------------------------------


async def test_jobs_hold_no_secret_and_leave_nothing(world: World) -> None:
    await world.person("Ada")
    await world.resets.forgot("ada@example.com", "192.0.2.1")
    await world.resets.forgot("nobody@example.com", "192.0.2.1")
    await world.resets.invite("new@example.com", "Ada", "Apollo")
    rows = await world.store.fetch(JOBS, {})
    assert len(rows) == 4
    assert "tws_" not in str(rows) and "twc_" not in str(rows)  # noqa: PT018
    assert len(await letters(world)) == 3
    assert await world.store.fetch(JOBS, {}) == []


async def test_forgetting_writes_the_same_for_every_address(world: World) -> None:
    await world.person("Ada")
    await letters(world)
    for n, address in enumerate(["ada@example.com", "nobody@example.com", "nonsense"]):
        await world.resets.forgot(address, f"192.0.2.{n}")
    rows = await world.store.fetch(JOBS, {})
    assert len(rows) == len({row[0] for row in rows}) == 3
    assert {frozenset(row[1]) for row in rows} == {frozenset({"letter", "at", "email"})}
    # Nor do they say whose the address is: none is on an account's stream.
    seqs = await world.store.seqs([row[0] for row in rows])
    assert seqs == {}


async def test_a_link_to_set_a_password_does_not_come_after_its_time(world: World) -> None:
    await world.person("Ada")
    await letters(world)
    await world.resets.forgot("ada@example.com", "192.0.2.1")
    ((stream, args, _),) = await world.store.fetch(JOBS, {})
    old = {**args, "at": "2020-01-01T00:00:00.000000Z"}
    await world.store.operate([Operation("jobs", "update", {"stream_id": stream}, {"args": old})])
    assert len(await letters(world)) == 1
    assert await world.store.fetch(JOBS, {}) == []


# --- addresses that are confirmed --------------------------------------------------------------


async def test_an_address_is_confirmed_by_its_link(world: World) -> None:
    ada, _ = await world.person("Ada")
    assert ada.email_confirmed_at is None
    link = await token(world)
    await world.confirmations.confirm(link, context())
    confirmed = (await account(world, ada)).email_confirmed_at
    assert confirmed is not None
    # Once more, such as by a second click, is as good.
    await world.confirmations.confirm(link, context())
    assert (await account(world, ada)).email_confirmed_at == confirmed
    await world.check_log(ada.id)


@pytest.mark.parametrize(
    "link", ["", "nonsense", "twc_AZPFpk8QfD6dUj8aeyxNXg." + "A" * 43, "tws_x", "twc_" + "A" * 500]
)
async def test_another_link_confirms_nothing(world: World, link: str) -> None:
    await world.person("Ada")
    with pytest.raises(Invalid):
        await world.confirmations.confirm(link, context())


async def test_a_link_of_one_kind_is_none_of_the_other(world: World) -> None:
    await world.person("Ada")
    link = await token(world)
    with pytest.raises(Invalid):
        await world.auth.reset_password(link.replace("twc_", "tws_"), PASSWORD, context())
    await world.resets.forgot("ada@example.com", "192.0.2.1")
    reset = await world.mailed_token("ada@example.com")
    with pytest.raises(Invalid):
        await world.confirmations.confirm(reset.replace("tws_", "twc_"), context())


async def test_another_address_is_not_confirmed_and_the_old_one_is_told(world: World) -> None:
    ada, _ = await world.person("Ada")
    link = await token(world)
    await world.confirmations.confirm(link, context())
    before = len(await letters(world))
    await world.users.update(ada.id, {"email": "ada@example.net"}, context())
    assert (await account(world, ada)).email_confirmed_at is None
    with pytest.raises(Invalid):
        await world.confirmations.confirm(link, context())
    new = {str(one["To"]): one for one in (await letters(world))[before:]}
    assert set(new) == {"ada@example.com", "ada@example.net"}
    assert "ada@example.net" not in text_of(new["ada@example.com"])
    await world.confirmations.confirm(await token(world), context())
    assert (await account(world, ada)).email_confirmed_at is not None
    await world.check_log(ada.id)


async def test_another_spelling_stays_confirmed(world: World) -> None:
    ada, _ = await world.person("Ada")
    await world.confirmations.confirm(await token(world), context())
    before = len(await letters(world))
    await world.users.update(ada.id, {"email": "ADA@example.com"}, context())
    assert (await account(world, ada)).email_confirmed_at is not None
    assert len(await letters(world)) == before


async def test_a_link_for_the_old_address_does_not_confirm_the_new_one(world: World) -> None:
    ada, _ = await world.person("Ada")
    link = await token(world)
    rows = await world.store.fetch(CONFIRMATIONS, {"user_id": ada.id})
    await world.users.update(ada.id, {"email": "ada@example.net"}, context())
    # As if the change had not reached the row: the address in it decides as well.
    key = {"stream_id": ada.id, "digest": rows[0][0]}
    values = {"email": "ada@example.com", "expires_at": "2099-01-01T00:00:00.000000Z"}
    await world.store.operate([Operation("email_confirmations", "insert", key, values)])
    with pytest.raises(Invalid):
        await world.confirmations.confirm(link, context())


async def test_an_invitation_that_is_accepted_has_confirmed_the_address(world: World) -> None:
    await world.person("Ada")
    await world.resets.invite("bob@example.com", "Ada", "Apollo")
    link = await world.mailed_token("bob@example.com")
    bob, _, _ = await world.auth.register("bob@example.com", PASSWORD, "Bob", link, context())
    assert bob.email_confirmed_at is not None
    await world.check_log(bob.id)


async def test_another_link_can_be_asked_for_but_not_for_ever(world: World) -> None:
    _, pair = await world.person("Ada")
    principal = await world.principal(pair.access_token)
    for _ in range(5):
        await world.confirmations.resend(principal, context())
    with pytest.raises(TooManyRequests):
        await world.confirmations.resend(principal, context())
    link = await token(world)
    await world.confirmations.confirm(link, context())
    with pytest.raises(Conflict) as refused:
        await world.confirmations.resend(principal, context())
    assert refused.value.code == "email_confirmed"


async def test_who_does_not_confirm_can_do_all_the_same(
    compose_world: Callable[[Registration], World],
) -> None:
    world = compose_world("open")
    ada, _ = await world.person("Ada")
    await world.auth.log_in("ada@example.com", PASSWORD, context())
    assert await world.workspaces.create(ada.id, "Apollo")
