"""What follows a commit: the relay, consumers, jobs, and the modules that are told of events."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
fits_since = "0001"

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
TIME = sa.String(27).with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
LIST = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIG = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# What happened before nobody is told of now; statistics begin with the first commit.
_FROM_NOW_ON = ("notifications", "webhooks", "reminders")


def upgrade() -> None:
    """Create what events need."""
    _relay()
    _consumers()
    _jobs()
    _reports()
    _bulk()
    _preferences()
    _notifications()
    _analytics()
    _time()
    _channels()
    _webhooks()
    if op.get_bind().dialect.name == "postgresql":
        functions = Path(__file__).with_suffix(".sql").read_text().split("\n$$;\n")
        for function in functions[:-1]:
            op.get_bind().exec_driver_sql(f"{function}\n$$")
        _terms()


def _terms() -> None:
    # The same terms as before, for two thirds of the time: prefixed in one text, not one by one.
    prefix = "right(stream::text, 6)"
    plain = "regexp_replace(content, '[!-/:-@[-`{-~]+', ' ', 'g')"
    short = rf"regexp_replace({plain}, '(\S{{250}}\S{{250}})\S+', '\1', 'g')"
    text = f"CASE WHEN length(content) <= 500 THEN {plain} ELSE {short} END"
    words = f"to_tsvector('simple'::regconfig, {text})"
    joined = rf"array_to_string(tsvector_to_array({words}), E'\x01' || {prefix})"
    op.get_bind().exec_driver_sql(
        "CREATE OR REPLACE FUNCTION tidework_terms(stream uuid, content text) RETURNS tsvector"
        " LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT array_to_tsvector("
        rf"string_to_array({prefix} || {joined}, E'\x01')) $$"
    )


def _relay() -> None:
    op.add_column("changes", sa.Column("origin", sa.Text(), nullable=True))
    op.add_column(
        "streams", sa.Column("pending", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("streams", sa.Column("relayed", BIG, nullable=False, server_default="0"))
    op.execute("UPDATE streams SET relayed = seq")
    op.create_index(
        "streams_pending",
        "streams",
        ["stream_id"],
        sqlite_where=sa.column("pending"),
        postgresql_where=sa.column("pending"),
    )
    op.create_table(
        "relays",
        sa.Column("id", ID, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="relays_pkey"),
    )


def _consumers() -> None:
    op.create_table(
        "inbox",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("consumer", KEY, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "consumer", name="inbox_pkey"),
    )
    for consumer in _FROM_NOW_ON:
        op.execute(f"INSERT INTO inbox SELECT stream_id, '{consumer}', seq FROM streams")
    op.create_table(
        "dead_events",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="dead_events_pkey"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("args", LIST, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("result", LIST, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("stream_id", "id", name="jobs_pkey"),
    )
    waiting = sa.column("state") == "waiting"
    op.create_index("jobs_due", "jobs", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    ended = sa.column("expires_at").is_not(None)
    op.create_index(
        "jobs_expires", "jobs", ["expires_at"], sqlite_where=ended, postgresql_where=ended
    )


def _reports() -> None:
    op.create_table(
        "report_schedules",
        *_needed(ID, "stream_id", "id"),
        *_needed(LIST, "report", "rule", "recipients"),
        *_needed(ID, "created_by"),
        *_needed(TIME, "created_at", "updated_at"),
        *_needed(BIG, "version"),
        sa.PrimaryKeyConstraint("stream_id", "id", name="report_schedules_pkey"),
    )
    op.create_table(
        "reports",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("schedule_id", ID, nullable=True),
        sa.Column("spec", LIST, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("file_id", ID, nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("size", BIG, nullable=True),
        sa.Column("row_count", BIG, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="reports_pkey"),
    )
    op.create_index("reports_expires", "reports", ["expires_at"])
    op.create_table(
        "file_chunks",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("file_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "file_id", "number", name="file_chunks_pkey"),
    )
    op.create_index("file_chunks_expires", "file_chunks", ["expires_at"])


def _bulk() -> None:
    op.create_table(
        "bulk_runs",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("spec", LIST, nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("undone_by", ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="bulk_runs_pkey"),
    )
    op.create_index("bulk_runs_expires", "bulk_runs", ["expires_at"])
    op.create_table(
        "bulk_parts",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ids", LIST, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("commit_id", ID, nullable=True),
        sa.Column("since", BIG, nullable=True),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("failed", LIST, nullable=False),
        sa.Column("kept", LIST, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "run_id", "number", name="bulk_parts_pkey"),
    )
    op.create_index("bulk_parts_expires", "bulk_parts", ["expires_at"])


def _preferences() -> None:
    op.add_column("accounts", sa.Column("time_zone", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("language", sa.Text(), nullable=True))
    op.create_table(
        "notification_preferences",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("wanted", LIST, nullable=False),
        sa.Column("unwanted", LIST, nullable=False),
        sa.Column("quiet_start", sa.Text(), nullable=True),
        sa.Column("quiet_end", sa.Text(), nullable=True),
        sa.Column("digest_at", sa.Text(), nullable=True),
        sa.Column("bundle_minutes", sa.Integer(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="notification_preferences_pkey"),
    )


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("workspace_id", ID, nullable=True),
        sa.Column("task_id", ID, nullable=True),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("data", LIST, nullable=False),
        sa.Column("in_app", sa.Boolean(), nullable=False),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("read_at", TIME, nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("stream_id", "id", name="notifications_pkey"),
    )
    op.create_index("notifications_created", "notifications", ["stream_id", "created_at", "id"])
    expiring = sa.text("expires_at IS NOT NULL")
    op.create_index(
        "notifications_unread",
        "notifications",
        ["stream_id", "created_at", "id"],
        sqlite_where=sa.column("unread"),
        postgresql_where=sa.column("unread"),
    )
    op.create_index(
        "notifications_expires",
        "notifications",
        ["expires_at"],
        sqlite_where=expiring,
        postgresql_where=expiring,
    )
    op.create_table(
        "notification_deliveries",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("notification_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=True),
        sa.PrimaryKeyConstraint(
            "stream_id", "channel", "notification_id", name="notification_deliveries_pkey"
        ),
    )


def _needed(kind: Any, *names: str) -> list[Any]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _maybe(kind: Any, *names: str) -> list[Any]:
    return [sa.Column(name, kind, nullable=True) for name in names]


def _analytics() -> None:
    op.create_table(
        "analytics_tasks",
        *_needed(ID, "stream_id", "task_id"),
        *_needed(sa.Text(), "status"),
        *_maybe(ID, "project_id", "assignee_id"),
        *_needed(LIST, "label_ids"),
        *_needed(TIME, "created_at"),
        *_maybe(TIME, "started_at", "completed_at", "due_at"),
        *_maybe(BIG, "lead_s", "cycle_s"),
        *_needed(TIME, "changed_at"),
        *_needed(sa.Integer(), "steps"),
        *_needed(sa.Boolean(), "removed"),
        sa.PrimaryKeyConstraint("stream_id", "task_id", name="analytics_tasks_pkey"),
    )
    for name, column in (("completed", "completed_at"), ("due", "due_at")):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"analytics_tasks_{name}",
            "analytics_tasks",
            ["stream_id", column],
            sqlite_where=there,
            postgresql_where=there,
        )
    op.create_table(
        "analytics_steps",
        *_needed(ID, "stream_id", "task_id"),
        *_needed(sa.Integer(), "step"),
        *_needed(TIME, "at"),
        *_needed(sa.Text(), "status"),
        *_maybe(ID, "project_id", "assignee_id"),
        *_needed(LIST, "label_ids"),
        sa.PrimaryKeyConstraint("stream_id", "task_id", "step", name="analytics_steps_pkey"),
    )
    _analytics_by_day()


def _analytics_by_day() -> None:
    op.create_table(
        "analytics_days",
        *_needed(ID, "stream_id", "id"),
        *_needed(KEY, "day"),
        *_needed(ID, "label_id"),
        *_maybe(ID, "project_id", "assignee_id"),
        *_needed(sa.Integer(), "created", "completed", "reopened", "cancelled"),
        *_needed(sa.Integer(), "net_pending", "net_in_progress", "net_completed", "net_cancelled"),
        sa.PrimaryKeyConstraint("stream_id", "id", name="analytics_days_pkey"),
    )
    op.create_index("analytics_days_day", "analytics_days", ["stream_id", "label_id", "day"])
    op.create_table(
        "analytics_activity",
        *_needed(ID, "stream_id"),
        *_needed(KEY, "day"),
        *_needed(ID, "user_id"),
        *_needed(sa.Integer(), "changes"),
        sa.PrimaryKeyConstraint("stream_id", "day", "user_id", name="analytics_activity_pkey"),
    )
    op.create_table(
        "analytics_usage",
        *_needed(ID, "stream_id"),
        *_needed(sa.Text(), "kind"),
        *_maybe(TIME, "created_at", "deleted_at", "changed_at"),
        *_needed(BIG, "tasks", "comments", "members", "projects", "labels", "commits", "changes"),
        sa.PrimaryKeyConstraint("stream_id", name="analytics_usage_pkey"),
    )


def _time() -> None:
    op.add_column("tasks", sa.Column("recurrence", LIST, nullable=True))
    op.add_column("tasks", sa.Column("previous_id", ID, nullable=True))
    op.create_table(
        "reminders",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=True),
        sa.Column("offset_minutes", sa.Integer(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="reminders_pkey"),
    )
    op.create_table(
        "task_reminders",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("reminder_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=True),
        sa.Column("offset_minutes", sa.Integer(), nullable=True),
        sa.Column("fired_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint(
            "workspace_id", "task_id", "reminder_id", name="task_reminders_pkey"
        ),
    )
    op.create_index("task_reminders_user", "task_reminders", ["user_id", "workspace_id"])


def _channels() -> None:
    op.add_column("accounts", sa.Column("email_confirmed_at", TIME, nullable=True))
    op.create_table(
        "email_confirmations",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "digest", name="email_confirmations_pkey"),
    )
    op.create_index("email_confirmations_expires", "email_confirmations", ["expires_at"])
    op.create_table(
        "push_subscriptions",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("stream_id", "id", name="push_subscriptions_pkey"),
    )
    op.create_table(
        "channel_addresses",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code_expires_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("stream_id", "channel", name="channel_addresses_pkey"),
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        *_needed(ID, "stream_id", "id"),
        *_needed(sa.Text(), "url", "description"),
        *_needed(LIST, "events"),
        *_needed(sa.Boolean(), "is_active"),
        *_maybe(sa.Text(), "disabled_reason"),
        *_maybe(TIME, "rotated_at"),
        *_maybe(ID, "created_by"),
        *_needed(TIME, "created_at", "updated_at"),
        *_needed(BIG, "version"),
        sa.PrimaryKeyConstraint("stream_id", "id", name="webhooks_pkey"),
    )
    op.create_table(
        "webhook_secrets",
        *_needed(ID, "stream_id", "webhook_id"),
        *_needed(sa.Text(), "secret"),
        *_maybe(sa.Text(), "previous"),
        *_maybe(TIME, "previous_until"),
        sa.PrimaryKeyConstraint("stream_id", "webhook_id", name="webhook_secrets_pkey"),
    )
    op.create_table(
        "webhook_health",
        *_needed(ID, "stream_id", "webhook_id"),
        *_maybe(TIME, "succeeded_at", "failing_since"),
        *_needed(sa.Integer(), "failures"),
        sa.PrimaryKeyConstraint("stream_id", "webhook_id", name="webhook_health_pkey"),
    )
    op.create_table(
        "webhook_lanes",
        *_needed(ID, "stream_id", "webhook_id", "lane", "mark"),
        sa.PrimaryKeyConstraint("stream_id", "webhook_id", "lane", name="webhook_lanes_pkey"),
    )
    _webhook_deliveries()


def _webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        *_needed(ID, "stream_id", "id", "webhook_id", "lane"),
        *_needed(sa.Text(), "type", "event_id"),
        *_needed(BIG, "seq"),
        *_needed(sa.Integer(), "ordinal", "step"),
        *_needed(sa.Text(), "state"),
        *_needed(sa.Integer(), "attempts"),
        *_needed(LIST, "tries"),
        *_maybe(LIST, "request", "answer"),
        *_needed(TIME, "created_at"),
        *_maybe(TIME, "next_at", "finished_at"),
        *_needed(TIME, "expires_at"),
        sa.PrimaryKeyConstraint("stream_id", "id", name="webhook_deliveries_pkey"),
    )
    listed = ["stream_id", "webhook_id", "created_at", "id"]
    op.create_index("webhook_deliveries_listed", "webhook_deliveries", listed)
    op.create_index("webhook_deliveries_expires", "webhook_deliveries", ["expires_at"])
    waiting = sa.column("state") == "waiting"
    op.create_index(
        "webhook_deliveries_waiting",
        "webhook_deliveries",
        ["stream_id", "webhook_id", "lane", "seq", "step"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
