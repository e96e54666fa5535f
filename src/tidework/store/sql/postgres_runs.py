"""Writes outside of the log on PostgreSQL, many in few statements.

Operations of one kind on different rows of a table are one run, and a run is one statement. On one
table they keep their order; between tables there is none to keep, since nothing refers from one to
another.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table

from tidework.log import Operation
from tidework.store.sql.schema import metadata

OFTEN = (
    "analytics_activity",
    "analytics_days",
    "analytics_steps",
    "analytics_tasks",
    "analytics_usage",
    "inbox",
    "jobs",
    "notifications",
)
"""Tables with statements of their own: to plan one takes longer than to write ten rows."""

_ONE_ROW = frozenset({"insert", "upsert", "keep", "update", "delete", "relayed"})
_KEYS = {
    name: tuple(column.name for column in table.primary_key)
    for name, table in metadata.tables.items()
}
_WHOLE = {
    name: frozenset(column.name for column in table.columns if not column.primary_key)
    for name, table in metadata.tables.items()
}


class _Run:
    __slots__ = ("first", "rows", "seen", "values")

    def __init__(self, first: Operation) -> None:
        self.first = first
        self.seen: set[tuple[Any, ...]] = set()
        self.values: list[Any] = []
        self.rows: int | None = None if first.rows is None else 0

    def takes(self, one: Operation) -> bool:
        """Whether an operation does to another row what the first one does to its own."""
        first = self.first
        alike = (one.op, one.rows) == (first.op, first.rows)
        return alike and one.key.keys() == first.key.keys() and one.set.keys() == first.set.keys()

    def add(self, one: Operation) -> None:
        if one.op in ("update", "relayed"):
            self.values.append((one.set, one.key))
        else:
            self.values.append(one.key | one.set)
        if self.rows is not None and one.rows is not None:
            self.rows += one.rows

    def encoded(self) -> tuple[Any, ...]:
        first = self.first
        often = first.table in OFTEN and _is_usual(first)
        how = f"{first.op} {first.table}" if often or first.op == "relayed" else first.op
        names = (tuple(first.key), tuple(first.set))
        return (how, first.table, self.values, self.rows, *names)


def _is_usual(one: Operation) -> bool:
    """Whether there is a statement for it, where its table has statements of its own."""
    key = _KEYS[one.table]
    if one.op == "upsert":
        return one.set.keys() == _WHOLE[one.table]
    if one.op == "update":
        return one.table == "inbox" and set(one.key) == {*key, "seq"} and set(one.set) == {"seq"}
    return one.op in ("insert", "keep") or one.key.keys() == set(key)


def runs(items: Iterable[Sequence[Operation]]) -> list[Any] | None:
    """What `tidework_operate_runs` takes; None where an operation is more than one statement."""
    made: list[_Run] = []
    tables: dict[str, list[_Run]] = {}
    for one in (operation for item in items for operation in item):
        if one.op not in _ONE_ROW:
            return None
        earlier, row = tables.setdefault(one.table, []), _row_of(one)
        run = None if row is None else _run_for(one, row, earlier)
        if run is None:
            run = _Run(one)
            made.append(run)
            earlier.append(run)
        run.add(one)
        if row is None:
            # Which rows it touches is not known: nothing goes before it that came after it.
            tables[one.table] = []
        else:
            run.seen.add(row)
    return [run.encoded() for run in made]


def _run_for(one: Operation, row: tuple[Any, ...], earlier: list[_Run]) -> _Run | None:
    """The run that an operation can join, after whatever came before it on its row."""
    found = None
    for run in reversed(earlier):
        if row in run.seen:
            break
        if run.takes(one):
            found = run
    return found


def _row_of(one: Operation) -> tuple[Any, ...] | None:
    """Which row an operation touches, None when that is not known from its key."""
    names = _KEYS[one.table]
    key = one.key | one.set if one.op == "insert" else one.key
    if one.op == "update" and not one.set.keys().isdisjoint(names):
        return None
    return tuple([key[name] for name in names]) if all(name in key for name in names) else None


_RUNS = """
CREATE OR REPLACE FUNCTION tidework_operate_runs(p_runs jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    r jsonb; v jsonb; v_rows bigint;
BEGIN
    FOR r IN SELECT * FROM jsonb_array_elements(p_runs) LOOP
        v := r->2;
        CASE r->>0
        WHEN 'relayed streams' THEN
            UPDATE streams s SET relayed = (e->0->>'relayed')::bigint,
                pending = s.seq > (e->0->>'relayed')::bigint
            FROM jsonb_array_elements(v) e WHERE s.stream_id = (e->1->>'stream_id')::uuid;
        WHEN 'update inbox' THEN
            UPDATE inbox t SET seq = (e->0->>'seq')::bigint
            FROM jsonb_array_elements(v) e WHERE t.stream_id = (e->1->>'stream_id')::uuid
                AND t.consumer = e->1->>'consumer' AND t.seq = (e->1->>'seq')::bigint;__often__
        ELSE
            EXECUTE tidework_statement(r->>0, r->>1, r->4, r->5) USING v;
        END CASE;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF r->3 <> 'null' AND (r->3)::bigint <> v_rows THEN
            RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'contended';
        END IF;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION tidework_statement(p_op text, p_table text, p_key jsonb, p_set jsonb)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_key text; v_set text;
BEGIN
    IF p_op IN ('insert', 'upsert', 'keep') THEN
        SELECT string_agg(format('%1$I = excluded.%1$I', name), ', ') INTO v_set
        FROM jsonb_array_elements_text(p_set) AS name;
        RETURN format('INSERT INTO %1$I SELECT * FROM jsonb_populate_recordset(null::%1$I, $1)',
            p_table) || CASE p_op
            WHEN 'insert' THEN ''
            WHEN 'keep' THEN
                format(' ON CONFLICT ON CONSTRAINT %I DO NOTHING', p_table || '_pkey')
            ELSE format(' ON CONFLICT ON CONSTRAINT %I DO ', p_table || '_pkey')
                || coalesce('UPDATE SET ' || v_set, 'NOTHING') END;
    END IF;
    SELECT string_agg(format('t.%1$I = k.%1$I', name), ' AND ') INTO v_key
    FROM jsonb_array_elements_text(p_key) AS name;
    IF p_op = 'delete' THEN
        RETURN format('DELETE FROM %1$I t USING jsonb_populate_recordset(null::%1$I, $1) k'
            ' WHERE %2$s', p_table, v_key);
    END IF;
    SELECT string_agg(format('%1$I = s.%1$I', name), ', ') INTO v_set
    FROM jsonb_array_elements_text(p_set) AS name;
    RETURN format('UPDATE %1$I t SET %2$s FROM jsonb_array_elements($1) e,'
        ' jsonb_populate_record(null::%1$I, e->0) s, jsonb_populate_record(null::%1$I, e->1) k'
        ' WHERE %3$s', p_table, v_set, v_key);
END
$$;
"""


def _branches(table: Table) -> str:
    name, key = table.name, _KEYS[table.name]
    rows = f"jsonb_populate_recordset(null::{name}, v)"
    others = [column.name for column in table.columns if not column.primary_key]
    sets = ", ".join(f'"{c}" = excluded."{c}"' for c in others)
    same = " AND ".join(f'k."{c}" = t."{c}"' for c in key)
    insert = f"INSERT INTO {name} SELECT * FROM {rows}"
    conflict = f"ON CONFLICT ON CONSTRAINT {name}_pkey DO"
    return f"""
        WHEN 'insert {name}' THEN
            {insert};
        WHEN 'keep {name}' THEN
            {insert}
            {conflict} NOTHING;
        WHEN 'upsert {name}' THEN
            {insert}
            {conflict} UPDATE SET {sets};
        WHEN 'delete {name}' THEN
            DELETE FROM {name} t USING {rows} k WHERE {same};"""


def definition() -> str:
    """The functions' DDL for the present schema."""
    often = "".join(_branches(metadata.tables[name]) for name in OFTEN)
    return _RUNS.replace("__often__", often)
