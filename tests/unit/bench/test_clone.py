"""Twins are real accounts: the log of each leads to its state, and nobody sees another's."""

import asyncio
import json
import subprocess
from pathlib import Path

import asyncpg
import pytest
from bench import clone, tidework
from bench.client import Client
from bench.texts import Texts
from bench.tidework import COMMAND, Installation

TEXTS = Texts([(f"Title {n}", f"Body {n}") for n in range(20)], "here")


@pytest.fixture
def installation(tmp_path: Path, postgres_url: str) -> Installation:
    made = Installation(tmp_path / "data", postgres_url)
    tidework.migrate(made.folder, postgres_url)
    tidework.seed(made, TEXTS, 2, 5)
    asyncio.run(clone.twins(postgres_url, 3))
    made.accounts += clone.twin_accounts(made, range(1, 4))
    return made


def _replay(installation: Installation) -> dict[str, bool]:
    words = [*COMMAND, "doctor", "--replay", "--json", "--data-dir", str(installation.folder)]
    env = tidework.environment(installation.database_url)
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    return {check["name"]: check["ok"] for check in _checks(json.loads(done.stdout))}


def _checks(found: object) -> list[dict[str, object]]:
    if isinstance(found, dict):
        found = found["checks"]
    assert isinstance(found, list)
    return found


async def _spoil(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "UPDATE changes SET set = jsonb_set(set, '{title}', '\"another\"')"
            " WHERE entity = 'task' AND stream_id = (SELECT max(stream_id::text)::uuid FROM tasks)"
        )
    finally:
        await connection.close()


def test_the_log_of_each_twin_leads_to_its_state(installation: Installation) -> None:
    found = _replay(installation)
    assert not found.pop("statistics")
    assert found["replay"]
    assert all(found.values()), found
    # Nor would another log pass for its own.
    assert installation.database_url
    asyncio.run(_spoil(installation.database_url))
    assert not _replay(installation)["replay"]


def test_a_twin_is_logged_in_and_sees_its_own_tasks_only(installation: Installation) -> None:
    first, last = installation.accounts[0], installation.accounts[-1]
    assert set(first.tasks).isdisjoint(last.tasks)
    with installation.serve() as server, Client(server.port) as client:
        page = client.expect(200, "GET", tidework.LIST, token=last.token)
        assert {item["id"] for item in page["items"]} == set(last.tasks)
        client.expect(404, "GET", f"{tidework.TASKS}/{first.tasks[0]}", token=last.token)
