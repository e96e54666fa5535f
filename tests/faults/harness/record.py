"""What clients tried, and what they were told; written down before anybody looks at the truth."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.harness.caller import Told

Work = Callable[[threading.Event], None]


@dataclass
class Attempt:
    """A write. `words` are what it wrote, and nobody else ever: each can be found in the log.

    Attributes:
        stream: the workspace.
        kind: create, batch, update or delete.
        words: titles or descriptions; the id of the task for a delete.
        task: the id that was updated or deleted.
        based: the version that `If-Match` named.
        told: what its client was told in the end.
        seq: of its commit, where it was told.
        met: what each of its requests was told, and where.
    """

    stream: str
    kind: str
    words: list[str]
    task: str = ""
    based: int | None = None
    told: Told = Told.UNKNOWN
    seq: int | None = None
    status: int = 0
    why: str = ""
    met: list[str] = field(default_factory=list)


@dataclass
class Record:
    """The attempts of all clients, and what else they met."""

    attempts: list[Attempt] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    forgives_reads: bool = False
    """While a former primary answers that not every copy has noticed to be one."""
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, attempt: Attempt) -> None:
        """Note an attempt that nothing more will be done about."""
        with self._lock:
            self.attempts.append(attempt)
            if attempt.told is Told.DONE:
                self._done += 1

    def note(self, what: str) -> None:
        """Count something that happened."""
        with self._lock:
            self.met[what] += 1

    def accuse(self, what: str) -> None:
        """Note what must never be."""
        with self._lock:
            self.wrong.append(what)

    @property
    def done(self) -> int:
        """How many writes have been acknowledged."""
        return self._done

    def told(self, told: Told) -> list[Attempt]:
        """The attempts of which their clients were told this."""
        return [one for one in self.attempts if one.told is told]

    def summary(self) -> str:
        """A line for people."""
        counts = ", ".join(f"{len(self.told(told))} {told.value}" for told in Told)
        met = ", ".join(f"{count} {what}" for what, count in sorted(self.met.items()))
        return f"{len(self.attempts)} writes: {counts}; met: {met or 'nothing'}"


class Crew:
    """Threads that work until they are told to stop, or one of them fails; what that raises is kept."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []

    def start(self, work: list[Work]) -> None:
        """Let each work: `work(stop)` is called in a thread of its own."""
        for one in work:
            thread = threading.Thread(target=self._run, args=(one,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, work: Work) -> None:
        try:
            work(self.stop)
        except BaseException as error:
            self._failures.append(error)
            self.stop.set()

    def check(self) -> None:
        """Raise what one of them has raised."""
        if self._failures:
            raise self._failures[0]

    def halt(self) -> None:
        """Stop all, and wait for them."""
        self.stop.set()
        for thread in self._threads:
            thread.join(60)

    def end(self) -> None:
        """Stop all, wait for them, and raise what one has raised."""
        self.halt()
        assert not any(thread.is_alive() for thread in self._threads), "a client hangs"
        self.check()


@contextmanager
def working(work: list[Work]) -> Iterator[Crew]:
    """For the time of the block each works in a thread of its own."""
    crew = Crew()
    crew.start(work)
    try:
        yield crew
    except BaseException:
        crew.halt()
        # What one of them met is the cause.
        crew.check()
        raise
    crew.end()
