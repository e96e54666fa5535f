"""Tables and progress bars."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tidework.commands.options import say
from tidework.transfer.report import Progress as Advance


def say_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; where nobody looks, a line of tab-separated cells each."""
    if not sys.stdout.isatty():
        for row in rows:
            say("\t".join(" ".join(cell.split()) for cell in row))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        # As text: a name in square brackets is no markup.
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


@contextmanager
def progress(title: str) -> Iterator[Advance]:
    """Show on a terminal how far long work is; what is yielded takes what is done and the total."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
