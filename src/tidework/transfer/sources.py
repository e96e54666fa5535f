"""Files as streams of lines: plain, .xz, .gz or .bz2, told apart by their first bytes."""

import bz2
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from tidework.errors import TideworkError

LINE_MAX = 64 * 1024 * 1024
_READ = 1024 * 1024
_SUFFIXES = (".json", ".ndjson", ".jsonl", ".csv", ".tsv", ".txt")
_PACKED = (".xz", ".gz", ".bz2", ".lzma")


class BadSource(TideworkError):
    """A file that cannot be imported; `detail` names the file, the place, and what to do."""

    status = 422
    title = "The file cannot be imported"
    code = "bad_source"


class CutOff(BadSource):
    """A file that could be read only up to some place."""

    code = "cut_off"


SKIPPING = " Or use --skip-bad-lines to import what can be read."


class Line(NamedTuple):
    """A line of a file, without its end; `number` counts from 1."""

    number: int
    data: bytes


class Source:
    """A file that is read once, from its beginning.

    `advance` is called with the number of bytes of the file itself that each step has taken.
    """

    def __init__(self, path: Path, advance: Callable[[int], None] | None = None) -> None:
        self.path = path
        self.name = path.name
        self._advance = advance
        self._told = 0

    def lines(self) -> Iterator[Line]:
        """Every line that is not blank.

        Raises `BadSource` for a file that cannot be opened, is damaged or cut off, or has a line
        longer than `LINE_MAX` bytes.
        """
        number = 0
        try:
            with self._open() as (raw, text):
                while line := text.readline(LINE_MAX + 1):
                    number += 1
                    if len(line) > LINE_MAX:
                        raise BadSource(
                            f"{self.name}, line {number}: longer than {LINE_MAX >> 20} MiB; put "
                            "each issue on a line of its own."
                        )
                    self._tell(raw)
                    stripped = line.strip(b"\r\n\t ") if number > 1 else self._first(line)
                    if stripped:
                        yield Line(number, stripped)
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise self._unreadable(error, number) from error

    def chunks(self) -> Iterator[bytes]:
        """The whole content, piece by piece. Raises `BadSource` as `lines` does."""
        done = 0
        try:
            with self._open() as (raw, content):
                # `read` would lose what came before the place where the file is cut off.
                while piece := content.read1(_READ):
                    done += piece.count(b"\n")
                    self._tell(raw)
                    yield piece
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise self._unreadable(error, done) from error

    def _open(self) -> "_Opened":
        return _Opened(self.path)

    def _tell(self, raw: IO[bytes]) -> None:
        if self._advance is not None:
            place = raw.tell()
            if place > self._told:
                self._advance(place - self._told)
                self._told = place

    def _first(self, line: bytes) -> bytes:
        """The first line without its byte order mark."""
        if line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise BadSource(f"{self.name} is UTF-16; save it as UTF-8 and import it again.")
        return line.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n\t ")

    def _unreadable(self, error: Exception, number: int) -> BadSource:
        if isinstance(error, OSError) and error.errno is not None:
            return BadSource(
                f"{self.path}: {os.strerror(error.errno)}; check the name and your rights."
            )
        kind = "is cut off" if isinstance(error, EOFError) else "is damaged"
        return CutOff(
            f"{self.name} {kind} after line {number}. Nothing was imported; fetch the file again."
        )


class _Unpacked(io.RawIOBase):
    """Gives what there is to its buffer at each step, so that a cut loses nothing before it."""

    def __init__(self, content: lzma.LZMAFile | gzip.GzipFile | bz2.BZ2File) -> None:
        self._packed = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._packed.read1(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._packed.close()
        super().close()


class _Opened:
    """Context manager: the file itself (for its place) and its content, unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> tuple[IO[bytes], io.BufferedReader]:
        self._raw = self._path.open("rb")
        try:
            head = self._raw.read(6)
            self._raw.seek(0)
            content: Any = self._raw
            if head == b"\xfd7zXZ\0":
                content = _Unpacked(lzma.open(self._raw))
            elif head[:2] == b"\x1f\x8b":
                content = _Unpacked(gzip.open(self._raw))
            elif head[:3] == b"BZh":
                content = _Unpacked(bz2.open(self._raw))
            self._content = io.BufferedReader(content, _READ)
        except BaseException:
            self._raw.close()
            raise
        return self._raw, self._content

    def __exit__(self, *_: object) -> None:
        self._content.close()
        self._raw.close()


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The files that the paths name: a folder stands for its JSON and CSV files, in the order of
    their names, also in folders below; hidden ones are left out.

    Raises `BadSource` when there is nothing at a path.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if _wanted(p, path))
            if not inside:
                raise BadSource(f"{path}: there is no JSON or CSV file in this folder.")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise BadSource(f"{path}: there is no such file; check the name.")
    return found


def file_size(path: Path) -> int:
    """The size of a file in bytes, 0 for what is not there."""
    return path.stat().st_size if path.is_file() else 0


def stem(path: Path) -> str:
    """The file's name without the suffixes of its format and packing."""
    name = path.name
    for suffixes in (_PACKED, _SUFFIXES):
        for suffix in suffixes:
            if name.lower().endswith(suffix):
                name = name[: -len(suffix)]
                break
    return name


def _wanted(path: Path, root: Path) -> bool:
    if any(part.startswith(".") for part in path.relative_to(root).parts) or not path.is_file():
        return False
    name = path.name.lower()
    for suffix in _PACKED:
        name = name.removesuffix(suffix)
    return name.endswith(_SUFFIXES)
