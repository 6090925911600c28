"""A table follows its stream's schema: new columns, and columns whose type changed.

In: an existing table and the properties of a stream. Out: the columns to write to. Columns that the schema dropped
stay, and are empty in new rows. A change of type that loses nothing in any row converts the column. Otherwise the old
column stays under a name with its old type, and a new column takes its name. The caller holds the transaction.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from destination_duckdb.identifiers import claim_name, fold, quote_identifier
from destination_duckdb.tables.registry import Registry
from destination_duckdb.tables.table import TAKEN_NAMES, Table, column_definition, existing_columns, json_compression
from destination_duckdb.tables.user_indexes import UserIndexes
from destination_duckdb.values.column_types import TYPES_BY_SQL, Column, ColumnType


def columns_of(properties: Mapping[str, ColumnType]) -> list[Column]:
    """Return the columns of a new table for *properties*."""
    taken = {fold(name) for name in TAKEN_NAMES}
    return [Column(name, claim_name(name, taken), kind) for name, kind in properties.items()]


def evolve(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    indexes: UserIndexes,
    table: Table,
    properties: Mapping[str, ColumnType],
) -> list[Column]:
    """Change *table* so that it can store *properties*, and return their columns."""
    types = existing_columns(connection, table)
    known = registry.columns(table)
    unregistered = set(types) - set(known.values()) - registry.kept_columns(table) - set(TAKEN_NAMES)
    taken = {fold(name) for name in (*TAKEN_NAMES, *types)}
    columns: list[Column] = []
    for name, kind in properties.items():
        current = known.get(name, name if name in unregistered else None)
        old = types.get(current, kind.sql) if current is not None else kind.sql
        if current is not None and old != kind.sql:
            indexes.set_aside(table)
            if not _convert(connection, indexes, table, current, kind):
                beside = claim_name(f"{current}_{old.lower().replace(' ', '_')}", taken)
                _rename(connection, table, current, beside)
                registry.keep_column(table, beside)
                types[beside] = types.pop(current)
                taken.discard(fold(current))
        if current is None or current not in types:
            current = claim_name(name, taken)
            connection.execute(f"ALTER TABLE {table.sql} ADD COLUMN {quote_identifier(current)} {kind.sql}")
        types[current] = kind.sql
        columns.append(Column(name, current, kind))
    registry.set_columns(table, columns)
    return columns


def _rename(connection: duckdb.DuckDBPyConnection, table: Table, column: str, name: str) -> None:
    connection.execute(f"ALTER TABLE {table.sql} RENAME COLUMN {quote_identifier(column)} TO {quote_identifier(name)}")


def _convert(
    connection: duckdb.DuckDBPyConnection, indexes: UserIndexes, table: Table, column: str, new: ColumnType
) -> bool:
    """Give *column* its new type if every value survives; return whether it did."""
    quoted, old = quote_identifier(column), existing_columns(connection, table)[column]
    found = conversion(quoted, old, new)
    if found is None:
        return False
    expression, loses = found
    row = connection.execute(f"SELECT count(*) FROM {table.sql} WHERE {quoted} IS NOT NULL AND ({loses})").fetchone()
    if row is None or row[0]:
        return False
    if old == ColumnType.JSON.sql or indexes.are_aside(table):
        _rebuild(connection, table, column, new, expression)
    else:
        connection.execute(f"ALTER TABLE {table.sql} ALTER COLUMN {quoted} SET DATA TYPE {new.sql} USING {expression}")
    return True


def _rebuild(
    connection: duckdb.DuckDBPyConnection, table: Table, column: str, new: ColumnType, expression: str
) -> None:
    """Rewrite the table with another type of *column*.

    A column keeps the compression that it was created with, and that of JSON only works for strings. An indexed column
    can't change in the transaction that drops its index.
    """
    types = existing_columns(connection, table) | {column: new.sql}
    written = replace(table, name=f"{table.name}@converted")
    compression = json_compression(connection, table.database)
    definitions = [column_definition(name, kind, compression) for name, kind in types.items()]
    connection.execute(f"CREATE TABLE {written.sql} ({', '.join(definitions)})")
    values = [expression if name == column else quote_identifier(name) for name in types]
    connection.execute(f"INSERT INTO {written.sql} SELECT {', '.join(values)} FROM {table.sql}")
    connection.execute(f"DROP TABLE {table.sql}")
    connection.execute(f"ALTER TABLE {written.sql} RENAME TO {quote_identifier(table.name)}")


def conversion(quoted: str, old: str, new: ColumnType) -> tuple[str, str] | None:
    """Return the expression that converts a value, and the test for values that would lose something by it."""
    kind = TYPES_BY_SQL.get(old)
    if kind is None or (kind is ColumnType.VARIANT and not new.is_document):
        return None
    if new.is_document:
        return _to_document(quoted, kind, new)
    if new is ColumnType.STRING:
        return _to_string(quoted, kind)
    if kind.value.family is new.value.family or (kind is ColumnType.STRING and new.value.converts_from_text):
        converted = f"TRY_CAST({quoted} AS {new.sql})"
        return converted, f"TRY_CAST({converted} AS {old}) IS DISTINCT FROM {quoted}"
    return None


def _to_string(quoted: str, kind: ColumnType) -> tuple[str, str]:
    text = f"CAST({quoted} AS VARCHAR)"
    if kind is not ColumnType.JSON:
        return text, "false"
    # Afterwards, a JSON string that looks like other JSON would be indistinguishable from it.
    content, is_string = f"json_extract_string({quoted}, '$')", f"json_type({quoted}) = 'VARCHAR'"
    return f"CASE WHEN {is_string} THEN {content} ELSE {text} END", f"{is_string} AND json_valid({content})"


def _to_document(quoted: str, kind: ColumnType, new: ColumnType) -> tuple[str, str]:
    if not kind.is_document:
        return f"CAST(to_json({quoted}) AS {new.sql})", "false"
    converted = f"CAST({quoted} AS {new.sql})"
    if new is not ColumnType.VARIANT:
        return converted, "false"
    # VARIANT reorders keys; whatever else it changes (digits, duplicate keys) changes which characters there are.
    return converted, f"{_characters(f'CAST({converted} AS JSON)')} IS DISTINCT FROM {_characters(quoted)}"


def _characters(document: str) -> str:
    return f"list_sort(string_split(CAST({document} AS VARCHAR), ''))"
