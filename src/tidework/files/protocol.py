"""What every place for files promises."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """Keeps files for a time. Each belongs to a stream, and every copy of the server reaches it.

    All methods may raise `errors.Unavailable`.
    """

    def spool(self) -> Path:
        """A folder in which a file may be written before it is put; it exists."""
        ...

    async def put(self, stream_id: str, file_id: str, source: Path, expires_at: str) -> None:
        """Take over a file: all of it is there when this returns, or nothing. `source` may be gone
        afterwards. The same id again replaces what was there.
        """
        ...

    def read(self, stream_id: str, file_id: str) -> AsyncIterator[bytes]:
        """The file, piece by piece; memory: a piece. Raises `NotFound` at its beginning."""
        ...

    async def remove(self, stream_id: str, file_id: str) -> None:
        """Remove a file; nothing happens when there is none."""
        ...

    async def clear_expired(self) -> None:
        """Remove what nobody can fetch any more."""
        ...
