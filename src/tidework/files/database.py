"""Files in the database, in pieces: for copies that share nothing else."""

import asyncio
import base64
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from sqlalchemy import bindparam, select

from tidework.files.folder import no_such_file
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import file_chunks
from tidework.store.sql.statement import Statement
from tidework.times import now

PIECE: Final = 192 * 1024
_END: Final = -1

_CHUNK = Statement(
    "file_chunk",
    select(file_chunks.c.body).where(
        file_chunks.c.stream_id == bindparam("stream_id"),
        file_chunks.c.file_id == bindparam("file_id"),
        file_chunks.c.number == bindparam("number"),
    ),
)


class DatabaseFiles:
    """See `Files`. The last piece to be written, number -1, says how many there are: a file without
    it is not there.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def spool(self) -> Path:
        return Path(tempfile.gettempdir())

    async def put(self, stream_id: str, file_id: str, source: Path, expires_at: str) -> None:
        place = {"stream_id": stream_id, "file_id": file_id}
        await self.remove(stream_id, file_id)
        number = 0
        with await asyncio.to_thread(source.open, "rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE):
                body = base64.b64encode(piece).decode()
                await self._write(place, number, body, expires_at)
                number += 1
        await self._write(place, _END, str(number), expires_at)
        await asyncio.to_thread(source.unlink, missing_ok=True)

    async def _write(self, place: dict[str, str], number: int, body: str, expires_at: str) -> None:
        values = {"body": body, "expires_at": expires_at}
        key = {**place, "number": number}
        await self._store.operate([Operation("file_chunks", "insert", key, values)])

    async def read(self, stream_id: str, file_id: str) -> AsyncIterator[bytes]:
        count = await self._chunk(stream_id, file_id, _END)
        for number in range(int(count)):
            yield base64.b64decode(await self._chunk(stream_id, file_id, number))

    async def _chunk(self, stream_id: str, file_id: str, number: int) -> str:
        params = {"stream_id": stream_id, "file_id": file_id, "number": number}
        rows = await self._store.fetch(_CHUNK, params)
        if not rows:
            raise no_such_file()
        body: str = rows[0][0]
        return body

    async def remove(self, stream_id: str, file_id: str) -> None:
        key = {"stream_id": stream_id, "file_id": file_id}
        await self._store.operate([Operation("file_chunks", "delete", key)])

    async def clear_expired(self) -> None:
        expired = {"expires_at": now()}
        await self._store.operate([Operation("file_chunks", "expire", set=expired)])
