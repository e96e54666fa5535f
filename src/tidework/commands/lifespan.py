"""The start and the end of an ASGI application (lifespan protocol 2.0), driven from outside.

So that a failure to start reaches the command as the error it was.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from tidework.errors import Unavailable

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class _Lifespan:
    def __init__(self, app: Application) -> None:
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()

    async def run(self) -> None:
        scope: Message = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": {},
        }
        await self._app(scope, self._inbox.get, self._outbox.put)

    async def pass_through(self, event: str, task: asyncio.Task[None]) -> None:
        """Send an event and wait until it is done; raise what kept the application from it."""
        await self._inbox.put({"type": event})
        answer = asyncio.ensure_future(self._outbox.get())
        await asyncio.wait({answer, task}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            await task
            raise Unavailable("The application ended while it was starting or stopping.")
        message = answer.result()
        if message["type"] == f"{event}.failed":
            # Frameworks answer so and raise the cause right afterwards.
            await task
            raise Unavailable(str(message.get("message") or "The application could not start."))


@asynccontextmanager
async def running(app: Application) -> AsyncIterator[None]:
    """Start the application, and end it after the block. Raises what its start or end raises."""
    lifespan = _Lifespan(app)
    task = asyncio.create_task(lifespan.run(), name="lifespan")
    try:
        await lifespan.pass_through("lifespan.startup", task)
        try:
            yield
        finally:
            await lifespan.pass_through("lifespan.shutdown", task)
            await task
    finally:
        task.cancel()
