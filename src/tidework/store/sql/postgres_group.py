"""The PL/pgSQL functions that write a group of commits on PostgreSQL in one call.

Commits that only create tasks are written together, in a few statements however many they are: what
a statement costs before it touches a row is most of what a row costs. All others go through
`tidework_commit` one after the other, in the same transaction.
"""

from tidework.store.sql.postgres_columns import from_json, object_of
from tidework.store.sql.schema import DERIVED, ENTITIES

# What is expected of these is looked up in place; of anything else, through `tidework_row`.
_EXPECTED = ("member", "task")

_GROUP = """
CREATE OR REPLACE FUNCTION tidework_group(
    p_streams uuid[], p_creates jsonb, p_commits jsonb, OUT o_created jsonb, OUT o_committed jsonb
) LANGUAGE plpgsql AS $$
DECLARE
    c jsonb; r record;
BEGIN
    -- Several processes lock the streams of their groups in the same order.
    PERFORM 1 FROM streams s WHERE s.stream_id = ANY (p_streams) ORDER BY s.stream_id
    FOR NO KEY UPDATE;
    IF p_creates IS NOT NULL THEN
        o_created := tidework_create(p_creates, tidework_expected(p_creates));
    END IF;
    IF p_commits IS NOT NULL THEN
        o_committed := '[]';
        FOR c IN SELECT * FROM jsonb_array_elements(p_commits) LOOP
            SELECT * INTO r FROM tidework_commit((c->>0)::uuid, (c->>1)::uuid, c->>2,
                (c->>3)::bigint, c->>4, c->5, c->6, c->7, nullif(c->8, 'null'));
            o_committed := o_committed
                || jsonb_build_array(jsonb_build_array(r.o_seq, r.o_logged, r.o_refused));
        END LOOP;
    END IF;
END
$$;
"""

# A function of its own: its snapshots are taken after the locks of the streams.
_REFUSALS = """
CREATE OR REPLACE FUNCTION tidework_expected(p_creates jsonb) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    v_refused text[];
BEGIN
    SELECT array_agg(CASE
            WHEN NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream_id = (c->>0)::uuid)
                THEN 'missing'
            WHEN c->4 <> 'null' AND EXISTS (
                SELECT 1 FROM idempotency i WHERE i.scope = c->4->>'scope'
                    AND i.key = c->4->>'key' AND i.expires_at >= now()) THEN 'repeated'
            ELSE (SELECT 'expected ' || min(failed.k - 1) FROM (
                SELECT e.k, e.value AS e, CASE e.value->>'entity'__rows__
                    ELSE tidework_row(e.value->>'entity', (c->>0)::uuid, (e.value->>'id')::uuid)
                    END AS present
                FROM jsonb_array_elements(c->3) WITH ORDINALITY AS e(value, k)
            ) failed WHERE CASE WHEN (e->>'absent')::boolean THEN present IS NOT NULL
                ELSE present IS NULL OR EXISTS (
                    SELECT 1 FROM jsonb_each(e->'fields') f
                    WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(f.value) a
                                      WHERE a.value = present->f.key)) END)
        END ORDER BY n) INTO v_refused
    FROM jsonb_array_elements(p_creates) WITH ORDINALITY AS given(c, n);
    RETURN v_refused;
END
$$;
"""

