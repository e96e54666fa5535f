"""Reports as CSV (RFC 4180): the first table."""

import csv
from collections.abc import Sequence
from pathlib import Path

from tidework.reports.content import Cell, Content, Row, Table, as_text
from tidework.spreadsheets import harmless


class CsvWriter:
    """See `Writer`. UTF-8 with a mark at the beginning, by which spreadsheets know it.

    A text that a spreadsheet would take for a formula is preceded by an apostrophe.
    """

    def __init__(self, path: Path, content: Content) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._tables = 0

    def begin(self, table: Table) -> None:
        self._tables += 1
        if self._tables == 1:
            self._writer.writerow([column.name for column in table.columns])

    def rows(self, rows: Sequence[Row]) -> None:
        if self._tables == 1:
            self._writer.writerows([[_cell(cell) for cell in row] for row in rows])

    def close(self) -> None:
        self._file.close()

    def drop(self) -> None:
        self._file.close()


def _cell(cell: Cell) -> str | int | float:
    return cell if isinstance(cell, int | float) else harmless(as_text(cell))
