"""How a serving process ends: told to balancers first, then without cutting anybody off, in time.

SIGTERM or SIGINT once: not ready at once; after `drain` seconds nobody new is let in; what is under
way is finished. Twice: at once. Whatever happens, the process is gone after `LEAVE_WITHIN_S`.
"""

import asyncio
import ctypes
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tidework.http.logs import get_logger
from tidework.http.stopping import Stopping

LEAVE_WITHIN_S: Final = 29
"""Less than the 30 s after which Kubernetes, systemd and Docker are set to kill."""

_CLOSING_S: Final = 5
_GRACE_S: Final = 20
# As long as it takes the server to accept those who have connected already, many times over.
_SETTLE_S: Final = 0.05

_log = get_logger(__name__)


def grace(drain: int) -> int:
    """How long what is under way may take once nobody new is let in, in seconds."""
    return min(_GRACE_S, LEAVE_WITHIN_S - _CLOSING_S - drain)


class Ending:
    """Ends this process when it is told to. `shut` is called when nobody new is to be let in."""

    def __init__(self, stopping: Stopping, door: "Door", drain: float) -> None:
        self._stopping = stopping
        self._door = door
        self._drain = drain
        self._shut: Callable[[], object] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def begun(self) -> bool:
        """Whether the process has been told to end."""
        return self._stopping.begun

    def on_shut(self, shut: Callable[[], object]) -> None:
        """Whom to tell; at once when it has come to that already."""
        self._shut = shut
        if self._task is not None and self._task.done():
            shut()

    def listen(self) -> None:
        """Take signals from now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.tell)

    def tell(self) -> None:
        """What a signal does."""
        if self._stopping.begun:
            _log.warning("stopped_at_once")
            _leave(1)
        self._stopping.begin()
        leaver = threading.Timer(LEAVE_WITHIN_S, _leave_late)
        leaver.daemon = True
        leaver.start()
        self._task = asyncio.get_running_loop().create_task(self._end(), name="ending")

    async def _end(self) -> None:
        await asyncio.sleep(self._drain)
        # Who connects now is not refused and not yet let in: they try again in a second, and find
        # this door closed, or another copy. Who is in front of it already is let in.
        self._door.hold()
        await asyncio.sleep(_SETTLE_S)
        if self._shut is not None:
            self._shut()
        await asyncio.sleep(_SETTLE_S)
        self._door.close()


def _leave_late() -> None:
    _log.error("stopped_too_late", after_seconds=LEAVE_WITHIN_S)
    _leave(1)


def _leave(code: int) -> None:
    # Nothing is lost that was acknowledged: that is durable, whenever the process ends.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class Door:
    """The listening socket of a server, by its descriptor; None where there is none to be had."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def hold(self) -> None:
        """Answer no new caller; those whose connection stands already go on to be accepted.

        Closing a listening socket resets whoever has connected and was not accepted yet, with the
        request that they may have sent. So first nobody new gets into that queue: the packets that
        open a connection are dropped by a filter on the socket, and sent again by the caller's
        system a second later. Linux only; elsewhere such callers see a reset.
        """
        if self._descriptor is None or not sys.platform.startswith("linux"):
            return
        # Of each segment: the flags; only SYN of SYN and ACK: drop it, else let it pass.
        steps = ((0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02), (0x06, 0, 0, 0),
                 (0x06, 0, 0, 0xFFFFFFFF))  # fmt: skip
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in steps))
        program = struct.pack("HL", len(steps), ctypes.addressof(code))
        with suppress(OSError), self._listener() as listener:
            listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def close(self) -> None:
        """Refuse whoever comes, in every process that shares the socket."""
        if self._descriptor is not None:
            with suppress(OSError), self._listener() as listener:
                listener.shutdown(socket.SHUT_RDWR)

    def _listener(self) -> socket.socket:
        assert self._descriptor is not None
        return socket.socket(fileno=os.dup(self._descriptor))


_SO_ATTACH_FILTER: Final = 26
