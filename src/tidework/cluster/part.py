"""A part of a cluster: a server process with a folder, a port, a log, and a word on its health."""

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import ClassVar, Final

from tidework.cluster import process
from tidework.cluster.ports import LOOPBACK, free_port, is_free
from tidework.cluster.process import ClusterError, Record

_TAIL_LINES: Final = 12
# Servers stand here, where only root looks by default.
_PLACES: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/opt/homebrew/bin", "/usr/local/bin")


def new_password() -> str:
    """A password that needs no quoting anywhere: not in URLs, files or command lines."""
    return secrets.token_hex(16)


def find_program(name: str) -> Path | None:
    """Where a program is, also where only root looks; None: it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *_PLACES])
    found = shutil.which(name, path=path)
    return Path(found) if found else None


class Part:
    """One server process, which can be started, ended, broken and asked about.

    Everything it writes is in its folder. A part that another process started is the same part when
    it is made with the same folder: `start` leaves it as it is, `stop` ends it.

    Attributes:
        name: what people call it; unique within a cluster.
        folder: its own folder.
        port: the loopback port it listens on.
        log: the file that gets what it says.
    """

    program: ClassVar[str] = ""
    service: ClassVar[str] = ""
    """What `scripts/services.sh` calls what it needs."""
    stop_signal: ClassVar[int] = signal.SIGTERM
    folder_mode: ClassVar[int] = 0o700
    """More only where the program runs as somebody else: some write their password with 0644."""

    def __init__(self, folder: Path, *, name: str = "", port: int | None = None) -> None:
        self.name = name or type(self).__name__.lower()
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.log = self.folder / f"{self.name}.log"
        self._record = self.folder / f"{self.name}.pid.json"
        self._child: subprocess.Popen[bytes] | None = None

    # What a kind of part says of itself.

    def command(self) -> list[str | Path]:
        """The program with its arguments; it stays in the foreground."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Write what the program reads. Called before every start."""

    def healthy(self) -> bool:
        """Whether it does its work now; quick also when it does not answer."""
        raise NotImplementedError

    def environ(self) -> dict[str, str]:
        """The environment of the program."""
        kept = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
        return {name: os.environ[name] for name in kept if name in os.environ}

    def user(self) -> str | None:
        """Whom it runs as, where that is not ourselves."""
        return None

    def keeps_port(self) -> bool:
        """Whether its port is taken by what it has left behind, and will take over again."""
        return False

    @property
    def address(self) -> str:
        """Where it is, for people: without a password."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def place(self) -> str:
        """Where people find it: its address, or its URL where a browser takes one."""
        return self.address

    def detail(self) -> str:
        """What else people should know of it now, such as its role; nothing when it does not run."""
        return ""

    @classmethod
    def missing(cls) -> str | None:
        """What is not installed, as a sentence for people; None: nothing."""
        if find_program(cls.program) is not None:
            return None
        return f"{cls.program} is not installed. Run: scripts/services.sh {cls.service}"

    # What all parts do alike.

    @property
    def record(self) -> Record | None:
        """The process that was started last, whether or not it lives."""
        return process.read_record(self._record)

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        self._reap()
        record = self.record
        return record is not None and record.alive()

    @property
    def pid(self) -> int:
        """The number of the running process."""
        record = self.record
        if record is None or not record.alive():
            raise ClusterError(f"{self.name} is not running; its log: {self.log}")
        return record.pid

    def start(self, deadline: float = 30.0) -> None:
        """Start it and wait until it is healthy. Raises `ClusterError` with the end of its log."""
        self.launch()
        self.await_healthy(deadline)

    def launch(self) -> None:
        """Start it without waiting; nothing when it runs."""
        if self.running:
            return
        missing = self.missing()
        if missing:
            raise ClusterError(missing)
        if record := self.record:
            # What one that was killed has left behind would keep its port.
            process.kill(record)
        if not is_free(self.port) and not self.keeps_port():
            raise ClusterError(
                f"Port {self.port}, which {self.name} listens on, is taken by another program."
                " End that, or use another folder."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(self.folder_mode)
        self.prepare()
        self._child = process.spawn(
            self.command(), self._record, self.log,
            environ=self.environ(), user=self.user(), folder=self.folder,
        )  # fmt: skip

    def await_healthy(self, deadline: float = 30.0) -> None:
        """Wait until it is healthy. Raises `ClusterError` when it ends instead, or takes too long."""

        def settled() -> bool:
            return not self.running or self.healthy()

        try:
            process.wait_until(settled, f"{self.name} is healthy", deadline)
        except TimeoutError as error:
            raise ClusterError(f"{error}. The end of {self.log}:\n{self.tail()}") from None
        if not self.running:
            raise ClusterError(
                f"{self.name} ended while starting. The end of {self.log}:\n{self.tail()}"
            )

    def stop(self, deadline: float = 30.0) -> bool:
        """Ask it to end, wait, and kill it where it does not; whether it ended by itself."""
        record = self.record
        polite = process.end(record, self.stop_signal, deadline) if record else True
        self._forget()
        return polite

    def kill(self) -> None:
        """End it and its children at once (kill -9), as a lost machine would."""
        record = self.record
        if record:
            process.kill(record)
        self._forget()

    def freeze(self) -> None:
        """Let it hang (SIGSTOP): connections stay open, nothing answers."""
        record = self.record
        process.signal_all(process.family(record) if record else [], signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        record = self.record
        process.signal_all(process.family(record) if record else [], signal.SIGCONT)

    def tail(self) -> str:
        """The last lines of its log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-_TAIL_LINES:])

    def _forget(self) -> None:
        self._reap()
        self._record.unlink(missing_ok=True)

    def _reap(self) -> None:
        # A child of ours stays a zombie until it is asked for.
        if self._child is not None and self._child.poll() is not None:
            self._child = None
