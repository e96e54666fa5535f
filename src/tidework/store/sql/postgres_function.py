"""The PL/pgSQL function that writes a commit on PostgreSQL, made from the schema.

One call is one commit: it takes the stream's lock, checks what is expected, writes the log and the
state, and raises when anything does not hold. The snapshot of a single SQL statement is older than
its wait for a lock, so that a plain read in it would see what was true before; each statement in a
volatile function has a snapshot of its own, taken after the lock.

Migrations run a frozen copy; `python -m tidework.store.sql.postgres_function` prints the present
text for the next one.
"""

import sys
from typing import Any

from sqlalchemy import Column, Table

from tidework.store.sql import postgres_group, postgres_runs
from tidework.store.sql.postgres_columns import from_json, object_of
from tidework.store.sql.schema import DERIVED, ENTITIES, LATER, metadata

_INDENT = "\n            "
# A trigger looks at each UPDATE that names these, whether they change or not.
_SEARCHED = {"task": ("title", "description")}
# Branches are tried one after the other: what is written most comes first.
_BRANCHES = {"task": ENTITIES["task"], "comment": ENTITIES["comment"], **ENTITIES}


def _row_branch(entity: str, table: Table) -> str:
    return f"""
    WHEN '{entity}' THEN
        SELECT {object_of(table)} INTO v_row
        FROM {table.name} t WHERE t.stream_id = p_stream AND t.id = p_id;"""


def _update(table: Table, columns: list[Column[Any]]) -> str:
    sets = [
        f'"{c.name}" = CASE WHEN c ? \'{c.name}\' THEN {from_json(c)} ELSE t."{c.name}" END'
        for c in columns
    ]
    sets += ["version = p_seq", *(["updated_at = p_at"] if "updated_at" in table.columns else [])]
    return f"""UPDATE {table.name} t SET
                {("," + _INDENT + "    ").join(sets)}
            WHERE t.stream_id = p_stream AND t.id = p_id;"""


def _apply_branch(entity: str, table: Table) -> str:
    columns = [c for c in table.columns if c.name not in DERIVED]
    names = ", ".join(f'"{c.name}"' for c in columns)
    values = ", ".join(from_json(c) for c in columns)
    touched = "updated_at" in table.columns
    extra_names = ', "updated_at"' if touched else ""
    extra_values = ", p_at" if touched else ""
    searched = _SEARCHED.get(entity, ())
    light = ""
    if searched:
        light = f"""
        ELSIF p_op = 'update' AND NOT c ?| '{{{",".join(searched)}}}' THEN
            {_update(table, [c for c in columns if c.name not in searched])}"""
    return f"""
    WHEN '{entity}' THEN
        IF p_op = 'create' THEN
            INSERT INTO {table.name} (stream_id, id, {names}{extra_names}, version)
            VALUES (p_stream, p_id, {values}{extra_values}, p_seq);{light}
        ELSIF p_op = 'update' THEN
            {_update(table, columns)}
        ELSE
            DELETE FROM {table.name} t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;"""


