"""Who closes something is back where they were."""

from playwright.sync_api import expect
from tests.services.site import Open, Site, visit


def test_what_was_opened_gives_the_focus_back(site: Site, opened: Open) -> None:
    person = site.person()
    task = person.task(person.personal, "Paint the boats")
    comments = f"/workspaces/{person.personal}/tasks/{task['id']}/comments"
    person.call("POST", comments, {"body": "Blue?"})
    page = opened(person, f"/w/{person.personal}/list?task={task['number']}")
    panel = page.locator("[data-task-panel]")

    description = panel.get_by_role("region", name="Description")
    edit = description.get_by_role("button", name="Edit")
    for key in ("Control+Enter", "Escape"):
        edit.click()
        field = description.get_by_role("textbox", name="Description")
        expect(field).to_be_focused()
        field.press("End")
        page.keyboard.type("Blue. ")
        page.keyboard.press(key)
        expect(edit).to_be_focused()

    relations = panel.get_by_role("region", name="Relations")
    add = relations.get_by_role("button", name="Add")
    add.click()
    expect(relations.get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(relations.get_by_role("button", name="Choose")).to_be_focused()
    relations.get_by_role("button", name="Cancel").click()
    expect(add).to_be_focused()

    comment = panel.get_by_role("article")
    comment.get_by_role("button", name="Edit").click()
    expect(comment.get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(comment.get_by_role("button", name="Edit")).to_be_focused()

    visit(page, f"/w/{person.personal}/projects")
    new = page.get_by_role("button", name="New project")
    for key in ("Escape", "Enter"):
        new.first.click()
        name = page.get_by_role("dialog").get_by_role("textbox", name="Name")
        expect(name).to_be_focused()
        page.keyboard.type("Harbour")
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(new.first).to_be_focused()
