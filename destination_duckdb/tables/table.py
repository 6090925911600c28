"""Tables by name, and the columns they have.

In: a connection and names. Out: quoted, fully qualified names, and the columns of a table. Every name begins with its
database, so that a schema with the name of the database, or called `temp`, is not mistaken for it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from destination_duckdb.identifiers import fold_sql, free_name, quote_identifier
from destination_duckdb.values.column_types import Column, ColumnType

INTERNAL_SCHEMA = "_airbyte_internal"
# Schemas that DuckDB has for itself, and ours.
RESERVED_SCHEMAS = (INTERNAL_SCHEMA, "information_schema", "pg_catalog")
RAW_ID = "_airbyte_raw_id"
EXTRACTED_AT = "_airbyte_extracted_at"
META = "_airbyte_meta"
GENERATION_ID = "_airbyte_generation_id"
# Our own columns, the first of every table, in this order.
OWN_COLUMNS: Mapping[str, str] = {
    RAW_ID: "UUID",
    EXTRACTED_AT: ColumnType.TIMESTAMP_WITH_ZONE.sql,
    META: "JSON",
    GENERATION_ID: "BIGINT",
}
# Names that a property's column can't have: merges identify rows by DuckDB's own rowid, which such a column hides.
TAKEN_NAMES = (*OWN_COLUMNS, "rowid")
_VERSION = re.compile(r"v(?P<major>\d+)\.(?P<minor>\d+)\.")


@dataclass(frozen=True, slots=True)
class Table:
    """A table's full name."""

    database: str
    schema: str
    name: str

    @property
    def sql(self) -> str:
        """Return the name for a statement."""
        return ".".join(map(quote_identifier, (self.database, self.schema, self.name)))

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def current_database(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the name of the opened database."""
    row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    return str(row[0])


def configured_schema(name: str) -> str:
    """Return the schema for a configured *name*; one that is reserved gets a suffix."""
    return free_name(name, RESERVED_SCHEMAS)


def create_schema(connection: duckdb.DuckDBPyConnection, database: str, schema: str) -> None:
    """Create the schema unless it exists."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(database)}.{quote_identifier(schema)}")


def create_table(connection: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[Column]) -> None:
    """Create an empty table with our own columns and these."""
    compression = json_compression(connection, table.database)
    connection.execute(f"CREATE TABLE {table.sql} ({column_definitions(columns, compression)})")


def column_definitions(columns: Sequence[Column], json_compression: str = "") -> str:
    """Return the part of CREATE TABLE between the parentheses."""
    types = {**OWN_COLUMNS, **{column.name: column.type.sql for column in columns}}
    return ", ".join(column_definition(name, kind, json_compression) for name, kind in types.items())


def column_definition(name: str, kind: str, json_compression: str) -> str:
    """Return one column of CREATE TABLE; the constant in our own JSON column compresses best as DuckDB chooses."""
    compression = json_compression if kind == ColumnType.JSON.sql and name != META else ""
    return f"{quote_identifier(name)} {kind}{compression}"


def json_compression(connection: duckdb.DuckDBPyConnection, database: str) -> str:
    """Return the compression of JSON columns: ZSTD where the storage format has it, which is since 1.2.

    With 1,000,000 events the file was a third as large and took 1.6 instead of 4.0 s of CPU to write; reading the
    entire column takes a quarter longer (BEHAVIOR.md).
    """
    row = connection.execute(
        "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = ?", [database]
    ).fetchone()
    version = _VERSION.match(str(row[0])) if row else None
    knows_zstd = version is not None and (int(version["major"]), int(version["minor"])) >= (1, 2)
    return " USING COMPRESSION zstd" if knows_zstd else ""


def column_names(columns: Sequence[Column]) -> str:
    """Return all columns, our own first, for a statement."""
    return ", ".join(map(quote_identifier, [*OWN_COLUMNS, *(column.name for column in columns)]))


def existing_columns(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str]:
    """Return the types of the table's columns by name; empty where the table does not exist."""
    rows = connection.execute(
        f"SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ?"  # noqa: S608  no names in it
        f" AND {fold_sql('schema_name')} = {fold_sql('?')} AND {fold_sql('table_name')} = {fold_sql('?')}"
        " ORDER BY column_index",
        [table.database, table.schema, table.name],
    ).fetchall()
    return dict(rows)
