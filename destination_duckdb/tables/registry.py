"""What this destination remembers about its own tables, in the schema `_airbyte_internal`.

Which stream has which table and generation, and which property has which column: names that needed a suffix
(`Foo`, `foo`) keep their table and column when the catalog's order changes.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from destination_duckdb.identifiers import fold_sql
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.tables.ownership import create_own_table, is_there
from destination_duckdb.tables.table import INTERNAL_SCHEMA, Table, create_schema, current_database
from destination_duckdb.values.column_types import Column

_STREAMS = "registered_streams"
_STREAMS_COLUMNS = {
    "namespace": "VARCHAR",
    "stream": "VARCHAR",
    "table_schema": "VARCHAR",
    "table_name": "VARCHAR",
    "generation_id": "BIGINT",
}
_COLUMNS = "registered_columns"
_COLUMNS_COLUMNS = {
    "table_schema": "VARCHAR",
    "table_name": "VARCHAR",
    "property_name": "VARCHAR",
    "column_name": "VARCHAR",
}
_SAME_SCHEMA = f"{fold_sql('table_schema')} = {fold_sql('?')}"


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """A stream's table, and the generation completed last; None before the first."""

    table: Table
    generation_id: int | None


class Registry:
    """Reads and writes the two tables; the caller holds the transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.database = current_database(connection)
        streams = Table(self.database, INTERNAL_SCHEMA, _STREAMS)
        columns = Table(self.database, INTERNAL_SCHEMA, _COLUMNS)
        self._tables = ((streams, _STREAMS_COLUMNS), (columns, _COLUMNS_COLUMNS))
        self._streams, self._columns = streams.sql, columns.sql

    def create(self) -> None:
        """Create the tables unless they exist."""
        create_schema(self._connection, self.database, INTERNAL_SCHEMA)
        for table, columns in self._tables:
            create_own_table(self._connection, table, columns)

    def refuse_foreign(self) -> None:
        """Raise ConfigError where another program has tables of these names."""
        for table, columns in self._tables:
            is_there(self._connection, table, columns)

    def stream(self, key: StreamKey, schema: str) -> StreamEntry | None:
        """Return the stream's entry in *schema*, if it has one."""
        row = self._connection.execute(
            f"SELECT table_schema, table_name, generation_id FROM {self._streams}"
            f" WHERE namespace IS NOT DISTINCT FROM ? AND stream = ? AND {_SAME_SCHEMA}",
            [key.namespace, key.name, schema],
        ).fetchone()
        return None if row is None else StreamEntry(Table(self.database, row[0], row[1]), row[2])

    def schema(self, namespace: str) -> str | None:
        """Return the schema that streams of the namespace were written to before."""
        row = self._connection.execute(
            f"SELECT any_value(table_schema) FROM {self._streams} WHERE namespace = ?", [namespace]
        ).fetchone()
        return None if row is None else row[0]

    def schemas_of_others(self, namespace: str) -> list[str]:
        """Return the schemas of other namespaces."""
        rows = self._connection.execute(
            f"SELECT DISTINCT table_schema FROM {self._streams} WHERE namespace <> ?", [namespace]
        ).fetchall()
        return [row[0] for row in rows]

    def table_names(self, schema: str) -> list[str]:
        """Return the names of the streams' tables in *schema*."""
        rows = self._connection.execute(
            f"SELECT table_name FROM {self._streams} WHERE {_SAME_SCHEMA}", [schema]
        ).fetchall()
        return [row[0] for row in rows]

    def add_stream(self, key: StreamKey, table: Table) -> None:
        """Give the stream its table."""
        self._connection.execute(
            f"INSERT INTO {self._streams} VALUES (?, ?, ?, ?, NULL)",
            [key.namespace, key.name, table.schema, table.name],
        )

    def set_generation(self, table: Table, generation_id: int) -> None:
        """Remember that the table holds this generation completely."""
        self._connection.execute(
            f"UPDATE {self._streams} SET generation_id = ? WHERE table_schema = ? AND table_name = ?",
            [generation_id, table.schema, table.name],
        )

    def columns(self, table: Table) -> dict[str, str]:
        """Return the column of each property."""
        return {name: column for name, column in self._column_rows(table) if name is not None}

    def kept_columns(self, table: Table) -> set[str]:
        """Return the columns that keep a property's values from before its type changed."""
        return {column for name, column in self._column_rows(table) if name is None}

    def keep_column(self, table: Table, column: str) -> None:
        """Remember that *column* no longer belongs to a property, so that no property of its name uses it."""
        self._connection.execute(
            f"INSERT INTO {self._columns} VALUES (?, ?, NULL, ?)", [table.schema, table.name, column]
        )

    def _column_rows(self, table: Table) -> list[tuple[str | None, str]]:
        return self._connection.execute(
            f"SELECT property_name, column_name FROM {self._columns} WHERE table_schema = ? AND table_name = ?",
            [table.schema, table.name],
        ).fetchall()

    def set_columns(self, table: Table, columns: Sequence[Column]) -> None:
        """Remember the column of each of these properties; entries of others stay."""
        known = self.columns(table)
        changed = [column for column in columns if known.get(column.property_name) != column.name]
        for column in changed:
            if column.property_name in known:
                self.forget_column(table, column.property_name)
        if changed:  # one statement, whatever their number: each costs the same time
            self._connection.execute(
                f"INSERT INTO {self._columns} SELECT ?, ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
                [table.schema, table.name, [each.property_name for each in changed], [each.name for each in changed]],
            )

    def forget_column(self, table: Table, property_name: str) -> None:
        """Forget the column of one property."""
        self._connection.execute(
            f"DELETE FROM {self._columns} WHERE table_schema = ? AND table_name = ? AND property_name = ?",
            [table.schema, table.name, property_name],
        )

    def move_table(self, table: Table, place: Table) -> None:
        """Give the columns of *table* to *place*."""
        self.forget_table(place)
        self._connection.execute(
            f"UPDATE {self._columns} SET table_schema = ?, table_name = ? WHERE table_schema = ? AND table_name = ?",
            [place.schema, place.name, table.schema, table.name],
        )

    def keys(self) -> list[StreamKey]:
        """Return all streams, in order of their names."""
        rows = self._connection.execute(
            f"SELECT namespace, stream FROM {self._streams} ORDER BY namespace NULLS FIRST, stream"
        ).fetchall()
        return [StreamKey(namespace, name) for namespace, name in rows]

    def forget_stream(self, key: StreamKey, table: Table) -> None:
        """Forget a stream whose *table* is gone, and its columns."""
        self.forget_table(table)
        self._connection.execute(
            f"DELETE FROM {self._streams} WHERE namespace IS NOT DISTINCT FROM ? AND stream = ? AND table_schema = ?",
            [key.namespace, key.name, table.schema],
        )

    def forget_table(self, table: Table) -> None:
        """Forget the columns of a dropped table."""
        self._connection.execute(
            f"DELETE FROM {self._columns} WHERE table_schema = ? AND table_name = ?", [table.schema, table.name]
        )
