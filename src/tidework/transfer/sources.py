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
DOCUMENT_MAX = 512 * 1024 * 1024
# `xz -9` needs 65 MiB to unpack; a file that asks for gigabytes means no good.
_XZ_MEMORY = 128 * 1024 * 1024
_READ = 1024 * 1024
_SUFFIXES = (".json", ".ndjson", ".jsonl", ".csv", ".tsv", ".txt")
_PACKED = (".xz", ".gz", ".bz2", ".lzma")


class Limits(NamedTuple):
    """How much of a file is taken. Bytes: of a `line`, of a `document` that is read as a whole, of
    all that is `unpacked`. `records` and `people` are how many issues or rows, and who occurs in them.
    """

    line: int = LINE_MAX
    document: int = DOCUMENT_MAX
    unpacked: int | None = None
    records: int | None = None
    people: int | None = None


UNLIMITED = Limits()


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

    def __init__(
        self,
        path: Path,
        advance: Callable[[int], None] | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        self.path = path
        self.name = path.name
        self.limits = limits
        self._advance = advance
        self._told = 0

    def lines(self) -> Iterator[Line]:
        """Every line that is not blank.

        Raises `BadSource` for a file that cannot be opened, is damaged or cut off, or has a line
        longer, or unpacks to more, than its limits say.
        """
        number = size = 0
        longest = self.limits.line
        try:
            with self._open() as (raw, text):
                while line := text.readline(longest + 1):
                    number += 1
                    size += len(line)
                    if len(line) > longest:
                        raise BadSource(
                            f"{self.name}, line {number}: longer than {longest >> 20} MiB; put "
                            "each issue on a line of its own."
                        )
                    self._check_size(size)
                    self._tell(raw)
                    stripped = line.strip(b"\r\n\t ") if number > 1 else self._first(line)
                    if stripped:
                        yield Line(number, stripped)
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise self._unreadable(error, number) from error

    def chunks(self) -> Iterator[bytes]:
        """The whole content, piece by piece. Raises `BadSource` as `lines` does."""
        done = size = 0
        try:
            with self._open() as (raw, content):
                # `read` would lose what came before the place where the file is cut off.
                while piece := content.read1(_READ):
                    done += piece.count(b"\n")
                    size += len(piece)
                    self._check_size(size)
                    self._tell(raw)
                    yield piece
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise self._unreadable(error, done) from error

    def check_records(self, count: int) -> None:
        """Raise `BadSource` when there are more issues or rows than are taken."""
        most = self.limits.records
        if most is not None and count > most:
            raise BadSource(
                f"{self.name} has more than {most:,} issues or rows. Send it in parts: what has been"
                " imported before is known again."
            )

    def _check_size(self, size: int) -> None:
        most = self.limits.unpacked
        if most is not None and size > most:
            raise BadSource(
                f"{self.name} has more than {most >> 20} MiB when it is unpacked. Send it in parts:"
                " what has been imported before is known again."
            )

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
        if isinstance(error, lzma.LZMAError) and "Memory usage limit" in str(error):
            return BadSource(
                f"{self.name} takes more than {_XZ_MEMORY >> 20} MiB of memory to unpack. Pack it"
                " anew with xz -9 at most."
            )
        kind = "is cut off" if isinstance(error, EOFError) else "is damaged"
        return CutOff(
            f"{self.name} {kind} after line {number}. Nothing was imported; fetch the file again."
        )


class _Xz:
    """An .xz file. The library's own reader takes as much memory as the file asks for."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._unused = b""
        self._stream: lzma.LZMADecompressor | None = None

    def read1(self, size: int) -> bytes:
        """Some of the content, empty at the end. Raises `EOFError` for a file that is cut off."""
        while True:
            if self._stream is None and not self._begin():
                return b""
            stream = self._stream
            assert stream is not None
            packed = self._taken() if stream.needs_input else b""
            if stream.needs_input and not packed:
                raise EOFError("cut off")
            piece = stream.decompress(packed, size)
            if stream.eof:
                self._unused, self._stream = stream.unused_data, None
            if piece:
                return piece

    def close(self) -> None:
        """Nothing is open beside the file."""

    def _begin(self) -> bool:
        """Whether there is another stream: files may be put together, with zeros between them."""
        while not self._unused.strip(b"\0"):
            self._unused = self._raw.read(_READ)
            if not self._unused:
                return False
        self._unused = self._unused.lstrip(b"\0")
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
        return True

    def _taken(self) -> bytes:
        packed, self._unused = self._unused or self._raw.read(_READ), b""
        return packed


class _Unpacked(io.RawIOBase):
    """Gives what there is to its buffer at each step, so that a cut loses nothing before it."""

    def __init__(self, content: "_Xz | gzip.GzipFile | bz2.BZ2File") -> None:
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
                content = _Unpacked(_Xz(self._raw))
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


def check_people(count: int, limits: Limits) -> None:
    """Raise `BadSource` when more people occur than are taken."""
    if limits.people is not None and count > limits.people:
        raise BadSource(
            f"{count:,} people occur in it, more than {limits.people:,}. Nothing was imported; is the"
            " right column taken for people? Else send it in parts."
        )


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
