"""Hands off the mouse."""

from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import Open, Site


def test_palette_sheet_and_quick_add_by_keyboard_alone(site: Site, opened: Open) -> None:
    person = site.person()
    person.task(person.personal, "Paint the boats")
    page = opened(person, "/my-tasks")
    page.locator("#page").get_by_role("heading").first.wait_for()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_be_focused()

    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    sheet.get_by_text("Command palette").wait_for()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)

    page.keyboard.press("Control+k")
    expect(page.get_by_role("textbox", name="Command palette")).to_be_focused()
    page.keyboard.type("boats")
    page.get_by_role("button", name="Paint the boats #").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Paint the boats")
    page.keyboard.press("Escape")
    expect(page.locator("[data-task-panel]")).to_have_count(0)

    page.keyboard.press("c")
    field = page.get_by_role("dialog").get_by_role("combobox", name="New task")
    expect(field).to_be_focused()
    page.keyboard.type("Tar the oars !high tomorrow")
    page.get_by_role("button", name="Priority: High").wait_for()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)

    def there() -> bool:
        found = person.tasks(person.personal, "priority=high")
        return [(one["title"], one["due_at"] is not None) for one in found] == [
            ("Tar the oars", True)
        ]

    wait_until(there, "it is at the server, as it was understood", 20)
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/board")


def test_the_list_by_keyboard_alone(site: Site, opened: Open) -> None:
    person = site.person()
    for title in ("One", "Two", "Three"):
        person.task(person.personal, title)
    page = opened(person, f"/w/{person.personal}/list")
    page.get_by_role("link", name="Three").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Two")).to_be_focused()
    page.keyboard.press("e")
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.type("Second")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Second")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="Select Second")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Second")

    def moved() -> bool:
        found = person.tasks(person.personal, "sort=position")
        return [one["title"] for one in found] == ["Second", "One", "Three"]

    wait_until(moved, "it is first at the server", 20)


def test_keys_pressed_in_the_panel_mean_no_row_behind_it(site: Site, opened: Open) -> None:
    person = site.person()
    person.task(person.personal, "One")
    number = person.task(person.personal, "Two")["number"]
    page = opened(person, f"/w/{person.personal}/list?task={number}")
    panel = page.locator("[data-task-panel]")
    page.get_by_role("link", name="One").wait_for()
    panel.get_by_role("combobox", name="Priority").focus()
    page.keyboard.press("e")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    page.get_by_role("listbox", name="Priority").wait_for()
    page.keyboard.type("urgec")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("combobox", name="Priority: Urgent")).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Select One")).not_to_be_checked()
    assert [one["title"] for one in person.tasks(person.personal, "sort=number")] == ["One", "Two"]
    page.keyboard.press("c")
    expect(page.get_by_role("dialog").get_by_role("combobox", name="New task")).to_be_focused()
