"""Who reads what on this process: by workspace, by account, by when a sign of life is due."""

import random
from collections.abc import Collection

from tidework.bus.wakeups import inbox_of
from tidework.live.feed import Feed, Reader, Wish


class Roster:
    """The open streams. `turns` are as many as there are moments for signs of life."""

    def __init__(self, turns: int) -> None:
        self.feeds: dict[str, Feed] = {}
        self.accounts: dict[str, set[Reader]] = {}
        self._inboxes: dict[str, str] = {}
        self._turns: list[set[Reader]] = [set() for _ in range(turns)]
        self._turn = 0

    def add(self, wish: Wish) -> Reader:
        """A new reader, and a feed for it where there is none yet."""
        feed = self.feeds.get(wish.workspace_id)
        if feed is None:
            feed = self.feeds[wish.workspace_id] = Feed(wish.workspace_id, wish.workspace_seq)
        reader = Reader(wish, feed)
        feed.readers.add(reader)
        self.accounts.setdefault(reader.user_id, set()).add(reader)
        self._inboxes[inbox_of(reader.user_id)] = reader.user_id
        random.choice(self._turns).add(reader)  # noqa: S311
        return reader

    def remove(self, reader: Reader) -> None:
        """Forget a reader."""
        feed = reader.feed
        feed.readers.discard(reader)
        if not feed.readers and self.feeds.get(feed.workspace_id) is feed:
            del self.feeds[feed.workspace_id]
        mine = self.accounts[reader.user_id]
        mine.discard(reader)
        if not mine:
            del self.accounts[reader.user_id]
            del self._inboxes[inbox_of(reader.user_id)]
        for turn in self._turns:
            turn.discard(reader)

    def of_account(self, user_id: str) -> Collection[Reader]:
        """The readers of an account."""
        return self.accounts.get(user_id, ())

    def of_inbox(self, inbox: str) -> Collection[Reader]:
        """The readers of the account that an inbox is of."""
        return self.of_account(self._inboxes.get(inbox, ""))

    def readers(self) -> list[Reader]:
        """All of them."""
        return [reader for readers in self.accounts.values() for reader in readers]

    def next_turn(self) -> Collection[Reader]:
        """Whose sign of life is due now."""
        self._turn = (self._turn + 1) % len(self._turns)
        return self._turns[self._turn]

    @property
    def is_empty(self) -> bool:
        """Whether nobody reads, and nothing is left of anybody."""
        return not (self.feeds or self.accounts or self._inboxes or any(self._turns))