_CREATE = """
CREATE OR REPLACE FUNCTION tidework_create(p_creates jsonb, p_refused text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_done jsonb; v_keys bigint; v_rows bigint;
BEGIN
    WITH commits AS MATERIALIZED (
        SELECT g.n, (g.c->>0)::uuid AS stream, (g.c->>1)::uuid AS id, g.c->>2 AS request,
            g.c->5 AS changes, g.c->>6 AS origin, s.last_number,
            s.seq + row_number() OVER (PARTITION BY s.stream_id ORDER BY g.n) AS seq
        FROM jsonb_array_elements(p_creates) WITH ORDINALITY AS g(c, n)
        JOIN streams s ON s.stream_id = (g.c->>0)::uuid
        WHERE p_refused[g.n] IS NULL
    ), numbered AS (
        SELECT o.n, o.stream, o.id AS commit_id, o.request, o.origin, o.seq, x.k - 1 AS ordinal,
            x.v, o.last_number + row_number() OVER (PARTITION BY o.stream ORDER BY o.n, x.k)
                AS number
        FROM commits o, jsonb_array_elements(o.changes) WITH ORDINALITY AS x(v, k)
    ), made AS MATERIALIZED (
        SELECT m.n, m.stream, m.commit_id, m.request, m.origin, m.seq, m.ordinal, m.number,
            (m.v->>0)::uuid AS id, (m.v->>3)::uuid AS actor, (m.v->>4)::timestamptz AS at,
            array_to_tsvector(array_remove(string_to_array(
                right(m.stream::text, 6) || replace(m.v->>2, ' ', ' ' || right(m.stream::text, 6)),
                ' '), right(m.stream::text, 6))) AS search,
            m.v->1 || jsonb_build_object('number', m.number, 'position', coalesce(
                m.v->1->>'position',
                chr(96 + length(m.number::text)) || m.number::text || 'V')) AS c
        FROM numbered m
    ), tasks_made AS (
        INSERT INTO tasks (stream_id, id, __names__, updated_at, version, search)
        SELECT stream, id, __values__, at, seq, search FROM made
    ), logged AS (
        INSERT INTO changes (stream_id, seq, ordinal, commit_id, actor_id, at, request_id, entity,
            entity_id, op, "set", was, origin)
        SELECT stream, seq, ordinal, commit_id, actor, at, request, 'task', id, 'create', c, '{}',
            origin
        FROM made
    ), moved AS (
        UPDATE streams s SET seq = m.seq, last_number = m.number, pending = true
        FROM (SELECT stream, max(seq) AS seq, max(number) AS number FROM made GROUP BY stream) m
        WHERE s.stream_id = m.stream
    ), first AS (
        SELECT n, seq, min(number) AS number FROM made GROUP BY n, seq
    )
    SELECT jsonb_agg(jsonb_build_array(f.seq, f.number, r.refused) ORDER BY r.n) INTO v_done
    FROM unnest(p_refused) WITH ORDINALITY AS r(refused, n) LEFT JOIN first f ON f.n = r.n;
    SELECT count(*) INTO v_keys FROM jsonb_array_elements(p_creates) WITH ORDINALITY AS g(c, n)
    WHERE g.c->4 <> 'null' AND p_refused[g.n] IS NULL;
    IF v_keys > 0 THEN
        INSERT INTO idempotency (scope, key, fingerprint, stream_id, seq, expires_at)
        SELECT c->4->>'scope', c->4->>'key', c->4->>'fingerprint', (c->>0)::uuid,
            (v_done->(n::int - 1)->>0)::bigint, (c->4->>'expires_at')::timestamptz
        FROM jsonb_array_elements(p_creates) WITH ORDINALITY AS g(c, n)
        WHERE c->4 <> 'null' AND p_refused[n] IS NULL
        ORDER BY 1, 2
        ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint,
            stream_id = excluded.stream_id, seq = excluded.seq, status = NULL, headers = NULL,
            body = NULL, expires_at = excluded.expires_at
        WHERE idempotency.expires_at < now();
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF v_rows <> v_keys THEN
            RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'repeated';
        END IF;
    END IF;
    RETURN v_done;
END
$$;
"""


def definition() -> str:
    """The functions' DDL for the present schema."""
    rows = "".join(
        f"""
                    WHEN '{entity}' THEN (SELECT {object_of(ENTITIES[entity])}
                        FROM {ENTITIES[entity].name} t
                        WHERE t.stream_id = (c->>0)::uuid AND t.id = (e.value->>'id')::uuid)"""
        for entity in _EXPECTED
    )
    columns = [c for c in ENTITIES["task"].columns if c.name not in DERIVED]
    names = ", ".join(f'"{c.name}"' for c in columns)
    values = ", ".join(from_json(c) for c in columns)
    create = _CREATE.replace("__names__", names).replace("__values__", values)
    return f"{_REFUSALS.replace('__rows__', rows)}{create}{_GROUP}"
