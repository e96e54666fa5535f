"""The whole server with replicas: what it shows, and what never comes from a replica."""

import ast
import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.services.api import Api, opened
from tests.services.replication import Replication, replicated

from tidework import tasks, workspaces
from tidework.settings import load

__all__ = ["replicated"]


@pytest.fixture
async def replicated_api(replicated: Replication, tmp_path: Path) -> AsyncIterator[Api]:
    """With the primary in the list of the replicas, as where any may become it."""
    settings = load(
        {
            "TIDEWORK_DATA_DIR": str(tmp_path),
            "TIDEWORK_DATABASE_URL": replicated.multi_url,
            "TIDEWORK_DATABASE_REPLICA_URLS": " ".join([replicated.url, *replicated.replica_urls]),
            "TIDEWORK_RATE_LIMITS": "off",
            "TIDEWORK_METRICS": "public",
        }
    )
    async with opened(settings) as api:
        await all_asked(api)
        yield api


async def all_asked(api: Api) -> None:
    end = time.monotonic() + 30
    while (await replicas_of(api))["status"] != "ok":
        assert time.monotonic() < end, await replicas_of(api)
        await asyncio.sleep(0.1)


async def replicas_of(api: Api) -> dict[str, Any]:
    answer = await api.client.get("/health/ready")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()["checks"]["replicas"]
    return found


async def reads(api: Api) -> dict[str, float]:
    """How many reads the primary and the replicas have answered."""
    lines = (await api.client.get("/metrics")).text.splitlines()
    return {
        line.split('"')[1]: float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith("tidework_reads_total{")
    }


async def test_what_is_shown_comes_from_replicas_and_what_decides_does_not(
    replicated_api: Api,
) -> None:
    """Seen red with `TaskService.get` reading through its answers: a PATCH asks a replica."""
    ada = await replicated_api.person()
    task = await ada.made("~/tasks", {"title": "One"})
    project = await ada.made("~/projects", {"name": "P"})
    comment = await ada.made(f"~/tasks/{task['id']}/comments", {"body": "c"})
    shown = [
        "~/tasks", f"~/tasks/{task['id']}", f"~/tasks/{task['number']}", "~/tasks?q=one",
        f"~/tasks/{task['id']}/comments", f"~/comments/{comment['id']}", "~/stats",
        f"~/tasks/{task['id']}/history", "~/changes", f"~/tasks/{task['id']}/relations",
        "~/projects", f"~/projects/{project['id']}", "~/labels", "~/snapshot", "~/texts",
    ]  # fmt: skip
    for path in shown:
        # Until the replicas have what was just written, the primary answers.
        before, end = await reads(replicated_api), time.monotonic() + 10
        while (await reads(replicated_api)).get("replica", 0) == before.get("replica", 0):
            assert time.monotonic() < end, path
            answer = await ada.get(path)
            assert answer.status_code == 200
            # The front remembers the answer, and what lists say of the task; further writes make it
            # ask again.
            for what in (f"~/projects/{project['id']}", f"~/tasks/{task['id']}"):
                await ada.patch(what, {"description": str(time.monotonic())})
            await asyncio.sleep(0.05)

    before = await reads(replicated_api)
    other = await ada.made("~/tasks", {"title": "Two", "project_id": project["id"]})
    calls = [
        ("PATCH", f"~/tasks/{task['id']}", {"status": "completed"}),
        ("POST", f"~/tasks/{task['id']}/comments", {"body": "d"}),
        ("PATCH", f"~/comments/{comment['id']}", {"body": "e"}),
        ("POST", f"~/tasks/{task['id']}/relations", {"kind": "blocks", "task_id": other["id"]}),
        ("DELETE", f"~/tasks/{task['id']}/relations/blocks/{other['id']}", None),
        ("POST", "~/tasks/batch", {"operations": [
            {"op": "update", "id": other["id"], "data": {"title": "Three"}}]}),
        ("PATCH", f"~/projects/{project['id']}", {"name": "Q"}),
        ("POST", "~/undo", {"seq": 3}),
        ("DELETE", f"~/comments/{comment['id']}", None),
        ("DELETE", f"~/projects/{project['id']}", None),
        ("DELETE", f"~/tasks/{task['id']}", None),
        ("PATCH", "/users/me", {"name": "Ada"}),
    ]  # fmt: skip
    for method, path, body in calls:
        answer = await ada.call(method, path, body)
        assert answer.status_code in (200, 201, 204, 409), (path, answer.text)
    for path in ("/users/me", "/workspaces", "/auth/sessions", "/auth/tokens"):
        assert (await ada.get(path)).status_code == 200
    assert (await reads(replicated_api)).get("replica", 0) == before.get("replica", 0)


async def test_the_primary_in_the_list_is_no_replica_that_is_missing(
    replicated_api: Api, replicated: Replication
) -> None:
    primary = f"127.0.0.1:{replicated.primary.port}"
    found = await replicas_of(replicated_api)
    assert found["status"] == "ok"
    assert f"{primary} is the primary." in found["detail"]
    lines = (await replicated_api.client.get("/metrics")).text.splitlines()
    usable = sorted(line for line in lines if line.startswith("tidework_replica_usable{"))
    expected = [f'tidework_replica_usable{{replica="127.0.0.1:{one.port}"}} 1.0'
                for one in replicated.standbys]  # fmt: skip
    assert usable == sorted(expected)


async def test_a_replica_that_is_gone_is_told_in_words(
    replicated_api: Api, replicated: Replication
) -> None:
    broken = replicated.standbys[0]
    await asyncio.to_thread(broken.stop)
    end = time.monotonic() + 30
    while (found := await replicas_of(replicated_api))["status"] != "degraded":
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
    assert f"127.0.0.1:{broken.port} (away)" in found["detail"]
    await asyncio.to_thread(broken.start)
    await all_asked(replicated_api)


def test_what_writes_has_no_way_to_a_replica() -> None:
    """In every service: whatever comes to a commit, directly or by another method of its class,
    does not read through `answers`. Seen red with `get` reading through them."""
    checked = 0
    for module in (tasks, workspaces):
        for path in Path(str(module.__file__)).parent.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.ClassDef):
                    continue
                methods = {
                    one.name: one
                    for one in node.body
                    if isinstance(one, ast.AsyncFunctionDef | ast.FunctionDef)
                }
                uses = {name: attributes_of(one) for name, one in methods.items()}
                for name in methods:
                    reached = closure(name, uses)
                    every = set().union(*(uses[one] for one in reached))
                    if "_store.append" in every:
                        checked += 1
                        assert "_answers" not in every, f"{path.name}: {node.name}.{name}"
    assert checked > 15


def attributes_of(function: ast.AST) -> set[str]:
    """The names of what a function uses of other things, writing to a store by its full name."""
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Attribute)]
    owned = {f"{node.value.attr}.{node.attr}" for node in nodes if hasattr(node.value, "attr")}
    return {node.attr for node in nodes} | owned


def closure(name: str, uses: dict[str, set[str]]) -> set[str]:
    reached, waiting = {name}, [name]
    while waiting:
        further = (uses[waiting.pop()] & uses.keys()) - reached
        reached |= further
        waiting += further
    return reached
