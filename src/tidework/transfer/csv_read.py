"""Rows of a CSV file: encoding and delimiter found out, every row with its line."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tidework.transfer.report import ImportReport
from tidework.transfer.sources import BadSource, Source
from tidework.transfer.text import decode, keepable

FIELDS = (
    "key", "title", "description", "status", "priority", "due_at", "labels", "assignee",
    "project", "created_at", "created_by", "points", "type",
)  # fmt: skip
"""What a column can be taken for."""

_HEADERS = {
    "key": "issuekey, issue key, key, id, issue id, ticket, number, #",
    "title": "title, summary, name, subject, task",
    "description": "description, body, details, notes, text",
    "status": "status, state",
    "priority": "priority, importance",
    "due_at": "due_at, due, due date, duedate, deadline",
    "labels": "labels, label, tags, tag, categories",
    "assignee": "assignee, assigned to, owner",
    "project": "project, project name, list",
    "created_at": "created_at, created, created at, creation date",
    "created_by": "created_by, reporter, creator, author",
    "points": "storypoint, storypoints, story points, story point, points, estimate",
    "type": "type, issuetype, issue type",
}
_BY_HEADER = {
    header.strip(): field for field, headers in _HEADERS.items() for header in headers.split(",")
}
_SEVERAL = frozenset({"labels"})
"""What a program may write one value a column of, all under the same name."""
_DELIMITERS = ",;\t|"
NOT_UTF8 = "lines that were not UTF-8, read as Windows-1252"
REPLACED = "rows with NUL characters or lone surrogates, replaced by U+FFFD"
FIELD_MAX = 16 * 1024 * 1024
COLUMNS_MAX = 1_000


class Row(NamedTuple):
    """A row: the line that it begins on, its values by column, and how many there are too many
    (below zero: too few).
    """

    line: int
    values: list[str]
    surplus: int


class Table:
    """A CSV file (RFC 4180, and what spreadsheets make of it), read once.

    UTF-8 with or without a byte order mark, or UTF-16 with one; single lines that are not UTF-8 are
    read as Windows-1252. The delimiter is the comma, semicolon, tab or bar that the header has most
    of, unless `delimiter` says. Raises `BadSource`.
    """

    def __init__(self, source: Source, report: ImportReport, delimiter: str | None = None) -> None:
        self.source = source
        self._report = report
        csv.field_size_limit(FIELD_MAX)
        self._text = self._lines()
        first = next(self._text, None)
        if first is None or not first.strip():
            raise BadSource(f"{source.name} is empty; the first line names the columns.")
        self.delimiter = delimiter or _delimiter(first)
        self._reader = csv.reader(
            self._with(first), delimiter=self.delimiter, strict=True, skipinitialspace=False
        )
        self._open = 0
        self.header = [name.strip() for name in next(self._guarded())]
        if len(self.header) > COLUMNS_MAX:
            raise BadSource(
                f"{source.name} has {len(self.header):,} columns, more than {COLUMNS_MAX:,}; leave"
                " out those that are not needed. Nothing was imported."
            )

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank. Raises `BadSource` where quotes do not match."""
        width = len(self.header)
        before = self._reader.line_num
        for values in self._guarded():
            line, before = before + 1, self._reader.line_num
            if any(value.strip() for value in values):
                kept = [keepable(value) for value in values]
                if any(replaced for _, replaced in kept):
                    place = f"{self.source.name}, line {line}"
                    self._report.note("replaced_characters", REPLACED, place)
                cells = [value for value, _ in kept]
                filled = cells[:width] + [""] * (width - len(cells))
                yield Row(line, filled, len(cells) - width)

    def _guarded(self) -> Iterator[list[str]]:
        begins = 1
        try:
            for values in self._reader:
                begins = self._reader.line_num + 1
                self._open = 0
                yield values
        except csv.Error as error:
            raise BadSource(
                f"{self.source.name}: the row that begins on line {begins} has no end or quotes "
                f"that do not match ({error}). Nothing was imported; check the quotes there."
            ) from error

    def _with(self, first: str) -> Iterator[str]:
        yield first
        for line in self._text:
            self._open += len(line)
            if self._open > min(2 * FIELD_MAX, 2 * self.source.limits.line):
                raise BadSource(
                    f"{self.source.name}: the row that ends on line {self._reader.line_num + 1}, or"
                    " later, is too long. Nothing was imported; check the quotes there."
                )
            yield line

    def _lines(self) -> Iterator[str]:
        rest = b""
        encoding = ""
        number = 0
        for piece in self.source.chunks():
            encoding = encoding or _encoding(piece)
            data, start = rest + piece, 0
            for end in _newlines(data, "\n".encode(encoding)):
                number += 1
                yield self._decoded(data[start:end], encoding, number)
                start = end
            rest = data[start:]
            longest = min(FIELD_MAX, self.source.limits.line)
            if len(rest) > longest:
                raise BadSource(
                    f"{self.source.name}, line {number + 1}: longer than {longest >> 20} MiB."
                )
        if rest:
            yield self._decoded(rest, encoding, number + 1)

    def _decoded(self, line: bytes, encoding: str, number: int) -> str:
        if encoding.startswith("utf-16"):
            return line.decode(encoding, "replace").removeprefix("\ufeff")
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        text, foreign = decode(line)
        if foreign:
            self._report.note("not_utf8", NOT_UTF8, f"{self.source.name}, line {number}")
        return text


def columns_of(header: Sequence[str], given: Mapping[str, str], name: str) -> dict[str, list[int]]:
    """Which columns each field comes from.

    `given` is column by field; what it leaves open is found by the usual headers. Raises
    `BadSource` when a given column or field does not exist, none is the title, or several columns have
    the same name and could be it.
    """
    by_name: dict[str, list[int]] = {}
    for i, column in enumerate(header):
        by_name.setdefault(column.casefold(), []).append(i)
    columns: dict[str, list[int]] = {}
    for field, column in given.items():
        if field not in FIELDS:
            raise BadSource(f"--column {field}=…: there is no such field. {_list(FIELDS)}")
        found = by_name.get(column.strip().casefold())
        if found is None:
            raise BadSource(f"{name} has no column {column!r}. {_list(header)}")
        columns[field] = found
    taken = {i for found in columns.values() for i in found}
    for column, found in by_name.items():
        named = _BY_HEADER.get(re.sub(r"[\s_-]+", " ", column)) or _BY_HEADER.get(column)
        if named and named not in columns and not taken & set(found):
            columns[named] = found
    if "title" not in columns:
        raise BadSource(
            f"{name}: no column is the title; say which: --column title=COLUMN. {_list(header)}"
        )
    for field, places in columns.items():
        if len(places) > 1 and field not in _SEVERAL:
            raise BadSource(
                f"{name} has {len(places)} columns {header[places[0]]!r}, and it is not known which"
                f" is the {field}; give them different names in the file's first line. Nothing was"
                " imported."
            )
    return columns


def _list(names: Sequence[str]) -> str:
    return f"There are: {', '.join(names)}."


def _delimiter(header: str) -> str:
    outside = re.sub(r'"[^"]*"', "", header)
    counts = Counter(character for character in outside if character in _DELIMITERS)
    return counts.most_common(1)[0][0] if counts else ","


def _encoding(head: bytes) -> str:
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be"
    return "utf-8"


def _newlines(data: bytes, newline: bytes) -> Iterator[int]:
    """Where each line of `data` ends."""
    at = 0
    while (at := data.find(newline, at)) >= 0:
        if at % len(newline):
            at += 1
            continue
        at += len(newline)
        yield at
