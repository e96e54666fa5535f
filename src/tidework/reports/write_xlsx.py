"""Reports as workbooks for spreadsheets: a sheet a table."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tidework.errors import TooLarge
from tidework.reports.content import Column, Content, Row, Table, as_text
from tidework.times import parse

_LONGEST: Final = 32_767
_MOST_ROWS: Final = 1_048_575
_MORE: Final = " …"
_WIDEST: Final = 80


class XlsxWriter:
    """See `Writer`. Texts are written as texts: nothing in them is a formula or a link."""

    def __init__(self, path: Path, content: Content) -> None:
        # Loaded with the first workbook: it takes a while and few processes make any.
        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book: Any = importlib.import_module("xlsxwriter").Workbook(str(path), options)
        self._book.set_properties({"title": content.title, "author": "Tidework"})
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._formats = {
            "time": self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "day": self._book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        self._sheet: Any = None
        self._columns: Sequence[Column] = ()
        self._row = 0
        self._write_about(content)

    def begin(self, table: Table) -> None:
        self._finish()
        self._columns = table.columns
        self._sheet = self._book.add_worksheet(table.name[:31])
        self._sheet.freeze_panes(1, 0)
        for number, column in enumerate(table.columns):
            self._sheet.set_column(number, number, min(column.wide + 2, _WIDEST))
        for number, column in enumerate(table.columns):
            self._sheet.write_string(0, number, column.name, self._bold)
        self._row = 0

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._row >= _MOST_ROWS:
                raise TooLarge(f"A sheet has {_MOST_ROWS:,} rows at most. Ask for CSV or JSON.")
            self._row += 1
            for number, (column, cell) in enumerate(zip(self._columns, row, strict=True)):
                if cell is None or cell == "":
                    continue
                if isinstance(cell, int | float):
                    self._sheet.write_number(self._row, number, cell)
                elif column.kind in self._formats:
                    moment = parse(str(cell)).replace(tzinfo=None)
                    form = self._formats[column.kind]
                    self._sheet.write_datetime(self._row, number, moment, form)
                else:
                    self._sheet.write_string(self._row, number, _bounded(as_text(cell)))

    def close(self) -> None:
        self._finish()
        self._book.close()

    def drop(self) -> None:
        # It lets go of its temporary files by nothing else.
        self._book.close()

    def _finish(self) -> None:
        if self._sheet is not None and self._columns:
            self._sheet.autofilter(0, 0, self._row, len(self._columns) - 1)

    def _write_about(self, content: Content) -> None:
        if not content.facts:
            return
        sheet = self._book.add_worksheet("About")
        sheet.set_column(0, 1, 36)
        lines = [(content.title, ""), *((line, "") for line in content.about), *content.facts]
        for number, (name, value) in enumerate(lines):
            sheet.write_string(number, 0, _bounded(name), self._bold if number == 0 else None)
            sheet.write_string(number, 1, _bounded(value))


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - len(_MORE)] + _MORE