_OPERATE = """
CREATE OR REPLACE FUNCTION tidework_operate(p_operations jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    o jsonb; v_names text; v_key text; v_rows bigint; v_table text; v_conflict text;
BEGIN
    FOR o IN SELECT * FROM jsonb_array_elements(p_operations) LOOP
        v_table := o->>'table';
        IF o->>'op' IN ('purge', 'redact') THEN
            -- Whoever is writing to the stream has read what is to go.
            PERFORM 1 FROM streams s WHERE s.stream_id = (o->'key'->>'stream_id')::uuid FOR UPDATE;
        END IF;
        IF o->>'op' = 'purge' THEN
            PERFORM tidework_purge((o->'key'->>'stream_id')::uuid);
            CONTINUE;
        ELSIF o->>'op' = 'expire' THEN
            EXECUTE format('DELETE FROM %1$I t WHERE t.expires_at < $1', v_table)
                USING (o->'set'->>'expires_at')::timestamptz;
            CONTINUE;
        ELSIF o->>'op' = 'relayed' THEN
            UPDATE streams s SET relayed = (o->'set'->>'relayed')::bigint,
                pending = s.seq > (o->'set'->>'relayed')::bigint
            WHERE s.stream_id = (o->'key'->>'stream_id')::uuid;
            CONTINUE;
        ELSIF o->>'op' = 'redact' THEN
            UPDATE changes c SET
                "set" = c."set" || tidework_common(o->'set', c."set"),
                was = c.was || tidework_common(o->'set', c.was)
            WHERE c.stream_id = (o->'key'->>'stream_id')::uuid
                AND c.entity_id = (o->'key'->>'id')::uuid;
            o := o || '{"op": "update"}';
        END IF;
        IF o->>'op' IN ('insert', 'upsert', 'keep') THEN
            v_conflict := '';
            IF o->>'op' = 'keep' THEN
                v_conflict := format(' ON CONFLICT ON CONSTRAINT %I DO NOTHING', v_table || '_pkey');
            ELSIF o->>'op' = 'upsert' THEN
                SELECT string_agg(format('%1$I = excluded.%1$I', name), ', ') INTO v_names
                FROM jsonb_object_keys(o->'set') AS name;
                v_conflict := format(' ON CONFLICT ON CONSTRAINT %I DO ', v_table || '_pkey')
                    || coalesce('UPDATE SET ' || v_names, 'NOTHING');
            END IF;
            EXECUTE format('INSERT INTO %1$I SELECT (jsonb_populate_record(null::%1$I, $1)).*',
                v_table) || v_conflict USING (o->'key') || (o->'set');
            CONTINUE;
        END IF;
        SELECT string_agg(format('t.%1$I = k.%1$I', name), ' AND ') INTO v_key
        FROM jsonb_object_keys(o->'key') AS name;
        IF o->>'op' = 'update' THEN
            SELECT string_agg(format('%1$I = s.%1$I', name), ', ') INTO v_names
            FROM jsonb_object_keys(o->'set') AS name;
            EXECUTE format('UPDATE %1$I t SET %2$s FROM'
                ' jsonb_populate_record(null::%1$I, $1) s,'
                ' jsonb_populate_record(null::%1$I, $2) k WHERE %3$s', v_table, v_names, v_key)
                USING o->'set', o->'key';
        ELSE
            EXECUTE format('DELETE FROM %1$I t USING jsonb_populate_record(null::%1$I, $1) k'
                ' WHERE %2$s', v_table, v_key) USING o->'key';
        END IF;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF o->>'rows' IS NOT NULL AND (o->>'rows')::bigint <> v_rows THEN
            RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'contended';
        END IF;
    END LOOP;
END
$$;
"""

# What a commit expects is checked before anything is written, so that a refusal needs no rollback and
# the other commits of its group go on.
_COMMIT = """
CREATE OR REPLACE FUNCTION tidework_commit(
    p_stream uuid, p_commit uuid, p_creates text, p_base bigint, p_request text,
    p_expects jsonb, p_changes jsonb, p_operations jsonb, p_key jsonb,
    OUT o_seq bigint, OUT o_logged jsonb, OUT o_refused text
) LANGUAGE plpgsql AS $$
DECLARE
    v_number bigint; v_last bigint; v_row jsonb; v_was jsonb; v_set jsonb;
    c jsonb; v_op text; v_logged jsonb[] := '{}';
BEGIN
    IF p_creates IS NOT NULL THEN
        INSERT INTO streams (stream_id, kind, seq, last_number, kept_since)
        VALUES (p_stream, p_creates, 0, 0, 0);
    END IF;
    SELECT s.seq + 1, s.last_number INTO o_seq, v_last
    FROM streams s WHERE s.stream_id = p_stream FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        o_refused := 'missing';
        RETURN;
    END IF;
    IF p_key IS NOT NULL OR p_base IS NOT NULL OR p_expects <> '[]' THEN
        o_refused := tidework_refused(p_stream, o_seq, p_base, p_expects, p_key);
        IF o_refused IS NOT NULL THEN
            IF p_creates IS NOT NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = o_refused;
            END IF;
            o_seq := NULL;
            RETURN;
        END IF;
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO idempotency (scope, key, fingerprint, stream_id, seq, expires_at)
        VALUES (p_key->>'scope', p_key->>'key', p_key->>'fingerprint', p_stream, o_seq,
            (p_key->>'expires_at')::timestamptz)
        ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint,
            stream_id = excluded.stream_id, seq = excluded.seq, status = NULL, headers = NULL,
            body = NULL, expires_at = excluded.expires_at
        WHERE idempotency.expires_at < now();
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'repeated';
        END IF;
    END IF;
    v_number := v_last;
    FOR v_ordinal IN 0 .. jsonb_array_length(p_changes) - 1 LOOP
        c := p_changes->v_ordinal;
        v_op := c->>'op';
        v_set := c->'set';
        v_was := '{}';
        IF v_op <> 'create' THEN
            v_row := tidework_row(c->>'entity', p_stream, (c->>'id')::uuid) - 'version';
            IF v_row IS NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'contended';
            END IF;
            IF v_op = 'delete' THEN
                v_was := v_row;
                v_row := '{}';
            ELSE
                SELECT coalesce(jsonb_object_agg(k, v_row->k), '{}') INTO v_was
                FROM jsonb_object_keys(v_set) k;
                v_row := v_row || v_set;
                v_row := v_row - ARRAY(
                    SELECT k FROM unnest('{__later__}'::text[]) k WHERE v_row->k = 'null');
            END IF;
        ELSE
            IF c->>'entity' = 'task' THEN
                IF v_set->>'number' IS NULL THEN
                    v_set := v_set || jsonb_build_object('number', v_number + 1);
                END IF;
                IF v_set->>'position' IS NULL THEN
                    v_set := v_set || jsonb_build_object('position',
                        chr(96 + length(v_set->>'number')) || (v_set->>'number') || 'V');
                END IF;
                v_number := greatest(v_number, (v_set->>'number')::bigint);
            END IF;
            v_row := v_set;
        END IF;
        PERFORM tidework_apply(p_stream, o_seq, (c->>'at')::timestamptz, c->>'entity',
            (c->>'id')::uuid, v_op, v_set);
        INSERT INTO changes (stream_id, seq, ordinal, commit_id, actor_id, at, request_id, entity,
            entity_id, op, "set", was, origin)
        VALUES (p_stream, o_seq, v_ordinal, p_commit, (c->>'actor')::uuid,
            (c->>'at')::timestamptz, p_request, c->>'entity', (c->>'id')::uuid, v_op, v_set,
            v_was, c->>'origin');
        v_logged := array_append(v_logged, jsonb_build_array(v_set, v_was, v_row));
    END LOOP;
    o_logged := to_jsonb(v_logged);
    UPDATE streams s SET seq = o_seq, last_number = v_number, pending = true
    WHERE s.stream_id = p_stream;
    IF jsonb_array_length(p_operations) > 0 THEN
        PERFORM tidework_operate(p_operations);
    END IF;
END
$$;
"""

