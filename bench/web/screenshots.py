"""`make screenshots`: each page, light and dark, on a desktop and a phone, into docs/screenshots.

The data is that of `tidework demo`. Whoever changes a page looks at what this writes.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright

from bench import tidework
from bench.__main__ import prepare
from bench.client import BenchError
from bench.options import ROOT
from bench.processes import Child, call, free_port, running
from bench.run import say
from bench.web.site import FLAGS, program

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = ROOT / "docs" / "screenshots"
DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 1.5,
        "has_touch": True,
        "is_mobile": True,
    },
}
SCHEMES = ("light", "dark")
QUALITY = 78
QUIET_MS = 400

# `{w}` is the demo's workspace.
PAGES = {
    "sign-in": "/login",
    "register": "/register",
    "my-tasks": "/my-tasks",
    "list": "/w/{w}/list",
    "list-panel": "/w/{w}/list?task=5",
    "board": "/w/{w}/board",
    "calendar": "/w/{w}/calendar",
    "timeline": "/w/{w}/timeline",
    "dashboard": "/w/{w}/dashboard",
    "search": "/w/{w}/search?q=harbour",
    "inbox": "/inbox",
    "projects": "/w/{w}/projects",
    "labels": "/w/{w}/labels",
    "members": "/w/{w}/members",
    "transfer": "/w/{w}/transfer",
    "workspace": "/w/{w}/settings",
    "profile": "/settings/profile",
    "notifications": "/settings/notifications",
    "tokens": "/settings/tokens",
    "admin-users": "/admin/users",
    "admin-health": "/admin/health",
    "admin-audit": "/admin/audit",
    "admin-statistics": "/admin/statistics",
}
NOBODY = ("sign-in", "register")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.web.screenshots", description=__doc__)
    parser.add_argument("page", nargs="*", choices=[*PAGES, []], help="only these")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args(arguments)
    prepare()
    try:
        _take(given.page or list(PAGES), given.folder)
    except BenchError as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 1
    return 0


def _take(pages: Sequence[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="screenshots-") as name,
        sync_playwright() as playwright,
    ):
        home, port = Path(name) / "data", free_port()
        printed = call([*tidework.COMMAND, "demo", "--json", "--data-dir", str(home)])
        # How far it is stands in front.
        demo = json.loads(printed[printed.index("{") :])
        words = [*tidework.COMMAND, "serve", "--port", str(port), "--data-dir", str(home)]
        child = Child(words, Path(name) / "server.log", env={"TIDEWORK_RATE_LIMITS": "off"})
        with running(child):
            child.wait_until_ready(port, tidework.READY)
            chromium = playwright.chromium.launch(executable_path=program(), args=FLAGS)
            for device, options in DEVICES.items():
                for scheme in SCHEMES:
                    say(f"{device}, {scheme}")
                    _all(
                        chromium,
                        port,
                        demo,
                        pages,
                        folder,
                        device,
                        {**options, "color_scheme": scheme},
                    )
            chromium.close()


def _all(
    chromium: Browser,
    port: int,
    demo: dict[str, str],
    pages: Sequence[str],
    folder: Path,
    device: str,
    options: dict[str, Any],
) -> None:
    url = f"http://127.0.0.1:{port}"
    more = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"}
    context = chromium.new_context(base_url=url, service_workers="block", **more, **options)
    page = context.new_page()
    signed_in = False
    for name in sorted(pages, key=lambda name: name not in NOBODY):
        if name not in NOBODY and not signed_in:
            page.goto("/login")
            page.locator("input[type=email]").fill(demo["email"])
            page.locator("input[type=password]").fill(demo["password"])
            page.keyboard.press("Enter")
            page.wait_for_url("**/my-tasks")
            signed_in = True
        page.goto(PAGES[name].format(w=demo["workspace_id"]))
        _settle(page)
        _write(page.screenshot(), folder / f"{name}-{device}-{options['color_scheme']}.webp")
    context.close()


def _settle(page: Page) -> None:
    """Until nothing is asked for and nothing is drawn any more."""
    page.wait_for_load_state("load")
    last = b""
    for _ in range(25):
        page.wait_for_timeout(QUIET_MS)
        now = page.screenshot()
        busy = page.locator(".mantine-Skeleton-root, [aria-busy=true]").count()
        if now == last and not busy and page.locator("#root > *").count():
            return
        last = now


def _write(png: bytes, path: Path) -> None:
    Image.open(io.BytesIO(png)).convert("RGB").save(path, "WEBP", quality=QUALITY, method=6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
