"""The web app as people meet it: the built app, a real server, the system's Chromium."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.chromium import program
from tests.services.require import unavailable
from tests.services.server import TideworkServer
from tests.services.site import DESKTOP, Open, Person, Site, signed_in

from tidework.web.files import FOLDER, INDEX

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is missing")

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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of the module's own; each test makes people of its own on it."""
    if not (FOLDER / INDEX).exists():
        unavailable("The web app has not been built; `make web` builds it.")
    folder = tmp_path_factory.mktemp("site")
    server = TideworkServer(
        folder / "data", folder / "server.log", env={"TIDEWORK_RATE_LIMITS": "off"}
    )
    server.start()
    found = Site(server)
    yield found
    for person in found.people:
        person.client.close()
    server.stop()


# No longer than a module: while it is there, so is an event loop, and no other test can have one.
@pytest.fixture(scope="module")
def chromium() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(
    request: pytest.FixtureRequest, site: Site, chromium: "sync_api.Browser"
) -> Iterator[Open]:
    """Opens pages; at the end nothing may have gone wrong in them unnoticed.

    A module with `SERVICE_WORKERS = "allow"` has the app's service worker in them as well.
    """
    contexts: list[Any] = []
    wrong: list[str] = []

    # What no answer came to, said by the browser itself.
    unanswered = ("Failed to load resource", "error occurred when fetching the script")

    def heard(message: Any) -> None:
        if message.type == "error" and not any(text in message.text for text in unanswered):
            wrong.append(message.text)

    def opened(person: Person | None = None, path: str = "/", **options: Any) -> Any:
        state = signed_in(site, person) if person is not None else None
        usual = {
            "viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/Berlin",
            # It fetches the whole app, which is twice the work of a page.
            "service_workers": getattr(request.module, "SERVICE_WORKERS", "block"),
            # What is half-way between two colours has neither one's contrast.
            "reduced_motion": "reduce",
        }  # fmt: skip
        options = usual | options
        context = chromium.new_context(storage_state=state, base_url=site.url, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        page = context.new_page()
        page.on("console", heard)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, f"errors in the browser: {wrong}"
