"""A real `tidework serve` for tests: a process of its own, on a free port and a data folder.

Usually it is forked from one that has everything imported, and finds its database migrated; `fresh`
is a first start as a user's is.
"""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from tests.services.forks import APPEND, Fork, zygote
from tests.services.migrated import migrated_bytes
from tests.services.processes import free_port, kill_tree, tail, wait_until
from tidework.commands.database import create_private


class TideworkServer:
    """One `tidework serve` process.

    Attributes:
        data_dir: its data folder; stays when the process ends.
        log: where its standard output and standard error go.
        port: the loopback port it listens on; the same after a restart.
    """

    def __init__(
        self,
        data_dir: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        *,
        fresh: bool = False,
    ) -> None:
        self.data_dir = data_dir
        self.log = log
        self.port = free_port()
        self._env = dict(env or {})
        self._workers = workers
        # What Python itself reads, it reads when it starts.
        self._fresh = fresh or any(name.startswith("PYTHON") for name in self._env)
        self._process: Fork | subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """The address to send requests to, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the main process."""
        if self._process is None:
            raise RuntimeError("the server is not running; call start()")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the main process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, deadline: float = 30.0) -> None:
        """Start the process and wait until it is ready to serve.

        Args:
            deadline: seconds.

        Raises:
            RuntimeError: it ended instead, with its exit code and the end of its log.
            TimeoutError: it is not ready in time, with the end of its log.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("TIDEWORK_")
        }
        words = [
            "serve", "--host", "127.0.0.1", "--port", str(self.port),
            "--data-dir", str(self.data_dir), "--workers", str(self._workers),
        ]  # fmt: skip
        if self._fresh:
            self._process = self._started_afresh(words, environment | self._env)
        else:
            self._prepare_folder()
            out = (self.log, APPEND)
            self._process = zygote().start(
                words, environment | self._env, [(os.devnull, os.O_RDONLY), out, out], session=True
            )
        try:
            wait_until(
                lambda: not self.running or self.ready(), "tidework serve is ready", deadline
            )
        except TimeoutError as error:
            self.kill()
            raise TimeoutError(f"{error}\n{tail(self.log)}") from None
        if not self.running:
            code = self._process.wait()
            raise RuntimeError(f"tidework serve ended with exit code {code}:\n{tail(self.log)}")

    def _started_afresh(
        self, words: list[str], environment: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tidework", *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=environment,
            )  # fmt: skip

    def _prepare_folder(self) -> None:
        """Migrate the database in advance: at a first start that takes longer than all the rest."""
        if self.data_dir.exists() or "TIDEWORK_DATABASE_URL" in self._env:
            return
        self.data_dir.mkdir(parents=True, mode=0o700)
        create_private(self.data_dir / "tidework.db")
        (self.data_dir / "tidework.db").write_bytes(migrated_bytes())

    def ready(self) -> bool:
        """Whether it answers /health/ready with 200 now."""
        # Not httpx: it prepares for TLS each time, and this is asked often.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False

    def stop(self, deadline: float = 30.0) -> int:
        """Ask the server to end (SIGTERM), and wait for it.

        Args:
            deadline: seconds until it is killed.

        Returns:
            Its exit code; that of SIGKILL (-9) when it did not end in time.
        """
        if self._process is None:
            return 0
        process, self._process = self._process, None
        if process.poll() is None:
            family = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(deadline)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
            # A worker that outlived its parent would keep the port and the data folder.
            for worker in family:
                kill_tree(worker.pid)
        return process.wait()

    def kill(self) -> None:
        """End the process and all its workers at once (kill -9), as a lost machine would."""
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait(10)
            self._process = None

    def restart(self) -> None:
        """Stop and start on the same port and data folder."""
        self.stop()
        self.start()


class StartServer(Protocol):
    """What the fixture `tidework_server` gives a test."""

    def __call__(
        self,
        data_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        *,
        fresh: bool = False,
    ) -> TideworkServer:
        """Start a server and wait until it is ready.

        Args:
            data_dir: its data folder; a new one unless given.
            env: further environment, such as TIDEWORK_DATABASE_URL.
            workers: worker processes.
            fresh: whether Python is started and the database made for it, as for a user.
        """
        ...


@pytest.fixture
def tidework_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers; each is stopped after the test, and its log shown should the test fail."""
    servers: list[TideworkServer] = []

    def start(
        data_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        *,
        fresh: bool = False,
    ) -> TideworkServer:
        number = len(servers)
        folder = data_dir or tmp_path / f"data-{number}"
        log = tmp_path / f"serve-{number}.log"
        server = TideworkServer(folder, log, env, workers, fresh=fresh)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        try:
            server.stop()
        finally:
            server.kill()
            # pytest shows what a fixture prints beside a failure, and only there.
            print(f"--- {server.log.name}\n{tail(server.log)}", file=sys.stderr)
