"""One server on SQLite: killed at any moment of its writing, and beside a command that imports."""

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.faults.harness.caller import Caller
from tests.faults.harness.record import Record, working
from tests.faults.harness.truth import assert_true
from tests.faults.harness.writers import Writer
from tests.services.processes import wait_until
from tests.services.runs import FULL, Run
from tests.services.server import StartServer, TideworkServer
from tests.services.wire import assert_replays, registered

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 if FULL else 300)]

CLIENTS = 8
OWN = {"TIDEWORK_RATE_LIMITS": "off", "TIDEWORK_LOG_LEVEL": "warning"}


def begin(server: TideworkServer) -> tuple[str, str]:
    """A token, and a workspace."""

    async def ask() -> tuple[str, str]:
        with await registered(server.port, "ada@example.com") as line:
            made = await line.must("POST", "/workspaces", {"name": "Written"})
            return line.token, made["id"]

    return asyncio.run(ask())


def test_no_acknowledged_write_is_lost(tidework_server: StartServer, run: Run) -> None:
    server = tidework_server(env=OWN)
    token, stream = begin(server)
    record, dice = Record(), run.dice()
    callers = [Caller([server.port], token, run.dice(number)) for number in range(CLIENTS)]
    writers = [
        Writer(f"w{number}", caller, [stream], record, run.dice(f"writer {number}"))
        for number, caller in enumerate(callers)
    ]
    with working(writers) as crew:
        for _ in range(run.pick(3, 10)):
            enough = record.done + dice.randrange(5, 120)

            def at_work(enough: int = enough) -> bool:
                crew.check()
                return record.done >= enough

            wait_until(at_work, "clients are at work", 60)
            # Not a wait for something: the moment itself is what is tried.
            threading.Event().wait(dice.uniform(0.0, 0.02))
            server.kill()
            server.start(60)
        wait_until(lambda: record.done > enough, "clients are at work again", 60)
    print(record.summary())
    reader = Caller([server.port], token, dice)
    assert_true(record, [reader], [stream])
    for caller in (*callers, reader):
        caller.close()
    server.stop()
    assert_replays({"TIDEWORK_DATA_DIR": str(server.data_dir)})


def rows(path: Path, count: int) -> Path:
    lines = [f"I-{number},imported {number},{'open' if number % 2 else 'closed'}\n"
             for number in range(count)]  # fmt: skip
    path.write_text("".join(["ID,Summary,Status\n", *lines]))
    return path


def imported(server: TideworkServer, file: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            sys.executable, "-m", "tidework", "import", "csv", str(file), "--workspace", "Written",
            "--owner", "ada@example.com", "--json", "--data-dir", str(server.data_dir),
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_an_import_and_a_server_write_at_once(
    tidework_server: StartServer, run: Run, tmp_path: Path
) -> None:
    """Both in the same workspace: both get through, and nobody's write is lost or doubled."""
    server = tidework_server(env=OWN)
    token, stream = begin(server)
    record = Record()
    callers = [Caller([server.port], token, run.dice(number)) for number in range(4)]
    writers = [
        Writer(f"w{number}", caller, [stream], record, run.dice(f"writer {number}"))
        for number, caller in enumerate(callers)
    ]
    count = run.pick(400, 10_000)
    process = imported(server, rows(tmp_path / "rows.csv", count))
    try:
        with working(writers) as crew:

            def done() -> bool:
                crew.check()
                return process.poll() is not None

            before = record.done
            wait_until(done, "the import is done", 600)
            written = record.done - before
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, errors
    report: dict[str, Any] = json.loads(output)
    assert report["workspace_id"] == stream
    assert written > 0
    print(record.summary())
    reader = Caller([server.port], token, run.dice("reader"))
    page = reader.must("GET", f"/workspaces/{stream}/tasks?q=imported&limit=1&total=true")
    assert page["total"] == count
    # None was refused: the import's commits are short enough to wait for.
    assert all(one.status in (200, 201, 204) for one in record.attempts)
    for caller in (*callers, reader):
        caller.close()
    server.stop()
    assert_replays({"TIDEWORK_DATA_DIR": str(server.data_dir)})
