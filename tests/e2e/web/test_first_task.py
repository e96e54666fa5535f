"""From nothing to the first task, in the browser alone."""

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
