"""From nothing to the first task, in the browser alone."""

from playwright.sync_api import Route, expect
from tests.services.site import PASSWORD, Open, Site

SERVICE_WORKERS = "allow"


def test_somebody_registers_and_has_a_first_task(site: Site, opened: Open) -> None:
    page = opened(path="/")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name", exact=True).fill("Grace Hopper")
    page.get_by_label("E-mail address").fill("grace@example.com")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/my-tasks")

    page.get_by_role("link", name="Board", exact=True).wait_for()
    page.keyboard.press("c")
    page.get_by_role("dialog").get_by_role("combobox").last.wait_for()
    page.keyboard.type("Tie up the boats")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="List").click()
    page.get_by_text("Tie up the boats").wait_for()

    page.reload()
    page.get_by_text("Tie up the boats").wait_for()
    assert page.context.cookies()[0]["httpOnly"]


def test_one_may_sign_in_before_the_code_is_there(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(path="/icon.svg")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    # All that draws; what listens until then is small, and comes.
    page.route("**/assets/react-*.js", hold)
    page.goto(f"{site.url}/login", wait_until="commit")
    page.get_by_role("heading", name="Sign in").wait_for()
    expect(page.locator("html[data-mantine-color-scheme]")).to_have_count(1)
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("main")).to_have_count(0)
    assert "password" not in page.url
    for route in held:
        route.continue_()
    page.wait_for_url("**/my-tasks")
    page.get_by_role("heading", name="My tasks").wait_for()
