"""What to do when a server that a test talks to is not on this machine."""

import os
from typing import NoReturn

import pytest


def unavailable(what: str) -> NoReturn:
    """Skip the test, or fail it when REQUIRE_SERVICES=1.

    Args:
        what: what is missing and how to get it, as a sentence.
    """
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{what} REQUIRE_SERVICES=1, so that is a failure.", pytrace=False)
    pytest.skip(what)
