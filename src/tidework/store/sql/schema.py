"""The schema, once for every database.

State tables hold what the log leads to; each belongs to a stream, and `stream_id` leads its keys.
Operational and look-up tables hold what only the machinery needs. Migrations build the same schema
step by step; a test holds the two against each other.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from tidework.store.sql.schema_analytics import (
    analytics_activity,
    analytics_days,
    analytics_steps,
    analytics_tasks,
    analytics_usage,
)
from tidework.store.sql.schema_channels import (
    channel_addresses,
    email_confirmations,
    push_subscriptions,
)
from tidework.store.sql.schema_events import dead_events, inbox, jobs, relays
from tidework.store.sql.schema_notifications import notification_preferences
from tidework.store.sql.schema_parts import (
    BIG,
    KEY,
    LIST,
    TIME,
    id_column,
    metadata,
    operational,
    state,
)
from tidework.store.sql.schema_reports import (
    bulk_parts,
    bulk_runs,
    file_chunks,
    report_schedules,
    reports,
)
from tidework.store.sql.schema_time import reminders, task_reminders
from tidework.store.sql.schema_web import saved_filters
from tidework.store.sql.schema_webhooks import webhooks

__all__ = [
    "analytics_activity",
    "analytics_days",
    "analytics_steps",
    "analytics_tasks",
    "analytics_usage",
    "bulk_parts",
    "bulk_runs",
    "channel_addresses",
    "dead_events",
    "email_confirmations",
    "file_chunks",
    "inbox",
    "jobs",
    "metadata",
    "push_subscriptions",
    "relays",
    "report_schedules",
    "reports",
    "saved_filters",
    "task_reminders",
]

streams = Table(
    "streams",
    metadata,
    id_column("stream_id"),
    Column("kind", Text, nullable=False),
    Column("seq", BIG, nullable=False),
    Column("last_number", BIG, nullable=False),
    Column("kept_since", BIG, nullable=False),
    # Whether the relay has anything to do here, and up to which seq it has done it.
    Column("pending", Boolean, nullable=False, server_default=false()),
    Column("relayed", BIG, nullable=False, server_default="0"),
    PrimaryKeyConstraint("stream_id", name="streams_pkey"),
    info={"stream": True},
)
Index(
    "streams_pending",
    streams.c.stream_id,
    sqlite_where=streams.c.pending,
    postgresql_where=streams.c.pending,
)

changes = Table(
    "changes",
    metadata,
    id_column("stream_id"),
    Column("seq", BIG, nullable=False),
    Column("ordinal", Integer, nullable=False),
    id_column("commit_id"),
    id_column("actor_id", nullable=True),
    Column("at", TIME, nullable=False),
    Column("request_id", Text),
    Column("entity", Text, nullable=False),
    id_column("entity_id"),
    Column("op", Text, nullable=False),
    Column("set", LIST, nullable=False),
    Column("was", LIST, nullable=False),
    Column("origin", Text),
    PrimaryKeyConstraint("stream_id", "seq", "ordinal", name="changes_pkey"),
    Index("changes_entity", "stream_id", "entity_id", "seq"),
    info={"stream": True},
)

accounts = state(
    "accounts",
    Column("email", Text),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("placeholder", Boolean, nullable=False),
    id_column("personal_workspace_id"),
    # Null in accounts that are older than these columns: UTC and English.
    Column("time_zone", Text),
    Column("language", Text),
    Column("email_confirmed_at", TIME),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

revocations = state(
    "revocations",
    Column("reason", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
)

api_tokens = state(
    "api_tokens",
    Column("name", Text, nullable=False),
    Column("scopes", LIST, nullable=False),
    Column("digest", Text, nullable=False),
    Column("expires_at", TIME),
    Column("created_at", TIME, nullable=False),
)

workspaces = state(
    "workspaces",
    Column("name", Text, nullable=False),
    Column("personal", Boolean, nullable=False),
    id_column("created_by", nullable=True),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    Column("deleted_at", TIME),
)

members = state(
    "members",
    Column("role", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

projects = state(
    "projects",
    Column("name", Text, nullable=False),
    Column("name_key", KEY, nullable=False),
    Column("description", Text, nullable=False),
    Column("color", Text),
    Column("archived", Boolean, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    UniqueConstraint("stream_id", "name_key", name="projects_name"),
)

labels = state(
    "labels",
    Column("name", Text, nullable=False),
    Column("name_key", KEY, nullable=False),
    Column("color", Text),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    UniqueConstraint("stream_id", "name_key", name="labels_name"),
)

tasks = state(
    "tasks",
    Column("number", BIG, nullable=False),
    id_column("project_id", nullable=True),
    id_column("parent_id", nullable=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("due_at", TIME),
    id_column("assignee_id", nullable=True),
    Column("label_ids", LIST, nullable=False),
    Column("position", KEY, nullable=False),
    id_column("created_by", nullable=True),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    Column("completed_at", TIME),
    Column("recurrence", LIST),
    id_column("previous_id", nullable=True),
    UniqueConstraint("stream_id", "number", name="tasks_number"),
    Index("tasks_created", "stream_id", "created_at", "id"),
    Index("tasks_position", "stream_id", "position", "id"),
)
Index(
    "tasks_due",
    tasks.c.stream_id,
    tasks.c.due_at,
    tasks.c.id,
    sqlite_where=tasks.c.due_at.is_not(None),
    postgresql_where=tasks.c.due_at.is_not(None),
)
Index(
    "tasks_parent",
    tasks.c.stream_id,
    tasks.c.parent_id,
    sqlite_where=tasks.c.parent_id.is_not(None),
    postgresql_where=tasks.c.parent_id.is_not(None),
)

comments = state(
    "comments",
    id_column("task_id"),
    id_column("author_id", nullable=True),
    Column("body", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    Index("comments_task", "stream_id", "task_id", "created_at", "id"),
)

# One row for both sides: `kind` is blocks, duplicates or relates_to, read from task to other.
relations = state(
    "relations",
    Column("kind", Text, nullable=False),
    id_column("task_id"),
    id_column("other_id"),
    Column("created_at", TIME, nullable=False),
    Index("relations_task", "stream_id", "task_id"),
    Index("relations_other", "stream_id", "other_id"),
)

ENTITIES: dict[str, Table] = {
    "account": accounts,
    "revocation": revocations,
    "api_token": api_tokens,
    "workspace": workspaces,
    "member": members,
    "project": projects,
    "label": labels,
    "task": tasks,
    "comment": comments,
    "relation": relations,
    "notification_preferences": notification_preferences,
    "reminder": reminders,
    "webhook": webhooks,
    "report_schedule": report_schedules,
    "saved_filter": saved_filters,
}
"""The state table of each entity of the log."""

LATER: dict[str, tuple[str, ...]] = {"task": ("previous_id", "recurrence")}
"""Fields that copies of the version before do not know. They are told of them only where they are set:
a task that one of them changes has not got them.
"""

DERIVED = frozenset({"stream_id", "id", "version", "updated_at"})
"""Columns of state tables that are not fields: they follow from the change itself."""


credentials = operational(
    "credentials",
    id_column("stream_id"),
    Column("password_hash", Text, nullable=False),
    Column("changed_at", TIME, nullable=False),
    key=("stream_id",),
)

sessions = operational(
    "sessions",
    id_column("stream_id"),
    id_column("id"),
    Column("created_at", TIME, nullable=False),
    Column("used_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("user_agent", Text),
    Column("address", Text),
    Column("refresh_digest", Text, nullable=False),
    Column("previous_digest", Text),
    Column("rotated_at", TIME),
    Column("sealed", Text),
    Column("family_key", Text, nullable=False),
    key=("stream_id", "id"),
)

password_resets = operational(
    "password_resets",
    id_column("stream_id"),
    Column("digest", Text, nullable=False),
    Column("expires_at", TIME, nullable=False),
    key=("stream_id", "digest"),
)

followups = operational(
    "followups",
    id_column("stream_id"),
    id_column("id"),
    Column("kind", Text, nullable=False),
    Column("detail", LIST, nullable=False),
    Column("created_at", TIME, nullable=False),
    key=("stream_id", "id"),
)

import_marks = operational(
    "import_marks",
    id_column("stream_id"),
    Column("source", Text, nullable=False),
    Column("foreign_id", Text, nullable=False),
    id_column("entity_id"),
    Column("fingerprint", Text, nullable=False),
    key=("stream_id", "source", "foreign_id"),
)

# Look-up tables: they cross streams, and have keys of their own.
emails = operational(
    "emails",
    Column("email", KEY, nullable=False),
    id_column("user_id"),
    key=("email",),
    stream=False,
)

user_workspaces = operational(
    "user_workspaces",
    id_column("user_id"),
    id_column("workspace_id"),
    key=("user_id", "workspace_id"),
    stream=False,
)

idempotency = operational(
    "idempotency",
    Column("scope", KEY, nullable=False),
    Column("key", KEY, nullable=False),
    Column("fingerprint", Text, nullable=False),
    id_column("stream_id", nullable=True),
    Column("seq", BIG),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", Text),
    Column("expires_at", TIME, nullable=False),
    Index("idempotency_expires", "expires_at"),
    key=("scope", "key"),
    stream=False,
)

audit = operational(
    "audit",
    id_column("id"),
    Column("at", TIME, nullable=False),
    id_column("actor_id", nullable=True),
    Column("action", Text, nullable=False),
    id_column("target_id", nullable=True),
    Column("detail", LIST, nullable=False),
    Column("request_id", Text),
    key=("id",),
    stream=False,
)

# What there is one of in an installation, such as its first admin.
installation = operational(
    "installation",
    Column("name", KEY, nullable=False),
    Column("value", Text, nullable=False),
    key=("name",),
    stream=False,
)


def fields_of(entity: str) -> tuple[str, ...]:
    """The names of an entity's fields, in the order of its table."""
    return tuple(c.name for c in ENTITIES[entity].columns if c.name not in DERIVED)
