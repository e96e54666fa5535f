"""Where answers are read from, as opposed to what decides a command.

A service has two ways to read. Its `Store` reads from where it also writes: whatever leads to a
change is decided there. `Answers` are for what is only shown to somebody: they may come from a
replica, and what comes from there has no way back into a commit.
"""

from typing import Protocol

from tidework.store.protocol import Reader, Store


class Answers(Protocol):
    """Gives readers of one stream's data for answers to GET."""

    def at(self, stream_id: str, seq: int | None) -> Reader:
        """A reader whose every query sees the stream at `seq` or later.

        `seq` is what `Store.seqs` said when the request came; None reads from the store. Never shows
        what `Store.seqs` of any copy would not say by then: two answers, one after the other, never
        go back in time.
        Every statement must be about that stream alone.
        """
        ...


class FromStore:
    """Everything from the store itself."""

    def __init__(self, store: Reader) -> None:
        self._store = store

    def at(self, stream_id: str, seq: int | None) -> Reader:
        """See `Answers.at`."""
        return self._store


def answers_of(store: Store) -> Answers:
    """Where a store lets answers be read from: its replicas, or itself."""
    answers: Answers | None = getattr(store, "answers", None)
    return FromStore(store) if answers is None else answers
