"""Long work as a job: it says how far it has come while it runs, and ends when it is cancelled."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tidework.bus.job import Job
from tidework.log import Operation

T = TypeVar("T")
_TELL_S = 1.0


async def told(
    job: Job, work: Coroutine[Any, Any, T], done: Callable[[], float], note: Callable[[], Operation]
) -> T:
    """What `work` returns. While it runs the job is told how far it is (`done`, from 0 to 1), and
    what has become of it so far (`note`).

    Raises `ClaimLost` once the job is somebody else's, or cancelled; the work has ended then.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await job.progress(done(), [note()])
            await asyncio.wait({task}, timeout=_TELL_S)
        return await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
