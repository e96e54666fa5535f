"""The files of the built app.

They are listed, not looked for: only what stood in the folder when it was read has an address, so no
path that somebody writes leads to the disk.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tidework.http.compression import Encoding

FOLDER: Final = Path(__file__).parent / "dist"
"""Where the build puts the app."""
INDEX: Final = "index.html"

CODINGS: Final[dict[Encoding, str]] = {"br": ".br", "gzip": ".gz"}
"""The codings that the build makes files of, and how their names end, the smaller one first."""

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".avif": "image/avif",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
# A name that changes with what is in the file, as the build writes it.
_HASHED: Final = re.compile(r"-[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$")


class File(NamedTuple):
    """A file of the app. Its entity tag is weak, since it may be sent compressed.

    `codings` are those that it is there in, besides as it is; `immutable` is whether its address
    changes with what is in it.
    """

    path: Path
    media_type: bytes
    tag: bytes
    immutable: bool
    codings: tuple[Encoding, ...]

    @property
    def is_code(self) -> bool:
        """Whether a browser may run it."""
        return self.media_type.startswith(b"text/javascript")

    def content(self, coding: Encoding | None) -> Path:
        """Where it stands in this coding."""
        suffix = "" if coding is None else CODINGS[coding]
        return self.path.with_name(self.path.name + suffix)


class Built(NamedTuple):
    """The app as it stands in the folder: its page, its files by address, a name for all of it."""

    page: str
    files: dict[str, File]
    build: str


def read(folder: Path) -> Built | None:
    """The app in this folder; None when it is not there."""
    try:
        page = (folder / INDEX).read_bytes()
        files = {f"/{name}": file for name, file in _files(folder)}
    except OSError:
        return None
    # The page names the files it loads by what is in them, so it differs whenever they do.
    return Built(page.decode(), files, hashlib.sha256(page).hexdigest()[:12])


def stamp(folder: Path) -> tuple[int, ...] | None:
    """What changes when the app is built again; None while it is not there. A few µs."""
    root = str(folder)
    try:
        return tuple(os.stat(root + name).st_mtime_ns for name in ("/" + INDEX, "", "/assets"))
    except OSError:
        return None


def _files(folder: Path) -> Iterator[tuple[str, File]]:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in names:
        hidden = any(part.startswith(".") for part in name.split("/"))
        if hidden or name == INDEX or name.endswith(tuple(CODINGS.values())):
            continue
        path = folder / name
        immutable = name.startswith("assets/") and _HASHED.search(name) is not None
        tag = path.name if immutable else hashlib.sha256(path.read_bytes()).hexdigest()[:24]
        media_type = _TYPES.get(path.suffix, "application/octet-stream")
        codings = tuple(coding for coding, suffix in CODINGS.items() if name + suffix in names)
        yield name, File(path, media_type.encode(), f'W/"{tag}"'.encode(), immutable, codings)
