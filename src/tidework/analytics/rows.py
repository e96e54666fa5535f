"""The rows of the read model: what is loaded for some changes, and what they make of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Select, bindparam, select

from tidework.analytics.cells import COUNTERS, Cell, Step, with_sums
from tidework.analytics.tally import Facts, Tally, Usage
from tidework.log import LoggedChange, Operation, Values
from tidework.store.protocol import Reader
from tidework.store.sql.schema import (
    analytics_activity,
    analytics_days,
    analytics_steps,
    analytics_tasks,
    analytics_usage,
)
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of

_FEW = 8

Key = tuple[Any, ...]
Rows = dict[str, dict[Key, Values]]
"""By table and by the key within the stream."""

_TASK: Final = tuple(Facts.__struct_fields__)
_USAGE: Final = tuple(Usage.__struct_fields__)
_STEP: Final = Step._fields
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "analytics_tasks": ("task_id",),
    "analytics_steps": ("task_id", "step"),
    "analytics_days": ("id",),
    "analytics_activity": ("day", "user_id"),
    "analytics_usage": (),
}
"""The tables, and the key of each within a stream."""

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "analytics_tasks": _TASK,
    "analytics_steps": _STEP,
    "analytics_days": (*Cell._fields, *COUNTERS),
    "analytics_activity": ("changes",),
    "analytics_usage": _USAGE,
}
"""The columns of each that are not its key."""

_TABLES = {
    table.name: table
    for table in (
        analytics_tasks,
        analytics_steps,
        analytics_days,
        analytics_activity,
        analytics_usage,
    )
}


def columns(table: str) -> list[Any]:
    """The columns that `KEYS` and `VALUES` name."""
    return [_TABLES[table].c[name] for name in (*KEYS[table], *VALUES[table])]


def _of_stream(table: str) -> Select[*tuple[Any, ...]]:
    return select(*columns(table)).where(_TABLES[table].c.stream_id == bindparam("stream_id"))


_FACTS = Statement(
    "analytics_facts",
    _of_stream("analytics_tasks").where(any_of(analytics_tasks.c.task_id, "ids")),
)
_STEPS = Statement(
    "analytics_steps",
    _of_stream("analytics_steps")
    .where(any_of(analytics_steps.c.task_id, "ids"))
    .order_by(analytics_steps.c.task_id, analytics_steps.c.step),
)
_CELLS = Statement(
    "analytics_cells", _of_stream("analytics_days").where(any_of(analytics_days.c.id, "ids"))
)
_ON_DAYS = _of_stream("analytics_activity").where(any_of(analytics_activity.c.day, "days"))
_ACTIVE = Statement("analytics_active", _ON_DAYS)
_ACTIVITY = Statement(
    "analytics_activity", _ON_DAYS.where(any_of(analytics_activity.c.user_id, "users"))
)
_USAGE_OF = Statement("analytics_usage", _of_stream("analytics_usage"))


async def load(reader: Reader, stream_id: str, changes: Iterable[LoggedChange]) -> Tally:
    """A tally that knows what it must to take these changes in."""
    tally = Tally()
    params: dict[str, Any] = {"stream_id": stream_id}
    if rows := await reader.fetch(_USAGE_OF, params):
        tally.usage = Usage(*rows[0])
    tasks = [change for change in changes if change.entity == "task"]
    if not tasks:
        return tally
    ids = sorted({change.id for change in tasks})
    for task_id, *values in await reader.fetch(_FACTS, {**params, "ids": ids}):
        tally.tasks[task_id] = Facts(*values)
    # All of a task's history is counted anew when it goes or comes back, and only then.
    whole = {change.id for change in tasks if change.op != "update"} & tally.tasks.keys()
    if whole:
        for row in await reader.fetch(_STEPS, {**params, "ids": sorted(whole)}):
            tally.steps.setdefault(row[0], []).append(step_of(row))
    return tally


def step_of(row: Any) -> Step:
    """A step, of the row that `columns` names."""
    at, status, project_id, assignee_id, label_ids = row[2:]
    return Step(at, status, project_id, assignee_id, tuple(label_ids))


async def effects(
    reader: Reader, stream_id: str, known: Mapping[str, int], tally: Tally, was: Usage | None
) -> list[Operation]:
    """What a tally that was loaded has become. `known` are the steps that each task had then."""
    operations = _of_tasks(stream_id, known, tally)
    params = {"stream_id": stream_id}
    rows: Rows = {"analytics_days": {}, "analytics_activity": {}, "analytics_usage": {}}
    changed = {cell.id: (cell, by) for cell, by in with_sums(tally.days).items() if any(by)}
    if changed:
        before = {
            row[0]: row[-len(COUNTERS) :]
            for row in await reader.fetch(_CELLS, {**params, "ids": sorted(changed)})
        }
        nothing = [0] * len(COUNTERS)
        for cell_id, (cell, by) in changed.items():
            numbers = [a + b for a, b in zip(before.get(cell_id, nothing), by, strict=True)]
            rows["analytics_days"][(cell_id,)] = cell_row(cell, numbers)
    if tally.activity:
        days, users = zip(*tally.activity, strict=True)
        lists = {"days": sorted(set(days)), "users": sorted(set(users))}
        # A database may look up every pair of a day and a person: few of them, or the days alone.
        statement = _ACTIVITY if len(tally.activity) <= _FEW else _ACTIVE
        found = {(d, u): n for d, u, n in await reader.fetch(statement, {**params, **lists})}
        for key, times in tally.activity.items():
            rows["analytics_activity"][key] = {"changes": found.get(key, 0) + times}
    if tally.usage is not None and tally.usage != was:
        rows["analytics_usage"][()] = msgspec.structs.asdict(tally.usage)
    for table, of_table in rows.items():
        operations += [written(stream_id, table, key, row) for key, row in of_table.items()]
    return operations


def _of_tasks(stream_id: str, known: Mapping[str, int], tally: Tally) -> list[Operation]:
    operations: list[Operation] = []
    for task_id, facts in tally.tasks.items():
        row = msgspec.structs.asdict(facts)
        operations.append(written(stream_id, "analytics_tasks", (task_id,), row))
        if task_id in tally.forgotten:
            key = {"stream_id": stream_id, "task_id": task_id}
            operations.append(Operation("analytics_steps", "delete", key))
        first = 0 if task_id in tally.forgotten else known.get(task_id, 0)
        new = facts.steps - first
        for number, step in enumerate(tally.steps[task_id][-new:] if new else (), first):
            place = (task_id, number)
            operations.append(written(stream_id, "analytics_steps", place, _step_row(step)))
    return operations


def written(stream_id: str, table: str, key: Key, row: Values | None) -> Operation:
    """The operation that makes a row be as given, or be gone."""
    place = {"stream_id": stream_id, **dict(zip(KEYS[table], key, strict=True))}
    if row is None or (table == "analytics_days" and not any(row[name] for name in COUNTERS)):
        return Operation(table, "delete", place)
    return Operation(table, "upsert", place, row)


def cell_row(cell: Cell, numbers: Iterable[int]) -> Values:
    """The row of a cell."""
    return {**cell._asdict(), **dict(zip(COUNTERS, numbers, strict=True))}


def _step_row(step: Step) -> Values:
    return {**step._asdict(), "label_ids": list(step.label_ids)}


def rows_of(tally: Tally) -> Rows:
    """Every row of a stream, of a tally that began with the stream's first change."""
    usage = {} if tally.usage is None else {(): msgspec.structs.asdict(tally.usage)}
    return {
        "analytics_tasks": {(i,): msgspec.structs.asdict(f) for i, f in tally.tasks.items()},
        "analytics_steps": {
            (task_id, number): _step_row(step)
            for task_id, steps in tally.steps.items()
            for number, step in enumerate(steps)
        },
        "analytics_days": {
            (cell.id,): cell_row(cell, numbers)
            for cell, numbers in with_sums(tally.days).items()
            if any(numbers)
        },
        "analytics_activity": {key: {"changes": n} for key, n in tally.activity.items()},
        "analytics_usage": usage,
    }
