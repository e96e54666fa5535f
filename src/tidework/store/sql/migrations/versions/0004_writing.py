"""What makes a commit cheaper."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
fits_since = "0001"


def upgrade() -> None:
    """Take over what is done for each row today."""
    if op.get_bind().dialect.name == "postgresql":
        _search_postgresql()
        functions = Path(__file__).with_suffix(".sql").read_text().split("\n$$;\n")
        for function in functions[:-1]:
            op.get_bind().exec_driver_sql(f"{function}\n$$")


def _search_postgresql() -> None:
    # Who makes a task may give its words with it; of any other row, and of a changed one, a trigger
    # finds them. A function that was running before this was done, or is of the version before,
    # gives none.
    op.execute("ALTER TABLE tasks ALTER COLUMN search DROP EXPRESSION")
    _cached_terms()
    # A list of what is not in the index yet would be read by every search, and be put into it by one
    # commit for thousands, which all others wait for.
    op.execute("ALTER INDEX tasks_search SET (fastupdate = off)")
    op.execute("SELECT gin_clean_pending_list('tasks_search')")
    op.get_bind().exec_driver_sql(
        "CREATE FUNCTION tidework_search() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " new.search := tidework_terms(new.stream_id, new.title || ' ' || new.description);"
        " RETURN new; END $$"
    )
    op.execute(
        "CREATE TRIGGER tasks_search_create BEFORE INSERT ON tasks FOR EACH ROW"
        " WHEN (new.search IS NULL) EXECUTE FUNCTION tidework_search()"
    )
    op.execute(
        "CREATE TRIGGER tasks_search_update BEFORE UPDATE OF title, description ON tasks"
        " FOR EACH ROW WHEN (old.title <> new.title OR old.description <> new.description)"
        " EXECUTE FUNCTION tidework_search()"
    )


def _cached_terms() -> None:
    # The terms are the same as before. An SQL function would be read and planned for each row.
    prefix = "right(stream::text, 6)"
    plain = "regexp_replace(content, '[!-/:-@[-`{-~]+', ' ', 'g')"
    short = rf"regexp_replace({plain}, '(\S{{250}}\S{{250}})\S+', '\1', 'g')"
    text = f"CASE WHEN length(content) <= 500 THEN {plain} ELSE {short} END"
    words = f"to_tsvector('simple'::regconfig, {text})"
    joined = rf"array_to_string(tsvector_to_array({words}), E'\x01' || {prefix})"
    op.get_bind().exec_driver_sql(
        "CREATE OR REPLACE FUNCTION tidework_terms(stream uuid, content text) RETURNS tsvector"
        " LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$ BEGIN RETURN array_to_tsvector("
        rf"string_to_array({prefix} || {joined}, E'\x01')); END $$"
    )
