"""That this process is about to end, for whoever has to know before it does."""

import asyncio
from typing import Final

from tidework.http.answer import Header

CLOSE: Final[Header] = (b"connection", b"close")


class Stopping:
    """Begins once, and never ends: from then on the process is not ready, answers ask for their
    connection to be closed, and what is open for long says goodbye and goes.
    """

    def __init__(self) -> None:
        self.begun = False
        self._event = asyncio.Event()

    def begin(self) -> None:
        """Begin, on the event loop; again is the same."""
        self.begun = True
        self._event.set()

    async def wait(self) -> None:
        """Return when it has begun: an open stream then tells its reader to connect again."""
        await self._event.wait()
