"""What a request costs when there are many more users, or many more tasks in one workspace."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg

from bench import clone, tidework
from bench.client import Client
from bench.load import Load, Round, one_round
from bench.model import Kind, Scenario
from bench.postgres import Postgres
from bench.report import Goal, Plain, table
from bench.texts import Texts
from bench.tidework import Account, Installation, Tidework

LIMIT = 0.2
"""By how much the cost may grow."""
USERS, MANY_USERS, FEWER_USERS, TASKS_OF_USER = 200, 10_000, 2_000, 20
TASKS, MANY_TASKS, PAGES = 200, 20_000, 9
UNCACHED = {"TIDEWORK_CACHE_BYTES": "0"}
# What is asked, whether it is a goal, and whether the cache of answers is on meanwhile.
ASKED: tuple[tuple[Kind, bool, bool], ...] = (
    ("list", True, False),
    ("get", True, False),
    ("search", True, False),
    ("common", False, False),
    ("create", True, True),
)
NAMES = {"common": "search for a common word"}


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of request on the small and on the large store, round by round in turns."""

    what: str
    kind: str
    is_goal: bool
    cached: bool
    small: tuple[Round, ...]
    large: tuple[Round, ...]

    @property
    def times(self) -> list[float]:
        """The large store's cost for one of the small one's, of each pair of rounds."""
        pairs = zip(self.small, self.large, strict=True)
        return [large.cost / small.cost for small, large in pairs]

    @property
    def growth(self) -> float:
        return statistics.median(self.times) - 1


@dataclass(slots=True)
class Growth(Plain):
    rounds: int
    seconds: int
    steps: list[Step] = field(default_factory=list)
    name: str = "growth"

    @property
    def errors(self) -> int:
        return sum(r.errors for step in self.steps for r in (*step.small, *step.large))

    def goals(self) -> Iterable[Goal]:
        for step in self.steps:
            if step.is_goal:
                what = f"cost of {step.kind}, {step.what}"
                yield Goal(what, f"{step.growth:+.0%}", f"< +{LIMIT:.0%}", step.growth < LIMIT)

    def lines(self) -> list[str]:
        head = ["", "request", "before: server + database µs", "after", "growth", "rounds from-to"]
        rows = []
        for step in self.steps:
            name = NAMES.get(step.kind, step.kind) + ("" if step.cached else " (cache off)")
            low, high = min(step.times) - 1, max(step.times) - 1
            row = [step.what, name, _cost(step.small), _cost(step.large)]
            rows.append([*row, f"{step.growth:+.0%}", f"{low:+.0%} to {high:+.0%}"])
        note = (
            f"Processor time of a request, medians of {self.rounds} rounds of {self.seconds} s on"
            " Tidework, PostgreSQL, one worker, both stores in turns. More users: the same"
            f" {USERS} are active, with {TASKS_OF_USER} tasks each. More tasks: one workspace. A"
            f" searched word is in {tidework.FEW[0]} to {tidework.FEW[1]} of a workspace's tasks,"
            " a common one in 20 to 50 % of them."
        )
        return ["## Growth", "", *table(head, rows), "", note]

    def data(self) -> Any:
        return [{**asdict(step), "growth": round(step.growth, 3)} for step in self.steps]


def measure(
    folder: Path,
    load: Load,
    database: Postgres,
    texts: Texts,
    users: int,
    *,
    rounds: int,
    seconds: int,
) -> Growth:
    """From 200 to `users`, and from 200 to 20,000 tasks in a workspace."""
    section = Growth(rounds, seconds)
    stores = _users(folder, database, texts, users)
    section.steps += _steps(f"{USERS:,} to {users:,} users", stores, load, rounds, seconds)
    stores = _tasks(folder, database, texts, rounds + 1)
    section.steps += _steps(f"{TASKS:,} to {MANY_TASKS:,} tasks", stores, load, rounds, seconds)
    return section


@dataclass(frozen=True, slots=True)
class _Store:
    """`fresh` are those whose workspaces creates go to, one of them in each round."""

    installation: Installation
    fresh: Sequence[Sequence[Account]]


