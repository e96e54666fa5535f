"""Many tasks at once, and all of it taken back."""

import re

from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import Open, Site
from tests.services.steps import notice


def test_a_bulk_delete_is_undone(site: Site, opened: Open) -> None:
    person = site.person()
    titles = [f"Task {count}" for count in range(1, 7)]
    for title in titles:
        person.task(person.personal, title)
    before = person.tasks(person.personal, "sort=number")
    page = opened(person, f"/w/{person.personal}/list")
    for title in titles[:4]:
        page.get_by_role("checkbox", name=f"Select {title}").click()
    bulk = page.get_by_role("toolbar", name="Selected tasks")
    bulk.get_by_role("button", name="Delete").click()
    deleted = notice(page, "4 tasks deleted")
    rows = page.get_by_role("link", name=re.compile(r"^Task \d$"))
    expect(rows).to_have_count(2)
    wait_until(lambda: len(person.tasks(person.personal)) == 2, "four are deleted", 20)

    deleted.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(6)
    wait_until(lambda: len(person.tasks(person.personal)) == 6, "all are back", 20)
    kept = ("id", "number", "title", "position", "created_at", "created_by")
    after = person.tasks(person.personal, "sort=number")
    assert [[t[k] for k in kept] for t in after] == [[t[k] for k in kept] for t in before]
    page.reload()
    expect(rows).to_have_count(6)
