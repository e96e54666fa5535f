"""A server whose disk becomes full: it says so, reads on, and is ready again when there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.services.processes import wait_until
from tests.services.require import unavailable
from tests.services.server import StartServer

PASSWORD = "correct horse battery staple"
TASKS = "/api/v1/workspaces/personal/tasks"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tidework-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        unavailable("A small disk can be mounted by root only.")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def checks(client: httpx.Client) -> dict[str, str]:
    report = client.get("/health/ready").json()["checks"]
    return {name: check["status"] for name, check in report.items()}


def test_full_and_free_again(small_disk: Path, tidework_server: StartServer) -> None:
    server = tidework_server(data_dir=small_disk / "data", env={"TIDEWORK_RATE_LIMITS": "off"})
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
        made = client.post("/api/v1/auth/register", json=body).raise_for_status().json()
        client.headers["authorization"] = f"Bearer {made['access_token']}"
        report = client.get("/health/ready")
        assert (report.status_code, report.json()["status"]) == (200, "degraded")
        assert "Everything still works" in report.json()["checks"]["disk"]["detail"]

        filler = small_disk / "filler"
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        # 26 MiB are enough for every change.
        filler.write_bytes(b"x" * (free - (26 << 20)))
        assert client.post(TASKS, json={"title": "fits"}).status_code == 201
        wait_until(
            lambda: (
                "26 MiB" in client.get("/health/ready").text
                or "25 MiB" in client.get("/health/ready").text
            ),
            "the check sees the disk",
        )
        assert client.get("/health/ready").status_code == 200

        with filler.open("ab") as file:
            while True:
                try:
                    file.write(b"x" * 65536)
                    file.flush()
                except OSError:
                    break
        wait_until(lambda: client.get("/health/ready").status_code == 503, "it is not ready")
        disk = client.get("/health/ready").json()["checks"]["disk"]
        assert disk["status"] == "failed"
        assert "Changes are refused (503 storage_full), reading goes on." in disk["detail"]
        refused = client.post(TASKS, json={"title": "x", "description": "x" * 60_000})
        assert (refused.status_code, refused.json()["code"]) == (503, "storage_full")
        wait_until(lambda: checks(client)["writes"] == "failed", "the refusal is told")
        assert [task["title"] for task in client.get(TASKS).json()["items"]] == ["fits"]
        assert client.get("/health/live").status_code == 200
        imports = "/api/v1/workspaces/personal/imports"
        for size in (10, 1 << 20):
            sent = client.post(
                imports, content=b"title\n" + b"x" * size, headers={"content-type": "text/csv"}
            )
            assert (sent.status_code, sent.json()["code"]) == (503, "storage_full")
        assert list(small_disk.rglob("upload-*")) == []

        filler.unlink()
        assert client.post(TASKS, json={"title": "again"}).status_code == 201
        wait_until(lambda: client.get("/health/ready").status_code == 200, "it is ready again")
