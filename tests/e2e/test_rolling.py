"""A new version goes live while everybody works: copy by copy behind nginx, with a migration."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from tests.services.clusters import command
from tests.services.load import Call, Tally, asking
from tests.services.processes import tail, wait_until
from tests.services.require import unavailable
from tests.services.server import TideworkServer

import tidework
from tidework.cluster.edge import Target
from tidework.cluster.nginx import Nginx
from tidework.store.sql.migrations.revision import head

PASSWORD = "correct horse battery staple"
TASKS = "/api/v1/workspaces/personal/tasks"
# With two, nginx would still keep off the first when the second one stops.
COPIES = 3

EXPAND = '''
"""Adds what the version before need not know of."""
import sqlalchemy as sa
from alembic import op
from tidework.store.sql.migrations.compatibility import add_index

revision = "{revision}"
down_revision = "{before}"
fits_since = "{before}"

def upgrade():
    op.add_column("tasks", sa.Column("colour", sa.Text(), nullable=True))
    add_index("tasks_colour", "tasks", ["stream_id", "colour"])
'''

CONTRACT = '''
"""Removes what the version before has used no longer."""
from alembic import op

revision = "{revision}"
down_revision = "{before}"
fits_since = "{before}"

def upgrade():
    op.drop_index("tasks_colour", "tasks")
    op.drop_column("tasks", "colour")
'''


def after(revision: str) -> str:
    return f"{int(revision) + 1:04}"


def next_version(folder: Path, of: Path, before: str, migration: str) -> Path:
    """The code of a version, and one more migration: what is to be in front of the import path."""
    package = folder / "tidework"
    # With what Python has compiled of it, which is as new as its sources.
    shutil.copytree(of, package)
    revision = after(before)
    place = package / "store" / "sql" / "migrations" / "versions" / f"{revision}_next.py"
    place.write_text(migration.format(revision=revision, before=before))
    return folder


def of_code(code: Path | None) -> dict[str, str]:
    """The environment that runs a version; None is this one."""
    return {} if code is None else {"PYTHONPATH": str(code)}


class Installation:
    """Copies on one database, nginx in front of them."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.env = dict(env)
        self.folder = folder
        self.command(None, "keys", "create")
        self.command(None, "migrate")
        self.copies = [self._copy(number, None) for number in range(COPIES)]
        self.nginx: Nginx | None = None

    def _copy(self, number: int, code: Path | None) -> TideworkServer:
        log = self.folder / f"copy-{number}.log"
        return TideworkServer(self.folder / "data", log, self.env | of_code(code))

    def command(self, code: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
        if code is None:
            return command(*arguments, settings=self.env, timeout=120)
        env = {name: value for name, value in os.environ.items() if "TIDEWORK_" not in name}
        return subprocess.run(
            [sys.executable, "-m", "tidework", *arguments],
            env=env | self.env | of_code(code), capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip

    def start(self) -> Nginx:
        for copy in self.copies:
            copy.start()
        targets = [Target(f"127.0.0.1:{copy.port}") for copy in self.copies]
        self.nginx = Nginx(self.folder / "nginx", targets=targets)
        self.nginx.start()
        wait_until(self.nginx.healthy, "nginx")
        return self.nginx

    def replace(self, number: int, code: Path | None) -> None:
        """Stop a copy, and start one of another version in its place."""
        old = self.copies[number]
        assert old.stop(30) == 0, tail(old.log)
        new = self.copies[number] = self._copy(number, code)
        new.port = old.port
        new.start()

    def end(self) -> None:
        if self.nginx is not None:
            self.nginx.stop()
        for copy in self.copies:
            copy.kill()


@pytest.fixture
def installation(tmp_path: Path, postgres_url: str) -> Iterator[Installation]:
    if (missing := Nginx.missing()) is not None:
        unavailable(f"nginx is not here: {missing}")
    env = {
        "TIDEWORK_DATABASE_URL": postgres_url,
        "TIDEWORK_DATA_DIR": str(tmp_path / "data"),
        "TIDEWORK_PUBLIC_URL": "http://tasks.example.com",
        "TIDEWORK_RATE_LIMITS": "off",
        "TIDEWORK_DRAIN_SECONDS": "1",
        "TIDEWORK_LOG_LEVEL": "warning",
    }
    # nginx's workers are other users.
    tmp_path.chmod(0o755)
    made = Installation(tmp_path, env)
    yield made
    made.end()
    for copy in made.copies:
        print(f"--- {copy.log.name}\n{tail(copy.log)}", file=sys.stderr)


def calls(url: str) -> list[Call]:
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    answer = httpx.post(f"{url}/api/v1/auth/register", json=body, timeout=30)
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    made = httpx.post(f"{url}{TASKS}", json={"title": "x"}, headers=headers, timeout=30).json()
    task = f"{TASKS}/{made['id']}"
    return [
        Call("GET", f"{TASKS}?limit=5&sort=-created_at", None, headers),
        Call("GET", task, None, headers),
        Call("POST", TASKS, {"title": "y"}, headers),
        Call("PATCH", task, {"description": "z"}, headers),
    ]


def well(tally: Tally) -> None:
    assert tally.failures == []
    assert tally.refused == 0
    assert set(tally.statuses) <= {200, 201}, tally.statuses


def test_a_rolling_restart_with_a_migration_in_the_middle_fails_no_request(
    installation: Installation, tmp_path: Path
) -> None:
    here = Path(tidework.__file__).parent
    second = next_version(tmp_path / "second", here, head(), EXPAND)
    third = next_version(tmp_path / "third", second / "tidework", after(head()), CONTRACT)
    nginx = installation.start()

    with asking(nginx.port, calls(nginx.url), each=1) as tally:
        wait_until(lambda: tally.answered > 200, "a load")
        for code in (second, third):
            # The migration first: the copies that run go on, and so does one that starts again.
            done = installation.command(code, "migrate")
            assert done.returncode == 0, done.stderr
            before = tally.answered
            wait_until(lambda before=before: tally.answered > before + 100, "they go on")
            assert [copy.ready() for copy in installation.copies] == [True] * COPIES
            for number in range(COPIES):
                installation.replace(number, code)
                before = tally.answered
                wait_until(lambda before=before: tally.answered > before + 50, "they go on")
            well(tally)
    well(tally)

    # What the third version has removed, the first one needed to be there: it is not let near it.
    assert "newer version" in installation.command(None, "serve", "--port", "1").stderr
    assert installation.command(second, "migrate", "--check").returncode == 0
    done = installation.command(third, "doctor", "--replay")
    assert done.returncode == 0, done.stdout
