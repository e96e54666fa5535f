"""What somebody may not do is not offered; and where it is done all the same, taken back in words."""

from playwright.sync_api import expect
from tests.services.site import Open, Site
from tests.services.steps import listed, opened_task, ready, team, waits

SERVICE_WORKERS = "allow"


def test_a_viewer_sees_everything_and_has_nothing_to_change_it_with(
    site: Site, opened: Open
) -> None:
    ada, ben, workspace = team(site, "viewer")
    task = ada.task(workspace, "Paint the boats", description="Blue.")
    ada.call("POST", f"/workspaces/{workspace}/projects", {"name": "Harbour"})
    ada.call("POST", f"/workspaces/{workspace}/labels", {"name": "wood"})
    page = opened(ben, f"/w/{workspace}/list?task={task['number']}")
    panel = page.locator("[data-task-panel]")
    panel.get_by_text("Blue.").wait_for()
    expect(panel.get_by_role("heading", name="Paint the boats")).to_be_visible()
    expect(panel.get_by_role("textbox")).to_have_count(0)
    for name in ("Edit", "More actions", "Comment", "Add a sub-task"):
        expect(panel.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("combobox", name="New task")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Select")).to_have_count(0)

    page.goto(f"/w/{workspace}/board")
    listed(page, "Paint the boats").focus()
    expect(page.get_by_role("button", name="Add a task to")).to_have_count(0)
    expect(page.get_by_role("button", name="Move or open")).to_have_count(0)
    for path, shown in (("projects", "Harbour"), ("labels", "wood"), ("members", "Ada Lovelace")):
        page.goto(f"/w/{workspace}/{path}")
        page.locator("#page").get_by_text(shown).first.wait_for()
        for name in ("New", "Edit", "Remove"):
            expect(page.locator("#page").get_by_role("button", name=name)).to_have_count(0)


def test_what_a_role_no_longer_allows_is_refused_and_taken_back_in_words(
    site: Site, opened: Open
) -> None:
    ada, ben, workspace = team(site, "editor")
    task = ada.task(workspace, "Paint the boats")
    page = opened(ben, f"/w/{workspace}/list")
    ready(page)
    field = opened_task(page, "Paint the boats")
    page.context.set_offline(True)
    field.fill("Sink the boats")
    field.press("Enter")
    waits(page, 1)
    ada.call("PATCH", f"/workspaces/{workspace}/members/{ben.id}", {"role": "viewer"})
    page.context.set_offline(False)
    refused = page.get_by_role("alert").filter(has_text="Your role does not allow this")
    refused.wait_for(timeout=60_000)
    expect(listed(page, "Paint the boats")).to_be_visible()
    expect(listed(page, "Sink the boats")).to_have_count(0)
    expect(page.get_by_role("combobox", name="New task")).to_have_count(0)
    waits(page, 0)
    path = f"/workspaces/{workspace}/tasks/{task['id']}"
    assert ada.call("GET", path)["title"] == "Paint the boats"
