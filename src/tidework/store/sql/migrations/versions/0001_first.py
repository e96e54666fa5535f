"""The first schema."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
TIME = sa.String(27).with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
LIST = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIG = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create everything."""
    _log()
    _accounts()
    _workspaces()
    _tasks()
    _around_tasks()
    _machinery()
    _lookups()
    if op.get_bind().dialect.name == "sqlite":
        _search_sqlite()
    else:
        _search_postgresql()
        functions = Path(__file__).with_suffix(".sql").read_text().split("\n$$;\n")
        for function in functions[:-1]:
            op.get_bind().exec_driver_sql(f"{function}\n$$")


def _search_sqlite() -> None:
    # The stream is a term of the index, so that a search reads its own stream's matches only. The
    # index keeps no copy of the texts: it is told the old ones when they go.
    op.execute(
        "CREATE VIRTUAL TABLE tasks_search USING fts5(stream, title, description, content='',"
        " tokenize='unicode61 remove_diacritics 0')"
    )
    new = "new.row, replace(new.stream_id, '-', ''), new.title, new.description"
    old = "'delete', old.row, replace(old.stream_id, '-', ''), old.title, old.description"
    add = f"INSERT INTO tasks_search (rowid, stream, title, description) VALUES ({new});"
    remove = (
        "INSERT INTO tasks_search (tasks_search, rowid, stream, title, description)"
        f" VALUES ({old});"
    )
    op.execute(f"CREATE TRIGGER tasks_search_create AFTER INSERT ON tasks BEGIN {add} END")
    op.execute(f"CREATE TRIGGER tasks_search_delete AFTER DELETE ON tasks BEGIN {remove} END")
    op.execute(
        "CREATE TRIGGER tasks_search_update AFTER UPDATE OF title, description ON tasks"
        f" WHEN old.title <> new.title OR old.description <> new.description"
        f" BEGIN {remove} {add} END"
    )


def _search_postgresql() -> None:
    # Each term begins with the end of its stream's id: a prefix is looked up among the stream's own
    # terms only. Chance equals of six digits are told apart by the condition on the stream.
    terms = "regexp_replace({}::text, {}, {} || right(stream::text, 6) || {}, 'g')"
    quoted = ("$q$'([^']+)'$q$", "$q$'$q$", "$q$\\1'$q$")
    # Punctuation goes first: the parser would make one word of a path or an address. A term has
    # room for 2046 bytes.
    words = (
        "to_tsvector('simple'::regconfig, regexp_replace(regexp_replace(content,"
        r" '[!-/:-@[-`{-~]+', ' ', 'g'), '(\S{250}\S{250})\S+', '\1', 'g'))"
    )
    query = "to_tsquery('simple'::regconfig, words)"
    for name, parameter, kind, value in (
        ("tidework_terms", "content", "tsvector", words),
        ("tidework_query", "words", "tsquery", query),
    ):
        op.get_bind().exec_driver_sql(
            f"CREATE FUNCTION {name}(stream uuid, {parameter} text) RETURNS {kind} LANGUAGE sql"
            f" IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT {terms.format(value, *quoted)}::{kind} $$"
        )
    op.execute(
        "ALTER TABLE tasks ADD COLUMN search tsvector GENERATED ALWAYS AS"
        " (tidework_terms(stream_id, title || ' ' || description)) STORED"
    )
    op.execute("CREATE INDEX tasks_search ON tasks USING gin (search)")


def _log() -> None:
    op.create_table(
        "streams",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("last_number", BIG, nullable=False),
        sa.Column("kept_since", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", name="streams_pkey"),
    )
    op.create_table(
        "changes",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("commit_id", ID, nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", ID, nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("set", LIST, nullable=False),
        sa.Column("was", LIST, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "seq", "ordinal", name="changes_pkey"),
    )
    op.create_index("changes_entity", "changes", ["stream_id", "entity_id", "seq"])


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("placeholder", sa.Boolean(), nullable=False),
        sa.Column("personal_workspace_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="accounts_pkey"),
    )
    op.create_table(
        "revocations",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="revocations_pkey"),
    )
    op.create_table(
        "api_tokens",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", LIST, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="api_tokens_pkey"),
    )
    op.create_table(
        "credentials",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", name="credentials_pkey"),
    )
    op.create_table(
        "sessions",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("refresh_digest", sa.Text(), nullable=False),
        sa.Column("previous_digest", sa.Text(), nullable=True),
        sa.Column("rotated_at", TIME, nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("family_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="sessions_pkey"),
    )
    op.create_table(
        "password_resets",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "digest", name="password_resets_pkey"),
    )


def _workspaces() -> None:
    op.create_table(
        "workspaces",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="workspaces_pkey"),
    )
    op.create_table(
        "members",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="members_pkey"),
    )
    op.create_table(
        "projects",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="projects_pkey"),
        sa.UniqueConstraint("stream_id", "name_key", name="projects_name"),
    )
    op.create_table(
        "labels",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="labels_pkey"),
        sa.UniqueConstraint("stream_id", "name_key", name="labels_name"),
    )


def _tasks() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # The search index refers to rows by number, which only such a column keeps for good.
        keys = [
            sa.Column("row", sa.Integer(), primary_key=True),
            sa.UniqueConstraint("stream_id", "id", name="tasks_pkey"),
        ]
    else:
        keys = [sa.PrimaryKeyConstraint("stream_id", "id", name="tasks_pkey")]
    op.create_table(
        "tasks",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("assignee_id", ID, nullable=True),
        sa.Column("label_ids", LIST, nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("completed_at", TIME, nullable=True),
        sa.Column("version", BIG, nullable=False),
        *keys,
        sa.UniqueConstraint("stream_id", "number", name="tasks_number"),
    )
    op.create_index("tasks_created", "tasks", ["stream_id", "created_at", "id"])
    op.create_index(
        "tasks_due",
        "tasks",
        ["stream_id", "due_at", "id"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "tasks_parent",
        "tasks",
        ["stream_id", "parent_id"],
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index("tasks_position", "tasks", ["stream_id", "position", "id"])


def _around_tasks() -> None:
    op.create_table(
        "comments",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="comments_pkey"),
    )
    op.create_index("comments_task", "comments", ["stream_id", "task_id", "created_at", "id"])
    op.create_table(
        "relations",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="relations_pkey"),
    )
    op.create_index("relations_other", "relations", ["stream_id", "other_id"])
    op.create_index("relations_task", "relations", ["stream_id", "task_id"])


def _machinery() -> None:
    op.create_table(
        "followups",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", LIST, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="followups_pkey"),
    )
    op.create_table(
        "import_marks",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("foreign_id", sa.Text(), nullable=False),
        sa.Column("entity_id", ID, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "source", "foreign_id", name="import_marks_pkey"),
    )
    op.create_table(
        "idempotency",
        sa.Column("scope", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("stream_id", ID, nullable=True),
        sa.Column("seq", BIG, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="idempotency_pkey"),
    )
    op.create_index("idempotency_expires", "idempotency", ["expires_at"])
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target_id", ID, nullable=True),
        sa.Column("detail", LIST, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="audit_pkey"),
    )
    op.create_table(
        "installation",
        sa.Column("name", KEY, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="installation_pkey"),
    )


def _lookups() -> None:
    op.create_table(
        "emails",
        sa.Column("email", KEY, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("email", name="emails_pkey"),
    )
    op.create_table(
        "user_workspaces",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "workspace_id", name="user_workspaces_pkey"),
    )
