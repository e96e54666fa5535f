"""Tables of what is made in the background for somebody: reports, their files, changes in bulk."""

from sqlalchemy import Column, Index, Integer, Text

from tidework.store.sql.schema_parts import BIG, LIST, TIME, id_column, operational, state

report_schedules = state(
    "report_schedules",
    Column("report", LIST, nullable=False),
    Column("rule", LIST, nullable=False),
    Column("recipients", LIST, nullable=False),
    id_column("created_by"),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

# `secret` is what links to the file are made with; `file_id` names the file once it is there.
reports = operational(
    "reports",
    id_column("stream_id"),
    id_column("id"),
    id_column("created_by"),
    id_column("schedule_id", nullable=True),
    Column("spec", LIST, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text),
    Column("secret", Text, nullable=False),
    id_column("file_id", nullable=True),
    Column("name", Text),
    Column("size", BIG),
    Column("row_count", BIG),
    Column("created_at", TIME, nullable=False),
    Column("finished_at", TIME),
    Column("expires_at", TIME, nullable=False),
    Index("reports_expires", "expires_at"),
    key=("stream_id", "id"),
)

# Files of an installation without a folder that all copies share, in pieces.
file_chunks = operational(
    "file_chunks",
    id_column("stream_id"),
    id_column("file_id"),
    Column("number", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Index("file_chunks_expires", "expires_at"),
    key=("stream_id", "file_id", "number"),
)

bulk_runs = operational(
    "bulk_runs",
    id_column("stream_id"),
    id_column("id"),
    id_column("created_by"),
    Column("spec", LIST, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text),
    id_column("undone_by", nullable=True),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Index("bulk_runs_expires", "expires_at"),
    key=("stream_id", "id"),
)

# The tasks of a run, as they were when it was asked for, a commit's worth a row. What became of a
# part is written by the very commit that it is about, whose seq is found from `since` on; `kept` are
# the tasks that an undo has left alone.
bulk_parts = operational(
    "bulk_parts",
    id_column("stream_id"),
    id_column("run_id"),
    Column("number", Integer, nullable=False),
    Column("ids", LIST, nullable=False),
    Column("state", Text, nullable=False),
    id_column("commit_id", nullable=True),
    Column("since", BIG),
    Column("changed", Integer, nullable=False),
    Column("failed", LIST, nullable=False),
    Column("kept", LIST, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Index("bulk_parts_expires", "expires_at"),
    key=("stream_id", "run_id", "number"),
)
