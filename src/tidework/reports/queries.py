"""The queries of reports."""

from sqlalchemy import bindparam, func, select

from tidework.store.sql.schema import (
    jobs,
    labels,
    members,
    projects,
    report_schedules,
    reports,
    workspaces,
)
from tidework.store.sql.statement import Statement

_REPORT = (
    reports.c.id,
    reports.c.created_by,
    reports.c.schedule_id,
    reports.c.spec,
    reports.c.state,
    reports.c.error,
    reports.c.secret,
    reports.c.file_id,
    reports.c.name,
    reports.c.size,
    reports.c.row_count,
    reports.c.created_at,
    reports.c.finished_at,
    reports.c.expires_at,
    jobs.c.state,
    jobs.c.attempts,
    jobs.c.progress,
)
"""In the order of the fields of `records.Record`."""

_WITH_JOB = reports.outerjoin(
    jobs, (jobs.c.stream_id == reports.c.stream_id) & (jobs.c.id == reports.c.id)
)

REPORT = Statement(
    "report",
    select(*_REPORT)
    .select_from(_WITH_JOB)
    .where(reports.c.stream_id == bindparam("stream_id"), reports.c.id == bindparam("id")),
)
REPORTS = Statement(
    "reports",
    select(*_REPORT)
    .select_from(_WITH_JOB)
    .where(
        reports.c.stream_id == bindparam("stream_id"),
        reports.c.created_by == bindparam("user_id"),
    )
    .order_by(reports.c.created_at.desc(), reports.c.id.desc())
    .limit(bindparam("limit")),
)
UNFINISHED = Statement(
    "reports_unfinished",
    select(func.count())
    .select_from(reports)
    .where(
        reports.c.stream_id == bindparam("stream_id"),
        reports.c.created_by == bindparam("user_id"),
        reports.c.state == "waiting",
    ),
)
MEMBER = Statement(
    "report_member",
    select(members.c.role).where(
        members.c.stream_id == bindparam("stream_id"), members.c.id == bindparam("user_id")
    ),
)
WORKSPACE_NAME = Statement(
    "report_workspace",
    select(workspaces.c.name).where(
        workspaces.c.stream_id == bindparam("stream_id"), workspaces.c.deleted_at.is_(None)
    ),
)
PROJECT_NAMES = Statement(
    "report_projects",
    select(projects.c.id, projects.c.name).where(projects.c.stream_id == bindparam("stream_id")),
)
LABEL_NAMES = Statement(
    "report_labels",
    select(labels.c.id, labels.c.name).where(labels.c.stream_id == bindparam("stream_id")),
)

_SCHEDULE = (
    report_schedules.c.id,
    report_schedules.c.report,
    report_schedules.c.rule,
    report_schedules.c.recipients,
    report_schedules.c.created_by,
    report_schedules.c.created_at,
    report_schedules.c.version,
    jobs.c.due_at,
)
"""In the order of the fields of `schedules.Schedule`."""

_SCHEDULE_WITH_JOB = report_schedules.outerjoin(
    jobs,
    (jobs.c.stream_id == report_schedules.c.stream_id)
    & (jobs.c.id == report_schedules.c.id)
    & (jobs.c.state == "waiting"),
)
SCHEDULE = Statement(
    "report_schedule",
    select(*_SCHEDULE)
    .select_from(_SCHEDULE_WITH_JOB)
    .where(
        report_schedules.c.stream_id == bindparam("stream_id"),
        report_schedules.c.id == bindparam("id"),
    ),
)
SCHEDULES = Statement(
    "report_schedules",
    select(*_SCHEDULE)
    .select_from(_SCHEDULE_WITH_JOB)
    .where(report_schedules.c.stream_id == bindparam("stream_id"))
    .order_by(report_schedules.c.created_at, report_schedules.c.id),
)
