"""Whether anybody has committed to a SQLite file, from memory that its processes share.

In WAL mode every commit of any process, and nothing that a reader could miss, changes the header of
the wal-index, the file beside the database whose name ends in `-shm`: 48 bytes twice, which hold a
counter of transactions among others (https://sqlite.org/walformat.html, section 2.1). To look there
costs a tenth of a microsecond, where `PRAGMA data_version` takes locks for several.
"""

import mmap
import os
import sys
from pathlib import Path

from tidework.errors import Unavailable

_SIZE = 96
_COUNTER = slice(8, 12)
_WRAPS = 2**32


# A process that closes any file gives up all its locks on it, SQLite's among them, whoever opened it
# (https://sqlite.org/howtocorrupt.html, section 2.2). So what has been opened stays open for as long
# as the file is there, and is shared.
_opened: dict[Path, "Header"] = {}


class Header:
    """The header of a database's wal-index, mapped into memory.

    `header_of` makes it; it may be looked at while a connection is open that has read.
    """

    def __init__(self, shared: Path) -> None:
        self._file = os.open(shared, os.O_RDONLY | os.O_CLOEXEC)
        self._map = mmap.mmap(self._file, _SIZE, access=mmap.ACCESS_READ)

    def is_of(self, shared: Path) -> bool:
        """Whether the file is still the one of that name."""
        return os.path.samestat(os.fstat(self._file), shared.stat())

    def now(self) -> bytes:
        """What it is at present. Equal to an earlier one only if nobody has committed since.

        Another one may also come of a commit that is under way, or of work on the write-ahead log.
        """
        return self._map[:_SIZE]


def header_of(database: Path) -> Header:
    """The header that a database has at present, for a process that has a connection to it.

    Raises `Unavailable` when it cannot be mapped.
    """
    # SQLite keeps it beside the file itself, wherever a link to that is.
    shared = Path(f"{database.resolve()}-shm")
    try:
        found = _opened.get(shared)
        if found is None or not found.is_of(shared):
            found = _opened[shared] = Header(shared)
    except (OSError, ValueError) as error:
        raise Unavailable(
            "The data folder cannot be used: what SQLite shares beside the database is not there.",
            code="storage_unwritable",
            retry_after=30,
            reason=str(error),
        ) from error
    return found


def is_next(before: bytes, after: bytes) -> bool:
    """Whether just one transaction lies between two headers, neither of which was being written."""
    if before[: _SIZE // 2] != before[_SIZE // 2 :] or after[: _SIZE // 2] != after[_SIZE // 2 :]:
        return False
    first, second = (int.from_bytes(header[_COUNTER], sys.byteorder) for header in (before, after))
    return second == (first + 1) % _WRAPS
