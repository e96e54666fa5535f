"""Jobs: work that is due at a time, done at least once, and whose effects in the database happen once.

A job is a row. To claim it is to move its `due_at` past its deadline; whoever dies with a claim
simply lets it become due again. A job's end is written together with what it leads to, in one
transaction that fails when the claim has been lost meanwhile.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import bindparam, func, select

from tidework.bus.job import (
    ClaimLost,
    GiveUp,
    Handler,
    Job,
    Reschedule,
    Retry,
    claimed_until,
    planned,
)
from tidework.bus.observer import WorkObserver
from tidework.errors import Unavailable, has_no_room, no_room
from tidework.log import Operation, Values
from tidework.store.protocol import Store
from tidework.store.sql.schema import jobs
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of, literally
from tidework.times import after, now, parse

__all__ = ["ClaimLost", "GiveUp", "Job", "Jobs", "Reschedule", "Retry"]

_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 3600.0
_FAILED_KEPT_S = 30 * 86400
_AWAY_S = 5.0
_PAGE = 100
_ERROR_LENGTH = 2000

_DUE = Statement(
    "jobs_due",
    select(jobs.c.stream_id, jobs.c.id, jobs.c.kind, jobs.c.args, jobs.c.attempts, jobs.c.due_at)
    .where(
        jobs.c.state == literally("waiting"),
        jobs.c.due_at <= bindparam("at"),
        any_of(jobs.c.kind, "kinds"),
    )
    .order_by(jobs.c.due_at)
    .limit(bindparam("limit")),
    fan_out="whoever has time does what is due in any stream",
)
_WAITING = Statement(
    "jobs_waiting",
    select(jobs.c.kind, func.count(), func.min(jobs.c.due_at))
    .where(jobs.c.state == literally("waiting"), jobs.c.due_at <= bindparam("at"))
    .group_by(jobs.c.kind),
    fan_out="how much is due is one number for the installation",
)

_log = structlog.get_logger()


@dataclass
class _Kind:
    handler: Handler
    deadline_s: float
    max_attempts: int
    concurrency: int
    keep_s: float | None
    running: set[str] = field(default_factory=set)

    @property
    def room(self) -> int:
        return self.concurrency - len(self.running)


class Jobs:
    """Runs what is due. Any number of processes may do so at once."""

    def __init__(
        self, store: Store, *, poll_s: float = 1.0, observer: WorkObserver | None = None
    ) -> None:
        self._store = store
        self._poll_s = poll_s
        self.observer = observer or WorkObserver()
        self._kinds: dict[str, _Kind] = {}
        self._some = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def register(
        self,
        kind: str,
        handler: Handler,
        *,
        deadline_s: float = 60.0,
        max_attempts: int = 10,
        concurrency: int = 4,
        keep_s: float | None = None,
    ) -> None:
        """Let `handler` do jobs of this kind.

        An attempt takes `deadline_s` seconds at most, or since it last told its progress. After
        `max_attempts` failures the job has failed. One that is done is deleted, or kept for
        `keep_s` seconds; one that has failed is kept 30 days.
        """
        self._kinds[kind] = _Kind(handler, deadline_s, max_attempts, concurrency, keep_s)

    @staticmethod
    def operation(
        stream_id: str,
        kind: str,
        args: Values,
        due_at: str | None = None,
        job_id: str | None = None,
    ) -> Operation:
        """The job to put among a commit's or a consumer's operations; due at once by default.

        With a `job_id` that there is already, nothing happens.
        """
        return planned(stream_id, kind, args, due_at, job_id)

    @staticmethod
    def moved(stream_id: str, job_id: str, due_at: str) -> Operation:
        """Let a job that is not finished be due at another time; no error where there is none."""
        key = {"stream_id": stream_id, "id": job_id, "state": "waiting"}
        return Operation("jobs", "update", key, {"due_at": due_at})

    @staticmethod
    def cancelled(stream_id: str, job_id: str) -> Operation:
        """Delete a job; one that runs ends without effect in the database."""
        return Operation("jobs", "delete", {"stream_id": stream_id, "id": job_id})

    def wake(self) -> None:
        """Look at once: something may be due."""
        self._some.set()

    def start(self, only: frozenset[str] | None = None) -> None:
        """Begin to run what is due; of the kinds in `only`, where given."""
        kinds = [kind for kind in self._kinds if only is None or kind in only]
        self._loop = asyncio.create_task(self._run(kinds), name="jobs")

    async def close(self, grace_s: float = 20.0) -> None:
        """Take no more, and give those that run `grace_s` seconds; what is cut off comes again."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def run_due(self) -> int:
        """Do what is due now, and what that makes due; how many jobs that were."""
        done = 0
        while taken := await self._take(list(self._kinds)):
            await asyncio.gather(*taken)
            done += len(taken)
        return done

    async def look(self) -> None:
        """Report how much is due."""
        at = now()
        waiting = dict.fromkeys(self._kinds, (0, at))
        for kind, count, oldest in await self._store.fetch(_WAITING, {"at": at}):
            waiting[kind] = (count, oldest)
        for kind, (count, oldest) in waiting.items():
            age = (parse(at) - parse(oldest)).total_seconds()
            self.observer.jobs_waiting(kind, count, age)

    # --- taking ------------------------------------------------------------------------------

    async def _run(self, kinds: list[str]) -> None:
        while True:
            self._some.clear()
            taken: list[asyncio.Task[None]] = []
            try:
                taken = await self._take(kinds)
            except Unavailable as error:
                _log.warning("jobs_unavailable", detail=error.detail)
            except Exception as error:
                # Whatever it is, it must not be the end of all jobs.
                _log.error("defect", exc_info=error)
            if len(taken) >= _PAGE:
                continue
            try:
                async with asyncio.timeout(self._poll_s * random.uniform(0.7, 1.0)):  # noqa: S311
                    await self._some.wait()
            except TimeoutError:
                continue

    async def _take(self, kinds: list[str]) -> list[asyncio.Task[None]]:
        free = [kind for kind in kinds if self._kinds[kind].room > 0]
        if not free:
            return []
        rows = await self._due(free)
        # Others look at the same rows: not all of them shall try the same ones first.
        random.shuffle(rows)
        wanted = []
        for row in rows:
            kind = self._kinds[row[2]]
            if kind.room > 0 and row[1] not in kind.running:
                kind.running.add(row[1])
                wanted.append(row)
        claimed = await asyncio.gather(*[self._claim(row) for row in wanted])
        return [task for task in claimed if task is not None]

    async def _due(self, kinds: Sequence[str]) -> list[Sequence[Any]]:
        """What is due, of each kind some: many jobs of one kind must not hide those of others."""
        rows: list[Sequence[Any]] = []
        hidden = list(kinds)
        while hidden:
            page = await self._store.fetch(_DUE, {"at": now(), "kinds": hidden, "limit": _PAGE})
            rows += page
            seen = {row[2] for row in page}
            if len(page) < _PAGE:
                break
            hidden = [kind for kind in hidden if kind not in seen]
        return rows

    async def _claim(self, row: Sequence[Any]) -> asyncio.Task[None] | None:
        stream_id, job_id, name, _, attempts, due_at = row
        kind = self._kinds[name]
        key = {"stream_id": stream_id, "id": job_id, "attempts": attempts, "due_at": due_at}
        claim: Values = {"attempts": attempts + 1, "due_at": claimed_until(kind.deadline_s)}
        taking = Operation("jobs", "update", {**key, "state": "waiting"}, claim, rows=1)
        try:
            await self._store.operate([taking])
        except Unavailable:
            # Mostly because somebody else has it.
            kind.running.discard(job_id)
            return None
        except BaseException:
            kind.running.discard(job_id)
            raise
        job = Job(self._store, row, claim, kind.deadline_s)
        task = asyncio.create_task(self._do(job, kind), name=f"job {name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    # --- doing -------------------------------------------------------------------------------

    async def _do(self, job: Job, kind: _Kind) -> None:
        started = asyncio.get_running_loop().time()
        outcome = "cut off"
        try:
            outcome = await self._attempt(job, kind)
        except ClaimLost:
            outcome = "lost"
        except Unavailable as error:
            outcome = "retry"
            _log.warning("job_unavailable", kind=job.kind, id=job.id, detail=error.detail)
            # If that is not to be had either, the claim ends by itself.
            with contextlib.suppress(Unavailable, ClaimLost):
                await job.write({"due_at": after(now(), _AWAY_S), "attempts": job.attempt - 1})
        finally:
            kind.running.discard(job.id)
            self.observer.job(job.kind, outcome, asyncio.get_running_loop().time() - started)
            self._some.set()

    async def _attempt(self, job: Job, kind: _Kind) -> str:
        if job.attempt > kind.max_attempts:
            await self._fail(
                job, "Its attempts ended without a word: processes died while doing it."
            )
            return "failed"
        try:
            operations = await self._within_deadline(job, kind)
        except Reschedule as again:
            values: Values = {"due_at": again.at, "attempts": 0, "progress": 0}
            if again.new_args is not None:
                values["args"] = again.new_args
            await job.write(values, again.operations)
            return "later"
        except GiveUp as error:
            await self._fail(job, str(error), error.operations)
            return "failed"
        except (ClaimLost, Unavailable):
            raise
        except OSError as error:
            if has_no_room(error):
                raise no_room(error) from error
            return await self._again(job, kind, error)
        except Exception as error:
            return await self._again(job, kind, error)
        if job.ended:
            return "done"
        if kind.keep_s is None:
            await job.write(None, operations or ())
            return "done"
        at = now()
        ended = {"state": "done", "progress": 100, "finished_at": at, "error": None}
        await job.write({**ended, "expires_at": after(at, kind.keep_s)}, operations or ())
        return "done"

    async def _within_deadline(self, job: Job, kind: _Kind) -> Sequence[Operation] | None:
        job.limit = asyncio.timeout(kind.deadline_s)
        try:
            async with job.limit:
                return await kind.handler(job)
        except TimeoutError as error:
            if not job.limit.expired():
                raise
            raise Retry(f"It took longer than {kind.deadline_s:g} s.") from error

    async def _fail(self, job: Job, error: str, operations: Sequence[Operation] = ()) -> None:
        at = now()
        ended = {"state": "failed", "error": error[:_ERROR_LENGTH], "finished_at": at}
        await job.write({**ended, "expires_at": after(at, _FAILED_KEPT_S)}, operations)
        _log.error("job_failed", kind=job.kind, id=job.id, reason=error, attempts=job.attempt)

    async def _again(self, job: Job, kind: _Kind, error: Exception) -> str:
        reason = str(error) or type(error).__name__
        if job.attempt >= kind.max_attempts:
            await self._fail(job, reason)
            return "failed"
        pause = error.after_s if isinstance(error, Retry) else None
        if pause is None:
            pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (job.attempt - 1))
            pause *= random.uniform(0.5, 1.0)  # noqa: S311
        if not isinstance(error, Retry):
            _log.warning("job_raised", kind=job.kind, id=job.id, exc_info=error)
        await job.write({"due_at": after(now(), pause), "error": reason[:_ERROR_LENGTH]})
        return "retry"
