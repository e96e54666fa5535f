"""One `/metrics` for all worker processes of a server, whichever of them is asked.

Each worker answers for itself on a Unix socket in a folder that only its user can open; the one that
is asked asks the others. Nothing is shared between them while requests are served, so counting costs
what it costs in a single process. What each of them says bears the label `worker`, a small number
that a replacement takes over: for Prometheus it is then a counter that begins again, where a sum
would have gone down.
"""

import fcntl
import os
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tidework.http.active import WINDOWS
from tidework.http.logs import get_logger
from tidework.http.metrics import Metrics

_PATIENCE_S: Final = 1.0
_PRIVATE: Final = 0o700

_log = get_logger(__name__)


class _Said(msgspec.Struct, array_like=True):
    """What a worker says: its families of metrics, and who was there in each window."""

    families: list[tuple[str, str, str, list[tuple[str, dict[str, str], float]]]]
    active: dict[str, list[int]]


class Exposition(CollectorRegistry):
    """The metrics of all workers of a server, gathered when they are read.

    `worker` is this process's number, 0 while it is the only one. `shared` are collectors of what
    is the same for all of them, such as the machine.
    """

    def __init__(self, metrics: Metrics, shared: Sequence[Collector] = ()) -> None:
        super().__init__(auto_describe=False)
        self._metrics = metrics
        self._shared = shared
        self._seat: _Seat | None = None

    @property
    def worker(self) -> int:
        """See the class."""
        return 0 if self._seat is None else self._seat.number

    @property
    def has_others(self) -> bool:
        """Whether there are other workers to be asked."""
        return self._seat is not None and bool(self._seat.others())

    def join(self) -> None:
        """Answer the other workers of the same parent process, and ask them from now on."""
        try:
            self._seat = _Seat(_folder(), self._said)
        except OSError as error:
            # Their numbers are then in none but their own answers; everything else works.
            _log.warning("metrics_of_this_worker_only", reason=str(error))

    def close(self) -> None:
        """Answer nobody any more."""
        if self._seat is not None:
            self._seat.close()

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """The metrics of all workers; one that does not answer within a second is left out."""
        for collector in self._shared:
            yield from collector.collect()
        if self._seat is None:
            active = {window: self._metrics.active.within(WINDOWS[window]) for window in WINDOWS}
            yield _active(active)
            yield from self._metrics.registry.collect()
            return
        found = self._seat.ask_all(self._said())
        yield _up(found)
        said = {number: one for number, one in found.items() if one is not None}
        active = {
            window: {account for one in said.values() for account in one.active[window]}
            for window in WINDOWS
        }
        yield _active(active)
        yield from _merged(said)

    def _said(self) -> _Said:
        families = [
            (
                family.name,
                family.documentation,
                family.type,
                [(one.name, dict(one.labels), one.value) for one in family.samples],
            )
            for family in self._metrics.registry.collect()
        ]
        active = {
            window: list(self._metrics.active.within(seconds))
            for window, seconds in WINDOWS.items()
        }
        return _Said(families, active)


def _active(accounts: dict[str, set[int]]) -> Metric:
    family = GaugeMetricFamily(
        "tidework_active_accounts",
        "Distinct accounts that asked for something in the last minutes.",
        labels=("window",),
    )
    for window, found in accounts.items():
        family.add_metric((window,), len(found))
    return family


def _up(found: dict[int, _Said | None]) -> Metric:
    family = GaugeMetricFamily(
        "tidework_worker_up", "Whether a worker process told its metrics.", labels=("worker",)
    )
    for number, said in sorted(found.items()):
        family.add_metric((str(number),), said is not None)
    return family


def _merged(found: dict[int, _Said]) -> Iterator[Metric]:
    families: dict[str, Metric] = {}
    for number, said in sorted(found.items()):
        for name, documentation, kind, samples in said.families:
            family = families.get(name)
            if family is None:
                family = families[name] = Metric(name, documentation, kind)
            for sample, labels, value in samples:
                family.add_sample(sample, {**labels, "worker": str(number)}, value)
    return iter(families.values())


def _folder() -> Path:
    """A folder that only this user can open. Raises OSError."""
    folder = Path(tempfile.gettempdir()) / f"tidework-{os.geteuid()}"
    with suppress(FileExistsError):
        folder.mkdir(_PRIVATE)
    found = folder.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o077 or not folder.is_dir():
        raise PermissionError(f"{folder} belongs to somebody else, or others may open it")
    return folder


class _Seat:
    """A number among the workers of one parent, held for as long as the process lives.

    A lock on a file is the claim: it ends with the process, however that ends.
    """

    def __init__(self, folder: Path, say: Any) -> None:
        self._folder = folder
        self._say = say
        self._group = os.getppid()
        self.number = 0
        self._sweep()
        self._lock = self._claim()
        path = self._path(self.number)
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(str(path))
            self._socket.listen(8)
        except OSError:
            self._socket.close()
            os.close(self._lock)
            raise
        self._thread = threading.Thread(target=self._answer, name="metrics", daemon=True)
        self._thread.start()

    def _path(self, number: int, suffix: str = "sock") -> Path:
        return self._folder / f"{self._group}-{number}.{suffix}"

    def _claim(self) -> int:
        while True:
            self.number += 1
            path = self._path(self.number, "lock")
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_ino == path.stat().st_ino:
                    return descriptor
                # Whoever had it removed it just now.
                self.number -= 1
            except BlockingIOError:
                pass
            except FileNotFoundError:
                self.number -= 1
            os.close(descriptor)

    def _sweep(self) -> None:
        """Remove what servers have left that were killed."""
        for path in self._folder.glob("*.lock"):
            if path.stem.startswith(f"{self._group}-"):
                continue
            with suppress(OSError), path.open("rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.with_suffix(".sock").unlink(missing_ok=True)
                path.unlink(missing_ok=True)

    def others(self) -> list[int]:
        """The numbers of the other workers of this parent."""
        seats = self._folder.glob(f"{self._group}-*.sock")
        numbers = {int(path.stem.partition("-")[2]) for path in seats}
        return sorted(numbers - {self.number})

    def close(self) -> None:
        with suppress(OSError):
            # Wakes the thread that accepts.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(_PATIENCE_S)
        for suffix in ("sock", "lock"):
            self._path(self.number, suffix).unlink(missing_ok=True)
        os.close(self._lock)

    def _answer(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller, suppress(OSError):
                caller.settimeout(_PATIENCE_S)
                caller.sendall(msgspec.msgpack.encode(self._say()))

    def ask_all(self, own: _Said) -> dict[int, _Said | None]:
        """What each worker says, by its number; None for one that does not answer."""
        others = self.others()
        found: dict[int, _Said | None] = {self.number: own}
        if others:
            with ThreadPoolExecutor(min(len(others), 16)) as threads:
                found |= dict(zip(others, threads.map(self._ask, others), strict=True))
        return found

    def _ask(self, number: int) -> _Said | None:
        parts = []
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
                caller.settimeout(_PATIENCE_S)
                caller.connect(str(self._path(number)))
                while part := caller.recv(1 << 16):
                    parts.append(part)
            return msgspec.msgpack.decode(b"".join(parts), type=_Said)
        except (OSError, msgspec.DecodeError):
            return None
