"""What this destination remembers of its own tables, in the schema `_airbyte_internal`.

Which stream has which table and generation, and which property has which column: names that had to be told apart
(`Foo`, `foo`) keep their table and column when the catalog's order changes. Raises nothing of its own.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from destination_duckdb.catalog import StreamKey
from destination_duckdb.columns import Column
from destination_duckdb.tables import INTERNAL_SCHEMA, Table, create_schema, current_database

_STREAMS = "registered_streams"
_COLUMNS = "registered_columns"


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """A stream's table, and the generation that was completed last; None before the first."""

    table: Table
    generation_id: int | None


class Registry:
    """Reads and writes the two tables; the caller holds the transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.database = current_database(connection)
        self._streams = Table(self.database, INTERNAL_SCHEMA, _STREAMS).sql
        self._columns = Table(self.database, INTERNAL_SCHEMA, _COLUMNS).sql

    def create(self) -> None:
        """Make the tables unless they are there."""
        create_schema(self._connection, self.database, INTERNAL_SCHEMA)
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS {self._streams}"
            " (namespace VARCHAR, stream VARCHAR, table_schema VARCHAR, table_name VARCHAR, generation_id BIGINT)"
        )
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS {self._columns}"
            " (table_schema VARCHAR, table_name VARCHAR, property_name VARCHAR, column_name VARCHAR)"
        )

    def stream(self, key: StreamKey) -> StreamEntry | None:
        """Return the stream's entry, if it has one."""
        row = self._connection.execute(
            f"SELECT table_schema, table_name, generation_id FROM {self._streams}"
            " WHERE namespace IS NOT DISTINCT FROM ? AND stream = ?",
            [key.namespace, key.name],
        ).fetchone()
        return None if row is None else StreamEntry(Table(self.database, row[0], row[1]), row[2])

    def table_names(self, schema: str) -> list[str]:
        """Return the names in *schema* that belong to a stream."""
        rows = self._connection.execute(
            f"SELECT table_name FROM {self._streams} WHERE table_schema = ?", [schema]
        ).fetchall()
        return [row[0] for row in rows]

    def add_stream(self, key: StreamKey, table: Table) -> None:
        """Give the stream its table."""
        self._connection.execute(
            f"INSERT INTO {self._streams} VALUES (?, ?, ?, ?, NULL)",
            [key.namespace, key.name, table.schema, table.name],
        )

    def set_generation(self, key: StreamKey, generation_id: int) -> None:
        """Remember that the stream's table holds this generation whole."""
        self._connection.execute(
            f"UPDATE {self._streams} SET generation_id = ? WHERE namespace IS NOT DISTINCT FROM ? AND stream = ?",
            [generation_id, key.namespace, key.name],
        )

    def columns(self, table: Table) -> dict[str, str]:
        """Return the column of each property."""
        rows = self._connection.execute(
            f"SELECT property_name, column_name FROM {self._columns} WHERE table_schema = ? AND table_name = ?",
            [table.schema, table.name],
        ).fetchall()
        return dict(rows)

    def set_columns(self, table: Table, columns: Sequence[Column]) -> None:
        """Remember the column of each of these properties; what is known of others stays."""
        for column in columns:
            self.forget_column(table, column.property_name)
            self._connection.execute(
                f"INSERT INTO {self._columns} VALUES (?, ?, ?, ?)",
                [table.schema, table.name, column.property_name, column.name],
            )

    def forget_column(self, table: Table, property_name: str) -> None:
        """Forget the column of one property."""
        self._connection.execute(
            f"DELETE FROM {self._columns} WHERE table_schema = ? AND table_name = ? AND property_name = ?",
            [table.schema, table.name, property_name],
        )

    def forget_table(self, table: Table) -> None:
        """Forget the columns of a table that is gone."""
        self._connection.execute(
            f"DELETE FROM {self._columns} WHERE table_schema = ? AND table_name = ?", [table.schema, table.name]
        )
