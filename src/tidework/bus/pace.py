"""How fast a server does what follows commits, beside its requests."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

_LOOK_S: Final = 0.25
_BUSY: Final = 0.5
_STREAMS_PER_S: Final = 100.0
_STREAMS_PER_S_BUSY: Final = 10.0
_SAVED_UP: Final = 10


class Pace:
    """Tells a relay how many streams it may look into per second.

    Requests come first: a process that takes more than half a processor looks into few streams, and
    into more at once of what each has to tell.
    """

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._used = time.process_time()
        self._rate = _STREAMS_PER_S

    def __call__(self) -> float:
        """Streams per second, at present."""
        at = time.monotonic()
        passed = at - self._at
        if passed >= _LOOK_S:
            used = time.process_time()
            self._rate = _STREAMS_PER_S
            if used - self._used > passed * _BUSY:
                self._rate = _STREAMS_PER_S_BUSY
            self._at, self._used = at, used
        return self._rate


class Turns:
    """Lets streams be looked into one after the other, so many a second; all at once if None."""

    def __init__(self, rate: Callable[[], float] | None) -> None:
        self._rate = rate
        self._next = 0.0
        # Who waits longest comes next, as soon as the rate allows it by then.
        self._first = asyncio.Lock()

    async def take(self) -> None:
        """Wait for a turn."""
        if self._rate is None:
            return
        async with self._first:
            interval = 1 / self._rate()
            now_s = asyncio.get_running_loop().time()
            # Turns that nobody took are not saved up for more than a few.
            self._next = max(self._next + interval, now_s - _SAVED_UP * interval)
            if self._next > now_s:
                await asyncio.sleep(self._next - now_s)
