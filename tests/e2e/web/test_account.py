"""What somebody does with their account, and what they are told."""

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import PASSWORD, PHONE, Open, Site, findings

if TYPE_CHECKING:
    from playwright.sync_api import Page


def sign_in(page: "Page", email: str, password: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_who_registers_has_the_browser_s_language_and_clock(site: Site, opened: Open) -> None:
    page = opened(path="/register", locale="de-DE", timezone_id="America/New_York")
    page.get_by_label("Name").fill("Grace <b>Hopper</b>")
    page.get_by_label("E-Mail-Adresse").fill("grace@example.com")
    page.get_by_label("Neues Passwort").fill("password")
    page.get_by_role("button", name="Konto anlegen").click()
    page.get_by_text("eines der häufigsten Passwörter").wait_for()
    page.get_by_label("Neues Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Konto anlegen").click()
    page.wait_for_url("**/my-tasks")
    page.goto("/settings/profile")
    page.get_by_text("America/New_York").or_(
        page.locator("input[value='America/New_York']")
    ).first.wait_for()
    assert page.evaluate("document.documentElement.lang") == "de"


def test_a_wrong_password_is_told_and_the_page_wanted_comes_after(site: Site, opened: Open) -> None:
    ada = site.person()
    page = opened(path="/settings/tokens")
    page.wait_for_url("**/login?next=*")
    sign_in(page, ada.email, "not this one at all")
    page.get_by_text("E-mail address or password is wrong").wait_for()
    sign_in(page, ada.email, PASSWORD)
    page.wait_for_url("**/settings/tokens")


def test_the_inbox_is_live_and_opens_the_task(site: Site, opened: Open) -> None:
    ada, ben = site.person("Ada Lovelace"), site.person("Ben Bitdiddle")
    workspace = ada.workspace("Engine")
    ada.call("POST", f"/workspaces/{workspace}/members", {"email": ben.email, "role": "editor"})
    page = opened(ben, "/inbox")
    page.get_by_role("heading", name="Inbox").wait_for()
    task = ada.task(workspace, "Order the <i>brass</i>", assignee_id=ben.id)
    link = page.get_by_role("link", name=re.compile(rf"#{task['number']} Order the <i>"))
    link.click()
    page.wait_for_url(f"**/inbox?task={workspace}*{task['number']}")

    def unread() -> list[Any]:
        told = ben.call("GET", "/notifications?unread=true")["items"]
        return [note for note in told if note["task_id"] == task["id"]]

    wait_until(lambda: not unread(), "what was opened is read")


def test_a_preference_is_kept(site: Site, opened: Open) -> None:
    ada = site.person()
    page = opened(ada, "/settings/notifications")
    email = page.get_by_label("Somebody comments on your task: E-mail")
    quiet = page.get_by_label("Quiet hours")
    # A box follows its click within a frame, which is later than `check` looks.
    email.click()
    expect(email).not_to_be_checked()
    quiet.click()
    expect(quiet).to_be_checked()

    def kept() -> bool:
        found = ada.call("GET", "/notifications/preferences")
        return not found["kinds"]["commented"]["email"] and found["quiet_hours"] is not None

    wait_until(kept, "the server has both")


def test_a_token_is_shown_once_and_removed(site: Site, opened: Open) -> None:
    ada = site.person()
    page = opened(ada, "/settings/tokens")
    page.get_by_label("What is it for?").fill("backup")
    page.get_by_role("button", name="Make token").click()
    secret = page.locator("code").inner_text()
    headers = {"Authorization": f"Bearer {secret}"}
    assert ada.call("GET", "/users/me", headers=headers)["id"] == ada.id
    page.reload()
    page.get_by_role("button", name="Remove: backup").click()
    assert page.get_by_text(secret).count() == 0
    page.get_by_role("button", name="Remove for good").click()
    page.get_by_text("No tokens yet").wait_for()


def test_other_sessions_end(site: Site, opened: Open) -> None:
    ada = site.person()
    other = opened(ada, "/my-tasks")
    page = opened(ada, "/settings/sessions")
    page.get_by_role("button", name=re.compile("^Sign out .*other")).click()
    page.get_by_text("sessions have ended").first.wait_for()
    other.goto("/settings/profile")
    other.get_by_text("Please sign in again").or_(
        other.get_by_role("button", name="Sign in")
    ).first.wait_for()


def test_the_pages_of_somebody_new_are_for_all(site: Site, opened: Open) -> None:
    page = opened(site.person(), "/inbox", viewport=PHONE)
    found = {}
    for path in ("/inbox", "/my-tasks", "/settings/sessions", "/settings/tokens"):
        page.goto(path)
        page.locator("main h1").wait_for()
        expect(page.locator(".mantine-Skeleton-root, [aria-busy=true]")).to_have_count(0)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            theme = page.locator("html")
            expect(theme).to_have_attribute("data-mantine-color-scheme", scheme)
            found[path, scheme] = findings(page, only_colours=scheme == "dark")
    assert not {where: said for where, said in found.items() if said}
