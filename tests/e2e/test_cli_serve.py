"""`tidework serve`: starting, refusing to start, ending."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tests.e2e.conftest import DEADLINE, Command, environment
from tests.e2e.refusal import done_well, refused
from tests.services.processes import free_port, tail, wait_until
from tests.services.server import StartServer


def test_says_where_it_is_when_it_is_ready(tidework_server: StartServer, data_dir: Path) -> None:
    server = tidework_server(data_dir, fresh=True)
    wait_until(lambda: "is ready" in tail(server.log), "the line of a ready server")
    (line,) = [line for line in tail(server.log).splitlines() if "is ready" in line]
    assert server.base_url in line
    assert f"{server.base_url}/api/docs" in line
    assert str(data_dir) in line


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0"])
def test_listens_where_it_is_told(migrated: Path, host: str) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tidework", "serve", "--host", host, "--port", str(port)],
        stdout=subprocess.PIPE, text=True, env=environment(migrated),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        shown = "127.0.0.1" if host == "0.0.0.0" else host
        assert f"http://{shown}:{port} " in line
        assert httpx.get(f"http://{shown}:{port}/health/ready").status_code == 200
        process.terminate()
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0


def test_what_it_makes_is_its_owner_s_alone(tidework_server: StartServer, data_dir: Path) -> None:
    tidework_server(data_dir, fresh=True)
    assert data_dir.stat().st_mode & 0o777 == 0o700
    for name in ("tidework.db", "signing-keys.json"):
        assert (data_dir / name).stat().st_mode & 0o777 == 0o600


def test_a_second_server_on_the_folder_is_refused_by_name_of_the_first(
    tidework_server: StartServer, tidework: Command, data_dir: Path
) -> None:
    server = tidework_server(data_dir)
    said = refused(tidework("serve", "--port", str(free_port())))
    assert f"process {server.pid}" in said
    assert str(data_dir) in said
    assert server.ready()


def test_a_second_server_on_the_database_is_refused_whatever_its_folder(
    tidework_server: StartServer, tidework: Command, data_dir: Path, tmp_path: Path
) -> None:
    """Seen red with a database in its own server's folder, which had no lock beside it."""
    server = tidework_server(data_dir)
    link = tmp_path / "link.db"
    link.symlink_to(data_dir / "tidework.db")
    elsewhere = {"TIDEWORK_DATABASE_URL": f"sqlite:///{link}"}
    options = ("--port", str(free_port()), "--data-dir", tmp_path / "another")
    said = refused(tidework("serve", *options, env=elsewhere))
    assert f"process {server.pid}" in said
    assert str(data_dir / "tidework.db.") in said
    assert "TIDEWORK_DATABASE_URL" in said
    assert server.ready()


def test_a_killed_server_leaves_the_folder_free(
    tidework_server: StartServer, data_dir: Path
) -> None:
    server = tidework_server(data_dir)
    server.kill()
    server.start()
    assert server.ready()


