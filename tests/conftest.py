"""What every test shares: the servers, and an environment that is the same on every machine."""

import gc
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.services import cheap, clients, routes
from tests.services.api import api, database_url, open_api, sqlite_url
from tests.services.buckets import bench
from tests.services.postgres import postgres, postgres_database, postgres_url
from tests.services.redis import redis, redis_server, redis_url
from tests.services.runs import SEED, run
from tests.services.server import tidework_server
from tests.services.smtp import mail_server
from tests.services.stores import (
    database,
    emptied,
    migrated_file,
    migrated_template,
    postgres_copy,
    postgres_emptied,
    sqlite_database,
    store,
)
from tidework.auth import passwords

__all__ = [
    "api",
    "bench",
    "database",
    "database_url",
    "emptied",
    "mail_server",
    "migrated_file",
    "migrated_template",
    "open_api",
    "postgres",
    "postgres_copy",
    "postgres_database",
    "postgres_emptied",
    "postgres_url",
    "redis",
    "redis_server",
    "redis_url",
    "run",
    "sqlite_database",
    "sqlite_url",
    "store",
    "tidework_server",
]

# A developer's own settings must not decide what a test sees.
for name in [name for name in os.environ if name.startswith("TIDEWORK_")]:
    del os.environ[name]

# A shell's background jobs ignore it, and so would each command that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

routes.patch()
cheap.patch()
clients.patch()
# What is imported stays, so nobody has to look at it again and again for what could go.
gc.disable()


@pytest.fixture
def full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing as it is in production."""
    monkeypatch.setattr(passwords, "_ARGON2", cheap.FULL)


def pytest_collection_finish() -> None:
    """Collect garbage from here on, as a server does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def pytest_report_header() -> str:
    """Above the list of tests: what repeats those that throw dice."""
    return f"fault seed: {SEED} (TIDEWORK_FAULT_SEED)"


# Machines are shared and slow at times; how long an example takes says nothing about the code.
settings.register_profile("tidework", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("tidework"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tidework"))
