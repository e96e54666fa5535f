"""Spans of what a traced request asks of the store. Loaded only when traces are made."""

from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar, cast

from opentelemetry.trace import Link, Span, StatusCode

from tidework.errors import TideworkError
from tidework.log import Commit, Committed, LoggedChange, Operation
from tidework.observability.tracing import Tracing, current
from tidework.store.answers import Answers, answers_of
from tidework.store.observer import Observer
from tidework.store.protocol import Reader, Row, Store
from tidework.store.sql.statement import Statement

R = TypeVar("R")


class _Waiting:
    """A commit that has been handed over; `span` is None when its request is not traced."""

    __slots__ = ("group", "span")

    def __init__(self, span: Span | None) -> None:
        self.span = span
        self.group: Span | None = None


class Groups(Observer):
    """A span for each group of commits with a traced one in it, linked with those of its members.

    The committer takes commits in the order in which they were handed over, so that the oldest ones
    that are noted here are those of the group that goes out.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._waiting: deque[_Waiting] = deque()

    def join(self, span: Span | None) -> _Waiting:
        """Note a commit that is about to be handed over."""
        waiting = _Waiting(span)
        self._waiting.append(waiting)
        return waiting

    def group(self, size: int) -> None:
        members = [self._waiting.popleft() for _ in range(min(size, len(self._waiting)))]
        spans = [member.span for member in members if member.span is not None]
        if not spans:
            return
        group = self._tracing.tracer.start_span(
            "commit group",
            None,
            attributes={"tidework.commits": size},
            links=[Link(span.get_span_context()) for span in spans],
        )
        for member in members:
            if member.span is not None:
                member.group = group
                member.span.add_link(group.get_span_context())

    def leave(self, waiting: _Waiting, *, cancelled: bool) -> None:
        """Note that a commit has been answered for. Who was cancelled leaves the commit waiting."""
        if waiting.group is not None:
            # The first one to be answered ends it; for the others it has ended.
            if waiting.group.is_recording():
                waiting.group.end()
        elif not cancelled and waiting in self._waiting:
            self._waiting.remove(waiting)


class _TracedReader:
    """See `store.protocol.Reader`; what is not here is the reader's own."""

    def __init__(self, reader: Reader, dialect: str, tracing: Tracing) -> None:
        self._reader = reader
        self._tracing = tracing
        self.dialect = dialect

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def fetch(
        self, statement: Statement, params: Mapping[str, Any], **options: Any
    ) -> list[Row]:
        """See `Store.fetch`."""
        asked = self._reader.fetch(statement, params, **options)
        span = current.get()
        if span is None:
            return await asked
        # The text has placeholders where values would be.
        text = statement.compiled(self.dialect).text
        mine = self._begin(span, "fetch", statement.name, {"db.query.text": text})
        return await within(mine, asked)

    async def log(self, stream_id: str, **options: Any) -> list[LoggedChange]:
        """See `Store.log`."""
        asked = self._reader.log(stream_id, **options)
        span = current.get()
        if span is None:
            return await asked
        return await within(self._begin(span, "log", "log"), asked)

    def _begin(
        self, parent: Span, kind: str, name: str, about: Mapping[str, Any] | None = None
    ) -> Span:
        title = kind if kind == name else f"{kind} {name}"
        attributes = {
            "db.system.name": self.dialect,
            "db.operation.name": kind,
            "db.query.summary": name,
        }
        return self._tracing.child(parent, title, attributes | dict(about or {}))


class _TracedAnswers:
    """See `store.answers.Answers`."""

    def __init__(self, answers: Answers, dialect: str, tracing: Tracing) -> None:
        self._answers = answers
        self._dialect = dialect
        self._tracing = tracing

    def at(self, stream_id: str, seq: int | None) -> Reader:
        """See `Answers.at`."""
        reader = self._answers.at(stream_id, seq)
        if current.get() is None:
            return reader
        return cast(Reader, _TracedReader(reader, self._dialect, self._tracing))


class TracedStore(_TracedReader):
    """See `store.protocol.Store`; what is not here is the store's own."""

    def __init__(self, store: Store, tracing: Tracing, groups: Groups) -> None:
        super().__init__(store, store.dialect, tracing)
        self._store = store
        self._groups = groups

    @property
    def answers(self) -> Answers:
        """Where answers to GET may be read from."""
        return _TracedAnswers(answers_of(self._store), self.dialect, self._tracing)

    async def seqs(self, stream_ids: Sequence[str], **options: Any) -> Mapping[str, int]:
        """See `Store.seqs`."""
        asked = self._store.seqs(stream_ids, **options)
        span = current.get()
        if span is None:
            return await asked
        return await within(self._begin(span, "seqs", "seqs"), asked)

    async def append(self, commit: Commit, **options: Any) -> Committed:
        """See `Store.append`."""
        about = {"tidework.changes": len(commit.changes)}
        return await self._written("append", self._store.append(commit, **options), about)

    async def operate(self, operations: Sequence[Operation], **options: Any) -> None:
        """See `Store.operate`."""
        await self._written("operate", self._store.operate(operations, **options), {})

    async def redact(self, *arguments: Any, **options: Any) -> None:
        """See `Store.redact`."""
        await self._written("redact", self._store.redact(*arguments, **options), {})

    async def purge(self, *arguments: Any, **options: Any) -> None:
        """See `Store.purge`."""
        await self._written("purge", self._store.purge(*arguments, **options), {})

    async def _written(self, kind: str, asked: Awaitable[R], about: Mapping[str, Any]) -> R:
        parent = current.get()
        span = None if parent is None else self._begin(parent, kind, kind, about)
        if kind != "append" and self.dialect == "postgresql":
            # The machinery's rows have a committer of their own there, which tells of no groups.
            return await (asked if span is None else within(span, asked))
        waiting = self._groups.join(span)
        cancelled = True
        try:
            done = await (asked if span is None else within(span, asked))
            cancelled = False
        except Exception:
            cancelled = False
            raise
        finally:
            self._groups.leave(waiting, cancelled=cancelled)
        return done


async def within(span: Span, asked: Awaitable[R]) -> R:
    """The answer, with the time it took as the span's."""
    try:
        return await asked
    except BaseException as error:
        span.set_status(StatusCode.ERROR, _reason(error))
        raise
    finally:
        span.end()


def _reason(error: BaseException) -> str:
    """What a span says of an error: its code or its kind, never its text."""
    return error.code if isinstance(error, TideworkError) else type(error).__name__


def traced(store: Store, tracing: Tracing, groups: Groups) -> Store:
    """`store`, traced."""
    return cast(Store, TracedStore(store, tracing, groups))