_REFUSED = """
CREATE OR REPLACE FUNCTION tidework_refused(
    p_stream uuid, p_seq bigint, p_base bigint, p_expects jsonb, p_key jsonb
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    e jsonb; v_row jsonb; v_holds boolean;
BEGIN
    -- First: a repeated command must meet its own record, not what it did the first time.
    IF p_key IS NOT NULL AND EXISTS (
        SELECT 1 FROM idempotency i WHERE i.scope = p_key->>'scope' AND i.key = p_key->>'key'
            AND i.expires_at >= now()
    ) THEN
        RETURN 'repeated';
    END IF;
    IF p_base <> p_seq - 1 THEN
        RETURN 'contended';
    END IF;
    FOR v_index IN 0 .. jsonb_array_length(p_expects) - 1 LOOP
        e := p_expects->v_index;
        v_row := tidework_row(e->>'entity', p_stream, (e->>'id')::uuid);
        IF (e->>'absent')::boolean THEN
            v_holds := v_row IS NULL;
        ELSE
            v_holds := v_row IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM jsonb_each(e->'fields') f
                WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(f.value) a
                                  WHERE a.value = v_row->f.key));
        END IF;
        IF NOT v_holds THEN
            RETURN 'expected ' || v_index;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
"""


def definition() -> str:
    """The functions' DDL for the present schema."""
    rows = "".join(_row_branch(entity, table) for entity, table in _BRANCHES.items())
    purges = "".join(
        f"\n    DELETE FROM {table.name} WHERE stream_id = p_stream;"
        for table in metadata.sorted_tables
        if table.info.get("stream")
    )
    later = ",".join(sorted(name for names in LATER.values() for name in names))
    branches = "".join(_apply_branch(entity, table) for entity, table in _BRANCHES.items())
    return f"""
CREATE OR REPLACE FUNCTION tidework_common(p_values jsonb, p_fields jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(v.key, v.value), '{{}}')
    FROM jsonb_each(p_values) v WHERE p_fields ? v.key
$$;

CREATE OR REPLACE FUNCTION tidework_purge(p_stream uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN{purges}
END
$$;

CREATE OR REPLACE FUNCTION tidework_row(p_entity text, p_stream uuid, p_id uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_row jsonb;
BEGIN
    CASE p_entity{rows}
    END CASE;
    RETURN v_row;
END
$$;

CREATE OR REPLACE FUNCTION tidework_apply(
    p_stream uuid, p_seq bigint, p_at timestamptz, p_entity text, p_id uuid, p_op text, c jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE p_entity{branches}
    END CASE;
END
$$;
{_OPERATE}{_REFUSED}{_COMMIT.replace("__later__", later)}{postgres_group.definition()}\
{postgres_runs.definition()}"""


if __name__ == "__main__":
    sys.stdout.write(definition())
