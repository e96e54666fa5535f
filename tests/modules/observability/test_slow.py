"""Slow queries: told of by name, with kinds of values and plans, never with values."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import bindparam, select
from structlog.testing import CapturingLogger
from tests.services.api import OpenApi

from tidework.auth import queries as of_auth
from tidework.errors import Unavailable
from tidework.log import Change, Commit
from tidework.observability import slow as module
from tidework.observability.slow import SlowQueries, asked, shapes
from tidework.store.sql.explain import explain_postgresql, explain_sqlite
from tidework.store.sql.migrations.runner import migrate_postgresql, migrate_sqlite
from tidework.store.sql.schema import tasks
from tidework.store.sql.statement import Statement
from tidework.tasks import queries as of_tasks
from tidework.users import queries as of_users
from tidework.workspaces import queries as of_workspaces

PLANTED = "planted-Gf6"
STATEMENT = Statement(
    "slow_one",
    select(tasks.c.id).where(
        tasks.c.stream_id == bindparam("stream_id"), tasks.c.title == bindparam("title")
    ),
)
PARAMS = {"stream_id": "0199c3d5-0000-7000-8000-000000000000", "title": PLANTED}

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """What is logged, in its order."""
    captured = CapturingLogger()
    monkeypatch.setattr(module, "_log", captured)

    def found() -> list[dict[str, Any]]:
        return [{"event": call.args[0], **call.kwargs} for call in captured.calls]

    return found


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ask(slow: SlowQueries, seconds: float, statement: Statement = STATEMENT) -> None:
    asked.set((statement, PARAMS))
    slow.query(statement.name, seconds)


def test_by_name_with_kinds_of_values(lines: Lines) -> None:
    slow = SlowQueries(0.5)
    ask(slow, 0.4)
    assert lines() == []
    ask(slow, 0.75)
    [line] = lines()
    assert line["event"] == "slow_query"
    assert (line["query"], line["ms"]) == ("slow_one", 750)
    assert line["parameters"] == {"stream_id": "id", "title": "text of 11"}
    assert PLANTED not in json.dumps(line)


def test_shapes() -> None:
    values = {"a": None, "b": True, "c": 3, "d": [1, 2], "e": {"x": 1}, "f": ""}
    assert shapes(values) == {
        "a": "null", "b": "bool", "c": "int", "d": "list of 2", "e": "dict", "f": "text of 0",
    }  # fmt: skip


def test_a_query_of_somebody_else_has_no_parameters(lines: Lines) -> None:
    slow = SlowQueries(0.5)
    asked.set((STATEMENT, PARAMS))
    slow.query("another", 1.0)
    assert "parameters" not in lines()[0]


def test_a_flood_is_one_line_a_second(lines: Lines) -> None:
    clock = Clock()
    slow = SlowQueries(0.5, clock=clock)
    for _ in range(100):
        ask(slow, 1)
    assert len(lines()) == 1
    clock.now = 1.5
    ask(slow, 1)
    assert lines()[1]["left_out"] == 99


def test_a_slow_commit(lines: Lines) -> None:
    slow = SlowQueries(0.5)
    change = Change("task", "t", "create", {"title": PLANTED})
    commit = Commit(stream_id="s", actor_id=None, at="2026-01-01", changes=[change])
    slow.commit(commit, 0.1)
    slow.commit(commit, 0.9)
    [line] = lines()
    assert (line["event"], line["changes"], line["entities"]) == ("slow_commit", 1, ["task"])
    assert PLANTED not in json.dumps(line)


async def test_plans_are_asked_for_seldom(lines: Lines) -> None:
    clock = Clock()
    asked_for = []

    async def explain(statement: Statement) -> str:
        asked_for.append(statement.name)
        return "SCAN\n  more"

    slow = SlowQueries(0.5, explain, clock)
    other = Statement("slow_two", STATEMENT.element)
    for second in range(0, 700, 5):
        clock.now = second
        ask(slow, 1)
        ask(slow, 1, other)
        for task in set(slow._explaining):
            await task
    # Each once, ten seconds apart, and again after ten minutes.
    assert asked_for == ["slow_one", "slow_two", "slow_one", "slow_two"]
    plans = [line for line in lines() if line["event"] == "slow_query_plan"]
    assert plans[0]["plan"] == ["SCAN", "  more"]


async def test_a_plan_that_cannot_be_had_is_said_and_nothing_else(lines: Lines) -> None:
    async def explain(statement: Statement) -> str:
        raise Unavailable("The database is away; try again in a moment.")

    slow = SlowQueries(0.5, explain)
    ask(slow, 1)
    for task in set(slow._explaining):
        await task
    assert lines()[-1]["event"] == "slow_query_not_explained"


async def test_the_plan_on_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "tidework.db"
    migrate_sqlite(path)
    plan = await explain_sqlite(path, STATEMENT)
    assert plan.startswith("SEARCH tasks USING")
    assert "stream_id=?" in plan


async def test_the_plan_on_postgresql(postgres_url: str) -> None:
    await migrate_postgresql(postgres_url)
    plan = await explain_postgresql(postgres_url, STATEMENT)
    assert "Scan" in plan
    assert "cost=" in plan
    # For any value, so that none can be in it.
    assert "$1" in plan
    again = await explain_postgresql(postgres_url, STATEMENT)
    assert again == plan


@pytest.mark.parametrize("wish", ["", "?target_session_attrs=read-write"])
async def test_the_plan_from_several_hosts(postgres_url: str, wish: str) -> None:
    await migrate_postgresql(postgres_url)
    several = postgres_url.replace("@", "@127.0.0.1:1,") + wish
    assert "Scan" in await explain_postgresql(several, STATEMENT)


async def test_every_query_of_the_product_can_be_explained(
    postgres_url: str, tmp_path: Path
) -> None:
    await migrate_postgresql(postgres_url)
    migrate_sqlite(tmp_path / "tidework.db")
    for part in (of_auth, of_tasks, of_users, of_workspaces):
        for statement in vars(part).values():
            if isinstance(statement, Statement):
                assert await explain_postgresql(postgres_url, statement)
                assert await explain_sqlite(tmp_path / "tidework.db", statement)


async def test_a_database_that_is_away() -> None:
    with pytest.raises(Unavailable):
        await explain_postgresql("postgresql://nobody@127.0.0.1:1/nothing", STATEMENT)


async def test_in_the_product(open_api: OpenApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked is slow when a thousandth of a second is."""
    api = await open_api(SLOW_QUERY_MS="1", SLOW_QUERY_EXPLAIN="on")
    with structlog.testing.capture_logs() as captured:
        monkeypatch.setattr(module, "_log", structlog.get_logger("tidework.slow"))
        person = await api.person()
        for number in range(400):
            made = await person.post("~/tasks", {"title": f"{PLANTED} {number}"})
            assert made.status_code == 201
            if any(line["event"] in ("slow_commit", "slow_query") for line in captured):
                break
        else:
            raise AssertionError("nothing took a thousandth of a second")
        await person.get(f"~/tasks?q={PLANTED}")
    assert PLANTED not in json.dumps(captured, default=str)
