"""The database, opened by this program itself: after a sync, or between two.

In: its path; out: a connection that thinks in UTC and prints nothing. Raises SyncError where it is in use or can't be
read. duckdb is imported here and not before, since its import takes a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mixpanel_to_duckdb.errors import BadArguments, SyncError

if TYPE_CHECKING:
    import duckdb

FIND_SCHEMA = """
SELECT database_name, schema_name FROM duckdb_schemas()
WHERE database_name = current_database() AND lower(schema_name) = lower(?)
"""
ALL_SCHEMAS = """
SELECT schema_name FROM duckdb_schemas()
WHERE database_name = current_database() AND NOT starts_with(schema_name, '_')
    AND (NOT internal OR schema_name = 'main')
ORDER BY ALL
"""


@contextmanager
def open_database(database: str, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open *database*; what DuckDB says on the way is an error of the sync."""
    import duckdb  # noqa: PLC0415 - see above

    try:
        with duckdb.connect(database, read_only=read_only) as connection:
            connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
            yield connection
    except duckdb.Error as error:
        raise SyncError(f"the database {database} can't be used: {str(error).splitlines()[0]}") from error


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what happens inside, or none of it."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def use_schema(connection: duckdb.DuckDBPyConnection, schema: str) -> bool:
    """Let names without a schema mean those of *schema*, unless the database has no such schema."""
    found = connection.execute(FIND_SCHEMA, [schema]).fetchall()
    for database, name in found:
        connection.execute(f"USE {quote_identifier(database)}.{quote_identifier(name)}")
    return bool(found)


def require_schema(connection: duckdb.DuckDBPyConnection, database: str, schema: str) -> None:
    """Do the same, or raise BadArguments with the schemas that there are."""
    if not use_schema(connection, schema):
        names = ", ".join(name for (name,) in connection.execute(ALL_SCHEMAS).fetchall())
        raise BadArguments(f"--schema {schema}: {database} has no such schema, only {names}")


def quote_identifier(name: str) -> str:
    """Return *name* as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return *text* as a SQL string, where no parameter can stand: in a view."""
    literal = "'" + text.replace("'", "''") + "'"
    if "\x00" not in text:
        return literal
    # A statement ends at a NUL; in parentheses, since -> binds more tightly than ||.
    return "(" + literal.replace("\x00", "' || chr(0) || '") + ")"
