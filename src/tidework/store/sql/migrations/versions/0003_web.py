"""What people set up for themselves in the web application."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
fits_since = "0001"

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
TIME = sa.String(27).with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
BIG = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create what the web application needs."""
    _saved_filters()
    if op.get_bind().dialect.name == "postgresql":
        functions = Path(__file__).with_suffix(".sql").read_text().split("\n$$;\n")
        for function in functions[:-1]:
            op.get_bind().exec_driver_sql(f"{function}\n$$")


def _saved_filters() -> None:
    op.create_table(
        "saved_filters",
        sa.Column("stream_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("workspace_id", ID, nullable=True),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "id", name="saved_filters_pkey"),
        sa.UniqueConstraint("stream_id", "name_key", name="saved_filters_name"),
    )
