"""German is complete: no page says anything in English, or the name of a text."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect
from tests.services.site import Open, Site, visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOCALES = Path(__file__).parents[3] / "web" / "src" / "locales"
PAGES = (
    "/my-tasks", "/inbox", "/settings/profile", "/settings/password", "/settings/sessions",
    "/settings/tokens", "/settings/notifications", "/settings/appearance", "/admin/users",
    "/admin/statistics", "/admin/audit", "/admin/health", "/w/{}/list", "/w/{}/list?task=1",
    "/w/{}/board", "/w/{}/calendar", "/w/{}/timeline", "/w/{}/dashboard", "/w/{}/search?q=42",
    "/w/{}/projects", "/w/{}/labels", "/w/{}/members", "/w/{}/transfer", "/w/{}/settings",
)  # fmt: skip
SAID = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) found.push(walker.currentNode.data);
  for (const name of ["aria-label", "placeholder", "title", "alt"]) {
    for (const one of document.querySelectorAll(`[${name}]`)) found.push(one.getAttribute(name));
  }
  return found.map((text) => text.trim()).filter(Boolean);
}"""


def texts(language: str) -> dict[str, str]:
    """By key, as i18next would show it."""
    found: dict[str, str] = {}

    def walk(words: dict[str, Any], before: str) -> None:
        for key, value in words.items():
            if isinstance(value, str):
                found[before + key] = value
            else:
                walk(value, f"{before}{key}.")

    for file in sorted((LOCALES / language).glob("*.json")):
        walk(json.loads(file.read_text()), "")
    return found


def leftovers(page: "Page") -> list[str]:
    german, english = texts("de"), texts("en")
    said = set(page.evaluate(SAID)) - set(german.values())
    return sorted(said & (set(english.values()) | {key for key in english if "." in key}))


def test_every_page_is_german_for_who_wants_it(site: Site, opened: Open) -> None:
    person = site.person("Änne Öhler", language="de")
    workspace = person.workspace("Hafen")
    task = person.task(workspace, "42", due_at="2026-01-02T10:00:00Z", priority="high")
    path = f"/workspaces/{workspace}/tasks/{task['id']}/comments"
    person.call("POST", path, {"body": "43"})
    page = opened(person, "/settings/appearance")
    page.get_by_text("Deutsch", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("link", name="Meine Aufgaben").wait_for()
    found = {}
    for one in PAGES:
        visit(page, one.format(workspace))
        page.locator("#page").get_by_role("heading").first.wait_for(state="attached")
        expect(page.locator(".mantine-Skeleton-root")).to_have_count(0)
        if left := leftovers(page):
            found[one] = left
    assert found == {}
