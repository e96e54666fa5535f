"""Two people on the same tasks: live, merging, asking where both have changed the same."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import Open, Person, Site, findings
from tests.services.steps import listed, opened_task, ready, rename, team, waits

if TYPE_CHECKING:
    from playwright.sync_api import Page

SERVICE_WORKERS = "allow"


def test_each_sees_what_the_other_does(site: Site, opened: Open) -> None:
    ada, ben, workspace = team(site)
    ada.task(workspace, "Paint the boats")
    one, two = opened(ada, f"/w/{workspace}/list"), opened(ben, f"/w/{workspace}/board")
    listed(two, "Paint the boats").wait_for()
    rename(one, "Paint the boats", "Paint the oars")
    listed(two, "Paint the oars").wait_for()
    expect(listed(two, "Paint the boats")).to_have_count(0)
    rename(two, "Paint the oars", "Sell the oars")
    listed(one, "Sell the oars").wait_for()


def test_different_fields_of_a_task_merge(site: Site, opened: Open) -> None:
    ada, ben, workspace = team(site)
    task = ada.task(workspace, "Paint the boats")
    page = opened(ada, f"/w/{workspace}/list")
    ready(page)
    field = opened_task(page, "Paint the boats")
    page.context.set_offline(True)
    field.fill("Paint the oars")
    field.press("Enter")
    waits(page, 1)
    path = f"/workspaces/{workspace}/tasks/{task['id']}"
    ben.call("PATCH", path, {"priority": "urgent"})
    page.context.set_offline(False)

    def merged() -> bool:
        now = ada.call("GET", path)
        return (now["title"], now["priority"]) == ("Paint the oars", "urgent")

    wait_until(merged, "both changes are there", 60)


def conflict(site: Site, opened: Open) -> tuple[Person, str, "Page"]:
    """Ada has another title than Ben by now, and is asked which one is to stay."""
    ada, ben, workspace = team(site)
    task = ada.task(workspace, "Paint the boats")
    page = opened(ada, f"/w/{workspace}/list")
    ready(page)
    field = opened_task(page, "Paint the boats")
    page.context.set_offline(True)
    field.fill("Paint the oars")
    field.press("Enter")
    waits(page, 1)
    path = f"/workspaces/{workspace}/tasks/{task['id']}"
    ben.call("PATCH", path, {"title": "Sell the boats"})
    page.context.set_offline(False)
    page.get_by_role("button", name="Decide").click(timeout=60_000)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("radio", name="Keep mine Paint the oars")).to_be_visible()
    expect(dialog.get_by_role("radio", name="Keep theirs Sell the boats")).to_be_visible()
    assert findings(page) == []
    assert ada.call("GET", path)["title"] == "Sell the boats"
    return ada, path, page


def test_the_same_field_asks_and_mine_is_kept(site: Site, opened: Open) -> None:
    ada, path, page = conflict(site, opened)
    page.get_by_role("radio", name="Keep mine").check()
    page.get_by_role("button", name="Save the choice").click()
    wait_until(lambda: ada.call("GET", path)["title"] == "Paint the oars", "mine is there", 30)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_same_field_asks_and_theirs_is_kept(site: Site, opened: Open) -> None:
    ada, path, page = conflict(site, opened)
    page.get_by_role("radio", name="Keep theirs").check()
    page.get_by_role("button", name="Save the choice").click()
    listed(page, "Sell the boats").wait_for()
    waits(page, 0)
    assert ada.call("GET", path)["title"] == "Sell the boats"
