"""The schema, once for every database.

State tables hold what the log leads to; each belongs to a stream, and `stream_id` leads its keys.
Operational and look-up tables hold what only the machinery needs. Migrations build the same schema
step by step; a test holds the two against each other.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

metadata = MetaData()

ID = String(36).with_variant(UUID(as_uuid=False), "postgresql")
TIME = String(27).with_variant(TIMESTAMP(timezone=True), "postgresql")
LIST = JSON().with_variant(JSONB(), "postgresql")
BIG = Integer().with_variant(BigInteger(), "postgresql")
# Bytewise order on both databases, whatever the locale.
KEY = Text().with_variant(Text(collation="C"), "postgresql")


def _id(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, ID, nullable=nullable)


def _state(name: str, *columns: Any) -> Table:
    """A state table: its row is the entity `(stream_id, id)`."""
    return Table(
        name,
        metadata,
        _id("stream_id"),
        _id("id"),
        *columns,
        Column("version", BIG, nullable=False),
        PrimaryKeyConstraint("stream_id", "id", name=f"{name}_pkey"),
        info={"stream": True, "state": True},
    )


streams = Table(
    "streams",
    metadata,
    _id("stream_id"),
    Column("kind", Text, nullable=False),
    Column("seq", BIG, nullable=False),
    Column("last_number", BIG, nullable=False),
    Column("kept_since", BIG, nullable=False),
    PrimaryKeyConstraint("stream_id", name="streams_pkey"),
    info={"stream": True},
)

changes = Table(
    "changes",
    metadata,
    _id("stream_id"),
    Column("seq", BIG, nullable=False),
    Column("ordinal", Integer, nullable=False),
    _id("commit_id"),
    _id("actor_id", nullable=True),
    Column("at", TIME, nullable=False),
    Column("request_id", Text),
    Column("entity", Text, nullable=False),
    _id("entity_id"),
    Column("op", Text, nullable=False),
    Column("set", LIST, nullable=False),
    Column("was", LIST, nullable=False),
    PrimaryKeyConstraint("stream_id", "seq", "ordinal", name="changes_pkey"),
    Index("changes_entity", "stream_id", "entity_id", "seq"),
    info={"stream": True},
)

accounts = _state(
    "accounts",
    Column("email", Text),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("placeholder", Boolean, nullable=False),
    _id("personal_workspace_id"),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

revocations = _state(
    "revocations",
    Column("reason", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
)

api_tokens = _state(
    "api_tokens",
    Column("name", Text, nullable=False),
    Column("scopes", LIST, nullable=False),
    Column("digest", Text, nullable=False),
    Column("expires_at", TIME),
    Column("created_at", TIME, nullable=False),
)

workspaces = _state(
    "workspaces",
    Column("name", Text, nullable=False),
    Column("personal", Boolean, nullable=False),
    _id("created_by", nullable=True),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    Column("deleted_at", TIME),
)

members = _state(
    "members",
    Column("role", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

projects = _state(
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

labels = _state(
    "labels",
    Column("name", Text, nullable=False),
    Column("name_key", KEY, nullable=False),
    Column("color", Text),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    UniqueConstraint("stream_id", "name_key", name="labels_name"),
)

tasks = _state(
    "tasks",
    Column("number", BIG, nullable=False),
    _id("project_id", nullable=True),
    _id("parent_id", nullable=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("due_at", TIME),
    _id("assignee_id", nullable=True),
    Column("label_ids", LIST, nullable=False),
    Column("position", KEY, nullable=False),
    _id("created_by", nullable=True),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    Column("completed_at", TIME),
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

comments = _state(
    "comments",
    _id("task_id"),
    _id("author_id", nullable=True),
    Column("body", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    Index("comments_task", "stream_id", "task_id", "created_at", "id"),
)

# One row for both sides: `kind` is blocks, duplicates or relates_to, read from task to other.
relations = _state(
    "relations",
    Column("kind", Text, nullable=False),
    _id("task_id"),
    _id("other_id"),
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
}
"""The state table of each entity of the log."""

DERIVED = frozenset({"stream_id", "id", "version", "updated_at"})
"""Columns of state tables that are not fields: they follow from the change itself."""


def _operational(name: str, *columns: Any, key: tuple[str, ...], stream: bool = True) -> Table:
    return Table(
        name,
        metadata,
        *columns,
        PrimaryKeyConstraint(*key, name=f"{name}_pkey"),
        info={"stream": stream, "operational": True},
    )


credentials = _operational(
    "credentials",
    _id("stream_id"),
    Column("password_hash", Text, nullable=False),
    Column("changed_at", TIME, nullable=False),
    key=("stream_id",),
)

sessions = _operational(
    "sessions",
    _id("stream_id"),
    _id("id"),
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

password_resets = _operational(
    "password_resets",
    _id("stream_id"),
    Column("digest", Text, nullable=False),
    Column("expires_at", TIME, nullable=False),
    key=("stream_id", "digest"),
)

followups = _operational(
    "followups",
    _id("stream_id"),
    _id("id"),
    Column("kind", Text, nullable=False),
    Column("detail", LIST, nullable=False),
    Column("created_at", TIME, nullable=False),
    key=("stream_id", "id"),
)

import_marks = _operational(
    "import_marks",
    _id("stream_id"),
    Column("source", Text, nullable=False),
    Column("foreign_id", Text, nullable=False),
    _id("entity_id"),
    Column("fingerprint", Text, nullable=False),
    key=("stream_id", "source", "foreign_id"),
)

# Look-up tables: they cross streams, and have keys of their own.
emails = _operational(
    "emails",
    Column("email", KEY, nullable=False),
    _id("user_id"),
    key=("email",),
    stream=False,
)

user_workspaces = _operational(
    "user_workspaces",
    _id("user_id"),
    _id("workspace_id"),
    key=("user_id", "workspace_id"),
    stream=False,
)

idempotency = _operational(
    "idempotency",
    Column("scope", KEY, nullable=False),
    Column("key", KEY, nullable=False),
    Column("fingerprint", Text, nullable=False),
    _id("stream_id", nullable=True),
    Column("seq", BIG),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", Text),
    Column("expires_at", TIME, nullable=False),
    Index("idempotency_expires", "expires_at"),
    key=("scope", "key"),
    stream=False,
)

audit = _operational(
    "audit",
    _id("id"),
    Column("at", TIME, nullable=False),
    _id("actor_id", nullable=True),
    Column("action", Text, nullable=False),
    _id("target_id", nullable=True),
    Column("detail", LIST, nullable=False),
    Column("request_id", Text),
    key=("id",),
    stream=False,
)

# What there is one of in an installation, such as its first admin.
installation = _operational(
    "installation",
    Column("name", KEY, nullable=False),
    Column("value", Text, nullable=False),
    key=("name",),
    stream=False,
)


def fields_of(entity: str) -> tuple[str, ...]:
    """The names of an entity's fields, in the order of its table."""
    return tuple(c.name for c in ENTITIES[entity].columns if c.name not in DERIVED)
