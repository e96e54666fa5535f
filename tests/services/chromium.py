"""The browser that tests open: the system's own, since the machine may fetch no other."""

import shutil

from tests.services.require import unavailable

# The first one draws no windows, which halves what a page costs.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")


def program() -> str:
    """The path of the browser's program; the test is skipped, or fails, without one."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        unavailable("Chromium is missing; scripts/services.sh browser installs it.")
    return found
