"""Deciding again when somebody else's commit came in between."""

import asyncio
import functools
import random
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from tidework.store.protocol import Contended

_ATTEMPTS = 20
_PAUSE_S = 0.005

P = ParamSpec("P")
T = TypeVar("T")


def retried(decide: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Let a coroutine function that reads, decides and appends start over when it was `Contended`.

    After 20 attempts, some 0.5 s, the caller gets the `Contended`.
    """

    @functools.wraps(decide)
    async def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
        for count in range(1, _ATTEMPTS):
            try:
                return await decide(*args, **kwargs)
            except Contended:
                await asyncio.sleep(random.uniform(0, _PAUSE_S * count))  # noqa: S311
        return await decide(*args, **kwargs)

    return attempt
