"""What the schema is made of: column types and the kinds of tables."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

metadata = MetaData()

ID = String(36).with_variant(UUID(as_uuid=False), "postgresql")
TIME = String(27).with_variant(TIMESTAMP(timezone=True), "postgresql")
LIST = JSON().with_variant(JSONB(), "postgresql")
BIG = Integer().with_variant(BigInteger(), "postgresql")
# Bytewise order on both databases, whatever the locale.
KEY = Text().with_variant(Text(collation="C"), "postgresql")


def id_column(name: str, *, nullable: bool = False) -> Column[Any]:
    """A column for an id."""
    return Column(name, ID, nullable=nullable)


def state(name: str, *columns: Any) -> Table:
    """A state table: its row is the entity `(stream_id, id)`."""
    return Table(
        name,
        metadata,
        id_column("stream_id"),
        id_column("id"),
        *columns,
        Column("version", BIG, nullable=False),
        PrimaryKeyConstraint("stream_id", "id", name=f"{name}_pkey"),
        info={"stream": True, "state": True},
    )


def operational(name: str, *columns: Any, key: tuple[str, ...], stream: bool = True) -> Table:
    """A table of the machinery, outside the log; `stream` says that `stream_id` leads its key."""
    return Table(
        name,
        metadata,
        *columns,
        PrimaryKeyConstraint(*key, name=f"{name}_pkey"),
        info={"stream": stream, "operational": True},
    )
