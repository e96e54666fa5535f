"""Starts the peers with everybody's tasks, says where they are, and ends them with Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import express, pocketbase, postgres, texts
from bench.__main__ import prepare
from bench.client import BenchError
from bench.options import ROOT

NAMES = ("pocketbase", "express")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("name", nargs="*", help="pocketbase, express (default: both)")
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=200, help="tasks of each user")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    given = parser.parse_args(arguments)
    names = given.name or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    prepare()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
            _serve(Path(folder), stack, names, given)
            threading.Event().wait()
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return 0


def _serve(folder: Path, stack: ExitStack, names: Sequence[str], given: argparse.Namespace) -> None:
    stock = texts.load(given.data)
    lines: list[str] = []
    if "pocketbase" in names:
        place = folder / "pocketbase"
        peer = stack.enter_context(pocketbase.served(place, stock, given.users, given.tasks))
        lines.append(f"PocketBase  http://127.0.0.1:{peer.port}{pocketbase.LIST}")
        lines.append(f"            Authorization: Bearer {peer.accounts[0].token}")
    if "express" in names:
        database = stack.enter_context(postgres.served())
        url = database.create_database("express")
        served = express.served(
            folder / "express", stock, given.users, given.tasks, url, database.child
        )
        other = stack.enter_context(served)
        lines.append(f"Express     http://127.0.0.1:{other.port}{express.LIST}")
        lines.append(f"            Authorization: Bearer {other.accounts[0].token}")
    print("\n".join([*lines, "Ctrl-C ends them."]), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
