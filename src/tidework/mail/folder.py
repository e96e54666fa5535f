"""Mail without a mail server: a file for each message."""

import asyncio
import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from tidework.errors import Unavailable
from tidework.mail.message import Mail, compose, parse_address


class FolderMailer:
    """A `Mailer` that puts each message into a folder, as an `.eml` file (RFC 5322).

    The names sort by the time of sending. Folder and files are readable by their owner only: a
    message may carry a secret. A file is complete when it appears.
    """

    def __init__(self, path: Path, *, sender: str = "tidework@localhost") -> None:
        """Raises `ValueError` when `sender` is not a bare address."""
        self._path = path
        self._sender = parse_address(sender)

    async def send(self, message: Mail) -> None:
        now = time.time_ns()
        try:
            await asyncio.to_thread(self._write, f"{_stamp(now)}-{secrets.token_hex(4)}", message)
        except OSError as error:
            raise Unavailable(
                "The message could not be sent. Try again later; if it stays so, ask whoever runs "
                "this server to look at its mail folder.",
                code="mail_unavailable",
                retry_after=60,
                reason=f"{type(error).__name__}: {error.strerror}",
            ) from error

    async def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, name: str, message: Mail) -> None:
        content = compose(message, self._sender, utf8=True)
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path / f".{name}.tmp"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(self._path / f"{name}.eml")
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _stamp(now_ns: int) -> str:
    seconds, rest = divmod(now_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}.{rest:09d}Z"
