"""Commits on SQLite: one writer, a group of commits in one transaction.

Runs in the store's writer thread. A command in another process may write the same file: the
transaction takes the write lock at its beginning and waits for it.
"""

import sqlite3
from collections.abc import Callable, Sequence

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.log import Commit
from tidework.store.committer import Item, Outcome
from tidework.store.sql.sqlite_connection import BUSY_S, failure, is_busy
from tidework.store.sql.sqlite_header import Header
from tidework.store.sql.sqlite_items import Items, Refused, is_own_fault, waits

_RESTART_MS = 50

Write = Callable[[Sequence[Item]], list[Outcome]]


class _Apart(Exception):
    """What was to be written together cannot be: something about one of it is wrong."""


class _Broken(Exception):
    """A transaction failed and left nothing; `outcome` is why."""

    def __init__(self, outcome: Unavailable) -> None:
        super().__init__()
        self.outcome = outcome


class SqliteWriter:
    """The one connection of a process that writes.

    `span` is the header of the wal-index before and after the last group, where the group was one
    transaction; those of others may lie in between.
    """

    def __init__(self, connection: sqlite3.Connection, header: Header) -> None:
        self.span: tuple[bytes, bytes] | None = None
        self._header = header
        self._connection = connection
        self._execute = connection.execute
        self._items = Items(connection)

    def write(self, group: Sequence[Item]) -> list[Outcome]:
        """Write every item of the group, each all or nothing, in one transaction.

        Returns an outcome for each: what it became, or the error that it failed with.
        """
        if len(group) > 1:
            try:
                try:
                    return self._transaction(group, self._together)
                except _Apart:
                    return self._transaction(group, self._apart)
            except _Broken:
                # Only those that cannot be written alone either shall fail.
                pass
        outcomes = [self._alone(item) for item in group]
        if len(group) > 1:
            self.span = None
        return outcomes

    def restart_log(self) -> None:
        """Let the write-ahead log start again from its beginning, unless readers are in the way.

        They are waited for shortly, since commits wait meanwhile.
        """
        self._wait_for_locks(_RESTART_MS)
        try:
            self._execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        except sqlite3.Error:
            # The next time may do; until then the log is longer, nothing else.
            return
        finally:
            self._wait_for_locks(int(BUSY_S * 1000))

    def close(self) -> None:
        """Close the connection; whatever was not committed is gone."""
        self._connection.close()

    def _alone(self, item: Item) -> Outcome:
        try:
            return self._transaction([item], self._single)[0]
        except _Broken as broken:
            return broken.outcome

    def _transaction(self, group: Sequence[Item], write: Write) -> list[Outcome]:
        """The outcomes of a group.

        Raises `_Broken` when the transaction as a whole failed and certainly left nothing, so that
        its items may be tried again, and so does `_Apart`.
        """
        self._items.forget()
        self.span = None
        try:
            self._execute("BEGIN IMMEDIATE")
            before = self._header.now()
            outcomes = write(group)
        except Refused as refused:
            self._rollback()
            return [refused.outcome]
        except sqlite3.Error as error:
            self._rollback()
            if is_busy(error):
                return [failure(error) for _ in group]
            raise _Broken(failure(error)) from error
        except BaseException:
            self._rollback()
            raise
        outcomes = self._end(group, outcomes)
        self.span = before, self._header.now()
        return outcomes

    def _single(self, group: Sequence[Item]) -> list[Outcome]:
        return [self._items.write(item) for item in group]

    def _apart(self, group: Sequence[Item]) -> list[Outcome]:
        return [self._guarded(item) for item in group]

    def _together(self, group: Sequence[Item]) -> list[Outcome]:
        """Write the commits in their order, as many as can in few statements; then the operations.

        Raises `_Apart` when something about one of them is wrong, and it is not known about which.
        """
        outcomes: dict[int, Outcome] = {}
        commits = [(i, item) for i, item in enumerate(group) if isinstance(item, Commit)]
        try:
            self._items.expect([commit for _, commit in commits if waits(commit)])
            for i, commit in commits:
                if waits(commit):
                    outcomes[i] = self._waiting(commit)
                else:
                    self._items.flush()
                    outcomes[i] = self._guarded(commit)
            self._items.flush()
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not is_own_fault(error):
                raise
            raise _Apart from error
        for i, item in enumerate(group):
            if i not in outcomes:
                outcomes[i] = self._guarded(item)
        return [outcomes[i] for i in range(len(group))]

    def _waiting(self, commit: Commit) -> Outcome:
        try:
            return self._items.wait(commit)
        except Refused as refused:
            return refused.outcome

    def _end(self, group: Sequence[Item], outcomes: list[Outcome]) -> list[Outcome]:
        """Commit. Raises `_Broken` as `_transaction` does."""
        try:
            self._execute("COMMIT")
        except sqlite3.Error as error:
            self._rollback()
            outcome = failure(error, committing=True)
            if isinstance(outcome, OutcomeUnknown) or is_busy(error):
                return [failure(error, committing=True) for _ in group]
            raise _Broken(outcome) from error
        return outcomes

    def _wait_for_locks(self, milliseconds: int) -> None:
        self._execute(f"PRAGMA busy_timeout={milliseconds}")

    def _rollback(self) -> None:
        try:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
        except sqlite3.Error:
            # It is rolled back at the latest by whoever opens the file next.
            return

    def _guarded(self, item: Item) -> Outcome:
        """Write one of several items, or leave no trace of it."""
        self._execute("SAVEPOINT item")
        try:
            outcome = self._items.write(item)
        except Refused as refused:
            self._execute("ROLLBACK TO item")
            outcome = refused.outcome
        self._items.forget()
        self._execute("RELEASE item")
        return outcome
