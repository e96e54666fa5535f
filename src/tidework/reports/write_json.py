"""Reports as one JSON object, each table a list of objects."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tidework.reports.content import Content, Row, Table

_encode = msgspec.json.Encoder().encode


class JsonWriter:
    """See `Writer`. A row a line."""

    def __init__(self, path: Path, content: Content) -> None:
        self._file = path.open("wb")
        head: dict[str, Any] = {
            "kind": content.kind,
            "title": content.title,
            "made_at": content.made_at,
            "about": content.about,
        }
        if content.facts:
            head["facts"] = dict(content.facts)
        self._file.write(_encode(head)[:-1])
        self._names: list[str] = []
        self._between = b""

    def begin(self, table: Table) -> None:
        if self._names:
            self._file.write(b"\n]")
        self._names = [column.name for column in table.columns]
        self._file.write(b",\n" + _encode(table.name) + b":[")
        self._between = b"\n"

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._file.write(self._between + _encode(dict(zip(self._names, row, strict=True))))
            self._between = b",\n"

    def close(self) -> None:
        self._file.write(b"\n]}\n" if self._names else b"}\n")
        self._file.close()

    def drop(self) -> None:
        self._file.close()
