"""Whose table it is: a table that another program created is never written to.

In: a table of our own by name. Raises ConfigError where a table or view of that name has other columns, such as the
`_airbyte_state` of PyAirbyte's caches (PyAirbyte 903).
"""

from collections.abc import Iterable, Mapping

import duckdb

from destination_duckdb.errors import ConfigError
from destination_duckdb.identifiers import quote_identifier
from destination_duckdb.tables.table import Table, existing_columns


def is_there(connection: duckdb.DuckDBPyConnection, table: Table, columns: Iterable[str]) -> bool:
    """Return whether our own *table*, which has these *columns*, exists."""
    found = existing_columns(connection, table)
    if found and set(found) != set(columns):
        raise foreign_table(table)
    return bool(found)


def create_own_table(connection: duckdb.DuckDBPyConnection, table: Table, columns: Mapping[str, str]) -> None:
    """Create our own *table* with *columns*, names and types, unless it exists."""
    if not is_there(connection, table, columns):
        definitions = ", ".join(f"{quote_identifier(name)} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table.sql} ({definitions})")


def foreign_table(table: Table) -> ConfigError:
    """Return the error for a table of another program."""
    return ConfigError(
        f"The table {table} already exists and was not created by this destination: rename it, or choose another"
        " `schema`."
    )
