"""Bodies that are files: taken piece by piece into a folder, so that memory holds none of them."""

import asyncio
import hashlib
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from tidework.errors import (
    Malformed,
    TooLarge,
    TooManyRequests,
    TooSlow,
    UnsupportedMediaType,
    has_no_room,
    no_room,
)
from tidework.http.context import RequestContext, membership_of
from tidework.http.problem import method_not_allowed
from tidework.ids import new_id

Receive = Callable[[], Awaitable[Any]]

WORKSPACES: Final = "/api/v1/workspaces/"
MEDIA_TYPES: Final = (
    "text/csv",
    "application/x-ndjson",
    "application/json",
    "application/x-xz",
    "application/gzip",
    "application/octet-stream",
)
"""What a file may be sent as."""

_AT_ONCE: Final = 16
_AT_ONCE_EACH: Final = 2
_MAX_DIGITS: Final = 18


class Upload:
    """A file that has been taken; whoever wants it moves it away from `path`.

    `digest` tells it from every other content.
    """

    __slots__ = ("digest", "media_type", "path", "size")

    def __init__(self, path: Path, size: int, digest: str, media_type: str) -> None:
        self.path = path
        self.size = size
        self.digest = digest
        self.media_type = media_type


class Uploads:
    """Takes the files that are sent to `/workspaces/{w}/imports`.

    `folder` says where they are put; `limit` is the largest, in bytes. A file has 30 s to come, and
    as long as it takes at `slowest` bytes/s. A process takes 16 at once, two of an account.
    """

    def __init__(self, folder: Callable[[], Path], limit: int, slowest: int = 64 * 1024) -> None:
        self._folder = folder
        self._limit = limit
        self._seconds = 30 + limit / slowest
        self._running: Counter[str] = Counter()

    @staticmethod
    def takes(method: str, path: str) -> bool:
        """Whether the body of such a request is a file. Raises `MethodNotAllowed` where it could be
        one only with another method.
        """
        if not path.startswith(WORKSPACES):
            return False
        if [part for part in path.split("/") if part][4:] != ["imports"]:
            return False
        if method != "POST":
            raise method_not_allowed("GET, HEAD, OPTIONS, POST")
        return True

    async def take(
        self,
        context: RequestContext,
        headers: Iterable[tuple[bytes, bytes]],
        receive: Receive,
    ) -> Upload:
        """The body of a request, in a file; `discard` it in the end.

        Only an owner of the workspace has one taken. Raises `TooLarge`, `TooSlow`, `Malformed`,
        `UnsupportedMediaType`, `TooManyRequests`, `Unavailable` when the disk is full, and what the
        guard raises.
        """
        owner = membership_of(context, "owner")
        found = dict(headers)
        media_type = _media_type(found)
        self._check_length(found.get(b"content-length"))
        running = self._running
        if running[owner.user_id] >= _AT_ONCE_EACH or running.total() >= _AT_ONCE:
            raise TooManyRequests(
                "Too many files are being sent at this moment. Send this one when another has come.",
                retry_after=5,
            )
        running[owner.user_id] += 1
        try:
            async with asyncio.timeout(self._seconds):
                path, size, digest = await self._write(receive)
        except TimeoutError:
            raise TooSlow(
                f"The file did not come within {self._seconds:.0f} s. Send it over a better"
                " connection, or packed (.xz, .gz)."
            ) from None
        except OSError as error:
            if has_no_room(error):
                raise no_room(error) from error
            raise
        finally:
            running[owner.user_id] -= 1
            if not running[owner.user_id]:
                del running[owner.user_id]
        return Upload(path, size, digest, media_type)

    @staticmethod
    async def discard(upload: Upload) -> None:
        """Remove what nobody has moved away."""
        await asyncio.to_thread(upload.path.unlink, missing_ok=True)

    def _check_length(self, length: bytes | None) -> None:
        if length is None:
            return
        if not length.isdigit():
            raise Malformed("Content-Length is not a number. Send the size of the body.")
        if len(length) > _MAX_DIGITS or int(length) > self._limit:
            raise self._too_large()

    async def _write(self, receive: Receive) -> tuple[Path, int, str]:
        path = self._folder() / f"upload-{new_id()}"
        hasher = hashlib.sha256()
        size = 0
        file = await asyncio.to_thread(_created, path)
        try:
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise Malformed(
                        "The file ended before all of it had come. Send it again.", code="cut_off"
                    )
                piece: bytes = message.get("body", b"")
                more = message.get("more_body", False)
                size += len(piece)
                if size > self._limit:
                    raise self._too_large()
                if piece:
                    hasher.update(piece)
                    await asyncio.to_thread(file.write, piece)
            if not size:
                raise Malformed("The body is empty. Send the file as the body.", code="empty_body")
            await asyncio.to_thread(file.close)
        except BaseException:
            # What is still to be written finds no room either.
            with suppress(OSError):
                file.close()
            path.unlink(missing_ok=True)
            raise
        return path, size, hasher.hexdigest()

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"The file is larger than {self._limit} bytes. Pack it (.xz, .gz), or send it in parts:"
            " what has been imported before is known again."
        )


def _created(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _media_type(headers: dict[bytes, bytes]) -> str:
    coding = headers.get(b"content-encoding", b"").strip().lower()
    if coding not in (b"", b"identity"):
        raise UnsupportedMediaType(
            "Send a packed file as what it is, such as 'Content-Type: application/gzip', without"
            " Content-Encoding."
        )
    text = headers.get(b"content-type", b"").decode("latin-1")
    media_type = text.partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        came = f"is {media_type[:80]!r}" if media_type else "is missing"
        raise UnsupportedMediaType(
            f"The Content-Type {came}. Send the file as one of {', '.join(MEDIA_TYPES)}."
        )
    return media_type
