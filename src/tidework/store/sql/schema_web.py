"""Tables of what people set up for themselves in the web application."""

from sqlalchemy import Column, Text, UniqueConstraint

from tidework.store.sql.schema_parts import KEY, TIME, id_column, state

# On the stream of the account whose they are.
saved_filters = state(
    "saved_filters",
    Column("name", Text, nullable=False),
    Column("name_key", KEY, nullable=False),
    id_column("workspace_id", nullable=True),
    Column("query", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    UniqueConstraint("stream_id", "name_key", name="saved_filters_name"),
)