def test_a_port_in_use_is_refused(tidework: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(tidework("serve", "--port", str(port)))
    assert f"127.0.0.1 port {port}" in said
    assert "--port" in said


def test_an_address_that_is_not_ours_is_refused(tidework: Command) -> None:
    said = refused(tidework("serve", "--host", "192.0.2.1", "--port", str(free_port())))
    assert "192.0.2.1" in said
    said = refused(tidework("serve", "--host", "no-such-host.invalid", "--port", "8000"))
    assert "no-such-host.invalid" in said


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder that the user `nobody` may look into and not write."""
    folder = Path(tempfile.mkdtemp(prefix="tidework-folder-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_that_is_not_writable_is_refused(foreign_folder: Path) -> None:
    options: dict[str, Any] = {}
    if os.geteuid() == 0:
        options = {"user": "nobody", "group": "nogroup", "extra_groups": [], "cwd": "/"}
        try:
            seen = subprocess.run([sys.executable, "-c", "import tidework"], check=False, **options)
        except (OSError, LookupError):
            pytest.skip("there is no user nobody who could run this Python")
        if seen.returncode:
            pytest.skip("the user nobody cannot run this Python")
    else:
        foreign_folder.chmod(0o500)
    said = refused(
        subprocess.run(
            [sys.executable, "-m", "tidework", "serve", "--port", str(free_port())],
            capture_output=True, text=True, check=False, timeout=DEADLINE,
            env=environment(foreign_folder), **options,
        )
    )  # fmt: skip
    assert str(foreign_folder) in said
    assert "--data-dir" in said
    foreign_folder.chmod(0o755)
    assert list(foreign_folder.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused(tidework: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    said = refused(tidework("serve", "--data-dir", tmp_path / "file"))
    assert "is not a folder" in said
    assert (tmp_path / "file").read_text() == "mine"


def execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("command", ["serve", "migrate", "users list"])
def test_a_database_of_a_newer_version_is_refused_untouched(
    tidework: Command, migrated: Path, command: str
) -> None:
    database = migrated / "tidework.db"
    execute(database, "UPDATE alembic_version SET version_num = '9999'")
    before = database.read_bytes()
    options = ("--port", str(free_port())) if command == "serve" else ()
    assert "newer version" in refused(tidework(*command.split(), *options))
    assert database.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_untouched(tidework: Command, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "tidework.db").write_text("dear diary\n" * 100)
    said = refused(tidework("serve", "--port", str(free_port())))
    assert "tidework.db" in said
    assert (data_dir / "tidework.db").read_text().startswith("dear diary")


def test_a_file_that_cannot_be_opened_asks_for_no_backup(tidework: Command, data_dir: Path) -> None:
    (data_dir / "tidework.db").mkdir(parents=True)
    for command in ("migrate", "users list"):
        said = refused(tidework(*command.split()))
        assert "tidework.db" in said
        assert "writable" in said
        assert "backup" not in said


def test_the_database_of_another_program_is_refused_untouched(
    tidework: Command, data_dir: Path
) -> None:
    data_dir.mkdir()
    execute(data_dir / "tidework.db", "CREATE TABLE recipes (name TEXT)")
    said = refused(tidework("serve", "--port", str(free_port())))
    assert "another program" in said


def test_keys_that_others_can_read_are_refused(tidework: Command, data_dir: Path) -> None:
    done_well(tidework("keys", "create"))
    (data_dir / "signing-keys.json").chmod(0o644)
    assert "chmod 600" in refused(tidework("serve", "--port", str(free_port())))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIDEWORK_PORT", "eighty"),
        ("TIDEWORK_PROT", "8000"),
        ("TIDEWORK_REDIS_URL", "redis://:pl4nted@localhost/first"),
        ("TIDEWORK_DATABASE_URL", "mysql://me:pl4nted@localhost/db"),
        ("TIDEWORK_CORS_ORIGINS", "*"),
        ("TIDEWORK_TRUSTED_PROXIES", "everybody"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    tidework: Command, data_dir: Path, name: str, value: str
) -> None:
    said = refused(tidework("serve", env={name: value, "TIDEWORK_HOST": "127.0.0.1"}))
    assert name in said
    assert "pl4nted" not in said
    assert not data_dir.exists()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_when_asked_though_connections_are_open(
    tidework_server: StartServer, workers: int, number: signal.Signals
) -> None:
    server = tidework_server(workers=workers)
    process = psutil.Process(server.pid)
    family = [process, *process.children(recursive=True)]
    with httpx.Client(base_url=server.base_url) as client:
        assert client.get("/health/live").status_code == 200
        process.send_signal(number)
        wait_until(lambda: not server.running, "the server ends", 15)
    assert server.stop() == 0
    assert [one for one in family if one.is_running() and one.status() != "zombie"] == []
    assert "Traceback" not in tail(server.log)


def test_workers_end_when_the_process_above_them_is_killed(
    tidework_server: StartServer, data_dir: Path
) -> None:
    server = tidework_server(data_dir, workers=2)
    workers = psutil.Process(server.pid).children(recursive=True)
    assert len(workers) >= 2
    os.kill(server.pid, signal.SIGKILL)
    wait_until(
        lambda: all(not one.is_running() or one.status() == "zombie" for one in workers),
        "workers end after their parent", 15,
    )  # fmt: skip
    server.kill()
    server.start()
    assert server.ready()


def test_a_worker_that_dies_is_replaced(tidework_server: StartServer) -> None:
    server = tidework_server(workers=2)
    parent = psutil.Process(server.pid)
    first = parent.children()[0]
    first.kill()
    wait_until(
        lambda: len([one for one in parent.children() if one.status() != "zombie"]) == 2,
        "a new worker", 20,
    )  # fmt: skip
    wait_until(server.ready, "the server answers")


def test_the_line_of_a_ready_server_is_json_where_logs_are(
    tidework_server: StartServer,
) -> None:
    server = tidework_server(env={"TIDEWORK_LOG_FORMAT": "json"})
    wait_until(lambda: '"event": "ready"' in tail(server.log), "the line of a ready server")


def test_postgresql_wants_keys_and_a_migrated_schema(
    tidework: Command, tidework_server: StartServer, data_dir: Path, postgres_url: str
) -> None:
    env = {"TIDEWORK_DATABASE_URL": postgres_url}
    port = ("--port", str(free_port()))
    assert "tidework keys create" in refused(tidework("serve", *port, env=env))
    done_well(tidework("keys", "create", env=env))
    assert "tidework migrate" in refused(tidework("serve", *port, env=env))

    check = tidework("migrate", "--check", env=env)
    assert check.returncode == 1
    assert "tidework migrate" in check.stdout
    done_well(tidework("migrate", env=env))
    done_well(tidework("migrate", env=env))
    done_well(tidework("migrate", "--check", env=env))

    server = tidework_server(data_dir, env=env)
    # Copies of a cluster may share a folder: here are the keys.
    assert tidework_server(data_dir, env=env).ready()
    made = tidework("users", "create", "--email", "a@example.org", "--name", "A", env=env)
    done_well(made)
    assert server.ready()


def test_a_postgresql_that_is_away_is_told_without_its_password(
    tidework: Command, postgres_database: Callable[..., str]
) -> None:
    url = f"postgresql://tide:pl4nted@127.0.0.1:{free_port()}/tidework"
    env = {"TIDEWORK_DATABASE_URL": url}
    done_well(tidework("keys", "create", env=env))
    for command in (("serve", "--port", str(free_port())), ("migrate",), ("users", "list")):
        said = refused(tidework(*command, env=env))
        assert "pl4nted" not in said
