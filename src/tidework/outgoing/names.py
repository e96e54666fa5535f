"""Looking names up, by threads of our own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence
from typing import Final

_AT_ONCE: Final = 16


class Names:
    """Asks the system for the addresses of names.

    A name server that does not answer holds a thread up for half a minute: some of these, and
    neither the other work of the process nor its end.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name, in the order in which they should be tried. Raises OSError."""
        await self._room.acquire()
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[list[str]] = loop.create_future()

        def tell(found: list[str] | Exception) -> None:
            self._room.release()
            if answered.done():
                return
            if isinstance(found, Exception):
                answered.set_exception(found)
            else:
                answered.set_result(found)

        def ask() -> None:
            found: list[str] | Exception
            try:
                rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                found = list(dict.fromkeys(str(row[4][0]) for row in rows))
            except (OSError, UnicodeError) as error:
                found = error
            with contextlib.suppress(RuntimeError):
                # The loop may have ended meanwhile.
                loop.call_soon_threadsafe(tell, found)

        try:
            threading.Thread(target=ask, name="name", daemon=True).start()
        except RuntimeError:
            self._room.release()
            raise OSError("no thread can be started") from None
        return await answered
