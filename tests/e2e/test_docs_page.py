"""The documentation in a real browser: it works by itself, and with it the API can be tried out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.services.chromium import program
from tests.services.server import StartServer, TideworkServer

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is missing")

PASSWORD = "correct horse battery staple"
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    # Nothing but the server itself can be reached, so nothing else can be needed.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.fixture
def server(tidework_server: StartServer) -> TideworkServer:
    return tidework_server(env={"TIDEWORK_RATE_LIMITS": "off"})


@pytest.fixture
def page(tmp_path: Path) -> Iterator["sync_api.Page"]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser.new_page(viewport={"width": 1280, "height": 1600})
        browser.close()


class Operation:
    """An operation as the page shows it."""

    def __init__(self, page: "sync_api.Page", operation_id: str) -> None:
        self._page = page
        self._block = page.locator(f".opblock[id$='-{operation_id}']")
        self._block.locator(".opblock-summary-control").click()

    def fill(self, name: str, value: str) -> None:
        self._block.locator(f"tr[data-param-name='{name}'] input").fill(value)

    def execute(self, body: object) -> tuple[str, Any]:
        """Send it, with another body if one is given; status and body that the page shows."""
        if body is not None:
            self._block.locator("textarea.body-param__text").fill(json.dumps(body))
        with self._page.expect_response(lambda response: "/api/v1/" in response.url) as sent:
            self._block.locator("button.execute").click()
        shown = self._block.locator("table.live-responses-table")
        # The page draws an answer after it has come.
        self._page.wait_for_function(
            "([node, id]) => node && node.innerText.includes(id)",
            arg=[shown.element_handle(), sent.value.headers["x-request-id"]],
        )
        status = shown.locator(".response-col_status").last.inner_text().strip()
        text = shown.locator(".highlight-code pre").first.inner_text()
        return status.split()[0], json.loads(text)


def test_the_api_can_be_tried_out_on_a_page_that_needs_nothing_else(
    server: TideworkServer, page: "sync_api.Page", tmp_path: Path
) -> None:
    requested: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{server.base_url}/api/docs")
    page.locator(".opblock").first.wait_for()
    assert page.title() == "Tidework API"
    assert page.locator(".opblock").count() > 60
    page.screenshot(path=tmp_path / "docs.png")

    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    status, made = Operation(page, "register").execute(body)
    assert status == "201"
    assert made["user"]["email"] == "ada@example.com"
    # Who has registered is authorised for what they try next.
    page.locator(".auth-wrapper .authorize.locked").wait_for()

    create = Operation(page, "createTask")
    create.fill("w", "personal")
    status, task = create.execute({"title": "Try it out"})
    assert (status, task["title"]) == ("201", "Try it out")
    page.screenshot(path=tmp_path / "done.png")
    # As it stands, without a word: what the page fills in by itself must not be in the way.
    status, task = create.execute(None)
    assert (status, task["title"]) == ("201", "Try it out")
    listed = Operation(page, "listTasks")
    listed.fill("w", "personal")
    status, tasks = listed.execute(None)
    assert (status, len(tasks["items"])) == ("200", 2)

    elsewhere = [url for url in requested if not url.startswith((server.base_url, "data:"))]
    assert elsewhere == []
    assert problems == []
