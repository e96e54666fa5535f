"""Effects that can be counted, for tests of what follows a commit."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import import_marks
from tidework.store.sql.statement import Statement

MARKS = Statement(
    "marks",
    select(import_marks.c.foreign_id)
    .where(import_marks.c.stream_id == bindparam("stream_id"))
    .order_by(import_marks.c.foreign_id),
)


async def until(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
    """Wait for a condition; what it returns may have to be awaited."""
    async with asyncio.timeout(seconds):
        while True:
            met = condition()
            if asyncio.iscoroutine(met):
                met = await met
            if met:
                return
            await asyncio.sleep(0.01)
    pytest.fail(what)


def mark(stream_id: str, seq: int) -> Operation:
    """An effect that fails when it happens twice."""
    key = {"stream_id": stream_id, "source": "test", "foreign_id": f"{seq:06}"}
    return Operation("import_marks", "insert", key, {"entity_id": new_id(), "fingerprint": ""})


async def marks_of(store: Store, stream: str) -> list[int]:
    return [int(row[0]) for row in await store.fetch(MARKS, {"stream_id": stream})]
