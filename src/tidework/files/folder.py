"""Files in a folder: for an installation whose copies share one, as those of one machine do."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final

from tidework.errors import NotFound, Unavailable, has_no_room, no_room
from tidework.times import now, parse

PIECE: Final = 256 * 1024
_SPOOL: Final = ".spool"
_SPOOL_KEPT_S: Final = 86400.0


def no_such_file() -> NotFound:
    """The error for a file that is not there."""
    return NotFound("There is no such file, or it is no longer kept.")


class FolderFiles:
    """See `Files`. A file's time of change is when it expires; only its owner may read it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def spool(self) -> Path:
        folder = self._path / _SPOOL
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    async def put(self, stream_id: str, file_id: str, source: Path, expires_at: str) -> None:
        try:
            await asyncio.to_thread(self._put, self._place(stream_id, file_id), source, expires_at)
        except OSError as error:
            raise _unavailable(error) from error

    async def read(self, stream_id: str, file_id: str) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(self._open, self._place(stream_id, file_id))
        try:
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield piece
        finally:
            file.close()

    async def remove(self, stream_id: str, file_id: str) -> None:
        await asyncio.to_thread(self._place(stream_id, file_id).unlink, missing_ok=True)

    async def clear_expired(self) -> None:
        await asyncio.to_thread(self._clear)

    def _place(self, stream_id: str, file_id: str) -> Path:
        return self._path / stream_id / file_id

    def _put(self, place: Path, source: Path, expires_at: str) -> None:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        spooled = self.spool() / f"{place.name}.whole"
        if source.parent != spooled.parent:
            shutil.move(source, spooled)
        else:
            source.replace(spooled)
        spooled.chmod(0o600)
        expires = parse(expires_at).timestamp()
        with spooled.open("rb+") as file:
            os.fsync(file.fileno())
        os.utime(spooled, (expires, expires))
        spooled.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _open(self, place: Path) -> BinaryIO:
        try:
            return place.open("rb")
        except FileNotFoundError:
            raise no_such_file() from None
        except OSError as error:
            raise _unavailable(error) from error

    def _clear(self) -> None:
        present = parse(now()).timestamp()
        for folder in self._path.iterdir() if self._path.exists() else ():
            # What is being written bears the time of its last writing.
            limit = present - (_SPOOL_KEPT_S if folder.name == _SPOOL else 0)
            for file in folder.iterdir():
                try:
                    if file.stat().st_mtime < limit:
                        file.unlink()
                except FileNotFoundError:
                    continue


def _unavailable(error: OSError) -> Unavailable:
    if has_no_room(error):
        return no_room(error)
    return Unavailable(
        "The file could not be kept. Try again later; if it stays so, ask whoever runs this server"
        " to look at its data folder.",
        code="files_unavailable",
        retry_after=60,
        reason=str(error),
    )
