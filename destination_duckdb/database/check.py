"""`check`: whether a sync could write here.

In: an open connection. Creates the schema, writes a row, reads it back and drops the table. Raises ConfigError with
DuckDB's error where one of these fails, and for tables of other programs that have the names of ours.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

import duckdb

from destination_duckdb.config import Config
from destination_duckdb.database.connection import transaction
from destination_duckdb.database.kinds import kind_of
from destination_duckdb.errors import ConfigError
from destination_duckdb.identifiers import free_name
from destination_duckdb.tables.registry import Registry
from destination_duckdb.tables.state_table import StateTable
from destination_duckdb.tables.table import Table, configured_schema, create_schema, current_database

_TABLE = "_airbyte_check"


def check_database(connection: duckdb.DuckDBPyConnection, config: Config) -> None:
    """Write, read back and drop a table."""
    Registry(connection).refuse_foreign()
    StateTable(connection, config.schema).exists()
    table = _free_table(connection, config.schema)
    path = kind_of(config).shown_path
    try:
        with transaction(connection):
            create_schema(connection, table.database, table.schema)
            connection.execute(f"CREATE TABLE {table.sql} (written INTEGER)")
            connection.execute(f"INSERT INTO {table.sql} VALUES (42)")
        rows = connection.execute(f"SELECT written FROM {table.sql}").fetchall()
        connection.execute(f"DROP TABLE {table.sql}")
    except duckdb.Error as error:
        raise ConfigError(f"The database {path} can't be written: {error}") from error
    if rows != [(42,)]:
        raise ConfigError(f"The database {path} did not return the row that was written to it: {rows}.")


def _free_table(connection: duckdb.DuckDBPyConnection, schema: str) -> Table:
    """Return a table that does not exist, so that no stream's table is touched."""
    database = current_database(connection)
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [database]).fetchall()
    return Table(database, configured_schema(schema), free_name(_TABLE, [row[0] for row in tables]))
