"""The ASGI app that answers everything outside of the API: the web app's page and its files."""

import asyncio
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tidework import __version__
from tidework.cache.memory import BoundedCache
from tidework.errors import MethodNotAllowed
from tidework.http.answer import App, Header, Receive, Scope, Send
from tidework.http.compression import CONTENT_ENCODING, VARY, Encoding, choose_among
from tidework.http.conditional import matches
from tidework.http.headers import NO_STORE, SecurityHeaders
from tidework.languages import DEFAULT, accepted
from tidework.web import files
from tidework.web.files import Built, File
from tidework.web.policy import Policy

VERSION: Final = "/version.json"
# What belongs to others, whether there is something or not.
_RESERVED: Final = frozenset({"api", "health", "metrics", ".well-known"})
_FOREVER: Final[Header] = (b"cache-control", b"public, max-age=31536000, immutable")
_ASK_AGAIN: Final[Header] = (b"cache-control", b"no-cache")
_EVERYWHERE: Final[Header] = (b"service-worker-allowed", b"/")
_READING: Final = "GET, HEAD, OPTIONS"
# An address of a page has no extension, and nothing that a browser would have resolved or escaped.
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,12}$")
_ODD: Final = re.compile(r"[\\\x00-\x1f\x7f\ud800-\udfff]|(?:^|/)\.{1,2}(?:/|$)")
_HTML: Final = re.compile(r"\s*(?:text/html|application/xhtml\+xml)\s*(;.*)?", re.IGNORECASE)
_NEVER: Final = re.compile(r";\s*q\s*=\s*0(?:\.0*)?\s*$", re.IGNORECASE)
# Pages of those who are not signed in; they look otherwise before their code has come, as
# `web/src/before` says it.
_STRANGERS: Final = frozenset(
    {"/register", "/forgot-password", "/reset-password", "/confirm-email", "/accept-invitation"}
)
_ANYTHING: Final = ("*/*", "text/*")
# The assets that a browser asks for come to some 2 MB when compressed.
_KEPT_BYTES: Final = 4 * 1024 * 1024

_MISSING: Final = b"""\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Tidework</title></head>
<body>
<h1>The web app is not built</h1>
<p>This server runs from its source, and nobody has built the web app there yet. Run
<code>make web</code> in the source's folder, then load this page again.</p>
<p>The API is there: see <a href="/api/docs">its documentation</a>.</p>
</body>
</html>
"""

_log = structlog.get_logger(__name__)


