"""Reports as PDF: plots of a summary, and tables whose headings come again on each page."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tidework.reports.content import Content, Row, Table, as_text
from tidework.reports.letters import Letters
from tidework.reports.plots import Frame, Plots

_WIDTH, _HEIGHT = 841.89, 595.28
_MARGIN: Final = 36.0
_LINE: Final = 13.0
_SIZE: Final = 8.0
_GAP: Final = 6.0
_ROOM: Final = _WIDTH - 2 * _MARGIN


class PdfWriter:
    """See `Writer`. A4 across; a cell that has too little room is cut with an ellipsis."""

    def __init__(self, path: Path, content: Content) -> None:
        # Loaded with the first PDF: it takes a while and few processes make any.
        module = importlib.import_module("reportlab.pdfgen.canvas")
        self._canvas: Any = module.Canvas(str(path), (_WIDTH, _HEIGHT), pageCompression=1)
        self._canvas.setTitle(content.title)
        self._canvas.setCreator("Tidework")
        self._letters = Letters()
        self._table: Table | None = None
        self._widths: list[float] = []
        self._page = 1
        self._top = _HEIGHT - _MARGIN
        self._heading(content)

    def begin(self, table: Table) -> None:
        wide = sum(column.wide for column in table.columns)
        room = _ROOM - _GAP * (len(table.columns) - 1)
        self._widths = [room * column.wide / wide for column in table.columns]
        self._table = None
        if self._top < _MARGIN + 6 * _LINE:
            self._turn()
        self._top -= _LINE
        self._draw(_MARGIN, table.name, 11, _ROOM)
        self._top -= _LINE
        self._table = table
        self._names()

    def rows(self, rows: Sequence[Row]) -> None:
        assert self._table is not None
        columns = self._table.columns
        for row in rows:
            if self._top < _MARGIN + _LINE:
                self._turn()
            left = _MARGIN
            for column, width, cell in zip(columns, self._widths, row, strict=True):
                text = as_text(cell)
                if column.kind == "time" and text:
                    text = f"{text[:10]} {text[11:16]}"
                if text:
                    self._draw(left, text, _SIZE, width, to_right=column.kind == "number")
                left += width + _GAP
            self._top -= _LINE

    def close(self) -> None:
        self._number()
        self._canvas.save()

    def drop(self) -> None:
        """Nothing is open before it is saved."""

    def _heading(self, content: Content) -> None:
        self._top -= 12
        self._draw(_MARGIN, content.title, 18, _ROOM)
        self._top -= 20
        for line in content.about:
            self._draw(_MARGIN, line, 9, _ROOM)
            self._top -= _LINE
        for start in range(0, len(content.facts), 4):
            self._top -= 6
            for place, (name, value) in enumerate(content.facts[start : start + 4]):
                left = _MARGIN + place * _ROOM / 4
                self._draw(left, value, 12, _ROOM / 4 - _GAP)
                self._top -= 11
                self._draw(left, name, 7, _ROOM / 4 - _GAP)
                self._top += 11
            self._top -= 28
        if content.numbers is not None:
            width = (_ROOM - 24) / 2
            height = (self._top - _MARGIN - 24) / 2
            frames = [
                Frame(_MARGIN + column * (width + 24), bottom, width, height)
                for bottom in (_MARGIN + height + 24, _MARGIN + 10)
                for column in (0, 1)
            ]
            Plots(self._canvas, self._letters).summary(content.numbers, frames)
            self._turn()

    def _names(self) -> None:
        """The headings of the columns."""
        assert self._table is not None
        left = _MARGIN
        for column, width in zip(self._table.columns, self._widths, strict=True):
            self._draw(left, column.name, 7, width, to_right=column.kind == "number", pale=True)
            left += width + _GAP
        self._canvas.setLineWidth(0.5)
        self._canvas.setStrokeColorRGB(0.6, 0.6, 0.62)
        self._canvas.line(_MARGIN, self._top - 3, _MARGIN + _ROOM, self._top - 3)
        self._top -= _LINE

    def _turn(self) -> None:
        """Begin a page."""
        self._number()
        self._canvas.showPage()
        self._page += 1
        self._top = _HEIGHT - _MARGIN - _SIZE
        if self._table is not None:
            self._names()

    def _number(self) -> None:
        top, self._top = self._top, _MARGIN / 2
        self._draw(_MARGIN, str(self._page), 7, _ROOM, to_right=True, pale=True)
        self._top = top

    def _draw(
        self,
        left: float,
        text: str,
        size: float,
        room: float,
        *,
        to_right: bool = False,
        pale: bool = False,
    ) -> None:
        grey = 0.42 if pale else 0.1
        self._canvas.setFillColorRGB(grey, grey, grey)
        line = self._letters.fitted(text, size, room)
        if to_right:
            left += room - self._letters.width(line, size)
        for font, run in self._letters.runs(line):
            self._canvas.setFont(font, size)
            self._canvas.drawString(left, self._top, run)
            if len(run) < len(line):
                left += self._canvas.stringWidth(run, font, size)
