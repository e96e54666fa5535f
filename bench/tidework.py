"""Tidework itself, on SQLite or PostgreSQL, holding the same tasks in personal workspaces."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.client import BenchError, Client, render
from bench.model import Kind, Scenario
from bench.processes import Child, call, free_port, running
from bench.texts import Texts

COMMAND = (sys.executable, "-m", "tidework")
READY = "/health/ready"
API = "/api/v1"
TASKS = f"{API}/workspaces/personal/tasks"
LIST = f"{TASKS}?limit=20"
PASSWORD = "Kelp lantern 4471 drift"
# Tokens are renewed before a scenario when they have less left than any scenario takes.
TOKEN_RESERVE_SECONDS = 300


@dataclass(slots=True)
class Account:
    token: str
    refresh_token: str
    expires: float
    new: list[dict[str, Any]]
    tasks: list[str] = field(default_factory=list)
    etag: str = ""

    def take(self, pair: Mapping[str, Any]) -> None:
        self.token, self.refresh_token = pair["access_token"], pair["refresh_token"]
        self.expires = time.monotonic() + float(pair["expires_in"])


@dataclass(slots=True)
class Tidework:
    key: str
    title: str
    port: int
    children: list[Child]
    parts: dict[str, str]
    accounts: list[Account] = field(default_factory=list)

    def prepare(self, scenario: Scenario) -> None:
        if min(a.expires for a in self.accounts) - time.monotonic() < TOKEN_RESERVE_SECONDS:
            _each(self.port, self.accounts, _renew)
        if "unchanged" in scenario.mix:
            _each(self.port, self.accounts, _look_up_etag)

    def requests(self, kind: Kind) -> list[bytes]:
        match kind:
            case "list":
                return [render("GET", LIST, self.port, a.token) for a in self.accounts]
            case "unchanged":
                return [
                    render("GET", LIST, self.port, a.token, headers={"If-None-Match": a.etag})
                    for a in self.accounts
                ]
            case "get":
                return [
                    render("GET", f"{TASKS}/{task}", self.port, account.token)
                    for account in self.accounts
                    for task in account.tasks
                ]
            case "create":
                return [
                    render("POST", TASKS, self.port, account.token, body)
                    for account in self.accounts
                    for body in account.new
                ]

    def versions(self) -> dict[str, str]:
        return self.parts


def environment(database_url: str | None) -> dict[str, str]:
    """The settings that differ from the defaults: limits off, and the database if not SQLite."""
    settings = {"TIDEWORK_RATE_LIMITS": "off"}
    if database_url:
        settings["TIDEWORK_DATABASE_URL"] = database_url
    return settings


def migrate(folder: Path, database_url: str) -> None:
    """Prepare a PostgreSQL database and the keys that a server on it is given."""
    for words in (["migrate"], ["keys", "create"]):
        call([*COMMAND, *words, "--data-dir", str(folder)], env=environment(database_url))


def start(folder: Path, port: int, database_url: str | None = None) -> Child:
    """Start `tidework serve`; what it prints goes to a file beside its data folder."""
    command = [*COMMAND, "serve", "--port", str(port), "--data-dir", str(folder)]
    log = folder.with_name(folder.name + ".log")
    return Child(command, log, env=environment(database_url))


@contextmanager
def served(
    folder: Path,
    texts: Texts,
    users: int,
    tasks: int,
    database_url: str | None = None,
    database: Child | None = None,
    parts: dict[str, str] | None = None,
) -> Iterator[Tidework]:
    """Start Tidework on an empty store and seed it through its API.

    The database's processes, when there are any, count as part of the server.
    """
    if database_url:
        migrate(folder, database_url)
    port = free_port()
    with running(start(folder, port, database_url)) as child:
        child.wait_until_ready(port, READY)
        children = [child, database] if database else [child]
        key, on = ("postgres", "PostgreSQL") if database else ("sqlite", "SQLite")
        server = Tidework(key, f"Tidework, {on}", port, children, parts or {})
        with ThreadPoolExecutor(2) as pool:
            numbers = range(users)
            server.accounts = list(pool.map(lambda n: _account(port, n, texts, tasks), numbers))
        yield server


def register(client: Client, number: int) -> dict[str, Any]:
    """Make an account; the first one of an installation becomes its admin."""
    person = {
        "email": f"user{number}@example.com",
        "password": PASSWORD,
        "name": f"User {number}",
    }
    pair: dict[str, Any] = client.expect(201, "POST", f"{API}/auth/register", person)
    return pair


def _account(port: int, number: int, texts: Texts, count: int) -> Account:
    with Client(port) as client:
        bodies = texts.tasks(number, count)
        account = Account("", "", 0.0, bodies[:10])
        account.take(register(client, number))
        # A batch may hold 500 operations.
        for begin in range(0, count, 500):
            operations = [{"op": "create", "data": body} for body in bodies[begin : begin + 500]]
            answer = client.send(
                "POST", f"{TASKS}/batch", {"operations": operations}, token=account.token
            )
            if answer.status not in {200, 201}:
                raise BenchError(f"seeding failed with {answer.status}: {answer.body[:500]!r}")
        account.tasks = _task_ids(client, account.token)
        if len(account.tasks) != count:
            raise BenchError(f"an account lists {len(account.tasks)} tasks instead of {count}")
        return account


def _task_ids(client: Client, token: str) -> list[str]:
    found: list[str] = []
    path = f"{TASKS}?limit=100"
    while True:
        page = client.expect(200, "GET", path, token=token)
        found += [item["id"] for item in page["items"]]
        if not page.get("next_cursor"):
            return found
        path = f"{TASKS}?limit=100&cursor={quote(page['next_cursor'])}"


def _renew(client: Client, account: Account) -> None:
    body = {"refresh_token": account.refresh_token}
    account.take(client.expect(200, "POST", f"{API}/auth/refresh", body))


def _look_up_etag(client: Client, account: Account) -> None:
    """Learn the list's present ETag, and make sure that it is answered with 304."""
    answer = client.send("GET", LIST, token=account.token)
    account.etag = answer.headers.get("etag", "")
    again = client.send("GET", LIST, token=account.token, headers={"If-None-Match": account.etag})
    if again.status != 304:
        raise BenchError(f"a list asked again with its ETag gave {again.status} instead of 304")


def _each(port: int, accounts: list[Account], do: Callable[[Client, Account], None]) -> None:
    with Client(port) as client:
        for account in accounts:
            do(client, account)
