"""The queries of changes in bulk."""

from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import bindparam, literal_column, select, union_all

from tidework.store.sql.schema import (
    ENTITIES,
    bulk_parts,
    bulk_runs,
    changes,
    fields_of,
    jobs,
    labels,
    members,
    projects,
    tasks,
)
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of
from tidework.tasks.queries import FILTERS

_RUN = (
    bulk_runs.c.id,
    bulk_runs.c.created_by,
    bulk_runs.c.spec,
    bulk_runs.c.matched,
    bulk_runs.c.state,
    bulk_runs.c.error,
    bulk_runs.c.undone_by,
    bulk_runs.c.created_at,
    bulk_runs.c.expires_at,
)
_OF_RUN = (
    bulk_parts.c.stream_id == bindparam("stream_id"),
    bulk_parts.c.run_id == bindparam("run_id"),
)


@lru_cache(maxsize=256)
def matching(filters: frozenset[str]) -> Statement:
    """The ids of the tasks that match, by number."""
    return Statement(
        "task_ids_matching",
        select(tasks.c.id)
        .where(
            tasks.c.stream_id == bindparam("stream_id"),
            *(FILTERS[name] for name in sorted(filters)),
        )
        .order_by(tasks.c.number)
        .limit(bindparam("limit")),
        heavy=True,
    )


RUN = Statement(
    "bulk_run",
    select(*_RUN).where(
        bulk_runs.c.stream_id == bindparam("stream_id"), bulk_runs.c.id == bindparam("run_id")
    ),
)
RUNS = Statement(
    "bulk_runs",
    select(*_RUN)
    .where(bulk_runs.c.stream_id == bindparam("stream_id"))
    .order_by(bulk_runs.c.created_at.desc(), bulk_runs.c.id.desc())
    .limit(bindparam("limit")),
)
PARTS = Statement(
    "bulk_parts",
    select(
        bulk_parts.c.number,
        bulk_parts.c.state,
        bulk_parts.c.changed,
        bulk_parts.c.failed,
        bulk_parts.c.kept,
        bulk_parts.c.commit_id,
        bulk_parts.c.since,
    )
    .where(*_OF_RUN)
    .order_by(bulk_parts.c.number),
)
PART = Statement(
    "bulk_part",
    select(
        bulk_parts.c.state,
        bulk_parts.c.ids,
        bulk_parts.c.commit_id,
        bulk_parts.c.since,
        bulk_parts.c.expires_at,
    ).where(*_OF_RUN, bulk_parts.c.number == bindparam("number")),
)
JOBS = Statement(
    "bulk_jobs",
    select(jobs.c.id, jobs.c.state, jobs.c.attempts).where(
        jobs.c.stream_id == bindparam("stream_id"), any_of(jobs.c.id, "ids")
    ),
)
COMMIT_SEQ = Statement(
    "bulk_commit_seq",
    # It comes soon after what its part was planned on, so that is where to begin.
    select(changes.c.seq)
    .where(
        changes.c.stream_id == bindparam("stream_id"),
        changes.c.seq > bindparam("since"),
        changes.c.commit_id == bindparam("commit_id"),
    )
    .order_by(changes.c.seq)
    .limit(1),
)
OTHERS = {
    entity: Statement(
        f"bulk_{entity}s",
        select(
            ENTITIES[entity].c.id, *(ENTITIES[entity].c[name] for name in fields_of(entity))
        ).where(
            ENTITIES[entity].c.stream_id == bindparam("stream_id"),
            any_of(ENTITIES[entity].c.id, "ids"),
        ),
    )
    for entity in ("project", "label", "comment", "relation")
}
"""What is no task, as it is: the id, then its fields in order."""
REFERENCES = Statement(
    "bulk_references",
    union_all(
        *(
            select(literal_column(f"'{name}'"), table.c.id).where(
                table.c.stream_id == bindparam("stream_id"), any_of(table.c.id, "ids")
            )
            for name, table in (
                ("project", projects),
                ("label", labels),
                ("member", members),
                ("task", tasks),
            )
        )
    ),
)
"""What kind of thing each of some ids is here."""


def examples() -> Iterator[Statement]:
    """Statements with each filter, for whoever checks them."""
    for name in FILTERS:
        yield matching(frozenset({name}))
