"""Clusters whose copies and workers are forked from a process that has everything imported."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.services.forks import APPEND, NEW, zygote
from tidework.cluster import cluster, process
from tidework.cluster.copy import plain_environ

_OURS = [sys.executable, "-m", "tidework"]
_spawn = process.spawn


def command(
    *arguments: str, settings: Mapping[str, str], timeout: float = 600
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the product to its end, or for `timeout` seconds."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        streams = [(os.devnull, os.O_RDONLY), (out, NEW), (err, NEW)]
        code = zygote().start(arguments, plain_environ() | dict(settings), streams).wait(timeout)
        return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())


def _spawn_forked(
    words: Sequence[str | Path],
    record: Path,
    log: Path,
    *,
    environ: Mapping[str, str],
    user: str | None = None,
    folder: Path,
) -> Any:
    other = environ.get("PYTHONPATH") != os.environ.get("PYTHONPATH")
    if list(words[:3]) != _OURS or user is not None or other:
        return _spawn(words, record, log, environ=environ, user=user, folder=folder)
    streams = [(os.devnull, os.O_RDONLY), (log, APPEND), (log, APPEND)]
    fork = zygote().start(words[3:], environ, streams, session=True, folder=folder)
    begun = process.started(fork.pid)
    if begun is not None:
        process.write_private(record, json.dumps({"pid": fork.pid, "started": begun}))
    return fork


def _run_command(*arguments: str, settings: Mapping[str, str]) -> None:
    done = command(*arguments, settings=settings)
    if done.returncode:
        raise process.ClusterError(f"tidework {' '.join(arguments)} failed: {done.stderr}")


def patch() -> None:
    """Let the parts of clusters that are made in this process start so."""
    process.spawn = _spawn_forked
    cluster.run_command = _run_command
