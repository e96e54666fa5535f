"""The built web app from a real server, in a real browser and over a bare connection."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.services.chromium import program
from tests.services.require import unavailable
from tests.services.server import StartServer, TideworkServer

from tidework.web import files

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is missing")

HTML = {"accept": "text/html"}
# Nothing but this machine can be reached, so nothing else can be needed.
FLAGS = (
    "--no-sandbox",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@pytest.fixture(autouse=True)
def built() -> None:
    if not (files.FOLDER / files.INDEX).exists():
        unavailable("The web app is not built; `make web` builds it.")


@pytest.fixture
def page() -> Iterator["sync_api.Page"]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser.new_page()
        browser.close()


@pytest.fixture
def server(tidework_server: StartServer) -> TideworkServer:
    return tidework_server()


def raw(server: TideworkServer, target: bytes) -> tuple[int, bytes]:
    """Status and whole answer of a GET whose target no client has tidied up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"GET "
            + target
            + b" HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer


def shown(page: "sync_api.Page", address: str) -> list[str]:
    """Open the app, wait until it shows something, and give what the browser had to complain about."""
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{address}/login")
    page.wait_for_selector("#root input")
    # Also when everything that comes later has come.
    page.wait_for_load_state("networkidle")
    return problems


def test_the_app_runs_under_its_policy(
    server: TideworkServer, page: "sync_api.Page", tmp_path: Path
) -> None:
    assert shown(page, server.base_url) == []
    page.screenshot(path=tmp_path / "app.png")
    # The policy is a real one: what somebody smuggles in does not run, and is not drawn.
    did = page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.smuggled = true";
            const style = document.createElement("style");
            style.textContent = "body { outline: 7px solid red }";
            document.body.append(script, style);
            return [window.smuggled ?? false, getComputedStyle(document.body).outlineWidth];
        }"""
    )
    assert did[0] is False
    assert did[1] != "7px"
    # And a WebSocket to the server itself is none of the things that it forbids.
    opened = page.evaluate(
        """async () => {
            const refused = [];
            await new Promise((done) => {
                document.addEventListener("securitypolicyviolation", (event) => {
                    refused.push(event.blockedURI);
                    done();
                });
                const socket = new WebSocket(`ws://${location.host}/api/v1/workspaces/x/events`);
                socket.onclose = socket.onopen = done;
            });
            return refused;
        }"""
    )
    assert opened == []


def test_the_code_comes_from_a_cdn(tidework_server: StartServer, page: "sync_api.Page") -> None:
    edge = tidework_server()
    # The same files at another origin, which is what a CDN is.
    server = tidework_server(env={"TIDEWORK_CDN_URL": f"http://localhost:{edge.port}"})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert shown(page, server.base_url) == []
    assets = [url for url in asked if "/assets/" in url]
    assert len(assets) > 3
    own = [url for url in assets if not url.startswith(f"http://localhost:{edge.port}/assets/")]
    # The service worker keeps them under the server's own address.
    assert [url for url in own if not url.startswith(server.base_url)] == []


ODD = [
    b"/assets/../../app.py",
    b"/assets/%2e%2e/%2e%2e/app.py",
    b"/assets/..%2f..%2fapp.py",
    b"/assets/..%5c..%5capp.py",
    b"/..%00",
    b"/%00",
    b"/assets/%252e%252e/app.py",
    b"/assets/....//....//app.py",
    b"/assets//////etc/passwd",
    b"/%ff%fe.js",
    b"/assets/" + b"a" * 1900,
    b"/assets/" + b"..%2f" * 300 + b"etc/passwd",
]


def test_no_target_leads_out_of_the_app(server: TideworkServer) -> None:
    for target in ODD:
        status, answer = raw(server, target)
        # A page, with a name that leads nowhere, or nothing.
        assert status in {400, 404} or b'<div id="root">' in answer, target
        assert b"import " not in answer, target
        assert b"root:" not in answer, target


def test_all_that_was_built_is_there(server: TideworkServer) -> None:
    built = files.read(files.FOLDER)
    assert built is not None
    with httpx.Client(base_url=server.base_url) as client:
        for path, file in built.files.items():
            for coding in ("identity", *file.codings):
                answer = client.get(path, headers={"accept-encoding": coding})
                assert answer.status_code == 200, path
                assert answer.headers.get("content-encoding", "identity") == coding
        page = client.get("/", headers=HTML).text
        manifest = client.get("/manifest.webmanifest").json()
    named = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    named += [icon["src"] for icon in manifest["icons"]]
    assert [address for address in named if address not in built.files] == []
    code = [path for path in built.files if path.endswith(".js")]
    assert all(
        built.files[path].codings for path in code if built.files[path].path.stat().st_size > 1024
    )
