"""How long the present request may still wait for a part of the store that others are using."""

from contextvars import ContextVar
from typing import Final


class Patience:
    """Of one request: `left` seconds of waiting, for all that it waits for together.

    It bounds waiting only. Work takes as long as it takes.
    """

    __slots__ = ("left",)

    def __init__(self, seconds: float) -> None:
        self.left = seconds


patience: Final[ContextVar[Patience | None]] = ContextVar("patience", default=None)
"""That of the present request; None outside requests."""

# What is free at once is taken also by a request that has waited enough before.
_LEAST_S: Final = 0.05


def how_long(most: float) -> float:
    """How many seconds to wait for something: `most`, or fewer when the request has fewer left."""
    mine = patience.get()
    return most if mine is None else max(_LEAST_S, min(most, mine.left))


def spend(seconds: float) -> None:
    """Note that the request has waited."""
    mine = patience.get()
    if mine is not None:
        mine.left -= seconds
