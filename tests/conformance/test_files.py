"""Places for files: whole or not at all, piece by piece, for a time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.commits import new_workspace

from tidework.errors import NotFound
from tidework.files.database import PIECE, DatabaseFiles
from tidework.files.folder import FolderFiles
from tidework.files.protocol import Files
from tidework.ids import new_id
from tidework.store.protocol import Store
from tidework.times import after, now


@pytest.fixture(params=["folder", "database"])
def files(request: pytest.FixtureRequest, store: Store, tmp_path: Path) -> Files:
    if request.param == "folder":
        return FolderFiles(tmp_path / "files")
    return DatabaseFiles(store)


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


def written(files: Files, content: bytes) -> Path:
    path = files.spool() / f"test-{new_id()}"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE * 2 + 7])
async def test_what_is_put_is_read(files: Files, store: Store, size: int) -> None:
    stream, file_id = await new_workspace(store), new_id()
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    source = written(files, content)
    await files.put(stream, file_id, source, after(now(), 60))
    assert await whole(files.read(stream, file_id)) == content
    assert not source.exists()


async def test_the_same_id_replaces(files: Files, store: Store) -> None:
    stream, file_id = await new_workspace(store), new_id()
    for content in (b"x" * (PIECE + 1), b"short"):
        await files.put(stream, file_id, written(files, content), after(now(), 60))
    assert await whole(files.read(stream, file_id)) == b"short"


async def test_what_is_gone_is_not_found(files: Files, store: Store) -> None:
    stream, file_id = await new_workspace(store), new_id()
    with pytest.raises(NotFound):
        await whole(files.read(stream, file_id))
    await files.put(stream, file_id, written(files, b"x"), after(now(), 60))
    with pytest.raises(NotFound):
        await whole(files.read(new_id(), file_id))
    await files.remove(stream, file_id)
    await files.remove(stream, file_id)
    with pytest.raises(NotFound):
        await whole(files.read(stream, file_id))


async def test_what_has_expired_is_removed_and_nothing_else(files: Files, store: Store) -> None:
    stream, old, young = await new_workspace(store), new_id(), new_id()
    await files.put(stream, old, written(files, b"old"), after(now(), -1))
    await files.put(stream, young, written(files, b"young"), after(now(), 60))
    half = written(files, b"half")
    await files.clear_expired()
    with pytest.raises(NotFound):
        await whole(files.read(stream, old))
    assert await whole(files.read(stream, young)) == b"young"
    assert half.exists()
    half.unlink()


async def test_a_file_that_is_cut_off_is_not_there(store: Store) -> None:
    stream, file_id = await new_workspace(store), new_id()
    files = DatabaseFiles(store)
    source = written(files, b"x" * (PIECE + 1))
    pieces = 0
    operate = store.operate

    async def dying(operations: object) -> None:
        nonlocal pieces
        pieces += 1
        if pieces == 3:
            raise RuntimeError
        await operate(operations)  # type: ignore[arg-type]

    files._store = type("Dying", (), {"operate": staticmethod(dying), "fetch": store.fetch})()
    with pytest.raises(RuntimeError):
        await files.put(stream, file_id, source, after(now(), 60))
    with pytest.raises(NotFound):
        await whole(files.read(stream, file_id))
