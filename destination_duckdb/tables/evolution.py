"""A table follows its stream's schema: new columns, and columns whose type changed.

In: a table that is there and the properties of a stream. Out: the columns to write to. Columns that the schema
dropped stay, empty in new rows. A change of type that loses nothing in any row converts; else the old column stays
beside, named after its old type, and a new one takes its name. The caller holds the transaction.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from destination_duckdb.identifiers import free_name, quote_identifier
from destination_duckdb.tables.registry import Registry
from destination_duckdb.tables.table import TAKEN_NAMES, Table, column_definition, existing_columns, json_compression
from destination_duckdb.values.column_types import Column, ColumnType

_TEMPORAL = {ColumnType.DATE, ColumnType.TIMESTAMP, ColumnType.TIMESTAMP_WITH_ZONE}
_CLOCKS = {ColumnType.TIME, ColumnType.TIME_WITH_ZONE}
_NUMERIC = {ColumnType.INTEGER, ColumnType.NUMBER}
_DOCUMENTS = {ColumnType.JSON, ColumnType.VARIANT}
_FROM_TEXT = {ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN, ColumnType.DATE}
_FAMILIES = (_TEMPORAL, _CLOCKS, _NUMERIC)


def columns_of(properties: Mapping[str, ColumnType]) -> list[Column]:
    """Return the columns of a new table for *properties*."""
    columns: list[Column] = []
    for name, kind in properties.items():
        taken = [*TAKEN_NAMES, *(column.name for column in columns)]
        columns.append(Column(name, free_name(name, taken), kind))
    return columns


def evolve(
    connection: duckdb.DuckDBPyConnection, registry: Registry, table: Table, properties: Mapping[str, ColumnType]
) -> list[Column]:
    """Change *table* so that it holds *properties*, and return the columns for them."""
    types = existing_columns(connection, table)
    known = registry.columns(table)
    unregistered = set(types) - set(known.values()) - registry.kept_columns(table) - set(TAKEN_NAMES)
    columns: list[Column] = []
    for name, kind in properties.items():
        current = known.get(name, name if name in unregistered else None)
        old = types.get(current, kind.value) if current is not None else kind.value
        if current is not None and old != kind.value and not _convert(connection, table, current, old, kind):
            beside = free_name(f"{current}_{old.lower().replace(' ', '_')}", types)
            _rename(connection, table, current, beside)
            registry.keep_column(table, beside)
            types[beside] = types.pop(current)
        if current is None or current not in types:
            current = free_name(name, [*TAKEN_NAMES, *types])
            connection.execute(f"ALTER TABLE {table.sql} ADD COLUMN {quote_identifier(current)} {kind.value}")
        types[current] = kind.value
        columns.append(Column(name, current, kind))
    registry.set_columns(table, columns)
    return columns


def _rename(connection: duckdb.DuckDBPyConnection, table: Table, column: str, name: str) -> None:
    connection.execute(f"ALTER TABLE {table.sql} RENAME COLUMN {quote_identifier(column)} TO {quote_identifier(name)}")


def _convert(connection: duckdb.DuckDBPyConnection, table: Table, column: str, old: str, new: ColumnType) -> bool:
    """Give *column* its new type if every value survives; return whether it did."""
    quoted = quote_identifier(column)
    conversion = _conversion(quoted, old, new)
    if conversion is None:
        return False
    expression, loses = conversion
    row = connection.execute(f"SELECT count(*) FROM {table.sql} WHERE {quoted} IS NOT NULL AND ({loses})").fetchone()
    if row is None or row[0]:
        return False
    if old == ColumnType.JSON.value:
        _rebuild(connection, table, column, new, expression)
    else:
        connection.execute(
            f"ALTER TABLE {table.sql} ALTER COLUMN {quoted} SET DATA TYPE {new.value} USING {expression}"
        )
    return True


def _rebuild(
    connection: duckdb.DuckDBPyConnection, table: Table, column: str, new: ColumnType, expression: str
) -> None:
    """Write the table anew with another type of *column*.

    A column keeps the compression that it was made with, and that of JSON knows texts only.
    """
    types = existing_columns(connection, table) | {column: new.value}
    written = replace(table, name=f"{table.name}@converted")
    compression = json_compression(connection, table.database)
    definitions = [column_definition(name, kind, compression) for name, kind in types.items()]
    connection.execute(f"CREATE TABLE {written.sql} ({', '.join(definitions)})")
    values = [expression if name == column else quote_identifier(name) for name in types]
    connection.execute(f"INSERT INTO {written.sql} SELECT {', '.join(values)} FROM {table.sql}")
    connection.execute(f"DROP TABLE {table.sql}")
    connection.execute(f"ALTER TABLE {written.sql} RENAME TO {quote_identifier(table.name)}")


def _conversion(quoted: str, old: str, new: ColumnType) -> tuple[str, str] | None:
    """Return how a value converts, and the test that tells which values would lose something."""
    kind = next((kind for kind in ColumnType if kind.value == old), None)
    there: str | None = None
    loses = "false"
    if kind is None or (kind is ColumnType.VARIANT and new not in _DOCUMENTS):
        there = None
    elif kind in _DOCUMENTS and new in _DOCUMENTS:
        there = f"CAST({quoted} AS {new.value})"
        if new is ColumnType.VARIANT:
            # It orders keys anew; what else it changes (digits, duplicate keys) changes which characters there are.
            loses = f"{_characters(f'CAST({there} AS JSON)')} IS DISTINCT FROM {_characters(quoted)}"
    elif new in _DOCUMENTS:
        there = f"CAST(to_json({quoted}) AS {new.value})"
    elif kind is ColumnType.JSON and new is ColumnType.STRING:
        # A JSON string that looks like other JSON could not be told from it afterwards.
        content = f"json_extract_string({quoted}, '$')"
        there = f"CASE WHEN json_type({quoted}) = 'VARCHAR' THEN {content} ELSE CAST({quoted} AS VARCHAR) END"
        loses = f"json_type({quoted}) = 'VARCHAR' AND json_valid({content})"
    elif new is ColumnType.STRING:
        there = f"CAST({quoted} AS VARCHAR)"
    elif any(kind in family and new in family for family in _FAMILIES) or (
        kind is ColumnType.STRING and new in _FROM_TEXT
    ):
        there = f"TRY_CAST({quoted} AS {new.value})"
        loses = f"TRY_CAST({there} AS {old}) IS DISTINCT FROM {quoted}"
    return None if there is None else (there, loses)


def _characters(document: str) -> str:
    return f"list_sort(string_split(CAST({document} AS VARCHAR), ''))"
