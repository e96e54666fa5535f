"""Many tasks: only what can be seen is drawn. Nothing here is timed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import Open, Person, Site

SHARED = Path(__file__).parents[4] / "shared" / "data"
JIRA = SHARED / "jira-duraspace.ndjson.xz"
MANY = 20_000
DRAWN = 120


def fill(person: Person, count: int) -> None:
    path = f"/workspaces/{person.personal}/tasks/batch"

    def batch(first: int) -> None:
        data = [{"title": f"Task {n}"} for n in range(first, first + 500)]
        operations = [{"op": "create", "data": one} for one in data]
        person.call("POST", path, {"operations": operations})

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(batch, range(1, count, 500)))


@pytest.mark.slow
def test_a_list_of_20000_draws_what_is_in_sight(site: Site, opened: Open) -> None:
    person = site.person()
    fill(person, MANY)
    page = opened(person, f"/w/{person.personal}/list?sort=number")
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", str(MANY + 1), timeout=60_000)
    rows = page.get_by_role("row")
    assert 10 < rows.count() < DRAWN
    page.locator("[data-cell=title]").first.focus()
    page.keyboard.press("Control+End")
    last = page.locator(f"[role=row][aria-rowindex='{MANY + 1}']")
    expect(last).to_be_in_viewport()
    expect(last.locator("[data-cell=title]")).to_be_focused()
    assert 10 < rows.count() < DRAWN
    grid.evaluate("(one) => one.scrollTo({ top: one.scrollHeight / 2 })")
    expect(page.locator(f"[role=row][aria-rowindex='{MANY // 2 + 10}']")).to_be_in_viewport()
    assert 10 < rows.count() < DRAWN


@pytest.mark.slow
@pytest.mark.skipif(not JIRA.exists(), reason="../shared/data is not beside the repository")
def test_a_real_import_is_a_board_of_3000_tasks(site: Site, opened: Open) -> None:
    person = site.person()
    workspace = person.workspace("DuraSpace")
    sent = person.client.post(
        f"/api/v1/workspaces/{workspace}/imports?format=jira&name={JIRA.name}",
        content=JIRA.read_bytes(),
        headers={"Content-Type": "application/x-xz"},
    )
    assert sent.is_success, sent.text
    path = f"/workspaces/{workspace}/imports/{sent.json()['id']}"
    wait_until(lambda: person.call("GET", path)["state"] == "done", "it is imported", 120)

    page = opened(person, f"/w/{workspace}/board")
    columns = page.locator("section[data-column]")
    counts = columns.locator("header span[aria-hidden]")
    expect(counts.first).to_be_visible(timeout=60_000)
    total = (
        "(all) => all.reduce((sum, one) => sum + Number(one.textContent.replace(/\\D/g, '')), 0)"
    )
    wait_until(lambda: counts.evaluate_all(total) == 3036, "3,036 tasks are there", 30)
    assert 10 < page.get_by_role("listitem").count() < DRAWN
    first = columns.first.locator("article a").first
    first.focus()
    page.keyboard.press("End")
    end = columns.first.locator(
        f"li[aria-posinset='{columns.first.locator('li').first.get_attribute('aria-setsize')}']"
    )
    expect(end).to_be_visible()
    assert 10 < page.get_by_role("listitem").count() < DRAWN
