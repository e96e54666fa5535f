"""`tidework cluster` from the outside: what it starts can be used, and all of that it ends again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tests.services import clusters
from tests.services.processes import wait_until
from tests.services.require import unavailable

from tidework.cluster import Cluster, Redis
from tidework.cluster.state import State

PASSWORD = "correct horse battery staple"
SMALL = ("--without", "patroni,rabbitmq,pgbouncer,sentinel", "--replicas", "1")


def command(folder: Path, *arguments: str) -> list[str]:
    first, *rest = arguments
    return [sys.executable, "-m", "tidework", "cluster", first, "--dir", str(folder), *rest]


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    first, *rest = arguments
    return clusters.command("cluster", first, "--dir", str(folder), *rest, settings={})


def processes_of(folder: Path) -> list[str]:
    """What runs from a cluster's folder, found without what the cluster itself has noted."""
    found = []
    for one in psutil.process_iter():
        try:
            words = [*one.cmdline(), one.cwd(), one.environ().get("TIDEWORK_DATA_DIR", "")]
        except psutil.Error:
            continue
        # Not the commands that name it.
        if "--dir" not in words and any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a cluster, which is ended after the test whatever happened to it."""
    missing = [part.missing() for part in Cluster(Path("/tmp/tidework-none")).parts]
    if any(missing):
        unavailable(" ".join(filter(None, dict.fromkeys(missing))) + " (or `make services`).")
    # Not pytest's folder: PostgreSQL's user may not enter that.
    path = Path(tempfile.mkdtemp(prefix="tidework cluster ", dir="/tmp"))
    path.chmod(0o711)
    yield path / "cluster"
    if (path / "cluster").exists():
        Cluster(path / "cluster").kill()
    shutil.rmtree(path)


def parts(folder: Path) -> dict[str, dict[str, Any]]:
    answer = json.loads(run(folder, "status", "--json").stdout)
    return {one["name"]: one for one in answer["parts"]}


@pytest.mark.slow
def test_a_cluster_serves_survives_and_ends(folder: Path) -> None:
    stranger = Redis(folder.parent / "stranger")
    stranger.start()
    try:
        done = run(folder, "up", *SMALL, "--json")
        assert done.returncode == 0, done.stderr
        url = json.loads(done.stdout)["url"]
        assert {"postgres-1", "postgres-2", "redis-1", "redis-2", "copy-1", "copy-2", "nginx"} == {
            *parts(folder)
        }
        assert all(
            one["health"] == "healthy" and Path(one["log"]).exists()
            for one in parts(folder).values()
        )
        _only_on_loopback(folder)
        _no_password_in(run(folder, "status", "--json").stdout, Cluster(folder))

        with httpx.Client(base_url=f"{url}/api/v1") as client:
            who = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
            answer = client.post("/auth/register", json=who)
            assert answer.status_code == 201, answer.text
            client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            Cluster(folder).copies[0].kill()
            for _ in range(6):
                assert client.get("/users/me").status_code == 200

        assert run(folder, "status").returncode == 1
        again = run(folder, "up")
        assert again.returncode == 0
        assert "parts run already; starting the others" in again.stderr
        assert "runs already" in run(folder, "up").stderr
        other = run(folder, "up", "--copies", "3")
        assert other.returncode == 1
        assert "other options" in other.stderr

        done = run(folder, "down")
        assert done.returncode == 0, done.stderr
        assert processes_of(folder) == []
        assert stranger.healthy()
        assert "Nothing" in run(folder, "down").stderr
        assert run(folder, "down", "--delete").returncode == 0
        assert not folder.exists()
        assert run(folder, "down").returncode == 0
        assert run(folder, "status").returncode == 1
    finally:
        stranger.kill()


@pytest.mark.slow
@pytest.mark.parametrize("after", ["redis-1", "postgres-1", "copy-1"])
def test_what_a_killed_up_has_started_is_ended(folder: Path, after: str) -> None:
    starting = subprocess.Popen(
        command(folder, "up", *SMALL), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        record = folder / after / f"{after}.pid.json"
        wait_until(record.exists, f"{after} is started", 60)
    finally:
        os.kill(starting.pid, signal.SIGKILL)
        starting.wait()
    assert processes_of(folder)
    done = run(folder, "down")
    assert done.returncode == 0, done.stderr
    assert processes_of(folder) == []


def test_a_number_that_has_gone_to_another_process_is_left_alone(folder: Path) -> None:
    server = Redis(folder / "redis-1", name="redis-1")
    server.start()
    server.kill()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            found = {"pid": stranger.pid, "started": "1 another-boot"}
            (folder / "redis-1/redis-1.pid.json").write_text(json.dumps(found))
            assert not server.running
            assert server.stop()
            server.kill()
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--without", "postgres"], "cannot be without"),
        (["--copies", "0"], "1 to 64 copies"),
        (["--variant", "random"], "no way to balance"),
        (["--copies", "1", "--backup"], "second copy"),
        (["--port", "0"], "'--port'"),
        (["--port", "99999"], "'--port'"),
        (["--dir", "/tmp/tidework $none"], "Choose one without"),
    ],
)
def test_what_cannot_be_made_is_refused(folder: Path, wrong: list[str], said: str) -> None:
    done = run(folder, "up", *wrong)
    assert done.returncode in (1, 2)
    [line] = done.stderr.splitlines()
    assert said in line
    assert "defect" not in line
    assert not folder.exists()


def test_a_port_of_another_part_is_taken(folder: Path) -> None:
    folder.mkdir()
    state = State(folder)
    taken = state.port("redis-1")
    state.save()
    done = run(folder, "up", "--port", str(taken))
    assert done.returncode == 1
    assert f"Port {taken} is taken" in done.stderr


def test_no_port_that_was_kept_is_made_up_for(tmp_path: Path) -> None:
    state = State(tmp_path, ports={"nginx": 0})
    assert state.port("nginx") == state.port("nginx") != 0


def _only_on_loopback(folder: Path) -> None:
    pids = {part.pid for part in Cluster(folder).parts}
    pids |= {child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)}
    listening = [
        one.laddr.ip
        for one in psutil.net_connections("inet")
        if one.pid in pids and one.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 9
    assert set(listening) == {"127.0.0.1"}


def _no_password_in(text: str, cluster: Cluster) -> None:
    assert cluster.state.passwords
    for password in cluster.state.passwords.values():
        assert password not in text
    assert (cluster.folder / "cluster.json").stat().st_mode & 0o077 == 0