class WebApp:
    """Answers GET of the app's files and of whatever else may be a page; all else goes to `rest`.

    Files are read when they are asked for, in a thread, and the ones used last are kept (4 MiB): a
    server that nobody opens in a browser holds none of them. A new build is noticed by itself.
    """

    def __init__(
        self,
        rest: App,
        security: SecurityHeaders,
        public_url: str,
        cdn_url: str = "",
        *,
        folder: Path | None = None,
    ) -> None:
        """`cdn_url` is where browsers shall get the assets from instead; both addresses without a
        slash at the end.
        """
        self._rest = rest
        self._security = security
        self._policy = Policy(public_url, cdn_url)
        self._cdn = cdn_url
        self._folder = folder or files.FOLDER
        self._stamp: tuple[int, ...] | None = None
        self._built: Built | None = None
        self._kept: BoundedCache[Path, bytes] = BoundedCache(_KEPT_BYTES, len)
        if self._now() is None:
            _log.info("web_app_not_built", folder=str(self._folder), advice="make web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `MethodNotAllowed`."""
        path: str = scope["path"]
        if scope["type"] != "http" or path[1:].partition("/")[0] in _RESERVED:
            await self._rest(scope, receive, send)
            return
        built = self._now()
        file = built.files.get(path) if built is not None else None
        method: str = scope["method"]
        if method not in ("GET", "HEAD"):
            if file is None and path not in ("/", VERSION):
                await self._rest(scope, receive, send)
            elif method == "OPTIONS":
                await _answer(send, 204, [(b"allow", _READING.encode())], b"")
            else:
                raise MethodNotAllowed(
                    f"This address can only be read. Allowed here: {_READING}.",
                    headers={"Allow": _READING},
                )
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        done = False
        if path == VERSION:
            scope["path_template"] = path
            done = await self._version(built, send)
        elif built is not None and file is not None:
            scope["path_template"] = path if not file.immutable else "/assets/"
            done = await self._file(built, file, path, headers, send)
        elif _is_page(path, headers.get(b"accept", b"*/*").decode("latin-1")):
            scope["path_template"] = "/"
            done = await self._page(built, path, headers, send)
        if not done:
            scope.pop("path_template", None)
            await self._rest(scope, receive, send)

    def _now(self) -> Built | None:
        """The app as it is now."""
        stamp = files.stamp(self._folder)
        if stamp != self._stamp:
            self._built = files.read(self._folder) if stamp is not None else None
            if self._built is not None:
                self._built = self._built._replace(page=self._of_page(self._built))
            self._stamp = stamp
            self._kept.clear()
        return self._built

    def _of_page(self, built: Built) -> str:
        """The page with what is the same each time."""
        page = built.page.replace("__BUILD__", built.build)
        return page.replace('="/assets/', f'="{self._cdn}/assets/') if self._cdn else page

    async def _page(
        self, built: Built | None, path: str, headers: Mapping[bytes, bytes], send: Send
    ) -> bool:
        content_type = (b"content-type", b"text/html; charset=utf-8")
        if built is None:
            own = [content_type, NO_STORE, *self._security.web, self._policy.file]
            return await _answer(send, 503, own, _MISSING)
        nonce = secrets.token_urlsafe(18)
        policy = self._policy.page(nonce, headers.get(b"host", b"").decode("latin-1"))
        spoken = accepted(headers.get(b"accept-language", b"").decode("latin-1")) or DEFAULT
        body = built.page.replace("__NONCE__", nonce)
        body = body.replace('lang="en"', f'lang="{spoken}"', 1)
        body = body.replace('data-page="app"', f'data-page="{_shown(path)}"', 1)
        own = [content_type, NO_STORE, *self._security.web, policy]
        return await _answer(send, 200, own, body.encode())

    async def _version(self, built: Built | None, send: Send) -> bool:
        told = {"version": __version__, "build": built.build if built is not None else ""}
        own = [(b"content-type", b"application/json"), NO_STORE, *self._security.api]
        return await _answer(send, 200, own, msgspec.json.encode(told))

    async def _file(
        self,
        built: Built,
        file: File,
        path: str,
        headers: Mapping[bytes, bytes],
        send: Send,
    ) -> bool:
        """Whether the file was still there to be sent."""
        own: list[Header] = [(b"etag", file.tag), _FOREVER if file.immutable else _ASK_AGAIN]
        own += self._security.assets if path.startswith("/assets/") else self._security.web
        own.append(self._policy.code if file.is_code else self._policy.file)
        if path == "/sw.js":
            own.append(_EVERYWHERE)
        if file.codings:
            own.append(VARY)
        wanted = headers.get(b"if-none-match")
        if wanted is not None and matches(wanted.decode("latin-1"), file.tag.decode()):
            return await _answer(send, 304, own, b"")
        coding = choose_among(headers.get(b"accept-encoding", b""), file.codings)
        body = await self._content(built, file, coding)
        if body is None:
            return False
        if coding is not None:
            own.append(CONTENT_ENCODING[coding])
        own.append((b"content-type", file.media_type))
        return await _answer(send, 200, own, body)

    async def _content(self, built: Built, file: File, coding: Encoding | None) -> bytes | None:
        path = file.content(coding)
        body = self._kept.get(path)
        if body is None:
            try:
                body = await asyncio.to_thread(path.read_bytes)
            except FileNotFoundError:
                return None
            # What was read while the app was built anew may be of either.
            if self._now() is built:
                self._kept.put(path, body)
        return body


def _shown(path: str) -> str:
    """What is drawn at this address before its code is there."""
    if path == "/login":
        return "login"
    return "auth" if path in _STRANGERS else "board" if path.endswith("/board") else "app"


def _is_page(path: str, accept: str) -> bool:
    """Whether somebody who goes to this address with a browser is to see the app."""
    if path == "/index.html":
        return True
    if _EXTENSION.search(path) or _ODD.search(path):
        return False
    kinds = accept.split(",")
    if any((kind := _HTML.fullmatch(one)) and not _NEVER.search(kind[1] or "") for one in kinds):
        return True
    # At the front door also for those who do not say what they like.
    return path == "/" and any(one.partition(";")[0].strip() in _ANYTHING for one in kinds)


async def _answer(send: Send, status: int, headers: list[Header], body: bytes) -> bool:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return True
