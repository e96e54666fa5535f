"""The log file: several processes, rotation, and what happens when it cannot be written."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.services.server import StartServer

from tidework.errors import Unavailable
from tidework.http.log_file import Both, LogFile
from tidework.http.logs import start
from tidework.settings import Settings

WRITE = """
import sys
from pathlib import Path
from tidework.http.log_file import LogFile

file = LogFile(Path(sys.argv[1]), int(sys.argv[2]), 50)
print("ready", flush=True)
sys.stdin.readline()
for number in range(2000):
    file.write(f"{sys.argv[3]} {number} {'x' * (number % 90)} end\\n")
"""


def kept(path: Path) -> list[Path]:
    """The file and those put aside, oldest first."""
    aside = sorted(path.parent.glob(f"{path.name}.[0-9]*"), key=lambda one: -int(one.suffix[1:]))
    return [*aside, path]


def test_several_processes_lose_no_line_and_mix_none(tmp_path: Path) -> None:
    path = tmp_path / "tidework.log"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path), "20000", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in "abcd"
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    files = kept(path)
    assert len(files) > 10
    # A line that was on its way while the file was put aside may still go there.
    assert all(one.stat().st_size < 21_000 for one in files)
    lines = [line for one in files for line in one.read_text().splitlines()]
    assert all(line.endswith(" end") for line in lines)
    for name in "abcd":
        mine = [int(line.split()[1]) for line in lines if line.startswith(f"{name} ")]
        assert sorted(mine) == list(range(2000))


def test_no_more_are_kept_than_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "tidework.log"
    file = LogFile(path, 100, 3)
    for number in range(40):
        file.write(f"{number:03} {'x' * 50}\n")
    file.close()
    assert [one.name for one in kept(path)] == [
        "tidework.log.3", "tidework.log.2", "tidework.log.1", "tidework.log",
    ]  # fmt: skip
    assert path.read_text().startswith("039")


def test_somebody_else_moves_it_away(tmp_path: Path) -> None:
    """As logrotate does."""
    path = tmp_path / "tidework.log"
    file = LogFile(path, 0, 1)
    file.write("before\n")
    path.rename(tmp_path / "elsewhere")
    file.write("after\n")
    path.unlink()
    file.write("again\n")
    file.close()
    assert (tmp_path / "elsewhere").read_text() == "before\n"
    assert path.read_text() == "again\n"


def test_what_cannot_be_written_stands_on_standard_error(tmp_path: Path) -> None:
    out = io.StringIO()
    file = LogFile(tmp_path / "tidework.log", 0, 1)
    os.close(file._file)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, file._file)
    both = Both(file, out)
    both.write("a line\n")
    assert out.getvalue() == "a line\n"


def test_a_file_that_cannot_be_opened_keeps_the_server_from_starting(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, log_file=tmp_path / "missing" / "tidework.log")
    with pytest.raises(Unavailable) as caught:
        start(settings)
    assert "Make its folder" in caught.value.detail


def test_workers_write_to_one_file(tidework_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "tidework.log"
    settings = {"TIDEWORK_LOG_FILE": str(path), "TIDEWORK_LOG_FORMAT": "json"}
    server = tidework_server(env=settings, workers=2)
    for number in range(40):
        # A connection of its own, so that each worker gets some.
        httpx.get(f"{server.base_url}/api/v1/nothing/{number}")
    server.stop()
    asked = [json.loads(line) for line in path.read_text().splitlines()]
    paths = {line.get("path") for line in asked}
    assert {f"/api/v1/nothing/{number}" for number in range(40)} <= paths
    # Beside the file everything stands on standard error, as ever.
    assert server.log.read_text().count("/api/v1/nothing/") == 40
