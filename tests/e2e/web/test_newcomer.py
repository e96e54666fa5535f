"""What somebody meets who is new here, and takes the page at its word."""

import re

from playwright.sync_api import expect
from tests.services.site import Open, Site


def test_shift_and_enter_open_the_new_task_wherever_it_is_typed(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(person, "/my-tasks")
    title = page.get_by_role("textbox", name="Title")
    for path in ("/my-tasks", f"/w/{person.personal}/list"):
        page.goto(path)
        field = page.get_by_role("combobox", name="New task")
        field.fill("Tie up the boats")
        field.press("Shift+Enter")
        expect(title).to_have_value("Tie up the boats", timeout=20_000)
        expect(page).to_have_url(re.compile(rf"{path}\?task="))


def test_a_task_without_a_date_is_seen_among_ones_own(site: Site, opened: Open) -> None:
    page = opened(site.person(), "/my-tasks")
    field = page.get_by_role("combobox", name="New task")
    field.fill("buy milk")
    field.press("Enter")
    expect(page.get_by_role("link", name="buy milk")).to_be_visible()


def test_the_browser_draws_in_the_scheme_that_was_chosen(site: Site, opened: Open) -> None:
    person = site.person()
    for system, chosen in (("light", "dark"), ("dark", "light")):
        page = opened(person, "/settings/appearance", color_scheme=system)
        page.locator("#page").get_by_role("heading").first.wait_for()
        page.evaluate("value => localStorage.setItem('mantine-color-scheme-value', value)", chosen)
        page.reload()
        page.locator("#page").get_by_role("heading").first.wait_for()
        scheme = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
        assert scheme == chosen
