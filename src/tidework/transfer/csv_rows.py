"""A row of a CSV file, read into a task."""

import re
from collections.abc import Mapping

import msgspec

from tidework.transfer.csv_read import Row
from tidework.transfer.jira_shape import Person
from tidework.transfer.mapping import Mapping as Rules
from tidework.transfer.report import ImportReport
from tidework.transfer.text import (
    DESCRIPTION_MAX,
    LABELS_MAX,
    TITLE_MAX,
    BadRecord,
    day,
    moment,
    one_line,
    shortened,
)

LONG_TITLE = "titles longer than a title may be; the full text stands above the description"
LONG_TEXT = "texts longer than may be kept, cut off"
UNKNOWN_STATUS = "statuses that the mapping does not know, read as pending"
UNKNOWN_PRIORITY = "priorities that the mapping does not know, read as medium"


class CsvTask(msgspec.Struct, array_like=True, frozen=True):
    """What a row says about a task; labels and the project by name, people as written."""

    key: str
    title: str
    description: str
    status: str
    priority: str
    due_at: str | None
    labels: list[str]
    assignee: str | None
    created_by: str | None
    project: str | None
    created_at: str | None


class RowReader:
    """Reads rows by columns; what is not known goes into the report."""

    def __init__(
        self, columns: Mapping[str, list[int]], rules: Rules, report: ImportReport
    ) -> None:
        self._columns = columns
        self._rules = rules
        self._report = report

    def read(self, row: Row, place: str) -> CsvTask:
        """The task. Raises `BadRecord`."""
        if row.surplus:
            many = "more" if row.surplus > 0 else "fewer"
            raise BadRecord(f"it has {abs(row.surplus)} {many} values than the header")
        title = one_line(self._cell(row, "title"))
        if not title:
            raise BadRecord("its title is empty")
        description = self._cell(row, "description")
        if len(title) > TITLE_MAX:
            self._report.note("long_title", LONG_TITLE, f"{place} ({len(title)} characters)")
            description = f"{title}\n\n{description}" if description else title
        if len(description) > DESCRIPTION_MAX:
            self._report.note("long_text", LONG_TEXT, f"{place} ({len(description)} characters)")
        created = self._cell(row, "created_at")
        return CsvTask(
            key=one_line(self._cell(row, "key")),
            title=shortened(title, TITLE_MAX),
            description=shortened(description, DESCRIPTION_MAX),
            status=self._status(row, place),
            priority=self._priority(row, place),
            due_at=self._due(self._cell(row, "due_at")),
            labels=self._labels(row),
            assignee=one_line(self._cell(row, "assignee")) or None,
            created_by=one_line(self._cell(row, "created_by")) or None,
            project=one_line(self._cell(row, "project")) or None,
            created_at=moment(created, "its creation date") if created.strip() else None,
        )

    def _cells(self, row: Row, field: str) -> list[str]:
        return [row.values[i] for i in self._columns.get(field, ())]

    def _cell(self, row: Row, field: str) -> str:
        return next((cell for cell in self._cells(row, field) if cell.strip()), "")

    def _status(self, row: Row, place: str) -> str:
        word = one_line(self._cell(row, "status"))
        status = self._rules.status_of(word, None, None) if word else "pending"
        if status is None:
            self._report.note("unknown_status", UNKNOWN_STATUS, f"{place}: {word}")
        return status or "pending"

    def _priority(self, row: Row, place: str) -> str:
        word = one_line(self._cell(row, "priority"))
        priority = self._rules.priority_of(word or None)
        if priority is None:
            self._report.note("unknown_priority", UNKNOWN_PRIORITY, f"{place}: {word}")
        return priority or "medium"

    def _due(self, text: str) -> str | None:
        text = text.strip()
        if not text:
            return None
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return f"{day(text, 'its due date')}T{self._rules.due_time}.000000Z"
        return moment(text, "its due date")

    def _labels(self, row: Row) -> list[str]:
        names = [
            self._rules.label.label.replace("{}", name.strip())
            for cell in self._cells(row, "labels")
            for name in re.split(r"[,;]", cell)
            if name.strip()
        ]
        for field, pattern in (
            ("type", self._rules.label.type),
            ("points", self._rules.label.points),
        ):
            value = one_line(self._cell(row, field))
            if value and pattern:
                names.append(pattern.replace("{}", re.sub(r"^(\d+)\.0+$", r"\1", value)))
        return [name for name in dict.fromkeys(names) if one_line(name)][:LABELS_MAX]


def people_of(task: CsvTask) -> list[Person]:
    """The people of a row; what looks like an e-mail address is one."""
    named = {name for name in (task.assignee, task.created_by) if name}
    return [Person(name, (name,), name, name if "@" in name else None) for name in named]
