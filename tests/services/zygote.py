"""Starts commands in processes of their own that have everything imported already.

Starting Python and importing the product takes most of a command's time, and most of a server's
start. This process does it once, and forks for each request: JSON lines in, and out the number of
each process, then its exit code. A child is as a fresh process: its own environment, streams and
exit code.
"""

import gc
import importlib
import json
import os
import pkgutil
import random
import selectors
import signal
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

from tests.services import cheap
from tidework import cli, commands
from tidework.web import files

# What commands import only when they come to it.
_LATER = ("tidework.commands.server", "asyncpg", "uvloop")


def _preload() -> None:
    for module in pkgutil.iter_modules(commands.__path__, "tidework.commands."):
        importlib.import_module(module.name)
    for name in _LATER:
        with suppress(ImportError):
            importlib.import_module(name)
    cheap.patch()
    files.read(files.FOLDER)
    gc.collect()
    gc.freeze()


def _child(request: dict[str, Any]) -> NoReturn:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if request["session"]:
        os.setsid()
    random.seed()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    sys.argv = ["tidework", *request["arguments"]]
    for number, (path, flags) in enumerate(request["streams"]):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    code = 1
    try:
        code = cli.run(request["arguments"])
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _tell(**what: int) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


class _Family:
    """The processes that were asked for, and live."""

    def __init__(self, woken: list[int]) -> None:
        self._requests: dict[int, int] = {}
        self._woken = woken

    def add(self, request: dict[str, Any]) -> None:
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for end in self._woken:
                os.close(end)
            _child(request)
        self._requests[pid] = request["id"]
        _tell(id=request["id"], pid=pid)

    def reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                _tell(id=self._requests.pop(pid), code=os.waitstatus_to_exitcode(status))


def main() -> None:
    """Serve until nobody can ask any more."""
    _preload()
    # Leave an interrupted test run to the tests.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    awake, wake = os.pipe()
    os.set_blocking(awake, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    family = _Family([awake, wake])
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(awake, selectors.EVENT_READ)
    rest = b""
    while True:
        ready = {key.fd for key, _ in selector.select()}
        if awake in ready:
            with suppress(BlockingIOError):
                os.read(awake, 4096)
            family.reap()
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                family.add(json.loads(line))


if __name__ == "__main__":
    main()
