"""Tidework itself, on SQLite or PostgreSQL, holding the same tasks in personal workspaces."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.client import BenchError, Client, render
from bench.model import Kind, Scenario
from bench.processes import Child, call, free_port, running
from bench.texts import Texts, words

COMMAND = (sys.executable, "-m", "tidework")
READY = "/health/ready"
API = "/api/v1"
PERSONAL = f"{API}/workspaces/personal"
TASKS = f"{PERSONAL}/tasks"
# The newest first, as the peers are asked.
LIST = f"{TASKS}?sort=-created_at&limit=20"
SHOWN = 20
PASSWORD = "Kelp lantern 4471 drift"
DOMAIN = "people.example"
# Tokens outlive any run, and are good on every server of one, whatever its port.
ISSUER = "http://127.0.0.1:8000"
TOKEN_SECONDS = 86_400
SETTINGS = {
    "TIDEWORK_RATE_LIMITS": "off",
    "TIDEWORK_PUBLIC_URL": ISSUER,
    "TIDEWORK_ACCESS_TOKEN_SECONDS": str(TOKEN_SECONDS),
}
# How many of a workspace's tasks a searched word is in: as many whatever the workspace's size.
FEW, MANY = (6, 18), (0.2, 0.5)
OPERATIONS = 500
"""As many as a batch may hold."""


@dataclass(slots=True)
class Account:
    token: str
    bodies: list[dict[str, Any]]
    workspace: str = ""
    tasks: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    etag: str = ""
    twin_of: Account | None = None

    def words(self, kind: Kind) -> list[str]:
        if self.twin_of:
            return self.twin_of.words(kind)
        few, many = FEW, tuple(int(part * len(self.bodies)) for part in MANY)
        low, high = few if kind == "search" else many
        return words(self.bodies, low, high)


@dataclass(slots=True)
class Tidework:
    key: str
    title: str
    port: int
    children: list[Child]
    database: Child | None
    accounts: list[Account]
    parts: dict[str, str] = field(default_factory=dict)
    metrics_port: int = 0

    def prepare(self, scenario: Scenario) -> None:
        if "unchanged" in scenario.mix_for(self.key):
            with Client(self.port) as client:
                for account in self.accounts:
                    _look_up_etag(client, account)

    def requests(self, kind: Kind) -> list[bytes]:
        port, accounts = self.port, self.accounts
        match kind:
            case "list":
                return [render("GET", path, port, a.token) for a in accounts for path in _lists(a)]
            case "unchanged":
                return [
                    render("GET", LIST, port, a.token, headers={"If-None-Match": a.etag})
                    for a in accounts
                ]
            case "get" | "open":
                return [
                    render("GET", f"{TASKS}/{task}", port, account.token)
                    for account in accounts
                    for task in (account.tasks if kind == "get" else account.tasks[-SHOWN:])
                ]
            case "create":
                return [
                    render("POST", TASKS, port, account.token, body)
                    for account in accounts
                    for body in account.bodies[:10]
                ]
            case "search" | "common":
                return [
                    render("GET", f"{path}&q={quote(word)}", port, account.token)
                    for account in accounts
                    for word in account.words(kind)
                    for path in _lists(replace(account, cursors=account.cursors[:1]))
                ]

    def versions(self) -> dict[str, str]:
        return self.parts


@dataclass(slots=True)
class Installation:
    """A data folder, the database it goes with, and who has an account there."""

    folder: Path
    database_url: str | None = None
    database: Child | None = None
    accounts: list[Account] = field(default_factory=list)
    command: Sequence[str] = COMMAND

    @contextmanager
    def serve(
        self,
        key: str = "",
        title: str = "",
        *,
        workers: int = 1,
        settings: Mapping[str, str] | None = None,
        metrics: bool = False,
    ) -> Iterator[Tidework]:
        """Run a server on it."""
        port = free_port()
        given = {"TIDEWORK_WORKERS": str(workers), **(settings or {})}
        metrics_port = free_port() if metrics else 0
        if metrics:
            given["TIDEWORK_METRICS"] = f"127.0.0.1:{metrics_port}"
        child = start(self.folder, port, self.database_url, settings=given, command=self.command)
        with running(child):
            child.wait_until_ready(port, READY)
            children, accounts = [child], self.accounts
            yield Tidework(
                key, title, port, children, self.database, accounts, metrics_port=metrics_port
            )


def environment(database_url: str | None) -> dict[str, str]:
    """The settings that differ from the defaults: limits off, long tokens, and the database if
    not SQLite."""
    if database_url:
        return {**SETTINGS, "TIDEWORK_DATABASE_URL": database_url}
    return SETTINGS


def migrate(folder: Path, database_url: str, command: Sequence[str] = COMMAND) -> None:
    """Prepare a PostgreSQL database and the keys that a server on it is given."""
    for more in (["migrate"], ["keys", "create"]):
        call([*command, *more, "--data-dir", str(folder)], env=environment(database_url))


def start(
    folder: Path,
    port: int,
    database_url: str | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    command: Sequence[str] = COMMAND,
) -> Child:
    """Start `tidework serve`; what it prints goes to a file beside its data folder."""
    words_ = [*command, "serve", "--port", str(port), "--data-dir", str(folder)]
    log = folder.with_name(f"{folder.name}-{port}.log")
    return Child(words_, log, env={**environment(database_url), **(settings or {})})


def seed(installation: Installation, texts: Texts, users: int, tasks: int) -> None:
    """Make accounts with their tasks, through the API of a server that runs meanwhile."""
    with installation.serve() as server, ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda n: _account(server.port, n, texts, tasks), range(users))
        installation.accounts = list(made)


def register(client: Client, number: int) -> dict[str, Any]:
    """Make an account; the first one of an installation becomes its admin."""
    person = {
        "email": f"user{number}@{DOMAIN}",
        "password": PASSWORD,
        "name": f"User {number}",
    }
    pair: dict[str, Any] = client.expect(201, "POST", f"{API}/auth/register", person)
    return pair


def add_tasks(client: Client, token: str, bodies: list[dict[str, Any]]) -> None:
    """Make tasks by batches, each a commit."""
    for begin in range(0, len(bodies), OPERATIONS):
        part = bodies[begin : begin + OPERATIONS]
        operations = [{"op": "create", "data": body} for body in part]
        answer = client.send("POST", f"{TASKS}/batch", {"operations": operations}, token=token)
        if answer.status not in {200, 201}:
            raise BenchError(f"seeding failed with {answer.status}: {answer.body[:500]!r}")


def _account(port: int, number: int, texts: Texts, count: int) -> Account:
    with Client(port) as client:
        account = Account(register(client, number)["access_token"], texts.tasks(number, count))
        add_tasks(client, account.token, account.bodies)
        account.workspace = client.expect(200, "GET", PERSONAL, token=account.token)["id"]
        account.tasks = task_ids(client, account.token)
        if len(account.tasks) != count:
            raise BenchError(f"an account lists {len(account.tasks)} tasks instead of {count}")
        return account


def task_ids(client: Client, token: str) -> list[str]:
    """The ids of an account's tasks, the oldest first."""
    found: list[str] = []
    path = f"{TASKS}?limit=100"
    while True:
        page = client.expect(200, "GET", path, token=token)
        found += [item["id"] for item in page["items"]]
        if not page.get("next_cursor"):
            return found
        path = f"{TASKS}?limit=100&cursor={quote(page['next_cursor'])}"


def list_cursors(client: Client, token: str, pages: int) -> list[str]:
    """Where the first pages of the list begin, nothing for the very first."""
    found = [""]
    while len(found) < pages:
        page = client.expect(200, "GET", f"{LIST}{found[-1]}", token=token)
        found.append(f"&cursor={quote(page['next_cursor'])}")
    return found


def _lists(account: Account) -> list[str]:
    """What an account asks for as its list: the first page, or, with cursors, many lists of about
    20, of which hardly two are the same. (Who asks for the same at the same moment is answered
    from one query.)"""
    if not account.cursors:
        return [LIST]
    base = LIST.removesuffix(str(SHOWN))
    return [f"{base}{n}{c}" for c in account.cursors for n in range(SHOWN - 6, SHOWN + 7)]


def _look_up_etag(client: Client, account: Account) -> None:
    """Learn the list's present ETag, and make sure that it is answered with 304."""
    answer = client.send("GET", LIST, token=account.token)
    account.etag = answer.headers.get("etag", "")
    again = client.send("GET", LIST, token=account.token, headers={"If-None-Match": account.etag})
    if again.status != 304:
        raise BenchError(f"a list asked again with its ETag gave {again.status} instead of 304")
