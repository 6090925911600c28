"""The database, opened by this program itself: after a sync, or between two.

In: its path; out: a connection that thinks in UTC and prints nothing. Raises SyncError where it is in use or can't be
read. duckdb is imported here and not before, since its import takes a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mixpanel_to_duckdb.errors import SyncError

if TYPE_CHECKING:
    import duckdb


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
    """Commit what happens inside, or none of it: a connection that is closed rolls back."""
    connection.execute("BEGIN TRANSACTION")
    yield
    connection.execute("COMMIT")


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
