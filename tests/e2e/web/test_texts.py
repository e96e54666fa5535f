"""Titles as nobody expects them."""

from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import Open, Site
from tests.services.steps import add, listed, sent

WORDS = "a very long title "
TITLES = (
    "שלום, עולם \u2013 לצבוע את הסירות",
    "مرحبا \u202eevil\u202c بالعالم",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319algo a\u0301e\u0308",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪",
    "naïve ﬁ ﷽ \u4e2d\u6587 \U0001d54f",
)


def test_any_script_is_kept_as_it_was_typed(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(person, f"/w/{person.personal}/list")
    for title in TITLES:
        add(page, title)
    wait_until(lambda: len(person.tasks(person.personal)) == len(TITLES), "all are there", 20)
    assert tuple(one["title"] for one in person.tasks(person.personal, "sort=number")) == TITLES
    for title in TITLES:
        expect(listed(page, title)).to_have_attribute("dir", "auto")
    page.goto(f"/w/{person.personal}/board")
    for title in TITLES:
        expect(listed(page, title)).to_be_visible()


def test_a_title_of_65000_characters_is_shortened_and_nothing_of_it_is_lost(
    site: Site, opened: Open
) -> None:
    person = site.person()
    page = opened(person, f"/w/{person.personal}/list")
    text = (WORDS * 4000)[:65_000].strip()
    field = page.get_by_role("combobox", name="New task")
    field.fill(text)
    field.press("Enter")
    wait_until(lambda: len(person.tasks(person.personal)) == 1, "it is at the server", 30)
    (task,) = person.tasks(person.personal)
    whole = person.call("GET", f"/workspaces/{person.personal}/tasks/{task['id']}")
    assert len(whole["title"]) <= 200
    assert whole["title"].endswith("…")
    assert whole["description"] == text
    expect(listed(page, whole["title"])).to_be_visible()

    # Where a title is changed, too much is said and kept until it fits.
    sent(page, whole["title"]).click()
    panel = page.get_by_role("textbox", name="Title")
    panel.fill("b" * 65_000)
    panel.press("Enter")
    page.get_by_text("64800 characters too long").wait_for()
    expect(panel).to_have_value("b" * 65_000)
    panel.fill("It fits")
    panel.press("Enter")

    def renamed() -> bool:
        path = f"/workspaces/{person.personal}/tasks/{task['id']}"
        return bool(person.call("GET", path)["title"] == "It fits")

    wait_until(renamed, "the title that fits is at the server", 20)
