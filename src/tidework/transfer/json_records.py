"""The JSON objects of a file: one a line, an array of them, or one document."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from tidework.transfer.report import ImportReport
from tidework.transfer.sources import BadSource, CutOff, Line, Source
from tidework.transfer.text import BadRecord, decode, keepable_values, one_line, shortened

_SPACE = " \t\r\n"

NOT_UTF8 = "lines that were not UTF-8, read as Windows-1252"
REPLACED = "records with NUL characters or lone surrogates, replaced by U+FFFD"
BAD = "records left out because they cannot be read"


class Record(NamedTuple):
    """A JSON value and where it stands: `value` is a `BadRecord` when it cannot be read."""

    place: str
    value: Any


def records(source: Source, report: ImportReport) -> Iterator[Record]:
    """The objects of a file, in order. An unreadable one comes as a `BadRecord` in its place.

    Memory: the longest record. A document over several lines that is one object, not an array, is
    read as a whole. Raises `BadSource`.
    """
    if _begins(source) == b"[":
        yield from _array(source, report)
        return
    lines = source.lines()
    first = next(lines, None)
    if first is None:
        raise BadSource(f"{source.name} is empty; there is nothing to import.")
    opening = _parsed(source, first, report)
    if isinstance(opening.value, BadRecord) and not _is_line_by_line(lines):
        yield from _document(source, report, opening)
        return
    if not isinstance(opening.value, BadRecord):
        yield from _unfolded(opening)
    else:
        yield opening
        lines = source.lines()
        next(lines, None)
    for line in lines:
        yield from _unfolded(_parsed(source, line, report))


def _begins(source: Source) -> bytes:
    """The first byte that is not blank, after the byte order mark; an array may be one long line."""
    for piece in source.chunks():
        if text := piece.removeprefix(b"\xef\xbb\xbf").lstrip():
            return text[:1]
    return b""


def _is_line_by_line(rest: Iterator[Line]) -> bool:
    following = next(rest, None)
    if following is None:
        return False
    try:
        return isinstance(msgspec.json.decode(following.data), dict)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False


def _unfolded(record: Record) -> Iterator[Record]:
    """An answer of the search API stands for the issues in it."""
    value = record.value
    if isinstance(value, dict) and isinstance(value.get("issues"), list) and "fields" not in value:
        for i, issue in enumerate(value["issues"]):
            yield Record(f"{record.place}, issues[{i}]", issue)
    else:
        yield record


def _parsed(source: Source, line: Line, report: ImportReport) -> Record:
    place = f"{source.name}, line {line.number}"
    try:
        return Record(place, _value(line.data, place, report))
    except BadRecord as error:
        return Record(place, error)


def _value(data: bytes, place: str, report: ImportReport) -> Any:
    """The JSON value of a text; raises `BadRecord`."""
    # Both escapes are rare, and walking through every text is not cheap.
    suspect = b"\\u0000" in data or b"\\ud" in data or b"\\uD" in data
    if not suspect:
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        except RecursionError:
            raise BadRecord("it is nested too deeply") from None
    text, foreign = decode(data)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadRecord(f"it is not JSON ({error.msg}, column {error.colno})") from None
    except RecursionError:
        raise BadRecord("it is nested too deeply") from None
    except ValueError as error:
        raise BadRecord(f"it is not JSON ({shortened(one_line(str(error)), 80)})") from None
    if foreign:
        report.note("not_utf8", NOT_UTF8, place)
    value, replaced = keepable_values(value)
    if replaced:
        report.note("replaced_characters", REPLACED, place)
    return value


def _document(source: Source, report: ImportReport, opening: Record) -> Iterator[Record]:
    pieces: list[bytes] = []
    size = 0
    for piece in source.chunks():
        size += len(piece)
        if size > source.limits.document:
            raise BadSource(
                f"{source.name} is one JSON document of more than"
                f" {source.limits.document >> 20} MiB; "
                "put each issue on a line of its own."
            )
        pieces.append(piece)
    try:
        value = _value(b"".join(pieces).removeprefix(b"\xef\xbb\xbf"), source.name, report)
    except BadRecord:
        yield opening
        return
    yield from _unfolded(Record(source.name, value))


def _array(source: Source, report: ImportReport) -> Iterator[Record]:
    """The elements of an array, read piece by piece."""
    buffer = _Buffer(source, report)
    buffer.skip(_SPACE + "\ufeff")
    buffer.at += 1
    index = 0
    while True:
        buffer.skip(_SPACE + ("," if index else ""))
        if buffer.text.startswith("]", buffer.at):
            return
        index += 1
        place = f"{source.name}, element {index}"
        try:
            value = buffer.element()
        except BadRecord as error:
            # Where the next element begins cannot be known.
            yield Record(place, error)
            return
        value, replaced = keepable_values(value)
        if replaced:
            report.note("replaced_characters", REPLACED, place)
        yield Record(place, value)


class _Buffer:
    """The part of a file that is being looked at, from `at` on. Raises `CutOff` at the cut."""

    def __init__(self, source: Source, report: ImportReport) -> None:
        self.text = ""
        self.at = 0
        self._source = source
        self._report = report
        self._pieces = source.chunks()
        self._tail = b""
        self._ended = False
        self._cut: CutOff | None = None
        self._decoder = json.JSONDecoder()

    def skip(self, characters: str) -> None:
        """Go past the characters, to the next other one or to the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in characters:
                self.at += 1
            if self.at < len(self.text):
                return
            if self._ended:
                self._refuse_cut()
                return
            self._more(1)

    def element(self) -> Any:
        """The JSON value that begins here. Raises `BadRecord`."""
        while True:
            try:
                value, self.at = self._decoder.raw_decode(self.text, self.at)
            except RecursionError:
                raise BadRecord("it is nested too deeply") from None
            except ValueError as error:
                if not self._ended:
                    if len(self.text) - self.at > self._source.limits.line:
                        raise BadSource(
                            f"{self._source.name}: an element of the array is longer than"
                            f" {self._source.limits.line >> 20} MiB."
                        ) from None
                    # Doubling what is looked at keeps the cost linear.
                    self._more(len(self.text) - self.at)
                    continue
                self._refuse_cut()
                reason = getattr(error, "msg", str(error))
                raise BadRecord(f"it is not JSON ({reason}); the file may be cut off") from None
            else:
                return value

    def _more(self, wanted: int) -> None:
        parts = [self.text[self.at :]]
        self.at = 0
        while wanted > 0 and not self._ended:
            piece = self._piece()
            self._ended = piece is None
            text, self._tail = _text(
                self._source, self._tail + (piece or b""), self._ended, self._report
            )
            parts.append(text)
            wanted -= len(text)
        self.text = "".join(parts)

    def _piece(self) -> bytes | None:
        try:
            return next(self._pieces, None)
        except CutOff as error:
            # What came before it is looked at first.
            self._cut = error
            return None

    def _refuse_cut(self) -> None:
        if self._cut is not None:
            raise self._cut


def _text(source: Source, data: bytes, ended: bool, report: ImportReport) -> tuple[str, bytes]:
    """What of `data` can be decoded by now, and the beginning of a character at its end."""
    try:
        return data.decode("utf-8"), b""
    except UnicodeDecodeError as error:
        if not ended and error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8"), data[error.start :]
        report.note("not_utf8", NOT_UTF8, source.name)
        return decode(data)[0], b""
