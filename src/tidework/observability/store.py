"""A store that is watched from outside: how long commits take, what is refused, what is slow."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from tidework.errors import Unavailable
from tidework.http.health_checks import WriteWatch
from tidework.http.metrics import Metrics
from tidework.log import Commit, Committed, Operation
from tidework.observability.slow import SlowQueries, asked
from tidework.store.answers import Answers, answers_of
from tidework.store.observer import Observer, Standing
from tidework.store.protocol import Reader, Row, Store
from tidework.store.sql.statement import Statement


class Observers(Observer):
    """Tells each of several."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers
        # Most do not care for queries, of which there are the most.
        self._of_queries = [one for one in observers if type(one).query is not Observer.query]

    def query(self, name: str, seconds: float) -> None:
        for one in self._of_queries:
            one.query(name, seconds)

    def group(self, size: int) -> None:
        for one in self._observers:
            one.group(size)

    def committed(self, committed: Committed) -> None:
        for one in self._observers:
            one.committed(committed)

    def operated(self, operations: Sequence[Operation]) -> None:
        for one in self._observers:
            one.operated(operations)

    def read(self, target: Any) -> None:
        for one in self._observers:
            one.read(target)

    def replica(self, name: str, lag: float | None, standing: Standing) -> None:
        for one in self._observers:
            one.replica(name, lag, standing)


class WatchedReader:
    """See `store.protocol.Reader`; slow queries are told of."""

    def __init__(self, reader: Reader, slow: SlowQueries | None) -> None:
        self._reader = reader
        self._slow = slow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def fetch(
        self, statement: Statement, params: Mapping[str, Any], **options: Any
    ) -> list[Row]:
        """See `Store.fetch`."""
        slow = self._slow
        if slow is None:
            return await self._reader.fetch(statement, params, **options)
        asked.set((statement, params))
        started = time.perf_counter()
        try:
            return await self._reader.fetch(statement, params, **options)
        except Unavailable as error:
            if error.code == "query_timeout":
                slow.stopped(statement, params, time.perf_counter() - started)
            raise


class _WatchedAnswers:
    """See `store.answers.Answers`."""

    def __init__(self, answers: Answers, slow: SlowQueries | None) -> None:
        self._answers = answers
        self._slow = slow

    def at(self, stream_id: str, seq: int | None) -> Reader:
        """See `Answers.at`."""
        return cast(Reader, WatchedReader(self._answers.at(stream_id, seq), self._slow))


class WatchedStore(WatchedReader):
    """See `store.protocol.Store`; what is not here is the store's own."""

    def __init__(
        self, store: Store, metrics: Metrics, writes: WriteWatch, slow: SlowQueries | None
    ) -> None:
        super().__init__(store, slow)
        self._store = store
        self._metrics = metrics
        self._writes = writes
        self.dialect = store.dialect
        # Asked for each request: what is not watched shall cost nothing.
        self.seqs = store.seqs

    @property
    def history(self) -> int:
        """See `Store.history`."""
        return self._store.history

    @property
    def answers(self) -> Answers:
        """Where answers to GET may be read from."""
        return _WatchedAnswers(answers_of(self._store), self._slow)

    async def append(self, commit: Commit, **options: Any) -> Committed:
        """See `Store.append`."""
        metrics = self._metrics
        metrics.commits_pending += 1
        started = time.perf_counter()
        try:
            committed = await self._store.append(commit, **options)
            self._writes.written()
        except Unavailable as error:
            self._writes.refused(error)
            raise
        finally:
            seconds = time.perf_counter() - started
            metrics.commits_pending -= 1
            metrics.observe_commit(seconds)
            if self._slow is not None:
                self._slow.commit(commit, seconds)
        return committed

    async def operate(self, operations: Sequence[Operation], **options: Any) -> None:
        """See `Store.operate`."""
        self._metrics.commits_pending += 1
        try:
            await self._store.operate(operations, **options)
        except Unavailable as error:
            self._writes.refused(error)
            raise
        finally:
            self._metrics.commits_pending -= 1


def watched(
    store: Store, metrics: Metrics, writes: WriteWatch, slow: SlowQueries | None = None
) -> Store:
    """`store`, watched."""
    return cast(Store, WatchedStore(store, metrics, writes, slow))
