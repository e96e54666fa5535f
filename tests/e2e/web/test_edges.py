"""A newer server, a full browser, a wrong clock."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import Open, Site
from tests.services.steps import add

SERVICE_WORKERS = "allow"


def test_a_newer_server_is_told_and_nothing_is_reloaded_unasked(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(person, f"/w/{person.personal}/list")
    page.get_by_role("combobox", name="New task").fill("Half a thou")
    expect(page.get_by_text("There is a newer Tidework")).to_have_count(0)
    page.context.route("**/version.json", lambda route: route.fulfill(json={"build": "newer"}))
    page.evaluate("dispatchEvent(new Event('online'))")
    page.get_by_text("There is a newer Tidework").wait_for()
    expect(page.get_by_role("combobox", name="New task")).to_have_value("Half a thou")
    with page.expect_navigation():
        page.get_by_role("button", name="Reload").click()


def test_without_room_in_the_browser_it_goes_on_and_says_so(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(person, "/robots.txt")
    tools = page.context.new_cdp_session(page)
    tools.send("Storage.overrideQuotaForOrigin", {"origin": site.url, "quotaSize": 1})
    page.goto(f"/w/{person.personal}/list")
    add(page, "Without room")
    page.get_by_text("This browser has no more room").wait_for()
    wait_until(lambda: len(person.tasks(person.personal)) == 1, "it is at the server", 30)
    add(page, "And another")
    wait_until(lambda: len(person.tasks(person.personal)) == 2, "so is the next", 30)
    page.reload()
    page.get_by_text("And another").first.wait_for()


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_wrong_by_a_day_does_not_change_what_is_overdue(
    site: Site, opened: Open, days: int
) -> None:
    person = site.person()
    now = datetime.now(UTC)
    for title, hours in (("Two hours late", -2), ("In two hours", 2)):
        due = (now + timedelta(hours=hours)).isoformat()
        person.task(person.personal, title, due_at=due)
    page = opened(person, "/robots.txt")
    page.clock.set_system_time(now + timedelta(days=days))
    page.goto(f"/w/{person.personal}/list")
    late = page.get_by_role("row").filter(has_text="Two hours late")
    soon = page.get_by_role("row").filter(has_text="In two hours")
    expect(late.get_by_role("img", name="Overdue")).to_be_visible()
    expect(soon.get_by_role("img", name="Due", exact=True)).to_be_visible()
    expect(soon.get_by_role("img", name="Overdue")).to_have_count(0)
