"""The whole product in the test's own process, called over ASGI, on either database."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.routes import routes_used_again
from tidework.app import create_app
from tidework.commands.lifespan import running
from tidework.settings import Settings, load
from tidework.store.sql.migrations.runner import migrate_postgresql, migrate_sqlite

PASSWORD = "correct horse battery staple"


@dataclass
class Person:
    """Somebody with an account, logged in."""

    api: "Api"
    id: str
    email: str
    access_token: str
    refresh_token: str
    workspace: str

    async def call(self, method: str, path: str, body: Any = None, **kw: Any) -> httpx.Response:
        """A request below `/api/v1`, or, with a leading `~`, below this person's workspace."""
        if path.startswith("~"):
            path = f"/workspaces/{self.workspace}{path[1:]}"
        headers = {"authorization": f"Bearer {self.access_token}", **kw.pop("headers", {})}
        if body is not None:
            kw["json"] = body
        return await self.api.client.request(method, f"/api/v1{path}", headers=headers, **kw)

    async def get(self, path: str, **kw: Any) -> httpx.Response:
        return await self.call("GET", path, **kw)

    async def post(self, path: str, body: Any = None, **kw: Any) -> httpx.Response:
        return await self.call("POST", path, body, **kw)

    async def patch(self, path: str, body: Any, **kw: Any) -> httpx.Response:
        return await self.call("PATCH", path, body, **kw)

    async def delete(self, path: str, body: Any = None, **kw: Any) -> httpx.Response:
        return await self.call("DELETE", path, body, **kw)

    async def made(self, path: str, body: Any) -> dict[str, Any]:
        """What a POST has made; fails when it did not."""
        answer = await self.post(path, body)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found


@dataclass
class Api:
    """A running application and a client of it."""

    app: Any
    settings: Settings
    client: httpx.AsyncClient
    people: int = field(default=0)

    async def person(self, email: str | None = None, name: str = "Somebody") -> Person:
        """Register somebody; the first one is the installation's admin."""
        self.people += 1
        address = email or f"person{self.people}@example.com"
        body = {"email": address, "password": PASSWORD, "name": name}
        answer = await self.client.post("/api/v1/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        user = made["user"]
        tokens = (made["access_token"], made["refresh_token"])
        return Person(self, user["id"], address, *tokens, user["personal_workspace_id"])

    async def team(self, owner: Person, *roles: str) -> list[Person]:
        """A new workspace of `owner`, which becomes theirs, with a new member of each role."""
        made = await owner.made("/workspaces", {"name": "Team"})
        owner.workspace = made["id"]
        members = []
        for role in roles:
            person = await self.person()
            await owner.made("~/members", {"email": person.email, "role": role})
            person.workspace = made["id"]
            members.append(person)
        return members


@asynccontextmanager
async def opened(
    settings: Settings, *, address: str = "127.0.0.1", migrated: bool = False
) -> AsyncIterator[Api]:
    """A started application; its database is migrated before, unless it has been already."""
    if not migrated:
        if settings.database_path is not None:
            migrate_sqlite(settings.database_path)
        else:
            await migrate_postgresql(settings.database_url)
    app = create_app(settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=True, client=(address, 1234))
    with routes_used_again(settings):
        async with (
            running(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
        ):
            yield Api(app, settings, client)


OpenApi = Callable[..., Awaitable[Api]]


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """An empty, migrated database of the embedded default."""
    path = tmp_path / "tidework.db"
    shutil.copyfile(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty, migrated database, on each kind in turn."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
    else:
        url = request.getfixturevalue("postgres_emptied").address
    return url


@pytest.fixture
async def open_api(database_url: str, tmp_path: Path) -> AsyncIterator[OpenApi]:
    """Opens applications with settings of one's own (`RATE_LIMITS="on"`), limits off by default."""
    async with AsyncExitStack() as stack:

        async def make(address: str = "127.0.0.1", **settings: str) -> Api:
            environ = {
                "DATA_DIR": str(tmp_path),
                "DATABASE_URL": database_url,
                "RATE_LIMITS": "off",
                # A machine may be busy with other tests; that is no reason for a 503.
                "WAIT_SECONDS": "30",
                # To connect takes longer than most of what these tests ask for.
                "POOL_MIN": "1",
                "POOL_MAX": "2",
            }
            environ |= settings
            loaded = load({f"TIDEWORK_{name}": value for name, value in environ.items()})
            migrated = loaded.database_url == database_url
            entered = opened(loaded, address=address, migrated=migrated)
            return await stack.enter_async_context(entered)

        yield make


@pytest.fixture
async def api(open_api: OpenApi) -> Api:
    """A running application on an empty database, without rate limits."""
    return await open_api()
