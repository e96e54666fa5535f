"""A job as its handler sees it, and what a handler may say of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tidework.ids import new_id
from tidework.log import Operation, Values
from tidework.store.protocol import Contended, Store
from tidework.times import after, now

_GRACE_S = 10.0


class Retry(Exception):
    """Raised by a handler: try again, after `after_s` seconds or after the usual pause."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class GiveUp(Exception):
    """Raised by a handler: it can never succeed; `operations` are written with its end."""

    def __init__(self, reason: str, operations: Sequence[Operation] = ()) -> None:
        super().__init__(reason)
        self.operations = operations


class Reschedule(Exception):
    """Raised by a handler that is done for now: the same job again at `at`, attempts counted anew.

    `operations` are written with it, and `new_args` replace the job's where given.
    """

    def __init__(
        self, at: str, operations: Sequence[Operation] = (), new_args: Values | None = None
    ) -> None:
        super().__init__(at)
        self.at = at
        self.operations = operations
        self.new_args = new_args


class ClaimLost(Exception):
    """Somebody else has this job now, or it was cancelled; what was done for it is not written."""


class Job:
    """A job that this process has claimed. `attempt` counts from 1; `due_at` is when it was due."""

    def __init__(self, store: Store, row: Sequence[Any], claim: Values, deadline_s: float) -> None:
        self.stream_id: str = row[0]
        self.id: str = row[1]
        self.kind: str = row[2]
        self.args: Values = row[3]
        self.due_at: str = row[5]
        self.attempt: int = claim["attempts"]
        self.limit: asyncio.Timeout | None = None
        self.ended = False
        self._store = store
        self._claim = claim
        self._deadline_s = deadline_s

    async def progress(
        self,
        done: float,
        operations: Sequence[Operation] = (),
        args: Values | None = None,
    ) -> None:
        """Say how much is done, from 0 to 1, and hold on to the job for its deadline from now.

        `operations` are written with it, and `args` replace the job's: where a later attempt goes
        on. Raises `ClaimLost`.
        """
        claim = {"attempts": self.attempt, "due_at": claimed_until(self._deadline_s)}
        values: Values = {"progress": int(max(0.0, min(1.0, done)) * 100), **claim}
        if args is not None:
            values["args"] = args
        await self.write(values, operations)
        self._claim = claim
        self.args = self.args if args is None else args
        if self.limit is not None:
            self.limit.reschedule(asyncio.get_running_loop().time() + self._deadline_s)

    async def end(self, operations: Sequence[Operation] = ()) -> None:
        """End the job while its handler still runs, together with operations, which are written
        first; what the handler returns after that is not written. Raises `ClaimLost`.

        For a handler that wants to go on where an operation finds something else than it expects.
        """
        key = {"stream_id": self.stream_id, "id": self.id, **self._claim}
        own = Operation("jobs", "delete", key, rows=1)
        try:
            await self._store.operate([*operations, own])
        except Contended as error:
            raise ClaimLost(f"{self.kind} {self.id}") from error
        self.ended = True

    async def write(self, values: Values | None, operations: Sequence[Operation] = ()) -> None:
        """Change the job's row, or delete it, together with operations. Raises `ClaimLost`."""
        key = {"stream_id": self.stream_id, "id": self.id, **self._claim}
        own = Operation("jobs", "delete", key, rows=1)
        if values is not None:
            own = Operation("jobs", "update", key, values, rows=1)
        try:
            await self._store.operate([own, *operations])
        except Contended as error:
            raise ClaimLost(f"{self.kind} {self.id}") from error


Handler = Callable[[Job], Awaitable[Sequence[Operation] | None]]
"""Does a job; what it returns is written together with the job's end."""


def claimed_until(deadline_s: float) -> str:
    """When a job that is claimed now becomes due again, unless its claim is renewed."""
    return after(now(), deadline_s + _GRACE_S)


def planned(
    stream_id: str,
    kind: str,
    args: Values,
    due_at: str | None = None,
    job_id: str | None = None,
) -> Operation:
    """See `Jobs.operation`."""
    at = now()
    values = {
        "kind": kind,
        "args": args,
        "state": "waiting",
        "due_at": due_at or at,
        "attempts": 0,
        "progress": 0,
        "created_at": at,
    }
    if job_id is None:
        return Operation("jobs", "insert", {"stream_id": stream_id, "id": new_id()}, values)
    return Operation("jobs", "keep", {"stream_id": stream_id, "id": job_id}, values)
