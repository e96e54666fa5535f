"""What a page takes over the network: what it needs to be drawn, and all until it is quiet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.client import BenchError
from bench.report import Goal, Plain, table
from bench.web.site import DESKTOP, Site, program, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

BUDGET_KB = 180.0
KB = 1024
_IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")
_ENTRY = re.compile(r'<(?:script|link rel="modulepreload")[^>]* (?:src|href)="/assets/([^"]+)"')
_QUIET_MS = 3_000

# Pages, the modules that draw them, and the words that they wait for.
PAGES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "sign in": ("/login", ("LoginPage",), ("auth",)),
    "my tasks": (
        "/my-tasks",
        ("shell", "MyTasksPage"),
        ("my-tasks",),
    ),
    "list": (
        "/w/{jira}/list",
        ("shell", "list"),
        ("list",),
    ),
    "board": (
        "/w/{jira}/board",
        ("shell", "BoardPage"),
        ("board",),
    ),
}
HELD = tuple(PAGES)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Bytes as they went over the network."""

    script: int
    style: int
    rest: int
    requests: int


@dataclass(slots=True)
class Sizes(Plain):
    needed: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of each page the JavaScript that it needs to be drawn, in bytes and files."""
    loaded: dict[str, Loaded] = field(default_factory=dict)
    name: str = "web_sizes"

    def goals(self) -> Iterable[Goal]:
        for page in HELD:
            kb = self.needed[page][0] / KB
            what, wanted = f"JavaScript to draw: {page}", f"≤ {BUDGET_KB:g} KB"
            yield Goal(what, f"{kb:.1f} KB", wanted, kb <= BUDGET_KB)

    def lines(self) -> list[str]:
        head = ["page", "to draw it, KB", "files", "until quiet: JS, KB", "CSS, KB", "all else, KB"]
        rows = []
        for page, (size, files) in self.needed.items():
            row = [page, f"{size / KB:.1f}", str(files)]
            found = self.loaded.get(page)
            if found:
                parts = (found.script, found.style, found.rest)
                row += [*(f"{part / KB:.1f}" for part in parts), str(found.requests)]
            rows.append(row)
        told = (
            "Brotli, as served, to an empty cache; a KB is 1,024 bytes. Until quiet: everything"
            " within three seconds of silence, data included, without what the service worker"
            " stores for offline use."
        )
        return ["### Sizes", "", *table([*head, "requests"], rows), "", told]

    def data(self) -> Any:
        return {
            page: {"needed": self.needed[page], "loaded": self.loaded.get(page)}
            for page in self.needed
        }


def needed(dist: Path) -> dict[str, tuple[int, int]]:
    """Of each page the size of all modules that it imports, directly or not, and how many."""
    assets = dist / "assets"
    entries = _ENTRY.findall((dist / "index.html").read_text("utf-8"))
    found = {}
    for page, (_, modules, words) in PAGES.items():
        names = set(entries)
        names |= {_only(assets, module) for module in modules}
        names |= {_words(assets, word) for word in ("first", *words)}
        closed = _closure(assets, names)
        found[page] = (sum(_size(assets / name) for name in closed), len(closed))
    return found


def _only(assets: Path, module: str) -> str:
    found = [path.name for path in assets.glob(f"{module}-????????.js") if not _is_words(path)]
    # A module that others share is a few bytes that lead to the shared file.
    if not found:
        raise BenchError(f"{assets} has no file for {module}; has the page another name now?")
    return min(found, key=lambda name: (assets / name).stat().st_size)


def _words(assets: Path, word: str) -> str:
    """Each language has a file of that name, which may lead to a shared one; the larger counts."""
    found = [path.name for path in assets.glob(f"{word}-????????.js") if _is_words(path)]
    if not found:
        raise BenchError(f"{assets} has no words called {word}.")
    return max(found, key=lambda name: sum(_size(assets / one) for one in _closure(assets, [name])))


def _is_words(path: Path) -> bool:
    imported = _IMPORT.findall(path.read_text("utf-8"))
    return all(re.match(r"(en|de|rolldown-runtime)-", name) for name in imported)


def _closure(assets: Path, names: Iterable[str]) -> set[str]:
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        waiting += _IMPORT.findall((assets / name).read_text("utf-8"))
    return seen


def _size(path: Path) -> int:
    packed = path.with_name(f"{path.name}.br")
    return (packed if packed.exists() else path).stat().st_size


def loaded(playwright: Playwright, site: Site) -> dict[str, Loaded]:
    """Open each page in a browser that has nothing, and count."""
    chromium = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"])
    found = {}
    for name, (path, _, _) in PAGES.items():
        context = chromium.new_context(viewport=DESKTOP, service_workers="block", locale="en-GB")
        if name != "sign in":
            sign_in(context, site)
        found[name] = _opened(context, f"{site.url}{path.format(jira=site.jira)}")
        context.close()
    chromium.close()
    return found


def _opened(context: Any, url: str) -> Loaded:
    page = context.new_page()
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = {}
    session = context.new_cdp_session(page)
    session.on(
        "Network.responseReceived", lambda told: kinds.update({told["requestId"]: told["type"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}),
    )
    session.send("Network.enable")
    page.goto(url)
    before = -1
    while before != len(sizes):
        before = len(sizes)
        page.wait_for_timeout(_QUIET_MS)
    total = {"Script": 0.0, "Stylesheet": 0.0, "": 0.0}
    for request, size in sizes.items():
        kind = kinds.get(request, "")
        total[kind if kind in total else ""] += size
    return Loaded(int(total["Script"]), int(total["Stylesheet"]), int(total[""]), len(sizes))
