"""A log file that several processes write to, and that is put aside when it has grown.

Every line is one write to a file that is opened for appending, so lines of several processes do not
mix (on a file system of this machine; not over NFS). Whoever finds it full takes a lock, looks again,
and renames; the others notice that the name leads to another file, and open that. The same look lets
logrotate move the file away without telling anybody.
"""

import fcntl
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_MODE = 0o640


class LogFile:
    """Put aside at `limit` bytes as `NAME.1`, which becomes `NAME.2`, and so on up to `count`.

    A limit of 0 never puts it aside. Raises OSError when it cannot be opened; later failures lose
    lines here, and nothing else: standard error has them too.
    """

    def __init__(self, path: Path, limit: int, count: int) -> None:
        self._path = path
        self._limit = limit
        self._count = count
        self._file = -1
        self._id = (0, 0)
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        opened = os.open(self._path, flags, _MODE)
        if self._file >= 0:
            os.close(self._file)
        self._file = opened
        found = os.fstat(opened)
        self._id = (found.st_dev, found.st_ino)

    def write(self, text: str) -> None:
        """Append whole lines."""
        data = text.encode("utf-8", "backslashreplace")
        with self._lock, suppress(OSError):
            self._settle(len(data))
            os.write(self._file, data)

    def _settle(self, more: int) -> None:
        """Have the file open that the name leads to, with room for so many bytes."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            self._open()
            return
        if (found.st_dev, found.st_ino) != self._id:
            self._open()
            found = os.fstat(self._file)
        if self._limit and found.st_size and found.st_size + more > self._limit:
            self._put_aside()

    def _put_aside(self) -> None:
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = os.stat(self._path)
            # Somebody else may have done it while the lock was waited for.
            if (found.st_dev, found.st_ino) == self._id:
                for number in range(self._count - 1, 0, -1):
                    with suppress(FileNotFoundError):
                        os.replace(f"{self._path}.{number}", f"{self._path}.{number + 1}")
                os.replace(self._path, f"{self._path}.1")
        except FileNotFoundError:
            pass
        finally:
            os.close(lock)
        self._open()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Both:
    """Standard error and a log file, as one stream."""

    def __init__(self, file: LogFile, stream: TextIO | None = None) -> None:
        self._file = file
        self._stream = sys.stderr if stream is None else stream

    def write(self, text: str) -> int:
        """Write whole lines to both."""
        self._file.write(text)
        return self._stream.write(text)

    def flush(self) -> None:
        """Pass on what the stream keeps; the file keeps nothing."""
        self._stream.flush()

    def isatty(self) -> bool:
        """False: what colours a terminal is rubbish in a file."""
        return False
