"""People on a real server with the web app, and what a browser needs to be one of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx

from tests.services.server import TideworkServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "correct horse battery staple"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}


@dataclass
class Person:
    """Somebody with an account, and what is set up in their name through the API."""

    client: httpx.Client
    id: str
    name: str
    email: str
    personal: str
    refresh_token: str

    def call(self, method: str, path: str, body: Any = None, **kw: Any) -> Any:
        """The answer's JSON; fails unless it is a success."""
        answer = self.client.request(method, f"/api/v1{path}", json=body, **kw)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def workspace(self, name: str = "Harbour") -> str:
        made: str = self.call("POST", "/workspaces", {"name": name})["id"]
        return made

    def task(self, workspace: str, title: str, **fields: Any) -> dict[str, Any]:
        path = f"/workspaces/{workspace}/tasks"
        made: dict[str, Any] = self.call("POST", path, {"title": title, **fields})
        return made

    def tasks(self, workspace: str, query: str = "") -> list[dict[str, Any]]:
        found = self.call("GET", f"/workspaces/{workspace}/tasks?limit=100&{query}")["items"]
        return list(found)


@dataclass
class Site:
    """A server with the app, and people on it."""

    server: TideworkServer
    people: list[Person] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.base_url

    def person(self, name: str = "Ada Lovelace", language: str = "en") -> Person:
        """A new account; in English unless said otherwise, in Berlin's time."""
        client = httpx.Client(base_url=self.url, timeout=30)
        email = f"{name.split(maxsplit=1)[0].lower()}{len(self.people)}@example.com"
        body = {"email": email, "password": PASSWORD, "name": name}
        made = client.post("/api/v1/auth/register", json=body).json()
        client.headers["Authorization"] = f"Bearer {made['access_token']}"
        user = made["user"]
        person = Person(
            client, user["id"], name, email, user["personal_workspace_id"], made["refresh_token"]
        )
        person.call("PATCH", "/users/me", {"time_zone": "Europe/Berlin", "language": language})
        self.people.append(person)
        return person


class Open(Protocol):
    """What the fixture `opened` gives a test."""

    def __call__(self, person: Person | None = None, path: str = "/", **context: Any) -> "Page":
        """A page in a browser profile of its own, signed in as `person`.

        `context` goes to Playwright's `new_context`; `signed_in=False` is nobody.
        """
        ...


def signed_in(site: Site, person: Person) -> Any:
    """A browser's state just after signing in: a session of its own, and who it was."""
    body = {"email": person.email, "password": PASSWORD, "cookie": True}
    answer = httpx.post(f"{site.url}/api/v1/auth/login", json=body)
    cookies = [
        {
            "name": name, "value": value, "domain": "127.0.0.1", "path": "/", "expires": -1,
            "httpOnly": True, "secure": False, "sameSite": "Strict",
        }
        for name, value in answer.cookies.items()
    ]  # fmt: skip
    kept = [{"name": "tidework.user", "value": person.id}]
    return {"cookies": cookies, "origins": [{"origin": site.url, "localStorage": kept}]}


def visit(page: "Page", path: str) -> None:
    """Go to another page, within the app where it is there already, as its links do.

    To load the app costs several times what a page does. It has arrived when its name has.
    """
    before, after = urlsplit(page.url), urlsplit(path)
    if before.path == after.path or not page.url.startswith("http"):
        page.goto(path)
        return
    name = page.title()
    page.evaluate("(path) => history.pushState({}, '', path)", path)
    page.wait_for_function("(name) => document.title !== name", arg=name)


def findings(page: "Page", *, only_colours: bool = False) -> list[str]:
    """What axe finds against WCAG 2.2 AA on the page as it is now, in words.

    With `only_colours` just what another theme can change.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        """async (onlyColours) => {
          const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
          // What is half-way between two colours has neither one's contrast.
          const ending = document.getAnimations()
            .filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
          await Promise.allSettled(ending.map((one) => one.finished));
          const colours = { type: "rule", values: ["color-contrast", "link-in-text-block"] };
          const options = {
            runOnly: onlyColours ? colours : tags,
            // What is not looked at here takes a third of the time.
            resultTypes: ["violations"], selectors: false,
          };
          const { violations } = await axe.run(document, options);
          return violations.map(({ id, nodes }) =>
            `${id}: ${nodes.map(({ html, failureSummary }) => html + " " + failureSummary)}`);
        }""",
        only_colours,
    )
    return [str(line) for line in found]
