"""How fast a server does what follows commits, beside its requests."""

import time
from typing import Final

_LOOK_S: Final = 0.25
_BUSY: Final = 0.5
_STREAMS_PER_S: Final = 100.0
_STREAMS_PER_S_BUSY: Final = 10.0


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
