"""What a report says, before it has a form."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from tidework.analytics.api import Numbers

Cell = str | int | float | list[str] | None
Row = Sequence[Cell]


class Column(NamedTuple):
    """A column: `wide` is how much room it wants beside the others, in characters."""

    name: str
    kind: Literal["text", "number", "time", "day"] = "text"
    wide: int = 12


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose rows come page by page."""

    name: str
    columns: Sequence[Column]
    pages: AsyncIterator[Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Content:
    """A report. `total` is how many rows its tables have, about; `about` are lines below the title.

    `numbers` are there where plots are to be drawn.
    """

    kind: str
    title: str
    made_at: str
    about: Sequence[str]
    tables: Sequence[Table]
    total: int
    numbers: Numbers | None = None
    facts: Sequence[tuple[str, str]] = field(default=())


class Writer(Protocol):
    """Writes one form of a report into a file. Called from one thread, in this order; memory: a page.

    Made with the file's path and the content, of which it takes nothing but the heading.
    """

    def begin(self, table: Table) -> None:
        """A table begins."""
        ...

    def rows(self, rows: Sequence[Row]) -> None:
        """More of the table's rows."""
        ...

    def close(self) -> None:
        """There is no more; the file is whole."""
        ...

    def drop(self) -> None:
        """Let go of what is open, instead of closing; the file is not whole."""
        ...


class MakeWriter(Protocol):
    """Makes a writer."""

    def __call__(self, path: Path, content: Content) -> Writer: ...


def as_text(cell: Cell) -> str:
    """A cell as one text."""
    if cell is None:
        return ""
    return ", ".join(cell) if isinstance(cell, list) else str(cell)


async def one_page(rows: Sequence[Row]) -> AsyncIterator[Sequence[Row]]:
    """Rows that are there already, as pages."""
    yield rows
