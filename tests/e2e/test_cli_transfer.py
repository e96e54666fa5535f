"""`tidework import`, `export` and `demo`, beside a server and alone."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.conftest import ROBIN, Command, environment
from tests.e2e.refusal import done_well, refused
from tests.services.processes import wait_until
from tests.services.server import StartServer

ROWS = "Key,Summary,State,Points\nA-1,Oil the winch,open,3\nA-2,Mend the sail,done,5\n"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_text(ROWS)
    return file


def issue(key: str, summary: str) -> dict[str, Any]:
    person = {"name": "kim", "displayName": "Kim Doe", "emailAddress": "kim@example.org"}
    return {
        "key": key,
        "fields": {
            "summary": summary,
            "status": {"name": "Closed"},
            "priority": {"name": "Blocker"},
            "reporter": person,
            "created": "2019-03-01T10:00:00.000+0000",
            "updated": "2019-03-02T10:00:00.000+0000",
        },
        "changelog": {
            "histories": [
                {
                    "id": "1",
                    "author": person,
                    "created": "2019-03-02T10:00:00.000+0000",
                    "items": [{"field": "status", "fromString": "Open", "toString": "Closed"}],
                }
            ]
        },
    }


def test_a_running_server_shows_what_was_imported_at_once(
    tidework: Command, tidework_server: StartServer, data_dir: Path, robin: str, rows: Path
) -> None:
    server = tidework_server(data_dir)
    issues = rows.with_name("issues.json")
    issues.write_text(json.dumps([issue("D-7", "Caulk")]))
    with httpx.Client(base_url=f"{server.base_url}/api/v1") as client:
        login = {"email": "robin@example.org", "password": robin}
        token = client.post("/auth/login", json=login).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        # Asked before, so that the server has an answer that it could keep for too long.
        assert "Boat" not in client.get("/workspaces").text
        report = json.loads(
            done_well(tidework("import", "csv", rows, "--workspace", "Boat", "--json"))
        )
        tasks = f"/workspaces/{report['workspace_id']}/tasks"
        assert "Boat" in client.get("/workspaces").text
        titles = [task["title"] for task in client.get(tasks).json()["items"]]
        assert sorted(titles) == ["Mend the sail", "Oil the winch"]
        done_well(tidework("import", "jira", issues, "--workspace", "Boat"))
        for key, title in (("A-2", "Mend the sail"), (" d-7 ", "Caulk")):
            found = client.get(tasks, params={"q": key, "total": "true"}).json()
            assert ([task["title"] for task in found["items"]], found["total"]) == ([title], 1)
        rows.write_text(ROWS + "A-3,Paint the hull,open,8\n")
        done_well(tidework("import", "csv", rows, "--workspace", "Boat"))
        assert len(client.get(tasks).json()["items"]) == 4


@pytest.mark.usefixtures("robin")
def test_importing_again_changes_nothing(tidework: Command, tmp_path: Path) -> None:
    file = tmp_path / "issues.json"
    file.write_text(json.dumps([issue("D-1", "First"), issue("D-2", "Second")]))
    imports = ("import", "jira", file, "--workspace", "Dura", "--json")
    first = json.loads(done_well(tidework(*imports)))
    assert first["written"]["tasks created"] == 2
    again = json.loads(done_well(tidework(*imports)))
    assert again["written"] == {}
    assert again["workspace_id"] == first["workspace_id"]
    listed = json.loads(done_well(tidework("users", "list", "--json")))
    assert [(one["name"], one["placeholder"]) for one in listed] == [
        ("Robin", False),
        ("Kim Doe", True),
    ]
    assert "Closed" in tidework(*imports[:-1]).stderr
    done_well(tidework("doctor", "--replay"))


@pytest.mark.usefixtures("robin")
@pytest.mark.parametrize(
    "content",
    [
        b"Key,Summary\nA-1,\"never closed\n",
        b"",
        b"\xfd7zXZ\x00cut off",
        b"Key,Summary\n",
        b"Key,Summary,Summary\nA-1,one,other\n",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_leaves_nothing(
    tidework: Command, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken.csv"
    file.write_bytes(content)
    assert "broken.csv" in refused(tidework("import", "csv", file, "--workspace", "Boat"))
    assert "no workspace" in refused(tidework("export", "Boat"))


def test_what_cannot_be_imported_is_refused(tidework: Command, rows: Path) -> None:
    csv = ("import", "csv", rows, "--workspace")
    assert "tidework users create" in refused(tidework(*csv, "Boat"))
    done_well(tidework(*ROBIN))
    assert "nobody@example.org" in refused(tidework(*csv, "Boat", "--owner", "nobody@example.org"))
    assert refused(tidework(*csv, ""))
    assert refused(tidework(*csv, "x" * 101))
    assert "FIELD=COLUMN" in refused(tidework(*csv, "Boat", "--column", "title"))
    assert "no column" in refused(tidework(*csv, "Boat", "--column", "title=Nope"))
    twice = ("--column", "title=title", "--column", "title=description")
    assert "'title' is given twice" in refused(tidework(*csv, "Boat", *twice))
    assert "--delimiter" in refused(tidework(*csv, "Boat", "--delimiter", "ab"))
    assert "nowhere.csv" in refused(tidework("import", "csv", "nowhere.csv", "--workspace", "B"))


@pytest.mark.usefixtures("robin")
def test_a_name_that_several_have_is_asked_about(
    tidework: Command, rows: Path, tmp_path: Path
) -> None:
    done_well(tidework("import", "csv", rows, "--workspace", "Boat"))
    export = tmp_path / "boat.json"
    done_well(tidework("export", "Boat", "-o", export))
    copy = json.loads(done_well(tidework("import", "json", export, "--copy", "2", "--json")))
    said = refused(tidework("export", "Boat"))
    assert "2 workspaces" in said
    assert copy["workspace_id"] in said
    done_well(tidework("export", copy["workspace_id"]))


@pytest.mark.usefixtures("robin")
def test_an_export_is_whole_or_not_there(tidework: Command, rows: Path, tmp_path: Path) -> None:
    done_well(tidework("import", "csv", rows, "--workspace", "Boat"))
    folder = tmp_path / "exports"
    folder.mkdir()
    for kind in ("json", "csv", "ics"):
        written = folder / f"boat.{kind}"
        done_well(tidework("export", "Boat", "--format", kind, "--output", written))
        assert written.read_text("utf-8") == done_well(tidework("export", "Boat", "--format", kind))
        assert written.stat().st_mode & 0o777 == 0o600
    said = refused(tidework("export", "Boat", "--output", folder / "no" / "boat.json"))
    assert f"{folder}/no/boat.json: " in said
    assert f"{folder}: " in refused(tidework("export", "Boat", "--output", folder))
    assert len(list(folder.iterdir())) == 3
    link = folder / "link.csv"
    link.symlink_to(folder / "boat.csv")
    before = (folder / "boat.csv").stat().st_ino
    done_well(tidework("export", "Boat", "--format", "csv", "--output", link))
    assert link.is_symlink()
    assert (folder / "boat.csv").stat().st_ino != before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.usefixtures("robin")
def test_an_export_to_a_full_device_names_it(tidework: Command, rows: Path) -> None:
    done_well(tidework("import", "csv", rows, "--workspace", "Boat"))
    said = refused(tidework("export", "Boat", "--output", "/dev/full"))
    assert "/dev/full: No space left on device" in said


@pytest.mark.usefixtures("robin")
def test_an_export_to_a_pipe_goes_through_it(tidework: Command, rows: Path, tmp_path: Path) -> None:
    done_well(tidework("import", "csv", rows, "--workspace", "Boat"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        try:
            done_well(tidework("export", "Boat", "--format", "csv", "--output", pipe))
            assert pipe.is_fifo()
            assert b"Oil the winch" in reader.communicate(timeout=30)[0]
        finally:
            reader.kill()


def test_exported_and_imported_elsewhere_it_is_the_same_to_the_byte(
    tidework: Command, tmp_path: Path
) -> None:
    demo = json.loads(done_well(tidework("demo", "--json")))
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    done_well(tidework("export", demo["workspace_id"], "-o", first))
    other = ("--data-dir", tmp_path / "other")
    made = json.loads(done_well(tidework("import", "json", first, "--json", *other)))
    done_well(tidework("export", made["workspace_id"], "-o", second, *other))
    assert first.read_bytes() == second.read_bytes()
    done_well(tidework("doctor", "--replay", *other))


def test_the_demo_is_worth_a_look(
    tidework: Command, tidework_server: StartServer, data_dir: Path
) -> None:
    demo = json.loads(done_well(tidework("demo", "--json")))
    server = tidework_server(data_dir)
    with httpx.Client(base_url=f"{server.base_url}/api/v1") as client:
        login = {"email": demo["email"], "password": demo["password"]}
        token = client.post("/auth/login", json=login).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        here = f"/workspaces/{demo['workspace_id']}"
        assert len(client.get(f"{here}/members").json()["items"]) == 8
        assert len(client.get(f"{here}/projects").json()["items"]) == 4
        assert len(client.get(f"{here}/labels").json()["items"]) == 12
        stats = client.get(f"{here}/stats").json()
        assert stats["total"] == 120
        assert min(stats["by_status"].values()) > 0
        overdue = client.get(f"{here}/tasks", params={"overdue": "true"}).json()["items"]
        assert overdue
        (crash,) = client.get(f"{here}/tasks", params={"q": "one tide a day"}).json()["items"]
        history = client.get(f"{here}/tasks/{crash['id']}/history").json()["items"]
        assert len(history) > 4
        assert len({entry["at"][:10] for entry in history}) > 2
    assert demo["email"] in refused(tidework("demo"))
    done_well(tidework("doctor", "--replay"))


def commits(database: Path) -> int:
    connection = sqlite3.connect(database)
    try:
        (most,) = connection.execute("SELECT max(seq) FROM streams").fetchone()
    except sqlite3.Error:
        return 0
    finally:
        connection.close()
    return most or 0


def test_a_demo_that_was_killed_is_gone_on_with(tidework: Command, data_dir: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tidework", "demo"], stdout=subprocess.DEVNULL,
        env=environment(data_dir),
    )  # fmt: skip
    database = data_dir / "tidework.db"
    wait_until(lambda: database.exists() and commits(database) > 10, "some commits", 60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert commits(database) < 376, "it was complete before it was killed: kill it sooner"
    demo = json.loads(done_well(tidework("demo", "--json")))
    exported = json.loads(done_well(tidework("export", demo["workspace_id"])))
    assert exported["name"] == "Slackwater"
    assert exported["seq"] == 376
    done_well(tidework("doctor", "--replay"))
