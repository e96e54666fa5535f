"""Runs commands in processes of their own that have everything imported already.

Starting Python and importing the product takes most of a command's time. This process does it once,
and forks for each request: a JSON line in, the exit code out. A child is as a fresh process: its own
environment, folder, standard streams and exit code.
"""

import importlib
import json
import os
import pkgutil
import signal
import sys
from typing import Any, NoReturn

from tidework import cli, commands


def preload() -> None:
    for module in pkgutil.iter_modules(commands.__path__, "tidework.commands."):
        importlib.import_module(module.name)


def child(request: dict[str, Any]) -> NoReturn:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["env"])
    for number, (path, flags) in enumerate(request["streams"]):
        os.dup2(os.open(path, flags, 0o600), number)
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


def main() -> None:
    preload()
    # Leave an interrupted test run to the tests.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
