"""`tidework import csv`: rows as tasks.

All rows are read and checked first, into a temporary file; nothing is written when one cannot be
taken. A row is known again by its key, or without a key column by its content, so that the same file
again changes nothing, and a newer one changes what differs in it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tidework.store.protocol import Store
from tidework.transfer.appending import Appender, Terms
from tidework.transfer.csv_read import Table, columns_of
from tidework.transfer.csv_rows import CsvTask, RowReader, people_of
from tidework.transfer.csv_write import CsvWriter
from tidework.transfer.json_records import BAD
from tidework.transfer.mapping import Mapping as Rules
from tidework.transfer.mapping import default_mapping
from tidework.transfer.marks import Marks
from tidework.transfer.meter import Meter
from tidework.transfer.people import People, resolve_people
from tidework.transfer.report import ImportReport, MappingRow, Progress
from tidework.transfer.sources import (
    SKIPPING,
    UNLIMITED,
    BadSource,
    CutOff,
    Limits,
    Source,
    check_people,
    file_size,
    find_files,
    stem,
)
from tidework.transfer.spool import Spool, keep_person
from tidework.transfer.stable_ids import digest
from tidework.transfer.text import BadRecord

CUT_OFF = "files that are cut off or damaged, imported as far as they can be read"
REPEATED = "rows whose key stands in the file more than once with the same content"
TWICE = "rows whose key stands in the file more than once, differently; the first is taken"

_encode = msgspec.msgpack.Encoder().encode


class CsvOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to import.

    `columns` is the file's column by our field (`csv_read.FIELDS`), for what its header does not
    tell. `source` is what rows are known again under, the file's name unless given. The rest is as
    for `JiraOptions`.
    """

    actor_id: str | None
    columns: Mapping[str, str] = {}
    delimiter: str | None = None
    rules: Rules = msgspec.field(default_factory=default_mapping)
    people: Mapping[str, str] = {}
    source: str | None = None
    skip_bad_lines: bool = False
    limits: Limits = UNLIMITED


async def import_csv(
    store: Store,
    workspace_id: str,
    paths: Sequence[Path],
    people: People,
    options: CsvOptions,
    *,
    progress: Progress | None = None,
    announce: Callable[[Sequence[MappingRow]], Awaitable[None]] | None = None,
    report: ImportReport | None = None,
    terms: Terms | None = None,
) -> ImportReport:
    """Import files into a workspace, and say what was done. See `import_jira`.

    Raises `BadSource` also when there is no row to import.
    """
    report = ImportReport() if report is None else report
    report.workspace_id, report.found = workspace_id, {"rows": 0, "people": 0}
    files = find_files(paths)
    meter = Meter(progress)
    meter.begin(300, sum(map(file_size, files)))
    with ExitStack() as stack:
        spools: list[tuple[str, Spool]] = []
        for file in files:
            spool = stack.enter_context(Spool())
            scan = _Scan(spool, options, report)
            await asyncio.to_thread(scan.read, Source(file, meter.advance, options.limits))
            spools.append((options.source or f"csv:{stem(file)}", spool))
        if report.found["rows"] == 0:
            names = ", ".join(file.name for file in files)
            raise BadSource(f"There is no row below the header of {names}; nothing was imported.")
        check_people(report.found["people"], options.limits)
        if announce is not None:
            await announce(report.mapping)
        appender = Appender(store, workspace_id, options.actor_id, report, terms)
        meter.begin(700, 2 * report.found["rows"])
        for source, spool in spools:
            marks = Marks(store, workspace_id, source, spool)
            await marks.load()
            await resolve_people(store, marks, spool, people, options.people, meter.advance)
            writer = CsvWriter(
                store, workspace_id, spool, marks, people, appender, options.actor_id, report
            )
            await writer.run(meter.advance)
    return report


class _Scan:
    """The first pass over one file."""

    def __init__(self, spool: Spool, options: CsvOptions, report: ImportReport) -> None:
        self._spool = spool
        self._options = options
        self._report = report
        self._unkeyed: Counter[str] = Counter()

    def read(self, source: Source) -> None:
        """Read every row. Raises `BadSource`."""
        table = Table(source, self._report, self._options.delimiter)
        self._report.columns = table.header
        columns = columns_of(table.header, self._options.columns, source.name)
        for field, places in columns.items():
            names = ", ".join(table.header[i] for i in places)
            self._report.mapping.append(MappingRow("column", names, len(places), field))
        reader = RowReader(columns, self._options.rules, self._report)
        ordinal = 0
        try:
            for row in table.rows():
                source.check_records(self._report.found["rows"] + ordinal + 1)
                place = f"{source.name}, line {row.line}"
                try:
                    task = reader.read(row, place)
                except BadRecord as error:
                    self._bad(place, error)
                    continue
                ordinal += self._keep(ordinal + 1, task, place)
        except CutOff as error:
            if not self._options.skip_bad_lines:
                raise BadSource(error.detail + SKIPPING) from error
            self._report.note("cut_off", CUT_OFF, error.detail.partition(". ")[0])
        self._report.found["rows"] += ordinal
        self._report.found["people"] += self._spool.one("SELECT count(*) FROM persons")

    def _bad(self, place: str, error: BadRecord) -> None:
        if not self._options.skip_bad_lines:
            raise BadSource(
                f"{place}: {error}. Nothing was imported; correct it, or use --skip-bad-lines to "
                "leave such rows out."
            ) from error
        self._report.note("bad_records", BAD, f"{place}: {error}")

    def _keep(self, ordinal: int, task: CsvTask, place: str) -> int:
        """Spool a row; returns how many were added."""
        body = _encode(task)
        content = digest(body.decode("latin-1"))
        if task.key:
            key = f"key/{task.key}"
            known = self._spool.one("SELECT digest FROM issues WHERE key = ?", (key,))
            if known is not None:
                kind, meaning = ("repeated", REPEATED) if known == content else ("twice", TWICE)
                self._report.note(kind, meaning, f"{place}: {task.key}")
                return 0
        else:
            self._unkeyed[content] += 1
            key = f"row/{content}/{self._unkeyed[content]}"
        for person in people_of(task):
            keep_person(self._spool, person.id, person.aliases, person.display, person.email)
        self._spool.execute(
            "INSERT INTO issues VALUES (?, ?, NULL, '', '', NULL, ?, ?)",
            (ordinal, key, content, body),
        )
        return 1
