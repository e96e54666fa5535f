"""An app as the build leaves it, made by hand, and whoever asks for it."""

import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import brotli
import pytest

from tidework.http.headers import SecurityHeaders
from tidework.web.app import WebApp

INDEX = """\
<!doctype html>
<html lang="en" data-page="app">
  <head>
    <meta name="csp-nonce" content="__NONCE__" />
    <title>Tidework</title>
    <link rel="icon" href="/icon.svg" />
    <script type="module" crossorigin src="/assets/index-DnsNvibg.js"></script>
    <link rel="modulepreload" crossorigin href="/assets/Close_Button-au-0tFyd.js">
    <link rel="stylesheet" crossorigin href="/assets/index-BDVRhrZ9.css">
    <link rel="manifest" href="/manifest.webmanifest">
  </head>
  <body data-build="__BUILD__">%s</body>
</html>
"""
# So much that it would be worth compressing it even when it is.
CODE = b"export const tides = [%s];\n" % b",".join(b"%d" % (n * n * 7919) for n in range(1000))
STYLE = b"body{margin:0}\n"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Awaitable[Reply]]


def make_dist(folder: Path, code: bytes = CODE, body: str = "") -> Path:
    """A built app; that of another `body` is another build."""
    (folder / "assets").mkdir(parents=True)
    (folder / "icons").mkdir()
    written = {
        "assets/index-DnsNvibg.js": code,
        "assets/Close_Button-au-0tFyd.js": b"export {};\n",
        "assets/index-BDVRhrZ9.css": STYLE,
        "assets/inter-Cx3_abcd.woff2": b"\0" * 2000,
        "assets/unhashed.js": b"export {};\n",
        "sw.js": b"self.addEventListener('fetch', () => {});\n" * 40,
        "manifest.webmanifest": b'{"name":"Tidework"}',
        "icon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "icons/icon-192.png": b"\x89PNG",
        "favicon.ico": b"\0\0\1\0",
        "robots.txt": b"User-agent: *\n",
        ".secret": b"nobody's business",
        ".vite/manifest.json": b"{}",
    }
    (folder / ".vite").mkdir()
    for name, content in written.items():
        (folder / name).write_bytes(content)
        if name.endswith(".js") and len(content) > 1024:
            (folder / f"{name}.br").write_bytes(brotli.compress(content))
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    (folder / "index.html").write_text(INDEX % body)
    return folder


async def rest(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the app: it says that it was asked."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"x-rest", b"1")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return make_dist(tmp_path / "dist")


def asking(app: WebApp) -> Ask:
    """Asks an app for something."""

    async def ask(path: str, method: str = "GET", **headers: str) -> Reply:
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        headers = {"host": "tasks.example.com", "accept": "text/html,*/*;q=0.8", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        }
        await app(scope, None, send)  # type: ignore[arg-type]
        found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        # Of two policies a browser obeys both, of two origins it takes neither.
        assert len(found) == len(sent[0]["headers"])
        return Reply(sent[0]["status"], found, sent[1]["body"])

    return ask


def new_app(
    folder: Path, public_url: str = "https://tasks.example.com", cdn_url: str = ""
) -> WebApp:
    return WebApp(rest, SecurityHeaders(public_url), public_url, cdn_url, folder=folder)


@pytest.fixture
def ask(dist: Path) -> Ask:
    """Asks for something of an app that is built."""
    return asking(new_app(dist))
