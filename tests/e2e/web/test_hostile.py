"""Texts that would like to be more than texts, in every field that takes one."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import Open, Person, Site, visit
from tests.services.steps import listed, sent

if TYPE_CHECKING:
    from playwright.sync_api import Page

SERVICE_WORKERS = "allow"

ELSEWHERE = "http://elsewhere.example"
SCRIPT = "<script>alert(1)</script>"
PICTURE = f"<img src={ELSEWHERE}/i.png onerror=alert(2)>"
TEXT = f"""{SCRIPT}
{PICTURE}
<iframe src="{ELSEWHERE}/frame"></iframe>
<a href="javascript:alert(3)" onclick="alert(3)">raw</a>

[a link](javascript:alert(4)) and [another](data:text/html,<script>alert(5)</script>)
and <javascript:alert(6)> and ![elsewhere]({ELSEWHERE}/pixel.png)
and ![bad](javascript:alert(7)) and [mark](vbscript:alert(8))
"""
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => window.violations.push(event.blockedURI));
window.alert = (text) => { window.violations.push("alert " + text); };
"""
PAGES = (
    "list", "board", "board?by=label", "board?by=project", "board?by=assignee", "calendar",
    "timeline", "dashboard", "search?q=script", "projects", "labels", "members", "transfer",
    "settings",
)  # fmt: skip


def harbour(site: Site) -> tuple[Person, str, dict[str, Any]]:
    """A workspace where everything is called something bad."""
    ada = site.person(f"Ada {SCRIPT}")
    eve = site.person(f"Eve {PICTURE}")
    workspace = ada.workspace(f"Harbour {SCRIPT}")
    base = f"/workspaces/{workspace}"
    ada.call("POST", f"{base}/members", {"email": eve.email, "role": "editor"})
    body = {"name": f"P {PICTURE}", "description": TEXT}
    project = ada.call("POST", f"{base}/projects", body)
    label = ada.call("POST", f"{base}/labels", {"name": f"L {SCRIPT}"})
    task = ada.task(
        workspace, f"T {SCRIPT} {PICTURE}", description=TEXT, project_id=project["id"],
        label_ids=[label["id"]], assignee_id=eve.id, due_at="2026-11-22T12:00:00Z",
    )  # fmt: skip
    eve.call("POST", f"{base}/tasks/{task['id']}/comments", {"body": TEXT})
    ada.call("PATCH", f"{base}/tasks/{task['id']}", {"title": f"T2 {SCRIPT} {PICTURE}"})
    return ada, workspace, task


def watched(page: "Page", asked: list[str]) -> None:
    """From now on: what is asked for elsewhere, and what the policy forbids."""
    own = urlsplit(page.url).netloc
    page.context.add_init_script(WATCH)
    page.context.on(
        "request",
        lambda request: (
            asked.append(request.url) if urlsplit(request.url).netloc not in ("", own) else None
        ),
    )
    page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))


def nothing_happened(page: "Page", asked: list[str]) -> None:
    assert asked == []
    assert page.evaluate("window.violations") == []
    assert page.locator("#page script, #page iframe, [onerror], [onclick]").count() == 0
    links = page.locator("a[href]").evaluate_all("all => all.map((a) => a.protocol)")
    assert set(links) <= {"http:", "https:", "mailto:"}


def test_what_others_have_written_stays_a_text_on_every_page(site: Site, opened: Open) -> None:
    ada, workspace, task = harbour(site)
    page = opened(ada, "/robots.txt")
    asked: list[str] = []
    watched(page, asked)
    page.goto("/settings/sessions")
    for path in PAGES:
        visit(page, f"/w/{workspace}/{path}")
        page.locator("#page").get_by_role("heading").first.wait_for(state="attached")
        page.get_by_text("<script>").or_(page.get_by_text("<img")).first.wait_for(state="attached")
        nothing_happened(page, asked)
    for path in ("/my-tasks", "/inbox", "/settings/profile", "/admin/users"):
        visit(page, path)
        page.locator("#page").get_by_role("heading").first.wait_for(state="attached")
        nothing_happened(page, asked)

    page.goto(f"/w/{workspace}/list?task={task['number']}")
    panel = page.locator("[data-task-panel]")
    expect(panel.get_by_role("button", name="Show image")).to_have_count(2)
    panel.get_by_role("tab", name="History").click()
    panel.get_by_text(SCRIPT).first.wait_for()
    nothing_happened(page, asked)

    # Only when somebody wants it.
    panel.get_by_role("button", name="Show image").first.click()
    wait_until(lambda: asked == [f"{ELSEWHERE}/pixel.png"], "it is asked for", 20)


def test_what_one_types_oneself_stays_a_text(site: Site, opened: Open) -> None:
    person = site.person()
    workspace = person.workspace()
    page = opened(person, "/robots.txt")
    asked: list[str] = []
    watched(page, asked)
    page.goto(f"/w/{workspace}/list")
    field = page.get_by_role("combobox", name="New task")
    title = f"{SCRIPT} {PICTURE} javascript:alert(1)"
    field.fill(title)
    field.press("Enter")
    sent(page, title).click()
    panel = page.locator("[data-task-panel]")
    panel.get_by_role("button", name="Add a description").click()
    description = panel.get_by_role("textbox", name="Description")
    description.fill(TEXT)
    panel.get_by_role("tab", name="Preview").first.click()
    panel.get_by_role("button", name="Show image").wait_for()
    panel.get_by_role("button", name="Save", exact=True).click()
    panel.get_by_role("textbox", name="Write a comment").fill(TEXT)
    panel.get_by_role("button", name="Comment", exact=True).click()
    expect(panel.get_by_role("button", name="Show image")).to_have_count(2)
    nothing_happened(page, asked)

    for kind, name in (("projects", f"P {PICTURE}"), ("labels", f"L {SCRIPT}")):
        page.goto(f"/w/{workspace}/{kind}")
        page.get_by_role("button", name=f"New {kind[:-1]}").click()
        page.get_by_role("dialog").get_by_label("Name").fill(name)
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(listed(page, name)).to_be_visible()
        nothing_happened(page, asked)
    page.goto(f"/w/{workspace}/search?q={SCRIPT}")
    page.locator("#page").get_by_text(SCRIPT).first.wait_for()
    nothing_happened(page, asked)