def _steps(
    what: str, stores: tuple[_Store, _Store], load: Load, rounds: int, seconds: int
) -> Iterator[Step]:
    for kind, is_goal, cached in ASKED:
        with ExitStack() as stack:
            settings = None if cached else UNCACHED
            servers = [
                stack.enter_context(one.installation.serve(key, key, settings=settings))
                for key, one in zip(("small", "large"), stores, strict=True)
            ]
            small, large = _in_turns(kind, servers, stores, load, rounds, seconds)
            yield Step(what, kind, is_goal, cached, small, large)


def _in_turns(
    kind: Kind,
    servers: Sequence[Tidework],
    stores: Sequence[_Store],
    load: Load,
    rounds: int,
    seconds: int,
) -> tuple[tuple[Round, ...], ...]:
    done: tuple[list[Round], ...] = ([], [])
    scenario = Scenario(kind, kind, {kind: 100})
    for number in range(rounds + 1):
        for server, store, into in zip(servers, stores, done, strict=True):
            whose = store.installation.accounts
            if kind == "create":
                whose = list(store.fresh[number % len(store.fresh)])
            files = load.requests(scenario, replace(server, accounts=whose))
            found = one_round(server, files, seconds, scenario.connections, seed=number)
            # The first one only warms up.
            if number:
                into.append(found)
    return tuple(tuple(each) for each in done)


def _users(folder: Path, database: Postgres, texts: Texts, users: int) -> tuple[_Store, _Store]:
    """Equal accounts on both; on the second there are many more, which are not active."""
    few = database.create_database("users_few")
    first = Installation(folder / "users", few, database.child)
    made = begin(first, texts, USERS, TASKS_OF_USER)
    many = database.create_database("users_many", like="users_few")
    multiply(first, USERS // made - 1)
    asyncio.run(clone.twins(many, users // made - 1))
    asyncio.run(tidy(many))
    second = replace(first, database_url=many)
    return _Store(first, [first.accounts]), _Store(second, [first.accounts])


def _tasks(folder: Path, database: Postgres, texts: Texts, small: int) -> tuple[_Store, _Store]:
    """An account with few tasks, and one with many; creates go to another small one each time."""
    few = database.create_database("tasks_few")
    first = Installation(folder / "tasks", few, database.child)
    tidework.migrate(first.folder, few)
    tidework.seed(first, texts, small, TASKS)
    many = database.create_database("tasks_many", like="tasks_few")
    owner = first.accounts[0]
    bodies = [*owner.bodies, *texts.tasks(0, MANY_TASKS - TASKS, step=1)]
    second = replace(first, database_url=many)
    with second.serve() as server, Client(server.port) as client:
        tidework.add_tasks(client, owner.token, bodies[TASKS:])
        tasks = tidework.task_ids(client, owner.token)
        cursors = tidework.list_cursors(client, owner.token, PAGES)
    second.accounts = [replace(owner, bodies=bodies, tasks=tasks, cursors=cursors)]
    fresh = [[one] for one in first.accounts]
    with first.serve() as server, Client(server.port) as client:
        owner.cursors = tidework.list_cursors(client, owner.token, PAGES)
    first.accounts = [owner]
    for url in (few, many):
        asyncio.run(tidy(url))
    return _Store(first, fresh), _Store(second, [second.accounts])


def begin(installation: Installation, texts: Texts, users: int, tasks: int) -> int:
    """Make an eighth of the accounts through the API, on an empty database; how many these are."""
    assert installation.database_url
    tidework.migrate(installation.folder, installation.database_url, installation.command)
    made = max(1, users // 8)
    tidework.seed(installation, texts, made, tasks)
    return made


def multiply(installation: Installation, copies: int) -> None:
    """Give all accounts this many twins, who can be used like the others."""
    assert installation.database_url
    asyncio.run(clone.twins(installation.database_url, copies))
    asyncio.run(tidy(installation.database_url))
    twins = clone.twin_accounts(installation, range(1, copies + 1))
    installation.accounts = [*installation.accounts, *twins]


async def tidy(url: str) -> None:
    """What a database that has run for a while has done by itself."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _cost(rounds: Sequence[Round]) -> str:
    def median(of: Callable[[Round], float]) -> float:
        return statistics.median(of(one) / max(1, one.requests) for one in rounds) * 1e6

    own, database = median(lambda r: r.program_cpu), median(lambda r: r.database_cpu)
    return f"{own:,.0f} + {database:,.0f}"
