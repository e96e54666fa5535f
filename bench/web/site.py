"""A server with the real tasks on it, and browsers that are signed in there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import imports, texts, tidework
from bench.client import BenchError, Client
from bench.processes import Child, call, free_port, running

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Playwright

DESKTOP = {"width": 1350, "height": 940}
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True, slots=True)
class Site:
    port: int
    users: tuple[str, str]
    jira: str
    """The first one's workspace with the real tasks."""
    many: str
    """The second one's, with a list that is long."""
    tasks: int
    """How long."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served(folder: Path, data: Path, tasks: int) -> Iterator[Site]:
    """Serve the import of real issues, and a personal workspace with that many tasks."""
    home, port = folder / "data", free_port()
    # Everything else as it is by default: the page's policy names its own address.
    settings = {"TIDEWORK_RATE_LIMITS": "off"}
    words = [*tidework.COMMAND, "serve", "--port", str(port), "--data-dir", str(home)]
    with running(Child(words, folder / "seed.log", env=settings)) as child:
        child.wait_until_ready(port, tidework.READY)
        with Client(port) as client:
            pairs = [tidework.register(client, number) for number in (0, 1)]
            token, other = (pair["access_token"] for pair in pairs)
            tidework.add_tasks(client, other, texts.load(data).tasks(0, tasks))
            many = client.expect(200, "GET", tidework.PERSONAL, token=other)["id"]
    file = data / imports.FILE
    if not file.exists():
        raise BenchError(f"{file} is missing; --data names the folder that has it.")
    jira = ["import", "jira", str(file), "--workspace", "Bench", "--data-dir", str(home)]
    call([*tidework.COMMAND, *jira])
    with running(Child(words, folder / "server.log", env=settings)) as child:
        child.wait_until_ready(port, tidework.READY)
        with Client(port) as client:
            found = client.expect(200, "GET", f"{tidework.API}/workspaces", token=token)
        names = {one["name"]: one["id"] for one in found["items"]}
        users = (pairs[0]["user"]["id"], pairs[1]["user"]["id"])
        yield Site(port, users, names["Bench"], many, tasks)


def program() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise BenchError("Chromium is missing; scripts/services.sh chromium installs it.")
    return found


@contextmanager
def browser(
    playwright: Playwright,
    site: Site,
    folder: Path,
    *,
    flags: Sequence[str] = (),
    user: int | None = 0,
    **options: Any,
) -> Iterator[BrowserContext]:
    """A profile in that folder, signed in as that user, if any; used again, it has what it had."""
    known = folder.exists()
    context = playwright.chromium.launch_persistent_context(
        folder,
        executable_path=program(),
        args=[*FLAGS, *flags],
        viewport=DESKTOP,
        locale="en-GB",
        **options,
    )
    context.set_default_timeout(60_000)
    try:
        if user is not None and not known:
            sign_in(context, site, user)
        yield context
    finally:
        context.close()


def sign_in(context: BrowserContext, site: Site, user: int = 0) -> None:
    body = {"email": f"user{user}@{tidework.DOMAIN}", "password": tidework.PASSWORD, "cookie": True}
    answer = context.request.post(f"{site.url}{tidework.API}/auth/login", data=body)
    if not answer.ok:
        raise BenchError(f"signing in gave {answer.status}: {answer.text()[:200]}")
    page = context.new_page()
    page.goto(f"{site.url}/icon.svg")
    page.evaluate("user => localStorage.setItem('tidework.user', user)", site.users[user])
    page.close()
