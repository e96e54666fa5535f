"""Worker processes, and the process above them that starts them again when they end by themselves."""

import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from tidework.commands.ending import LEAVE_WITHIN_S
from tidework.http.logs import get_logger

_ENDS: Final = (signal.SIGTERM, signal.SIGINT)
_OURS: Final = (*_ENDS, signal.SIGCHLD)
# One that has lived this long and ends is replaced at once; one that fails again and again is
# given longer and longer pauses.
_LIVED_S: Final = 10.0
_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 8.0
_POLL_S: Final = 1.0

_log = get_logger(__name__)


@dataclass(slots=True)
class _Seat:
    """The place of one worker: who is in it, since when, and when it is to be filled again."""

    pid: int = 0
    since: float = 0.0
    failures: int = 0
    due: float = 0.0


class Supervisor:
    """Keeps `count` processes that run `work`, which gets a descriptor that ends with this process.

    Make it and call `run` while this process has one thread.
    """

    def __init__(self, count: int, work: Callable[[int], int]) -> None:
        self._work = work
        self._seats = [_Seat() for _ in range(count)]
        self._told = 0
        # Closed by the system with this process, however it ends; every worker looks at it.
        self._life, self._held = os.pipe()

    def run(self, on_start: Callable[[], None]) -> int:
        """Supervise until SIGTERM or SIGINT; the exit code. `on_start` is called once all run."""
        with self._signals() as wake:
            for seat in self._seats:
                self._start(seat)
            on_start()
            while not self._told:
                _wait(wake, self._next_due())
                self._look()
            return self._end(wake)

    @contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        wake, woken = socket.socketpair()
        wake.setblocking(False)
        woken.setblocking(False)
        before = {number: signal.signal(number, self._note) for number in _OURS}
        fileno = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        try:
            yield wake
        finally:
            signal.set_wakeup_fd(fileno)
            for number, handler in before.items():
                signal.signal(number, handler)
            wake.close()
            woken.close()

    def _note(self, number: int, _frame: object) -> None:
        self._told += number in _ENDS

    def _next_due(self) -> float:
        now = time.monotonic()
        return min([_POLL_S, *(seat.due - now for seat in self._seats if not seat.pid)])

    def _look(self) -> None:
        """Notice who has ended, and fill the seats whose time has come."""
        for seat in self._seats:
            if seat.pid and (status := _ended(seat.pid)) is not None:
                self._note_end(seat, status)
            if not seat.pid and not self._told and time.monotonic() >= seat.due:
                self._start(seat)

    def _note_end(self, seat: _Seat, status: int) -> None:
        now = time.monotonic()
        seat.failures = 1 if now - seat.since > _LIVED_S else seat.failures + 1
        pause = 0.0
        if seat.failures > 1:
            pause = min(_LONGEST_PAUSE_S, _PAUSE_S * 2 ** (seat.failures - 2))
        _log.error("worker_ended", pid=seat.pid, how=_how(status), again_in_seconds=pause)
        seat.pid, seat.due = 0, now + pause

    def _start(self, seat: _Seat) -> None:
        # A signal that comes between the fork and the child's own handlers must not be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
        try:
            pid = os.fork()
            if pid == 0:
                self._become_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
        seat.pid, seat.since = pid, time.monotonic()

    def _become_worker(self) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            os.close(self._held)
            # Ctrl-C reaches all processes of a terminal; the one above says when to end.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
            code = self._work(self._life)
        except Exception as error:
            _log.error("worker_failed", exc_info=error)
        finally:
            os._exit(code)

    def _end(self, wake: socket.socket) -> int:
        """Have all workers end, in time; told twice, at once."""
        told = self._told
        for seat in self._seats:
            _send(seat.pid, signal.SIGTERM)
        deadline = time.monotonic() + LEAVE_WITHIN_S
        clean = True
        while left := [seat for seat in self._seats if seat.pid]:
            if self._told > told or time.monotonic() > deadline:
                clean = False
                for seat in left:
                    _send(seat.pid, signal.SIGKILL)
            else:
                _wait(wake, min(_POLL_S, deadline - time.monotonic()))
            for seat in left:
                status = _ended(seat.pid)
                if status is not None:
                    clean = clean and status == 0
                    seat.pid = 0
        return 0 if clean else 1


def _wait(wake: socket.socket, seconds: float) -> None:
    ready, _, _ = select.select([wake], [], [], max(0.0, seconds))
    if ready:
        with suppress(BlockingIOError):
            wake.recv(4096)


def _ended(pid: int) -> int | None:
    """The status of a process that has ended, None of one that lives."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 1
    return status if found else None


def _send(pid: int, number: int) -> None:
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.waitstatus_to_exitcode(status)}"
