"""Deciding again when somebody else's commit came in between."""

import asyncio
import functools
import random
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from tidework.store.protocol import Contended

_ATTEMPTS = 20
_PAUSE_S = 0.005

P = ParamSpec("P")
T = TypeVar("T")


def retried(decide: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Let a coroutine function that reads, decides and appends start over when it was `Contended`.

    Those of a process that have to start over take turns: they get in each other's way no more. After
    20 attempts the caller gets the `Contended`. Must not call itself.
    """
    turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    @functools.wraps(decide)
    async def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await decide(*args, **kwargs)
        except Contended:
            pass
        async with turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            for _ in range(2, _ATTEMPTS):
                try:
                    return await decide(*args, **kwargs)
                except Contended:
                    # For those of other processes.
                    await asyncio.sleep(random.uniform(0, _PAUSE_S))  # noqa: S311
            return await decide(*args, **kwargs)

    return attempt
