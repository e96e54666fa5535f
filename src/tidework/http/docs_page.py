"""The readable documentation at /api/docs: Swagger UI, from the package that bundles it.

It needs nothing from the internet, and runs under a content security policy without inline code:
its files are served from here, the few lines that start it are a file too. Only the files named in
`_ASSETS` exist, so no path leads anywhere else.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from swagger_ui_bundle import swagger_ui_path

from tidework.errors import MethodNotAllowed, NotFound

Header = tuple[bytes, bytes]

BASE: Final = "/api/docs"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
}
_ASSETS: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")

# A caller who registers or logs in here is authorised for everything that they try after.
_START: Final = """\
"use strict";
window.addEventListener("load", () => {
  const ui = SwaggerUIBundle({
    url: "%(schema)s",
    domNode: document.getElementById("docs"),
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    filter: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    responseInterceptor: (response) => {
      const token = response.ok && response.body && response.body.access_token;
      if (token && /\\/auth\\/(login|register|refresh)$/.test(new URL(response.url).pathname)) {
        ui.preauthorizeApiKey("bearer", token);
      }
      return response;
    },
  });
});
"""
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tidework API</title>
<link rel="icon" type="image/png" href="%(favicon-32x32.png)s">
<link rel="stylesheet" href="%(swagger-ui.css)s">
</head>
<body>
<noscript>This page needs JavaScript. The API is described in <a href="%(schema)s">%(schema)s</a>.
</noscript>
<main id="docs"></main>
<script src="%(swagger-ui-bundle.js)s"></script>
<script src="%(start.js)s"></script>
</body>
</html>
"""


class _File(NamedTuple):
    body: bytes
    headers: list[Header]
    etag: bytes


class DocsPage:
    """An ASGI app for `/api/docs` and the files below it.

    Files have their content's digest in their names and may be kept for ever; the page itself is
    asked for again each time, and answered with 304 while it has not changed. Raises `NotFound` and
    `MethodNotAllowed` for the caller to answer.
    """

    def __init__(self, schema_url: str, security: Sequence[Header]) -> None:
        """`schema_url` is where the OpenAPI document is; `security` is `SecurityHeaders.docs`.

        The answers bear these security headers, none may be added: of two content security
        policies a browser obeys both. Files are read on the first request.
        """
        self._schema_url = schema_url
        self._security = list(security)
        self._files: dict[str, _File] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer GET and HEAD."""
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed("The documentation can only be read.", headers={"Allow": "GET"})
        if not self._files:
            self._files = self._read()
        file = self._files.get(scope["path"].rstrip("/"))
        if file is None:
            raise NotFound(f"There is no such file. The documentation starts at {BASE}.")
        status, headers, body = 200, file.headers, file.body
        if any(name == b"if-none-match" and file.etag in value for name, value in scope["headers"]):
            status, body = 304, b""
            headers = [header for header in headers if not header[0].startswith(b"content-")]
        else:
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        if scope["method"] == "HEAD":
            body = b""
        headers = [*headers, *self._security]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _read(self) -> dict[str, _File]:
        folder = Path(str(swagger_ui_path))
        contents = {name: (folder / name).read_bytes() for name in _ASSETS}
        contents["start.js"] = (_START % {"schema": self._schema_url}).encode()
        files: dict[str, _File] = {}
        addresses: dict[str, str] = {"schema": self._schema_url}
        for name, body in contents.items():
            stem, _, suffix = name.rpartition(".")
            path = f"{BASE}/{stem}.{_digest(body)[:12]}.{suffix}"
            addresses[name] = path
            files[path] = _file(body, name, b"public, max-age=31536000, immutable")
        files[BASE] = _file((_PAGE % addresses).encode(), "index.html", b"no-cache")
        return files


def _file(body: bytes, name: str, caching: bytes) -> _File:
    media_type = _MEDIA_TYPES[Path(name).suffix]
    # Weak, since the same state may be sent compressed.
    etag = f'W/"{_digest(body)[:32]}"'.encode()
    headers = [
        (b"content-type", media_type.encode()),
        (b"cache-control", caching),
        (b"etag", etag),
    ]
    return _File(body, headers, etag)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
