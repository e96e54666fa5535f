"""The queries of imports and exports."""

from sqlalchemy import bindparam, func, select

from tidework.store.sql.schema import bulk_parts, jobs, members, tasks
from tidework.store.sql.statement import Statement

_JOB = (
    jobs.c.id,
    jobs.c.state,
    jobs.c.attempts,
    jobs.c.progress,
    jobs.c.args,
    jobs.c.result,
    jobs.c.error,
    jobs.c.created_at,
    jobs.c.finished_at,
    jobs.c.expires_at,
)
"""In the order of the fields of `records.Row`."""

JOB = Statement(
    "exchange_job",
    select(*_JOB).where(
        jobs.c.stream_id == bindparam("stream_id"),
        jobs.c.id == bindparam("id"),
        jobs.c.kind == bindparam("kind"),
    ),
)
JOBS = Statement(
    "exchange_jobs",
    select(*_JOB)
    .where(jobs.c.stream_id == bindparam("stream_id"), jobs.c.kind == bindparam("kind"))
    .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    .limit(bindparam("limit")),
)
UNFINISHED = Statement(
    "exchange_unfinished",
    select(func.count())
    .select_from(jobs)
    .where(
        jobs.c.stream_id == bindparam("stream_id"),
        jobs.c.kind == bindparam("kind"),
        jobs.c.state == "waiting",
    ),
)
MEMBERS = Statement(
    "exchange_members",
    select(members.c.id, members.c.role).where(members.c.stream_id == bindparam("stream_id")),
)
LAST_TASK = Statement(
    "exchange_last_task",
    select(func.max(tasks.c.number)).where(tasks.c.stream_id == bindparam("stream_id")),
)
KEPT = Statement(
    "exchange_kept",
    select(bulk_parts.c.kept).where(
        bulk_parts.c.stream_id == bindparam("stream_id"),
        bulk_parts.c.run_id == bindparam("run_id"),
    ),
)
PARTS = Statement(
    "exchange_parts",
    select(func.count())
    .select_from(bulk_parts)
    .where(
        bulk_parts.c.stream_id == bindparam("stream_id"),
        bulk_parts.c.run_id == bindparam("run_id"),
        bulk_parts.c.state == bindparam("state"),
    ),
)
