"""Every page for everybody: axe, both themes, desktop and phone, right to left, paper."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.services.site import DESKTOP, PHONE, Open, Person, Site, findings, signed_in, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OUTSIDE = (
    "/login", "/register", "/forgot-password", "/reset-password", "/confirm-email",
    "/accept-invitation", "/no/such/page",
)  # fmt: skip
OWN = (
    "/my-tasks", "/inbox", "/settings/profile", "/settings/password", "/settings/sessions",
    "/settings/tokens", "/settings/notifications", "/settings/appearance", "/admin/users",
    "/admin/statistics", "/admin/audit", "/admin/health",
)  # fmt: skip
OF_WORKSPACE = (
    "list", "list?group=status", "list?status=cancelled", "board", "board?by=label", "calendar",
    "timeline", "dashboard", "search?q=boats", "t/1", "projects", "labels", "members", "transfer",
    "settings", "list?task=1",
)  # fmt: skip
SIGNED_IN = (*OWN, *(f"/w/{{}}/{path}" for path in OF_WORKSPACE))
TOO_WIDE = """() => [...document.querySelectorAll("#page, body")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.id || one.tagName}: ${one.scrollWidth} > ${one.clientWidth}`)"""


@pytest.fixture(scope="module")
def harbour(site: Site) -> tuple[Person, str]:
    """An administrator, and a workspace with some of everything."""
    ada, ben = site.person("Ada Lovelace"), site.person("Ben Bitdiddle")
    workspace = ada.workspace("Harbour")
    base = f"/workspaces/{workspace}"
    for person, role in ((ben, "editor"), (site.person("Cy Clone"), "viewer")):
        ada.call("POST", f"{base}/members", {"email": person.email, "role": role})
    body = {"name": "Boats", "color": "#1971c2", "description": "All that floats."}
    project = ada.call("POST", f"{base}/projects", body)["id"]
    labels = [
        ada.call("POST", f"{base}/labels", {"name": name, "color": colour})["id"]
        for name, colour in (("wood", "#d9480f"), ("paint", "#5f3dc4"), ("tar", None))
    ]
    first = ada.task(
        workspace, "Paint the boats", description="# Blue\n\n- [x] oars\n- [ ] hulls\n\n`tar`",
        project_id=project, label_ids=labels, assignee_id=ben.id, due_at="2026-01-02T10:00:00Z",
        priority="urgent",
    )  # fmt: skip
    for count, status in enumerate(("in_progress", "completed", "cancelled", "pending") * 2):
        due = f"2030-01-{count + 1:02}T10:00:00Z"
        ada.task(workspace, f"Task {status} {count}", status=status, due_at=due,
                 label_ids=labels[:1], assignee_id=ada.id)  # fmt: skip
    ada.task(workspace, "A long one " + "without end " * 12, parent_id=first["id"])
    said = {"body": "Are the **oars** in?\n\n> yes"}
    ben.call("POST", f"{base}/tasks/{first['id']}/comments", said)
    ben.call("PATCH", f"{base}/tasks/{first['id']}", {"assignee_id": ada.id})
    return ada, workspace


@pytest.fixture(scope="module")
def page(site: Site, chromium: "Browser", harbour: tuple[Person, str]) -> "Iterator[Page]":
    """One browser for all these pages: they only look."""
    context = chromium.new_context(
        storage_state=signed_in(site, harbour[0]), base_url=site.url, viewport=DESKTOP,
        locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(20_000)
    page = context.new_page()
    yield page
    context.close()


def there(page: "Page") -> None:
    """Whatever was loading has come."""
    page.get_by_role("heading").first.wait_for(state="attached")
    expect(page.locator(".mantine-Skeleton-root, [aria-busy=true]")).to_have_count(
        0, timeout=20_000
    )


# A menu lies at the end of the document, so that nothing cuts it off: in no landmark, as a dialogue
# is, for which axe makes an exception.
MENU = "region: <div data-portal"


def fine(page: "Page", sizes: Any = (DESKTOP, PHONE)) -> None:
    """Axe finds nothing, and nothing is too wide, in all sizes, and in the first one in both themes.

    A theme is colours: of the dark one only those are looked at, and what only a phone has is dark in
    `test_a_phone_s_navigation_has_no_findings`.
    """
    found = []
    for size in sizes:
        page.set_viewport_size(size)
        for theme in ("dark", "light") if size == sizes[0] else ("light",):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", theme)
            there(page)
            found += [
                f"{size['width']} {theme}: {line}"
                for line in findings(page, only_colours=theme == "dark")
                if not line.startswith(MENU)
            ]
        for way in ("rtl", "ltr"):
            page.evaluate("(way) => { document.documentElement.dir = way; }", way)
            found += [f"{size['width']} {way} wide: {line}" for line in page.evaluate(TOO_WIDE)]
    page.set_viewport_size(DESKTOP)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_page_outside_has_no_findings(opened: Open, path: str) -> None:
    page = opened(path=path, reduced_motion="reduce")
    fine(page)


@pytest.mark.parametrize("path", SIGNED_IN)
def test_a_page_has_no_findings(page: "Page", harbour: tuple[Person, str], path: str) -> None:
    visit(page, path.format(harbour[1]))
    there(page)
    fine(page)


def test_each_page_has_a_name(page: "Page", harbour: tuple[Person, str]) -> None:
    names = {}
    for path in dict.fromkeys(path.partition("?")[0] for path in SIGNED_IN):
        visit(page, path.format(harbour[1]))
        names[path] = page.title()
        assert ("Harbour" in names[path]) == path.startswith("/w/"), path
    assert len(set(names.values())) == len(names)
    assert names["/w/{}/board"] == "Board · Harbour · Tidework"
    assert names["/w/{}/t/1"] == "#1 Paint the boats · Harbour · Tidework"
    # Also where nobody has come from another one.
    page.goto(f"/w/{harbour[1]}/dashboard")
    expect(page).to_have_title("Dashboard · Harbour · Tidework")


ELSEWHERE = {
    "a card": ("board", lambda page: page.get_by_role("button", name="Move or open").first.click()),
    "a day": (
        "calendar?day=2030-01-01",
        lambda page: page.get_by_role("button", name="Add a task on").first.click(),
    ),
    "another day": (
        "calendar?day=2030-01-01",
        lambda page: page.get_by_role("button", name="to another day").first.click(),
    ),
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_opens_over_board_and_calendar_has_no_findings(
    page: "Page", harbour: tuple[Person, str], what: str
) -> None:
    path, open_it = ELSEWHERE[what]
    page.goto(f"/w/{harbour[1]}/{path}")
    there(page)
    open_it(page)
    page.locator("[role=dialog], [role=menu]").first.wait_for()
    fine(page, (DESKTOP,))


OPENINGS = {
    "palette": lambda page: page.keyboard.press("Control+k"),
    "shortcuts": lambda page: page.keyboard.press("?"),
    "quick add": lambda page: page.keyboard.press("c"),
    "account": lambda page: page.get_by_role("button", name="Account of").click(),
    "view": lambda page: page.get_by_role("button", name="View").click(),
    "a cell": lambda page: page.locator("button[data-cell=status]").first.click(),
    "a day": lambda page: page.locator("button[data-cell=due]").first.click(),
    "selection": lambda page: page.locator("input[data-cell=select]").first.click(),
}


@pytest.mark.parametrize("what", OPENINGS)
def test_what_opens_over_a_page_has_no_findings(
    page: "Page", harbour: tuple[Person, str], what: str
) -> None:
    page.goto(f"/w/{harbour[1]}/list")
    there(page)
    page.get_by_role("link", name="Paint the boats").wait_for()
    OPENINGS[what](page)
    opened = page.locator("[role=dialog], [role=menu], [role=toolbar][aria-label='Selected tasks']")
    opened.first.wait_for()
    fine(page, (DESKTOP,))


FORMS = {"projects": "New project", "labels": "New label"}


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_has_no_findings(page: "Page", harbour: tuple[Person, str], kind: str) -> None:
    page.goto(f"/w/{harbour[1]}/{kind}")
    page.get_by_role("button", name=FORMS[kind]).click()
    page.get_by_role("dialog").wait_for()
    fine(page)


def test_a_phone_s_navigation_has_no_findings(page: "Page", harbour: tuple[Person, str]) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"/w/{harbour[1]}/list")
    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("dialog").get_by_role("link", name="Board", exact=True).wait_for()
    fine(page, (PHONE,))


@pytest.mark.parametrize("path", ["list", "board", "t/1"])
def test_on_paper_there_is_the_page_and_nothing_around_it(
    page: "Page", harbour: tuple[Person, str], path: str
) -> None:
    page.goto(f"/w/{harbour[1]}/{path}")
    task = page.get_by_text("Paint the boats").locator("visible=true").first
    task.wait_for()
    page.emulate_media(media="print")
    expect(task).to_be_visible()
    for around in (page.get_by_role("banner"), page.get_by_role("navigation")):
        expect(around).not_to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Add a task"))).to_have_count(0)
    page.emulate_media(media="screen")
