"""What people do in the web app, a step at a time."""

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.services.site import Person, Site

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def team(site: Site, role: str = "editor") -> tuple[Person, Person, str]:
    """An owner, somebody else in that role, and the workspace of the two."""
    ada, ben = site.person("Ada Lovelace"), site.person("Ben Bitdiddle")
    workspace = ada.workspace()
    ada.call("POST", f"/workspaces/{workspace}/members", {"email": ben.email, "role": role})
    return ada, ben, workspace


def ready(page: "Page") -> None:
    """The page is there, and so is what it needs without a network."""
    page.get_by_role("combobox", name="task").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("localStorage.getItem('tidework.kept') !== null")


def add(page: "Page", title: str) -> None:
    """A task by quick add, on a page that shows it then."""
    field = page.get_by_role("combobox", name="task")
    field.fill(title)
    field.press("Enter")
    page.get_by_text(title, exact=True).first.wait_for()


def listed(page: "Page | Locator", title: str) -> "Locator":
    """The link of a task, in the list or on the board."""
    return page.get_by_role("link", name=title, exact=True)


def sent(page: "Page", title: str) -> "Locator":
    """The link of a task, once the server has given it a number."""
    link = listed(page, title)
    expect(link).to_have_attribute("href", re.compile(r"/[1-9]\d*$"))
    return link


def opened_task(page: "Page", title: str) -> "Locator":
    """The field of the title in the panel, which is opened."""
    sent(page, title).click()
    field = page.get_by_role("textbox", name="Title")
    expect(field).to_have_value(title)
    return field


def rename(page: "Page", title: str, to: str) -> None:
    """In the task's panel."""
    field = opened_task(page, title)
    field.fill(to)
    field.press("Enter")


def notice(page: "Page", text: str) -> "Locator":
    """A notice that says this; it stays while the mouse is over it."""
    found = page.locator(".mantine-Notification-root").filter(has_text=text)
    found.hover()
    return found


def waits(page: "Page", count: int) -> None:
    """Exactly so many changes are kept in the browser, to be sent."""
    page.wait_for_function(
        """async (count) => {
          const found = (await indexedDB.databases()).filter((d) => d.name.startsWith("tide"));
          const db = await new Promise((ok) => {
            const asked = indexedDB.open(found[0].name);
            asked.onsuccess = () => ok(asked.result);
          });
          const kept = await new Promise((ok) => {
            const asked = db.transaction("outbox").objectStore("outbox").getAll();
            asked.onsuccess = () => ok(asked.result);
          });
          db.close();
          return kept.filter(({ state }) => state === "waiting").length === count;
        }""",
        arg=count,
    )
