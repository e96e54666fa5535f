"""Tables of what follows commits: places of consumers, what they put aside, jobs, relays."""

from sqlalchemy import Column, Index, Integer, Text

from tidework.store.sql.schema_parts import BIG, KEY, LIST, TIME, id_column, operational

# How far a consumer has come in a stream; its effects are written with it.
inbox = operational(
    "inbox",
    id_column("stream_id"),
    Column("consumer", KEY, nullable=False),
    Column("seq", BIG, nullable=False),
    key=("stream_id", "consumer"),
)

# What a consumer could not take in, for a person to look at and to replay.
dead_events = operational(
    "dead_events",
    id_column("stream_id"),
    id_column("id"),
    Column("consumer", Text, nullable=False),
    Column("seq", BIG, nullable=False),
    Column("error", Text, nullable=False),
    Column("body", Text),
    Column("created_at", TIME, nullable=False),
    key=("stream_id", "id"),
)

# Work that is due: `due_at` is when it may be taken next, and a claim moves it.
jobs = operational(
    "jobs",
    id_column("stream_id"),
    id_column("id"),
    Column("kind", Text, nullable=False),
    Column("args", LIST, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", TIME, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("result", LIST),
    Column("error", Text),
    Column("created_at", TIME, nullable=False),
    Column("finished_at", TIME),
    Column("expires_at", TIME),
    key=("stream_id", "id"),
)
Index(
    "jobs_due",
    jobs.c.due_at,
    sqlite_where=jobs.c.state == "waiting",
    postgresql_where=jobs.c.state == "waiting",
)

Index(
    "jobs_expires",
    jobs.c.expires_at,
    sqlite_where=jobs.c.expires_at.is_not(None),
    postgresql_where=jobs.c.expires_at.is_not(None),
)

# The relays that live at present; they share the streams.
relays = operational(
    "relays",
    id_column("id"),
    Column("expires_at", TIME, nullable=False),
    key=("id",),
    stream=False,
)
