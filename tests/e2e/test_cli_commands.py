"""The command line itself, and its small commands."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest
from tests.e2e.conftest import ROBIN, Command, environment
from tests.e2e.refusal import done_well, refused
from tests.services.processes import wait_until
from tests.services.server import StartServer

PASSWORD = "Kelp lantern 4471 drift"
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        "", "serve", "migrate", "users", "users create", "users promote", "users demote",
        "users disable", "users enable", "users reset-password", "users list", "import",
        "import jira", "import csv", "import json", "export", "demo", "doctor", "keys",
        "keys create", "keys rotate", "settings", "openapi", "analytics", "analytics rebuild",
    ],
)  # fmt: skip
def test_every_command_has_help(tidework: Command, data_dir: Path, command: str) -> None:
    shown = done_well(tidework(*command.split(), "--help"))
    assert shown.startswith(f"Usage: {' '.join(['tidework', *command.split()])}")
    assert not data_dir.exists()


def test_called_wrongly_it_says_what_is_right(tidework: Command) -> None:
    assert "'serve'" in refused(tidework("sevre"), code=2)
    assert "--port" in refused(tidework("serve", "--prot", "1"), code=2)
    assert "FILE" in refused(tidework("import", "csv", "--workspace", "W"), code=2)
    assert "--format" in refused(tidework("export", "W", "--format", "doc"), code=2)


def test_prints_its_version(tidework: Command) -> None:
    assert done_well(tidework("--version")).startswith("tidework ")


def test_settings_are_printed_without_secrets(tidework: Command) -> None:
    env = {"TIDEWORK_DATABASE_URL": "postgresql://tide:pl4nted@db/tidework"}
    assert "pl4nted" not in done_well(tidework("settings", env=env))
    shown = done_well(tidework("settings", "--json", env=env))
    assert "pl4nted" not in shown
    rows = {row["name"]: row for row in json.loads(shown)}
    assert rows["TIDEWORK_DATABASE_URL"]["value"] == "postgresql://tide:***@db/tidework"
    assert rows["TIDEWORK_DATABASE_URL"]["origin"] == "environment"
    assert rows["TIDEWORK_PORT"]["default"] == "8000"


def test_a_trace_is_shown_to_those_who_ask(tidework: Command) -> None:
    env = {"TIDEWORK_LOG_LEVEL": "debug"}
    done = tidework("import", "csv", "nowhere.csv", "--workspace", "W", env=env)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_the_description_of_the_api_needs_no_database(tidework: Command, data_dir: Path) -> None:
    document = json.loads(done_well(tidework("openapi")))
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/workspaces/{w}/tasks" in document["paths"]
    assert not data_dir.exists()


def test_keys_are_made_once_and_rotated(tidework: Command, data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    made = json.loads(done_well(tidework("keys", "create", file, "--json")))
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert "exists already" in refused(tidework("keys", "create", file))
    assert file.read_bytes() == before
    rotated = json.loads(done_well(tidework("keys", "rotate", file, "--json")))
    assert rotated["signing_key"] != made["signing_key"]
    kept = [key["kid"] for key in json.loads(file.read_text())["keys"]]
    assert kept == [rotated["signing_key"], made["signing_key"]]
    assert not data_dir.exists()


def test_a_reader_who_goes_away_is_no_failure(data_dir: Path) -> None:
    # Against a pipe nobody reads from, any output fails.
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "tidework", "openapi"], stdout=pipe, stderr=subprocess.PIPE,
            env=environment(data_dir), check=False, timeout=60,
        )  # fmt: skip
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_in_one_line(data_dir: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tidework", "openapi"], stdout=full, stderr=subprocess.PIPE,
            env=environment(data_dir), check=False, timeout=60, text=True,
        )  # fmt: skip
    assert "No space left" in refused(done)


@pytest.mark.usefixtures("robin")
def test_interrupting_takes_one_line(data_dir: Path) -> None:
    # An import that waits for its file: a pipe that nobody writes to.
    pipe = data_dir.parent / "pipe.csv"
    os.mkfifo(pipe)
    arguments = ("import", "csv", str(pipe), "--workspace", "W")
    process = subprocess.Popen(
        [sys.executable, "-m", "tidework", *arguments], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(data_dir), text=True,
    )  # fmt: skip
    try:
        writer = writing_end(pipe)
        process.send_signal(signal.SIGINT)
        os.close(writer)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert said.splitlines() == ["tidework: interrupted; what was written before stays"]


def writing_end(pipe: Path) -> int:
    """The end to write to, as soon as somebody has opened the other one."""
    found: list[int] = []

    def opened() -> bool:
        try:
            found.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    wait_until(opened, "the import opens its file")
    return found[0]


def log_in(server: httpx.Client, email: str, password: str) -> httpx.Response:
    return server.post("/api/v1/auth/login", json={"email": email, "password": password})


def test_accounts_change_under_a_running_server_at_once(
    tidework: Command, tidework_server: StartServer, migrated: Path
) -> None:
    server = tidework_server(migrated, env={"TIDEWORK_RATE_LIMITS": "off"})
    made = json.loads(done_well(tidework(*ROBIN)))
    assert made["role"] == "admin"
    create = ("users", "create", "--email", "kim@example.org", "--name", "Kim", "--password-stdin")
    assert PASSWORD not in done_well(tidework(*create, stdin=f"{PASSWORD}\n"))
    with httpx.Client(base_url=server.base_url) as client:
        assert log_in(client, "robin@example.org", made["password"]).status_code == 200
        token = log_in(client, "kim@example.org", PASSWORD).json()["access_token"]
        kim = {"headers": {"Authorization": f"Bearer {token}"}}
        assert client.get("/api/v1/admin/stats", **kim).status_code == 403
        done_well(tidework("users", "promote", "Kim@Example.org"))
        assert client.get("/api/v1/admin/stats", **kim).status_code == 200
        done_well(tidework("users", "demote", "kim@example.org"))
        assert client.get("/api/v1/admin/stats", **kim).status_code == 403
        done_well(tidework("users", "disable", "kim@example.org"))
        assert client.get("/api/v1/users/me", **kim).status_code == 401
        done_well(tidework("users", "enable", "kim@example.org"))
        reset = done_well(tidework("users", "reset-password", "kim@example.org", "--json"))
        assert log_in(client, "kim@example.org", PASSWORD).status_code == 401
        assert log_in(client, "kim@example.org", json.loads(reset)["password"]).status_code == 200
    listed = json.loads(done_well(tidework("users", "list", "--json")))
    assert [one["email"] for one in listed] == ["robin@example.org", "kim@example.org"]


@pytest.mark.usefixtures("robin")
def test_accounts_that_cannot_be_are_refused(tidework: Command) -> None:
    assert "e-mail address" in refused(tidework(*ROBIN))
    assert refused(tidework("users", "create", "--email", "robin", "--name", ""))
    weak = ("users", "create", "--email", "kim@example.org", "--name", "Kim", "--password-stdin")
    assert refused(tidework(*weak, stdin="password1\n"))
    assert refused(tidework(*weak, stdin=""))
    assert "tidework users list" in refused(tidework("users", "promote", "kim@example.org"))
    assert "only" in refused(tidework("users", "disable", "robin@example.org"))
    assert done_well(tidework("users", "list")).count("\n") == 1


@pytest.mark.parametrize(
    "command", ["users list", "users promote a@example.org", "export W", "doctor"]
)
def test_looking_at_what_is_not_there_makes_nothing(
    tidework: Command, data_dir: Path, command: str
) -> None:
    done = tidework(*command.split())
    assert done.returncode == 1
    assert "tidework serve" in done.stdout + done.stderr
    assert not data_dir.exists()


def test_doctor_is_content_beside_a_running_server(
    tidework: Command, tidework_server: StartServer, migrated: Path
) -> None:
    server = tidework_server(migrated)
    done_well(tidework(*ROBIN))
    found = json.loads(done_well(tidework("doctor", "--replay", "--json")))
    assert found["ok"]
    checks = {check["name"]: check for check in found["checks"]}
    assert str(server.pid) in checks["data folder"]["detail"]
    assert "1 accounts, 1 workspaces" in checks["replay"]["detail"]


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("UPDATE accounts SET name = 'Mallory'", "replay"),
        ("DELETE FROM members", "workspace look-up"),
        ("DELETE FROM user_workspaces", "workspace look-up"),
        ("UPDATE emails SET email = 'mallory@example.org'", "e-mail look-up"),
        ("UPDATE members SET role = 'viewer'", "owners"),
        ("UPDATE alembic_version SET version_num = '9999'", "database"),
    ],
)
@pytest.mark.usefixtures("robin")
def test_doctor_finds(tidework: Command, data_dir: Path, fault: str, check: str) -> None:
    connection = sqlite3.connect(data_dir / "tidework.db")
    connection.execute(fault)
    connection.commit()
    connection.close()
    done = tidework("doctor", "--replay", "--json")
    assert done.returncode == 1, done.stdout
    found = json.loads(done.stdout)
    assert not found["ok"]
    assert check in [one["name"] for one in found["checks"] if not one["ok"]]


@pytest.mark.usefixtures("robin")
def test_statistics_are_counted_again(tidework: Command, data_dir: Path) -> None:
    first = json.loads(done_well(tidework("analytics", "rebuild", "--json")))
    assert sorted(one["seq"] for one in first) == [1, 1]
    with contextlib.closing(sqlite3.connect(data_dir / "tidework.db")) as file, file:
        file.execute("UPDATE analytics_usage SET members = 7")
    assert "tidework analytics rebuild" in tidework("doctor", "--replay").stdout
    assert "what their logs lead to" in done_well(tidework("analytics", "rebuild"))
    assert "as the log leads to" in done_well(tidework("doctor", "--replay"))
    assert "Nowhere" in refused(tidework("analytics", "rebuild", "Nowhere"))


@pytest.mark.usefixtures("robin")
def test_doctor_finds_what_others_could_read(tidework: Command, data_dir: Path) -> None:
    (data_dir / "tidework.db").chmod(0o644)
    (data_dir / "signing-keys.json").chmod(0o644)
    data_dir.chmod(0o710)
    done = tidework("doctor")
    assert done.returncode == 1
    assert done.stdout.count("chmod 600") == 2
    assert f"(mode 710). Run: chmod 700 {data_dir}\n" in done.stdout


def test_doctor_tells_of_settings_too(tidework: Command, data_dir: Path) -> None:
    done = tidework("doctor", env={"TIDEWORK_PORT": "x", "TIDEWORK_CORS_ORIGINS": "*"})
    assert done.returncode == 1
    assert "TIDEWORK_PORT" in done.stdout
    assert not data_dir.exists()


@pytest.mark.parametrize("entry", ["-m tidework", "the command"])
def test_an_interrupt_while_it_is_still_importing_is_one_line(tmp_path: Path, entry: str) -> None:
    (tmp_path / "typer.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)\n"
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["tidework"].partition(":")
    started = ["-m", "tidework"]
    if entry != "-m tidework":
        started = ["-c", f"from {module} import {function}; {function}()"]
    done = subprocess.run(
        [sys.executable, *started, "doctor"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 130
    assert done.stderr == "tidework: interrupted; what was written before stays\n"
