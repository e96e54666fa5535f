"""Prometheus' own tools."""

import shutil

import pytest

from tests.services.require import unavailable


def tool(name: str) -> str:
    """The path of one of them; the test is skipped when it is not here."""
    found = shutil.which(name)
    if found is None:
        unavailable(f"{name} is not here; run: scripts/services.sh prometheus.")
    return found


@pytest.fixture(scope="session")
def promtool() -> str:
    """The path of promtool."""
    return tool("promtool")


@pytest.fixture(scope="session")
def amtool() -> str:
    """The path of amtool, Alertmanager's."""
    return tool("amtool")
