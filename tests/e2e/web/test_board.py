"""Cards over the board, by mouse and by keyboard."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import Open, Person, Site
from tests.services.steps import listed, notice

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def column(page: "Page", key: str) -> "Locator":
    return page.locator(f"section[data-column={key}]")


def board(site: Site, opened: Open) -> tuple[Person, str, "Page"]:
    person = site.person()
    for title in ("One", "Two", "Three"):
        person.task(person.personal, title)
    person.task(person.personal, "Under way", status="in_progress")
    page = opened(person, f"/w/{person.personal}/board")
    listed(column(page, "pending"), "Three")
    expect(column(page, "pending").get_by_role("listitem")).to_have_count(3)
    return person, person.personal, page


def at_the_server(person: Person, status: str) -> list[str]:
    found = person.tasks(person.personal, f"status={status}&sort=position")
    return [task["title"] for task in found]


def test_a_card_is_dragged_by_mouse(site: Site, opened: Open) -> None:
    person, _, page = board(site, opened)
    start = listed(page, "Three").bounding_box()
    target = listed(page, "Under way").bounding_box()
    assert start is not None
    assert target is not None
    page.mouse.move(start["x"] + 10, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 30, start["y"] + 15, steps=3)
    # The upper half of a card is the place before it.
    page.mouse.move(target["x"] + 30, target["y"] - 2, steps=10)
    expect(page.locator("[data-held]")).to_be_visible()
    page.mouse.up()
    moved = notice(page, "Three")
    expect(column(page, "in_progress").get_by_role("listitem")).to_have_count(2)
    expected = ["Three", "Under way"]
    wait_until(lambda: at_the_server(person, "in_progress") == expected, "it is moved", 20)

    moved.get_by_role("button", name="Undo").click()
    expect(column(page, "pending").get_by_role("listitem")).to_have_count(3)
    wait_until(
        lambda: at_the_server(person, "pending") == ["One", "Two", "Three"], "it is back", 20
    )


def test_a_card_is_dragged_by_keyboard(site: Site, opened: Open) -> None:
    person, _, page = board(site, opened)
    listed(page, "One").focus()
    page.keyboard.press("ArrowDown")
    expect(listed(page, "Two")).to_be_focused()
    page.keyboard.press(" ")
    said = page.locator("[aria-live=assertive]").filter(has_text="Picked up “Two”")
    said.wait_for()
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    expect(listed(page, "Two")).to_be_focused()
    wait_until(
        lambda: at_the_server(person, "pending") == ["Two", "One", "Three"], "it is first", 20
    )

    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(column(page, "in_progress").get_by_role("listitem")).to_have_count(2)
    expect(listed(page, "Two")).to_be_focused()
    wait_until(lambda: "Two" in at_the_server(person, "in_progress"), "it is moved", 20)
    page.reload()
    expect(listed(column(page, "in_progress"), "Two")).to_be_visible()


def test_a_card_is_typed_as_any_other_task(site: Site, opened: Open) -> None:
    person, workspace, page = board(site, opened)
    for name in ("Harbour", "Harvest"):
        person.call("POST", f"/workspaces/{workspace}/projects", {"name": name})
    page.reload()
    column(page, "in_progress").get_by_role("button", name="Add a task to").click()
    field = page.get_by_role("combobox", name="Add a task to")
    field.press_sequentially("Paint the crane !high #Har")
    # Over all that would cut it off, and where the pointer can reach it.
    option = page.get_by_role("option", name="Harbour")
    option.click()
    field.press("Enter")
    listed(column(page, "in_progress"), "Paint the crane")
    wait_until(
        lambda: at_the_server(person, "in_progress") == ["Under way", "Paint the crane"],
        "it is there", 20,
    )  # fmt: skip
    [task] = [one for one in person.tasks(workspace) if one["title"] == "Paint the crane"]
    assert task["priority"] == "high"
    assert task["project_id"] is not None
    expect(field).to_be_focused()
    field.press("Escape")
    expect(field).to_have_count(0)
