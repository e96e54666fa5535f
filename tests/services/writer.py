"""A process that writes to a store and says what was acknowledged; tests kill it.

`python -m tests.services.writer ADDRESS STREAM COMMITS WRITERS` prints a line `SEQ TASK_ID` as soon
as a commit has been acknowledged, and `done` when all have been.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.services.commits import commit, new_task
from tests.services.opening import make_store

_ROOT = Path(__file__).parents[2]


def start_writer(
    address: str, stream_id: str, commits: int, writers: int
) -> "subprocess.Popen[str]":
    """Start the process.

    Args:
        address: of a migrated database, for `make_store`.
        stream_id: an existing stream.
        commits: how many tasks each writer creates.
        writers: how many create tasks at the same moment.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "tests.services.writer",
         address, stream_id, str(commits), str(writers)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=_ROOT,
    )  # fmt: skip


async def _write(address: str, stream_id: str, commits: int, writers: int) -> None:
    store = make_store(address)
    await store.start()

    async def writer() -> None:
        for _ in range(commits):
            change = new_task()
            done = await store.append(commit(stream_id, change))
            print(done.seq, change.id, flush=True)

    await asyncio.gather(*(writer() for _ in range(writers)))
    await store.close()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
