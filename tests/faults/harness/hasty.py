"""`tidework worker` in a hurry: what a dead worker held is due again after three seconds, not seventy.

`python -m tests.faults.harness.hasty ARGUMENTS`. Everything else is as it is, unless the environment
has `HASTY_FAULT`: then everybody does every job that is due, and ends it whoever has it. A test that
passes nevertheless has seen nothing.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

import tidework.bus.job as job_module
from tidework.bus.jobs import Jobs
from tidework.cli import main
from tidework.log import Operation, Values

DEADLINE_S = 2.0


def hurry() -> None:
    """Shorten what the death of a worker costs."""
    register = Jobs.register

    def hasty(self: Jobs, kind: str, handler: Any, **more: Any) -> None:
        register(self, kind, handler, **{**more, "deadline_s": DEADLINE_S})

    Jobs.register = hasty  # type: ignore[method-assign]
    job_module._GRACE_S = 1.0


def spoil() -> None:
    """Take away what makes effects happen once."""

    async def write(
        self: job_module.Job, values: Values | None, operations: Sequence[Operation] = ()
    ) -> None:
        key = {"stream_id": self.stream_id, "id": self.id}
        own = Operation("jobs", "delete", key)
        if values is not None:
            own = Operation("jobs", "update", key, values)
        await self._store.operate([own, *operations])

    claim = Jobs._claim

    async def anybody(self: Jobs, row: Sequence[Any]) -> Any:
        taken = await claim(self, row)
        if taken is None:
            kind = self._kinds[row[2]]
            held = {"attempts": row[4] + 1, "due_at": row[5]}
            job = job_module.Job(self._store, row, held, kind.deadline_s)
            await self._do(job, kind)
        return taken

    job_module.Job.write = write  # type: ignore[method-assign]
    Jobs._claim = anybody  # type: ignore[method-assign]


if __name__ == "__main__":
    hurry()
    if os.environ.pop("HASTY_FAULT", ""):
        spoil()
    sys.argv[0] = "tidework"
    main()
