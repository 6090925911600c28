"""append_dedup: a batch of rows into a table that holds each key once.

In: a batch table with the target's columns, in order of arrival. The newest row of each key wins: by cursor (NULL is
oldest), then by extraction time, then by arrival; a row with `_ab_cdc_deleted_at` deletes its key and is not kept.
Where the key holds the cursor, only the batch's range of cursors is looked at in the table, so that a merge costs
what the batch costs. No index and no PRIMARY KEY is needed. The caller holds the transaction.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from destination_duckdb.columns import ColumnType
from destination_duckdb.identifiers import quote_identifier, quote_literal
from destination_duckdb.table_loader import Target
from destination_duckdb.tables import EXTRACTED_AT, column_definitions, column_names

DELETED_AT = "_ab_cdc_deleted_at"
_BATCH = "_airbyte_batch"
_MATCHES = "_airbyte_matches"
_ORDERED = {
    ColumnType.INTEGER,
    ColumnType.NUMBER,
    ColumnType.DATE,
    ColumnType.TIMESTAMP,
    ColumnType.TIMESTAMP_WITH_ZONE,
}


@dataclass(frozen=True, slots=True)
class MergeKeys:
    """The columns that a merge looks at, quoted."""

    key: tuple[str, ...]
    cursor: str | None
    deleted_at: str | None
    # The cursor with its type, where it is a part of the key and can be compared.
    range_type: str | None

    @property
    def newest_first(self) -> str:
        """Return the order in which the first row of a key wins."""
        cursor = [f"{self.cursor} DESC NULLS LAST"] if self.cursor else []
        return ", ".join([*cursor, f"{quote_identifier(EXTRACTED_AT)} DESC", "rowid DESC"])


def merge_keys(target: Target) -> MergeKeys:
    """Return the columns that decide in this target."""
    columns = {column.property_name: column for column in target.columns}
    cursor = columns.get(target.plan.cursor) if target.plan.cursor is not None else None
    deleted_at = columns.get(DELETED_AT)
    has_range = cursor is not None and cursor.property_name in target.plan.primary_key and cursor.type in _ORDERED
    return MergeKeys(
        key=tuple(quote_identifier(columns[name].name) for name in target.plan.primary_key),
        cursor=quote_identifier(cursor.name) if cursor else None,
        deleted_at=quote_identifier(deleted_at.name) if deleted_at else None,
        range_type=cursor.type.value if cursor and has_range else None,
    )


@contextmanager
def batch_table(connection: duckdb.DuckDBPyConnection, target: Target) -> Iterator[str]:
    """Give out a temporary table with the target's columns."""
    connection.execute(f"CREATE TEMP TABLE {_BATCH} ({column_definitions(target.columns)})")
    yield f"temp.{_BATCH}"
    connection.execute(f"DROP TABLE temp.{_BATCH}")


def merge_batch(connection: duckdb.DuckDBPyConnection, target: Target, batch: str) -> None:
    """Move the rows of *batch* into the target; the batch is used up."""
    keys = merge_keys(target)
    table = target.table.sql
    connection.execute(
        f"DELETE FROM {batch} WHERE rowid IN (SELECT id FROM (SELECT rowid AS id, row_number() OVER"
        f" (PARTITION BY {', '.join(keys.key)} ORDER BY {keys.newest_first}) AS place FROM {batch}) WHERE place > 1)"
    )
    within = _range(connection, keys, batch)
    same_key = " AND ".join(f"t.{name} IS NOT DISTINCT FROM b.{name}" for name in keys.key)
    connection.execute(
        f"CREATE TEMP TABLE {_MATCHES} AS SELECT t.rowid AS old_id, b.rowid AS new_id, {_is_newer(keys)} AS old_wins"
        f" FROM (SELECT rowid, * FROM {table} WHERE {within}) AS t JOIN {batch} AS b ON {same_key}"
    )
    connection.execute(f"DELETE FROM {batch} WHERE rowid IN (SELECT new_id FROM temp.{_MATCHES} WHERE old_wins)")
    connection.execute(
        f"DELETE FROM {table} WHERE {within} AND rowid IN (SELECT old_id FROM temp.{_MATCHES} WHERE new_id NOT IN"
        f" (SELECT new_id FROM temp.{_MATCHES} WHERE old_wins))"
    )
    connection.execute(f"DROP TABLE temp.{_MATCHES}")
    names = column_names(target.columns)
    living = f"WHERE {keys.deleted_at} IS NULL" if keys.deleted_at else ""
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {batch} {living}")


def _is_newer(keys: MergeKeys) -> str:
    """Return the test whether the row in the table (t) is newer than that in the batch (b)."""
    extracted_at = quote_identifier(EXTRACTED_AT)
    later = f"t.{extracted_at} > b.{extracted_at}"
    if keys.cursor is None:
        return later
    old, new = f"t.{keys.cursor}", f"b.{keys.cursor}"
    greater = f"coalesce({old} > {new}, {old} IS NOT NULL AND {new} IS NULL)"
    return f"({greater} OR ({old} IS NOT DISTINCT FROM {new} AND {later}))"


def _range(connection: duckdb.DuckDBPyConnection, keys: MergeKeys, batch: str) -> str:
    """Return the condition on the cursor that every row with a key of the batch meets."""
    if keys.range_type is None:
        return "true"
    # As text: the client would need another package to hand over a time with its zone.
    row = connection.execute(
        f"SELECT CAST(min({keys.cursor}) AS VARCHAR), CAST(max({keys.cursor}) AS VARCHAR),"
        f" count(*) = count({keys.cursor}) FROM {batch}"
    ).fetchone()
    if row is None or row[0] is None or not row[2]:
        return "true"
    low, high = (f"CAST({quote_literal(bound)} AS {keys.range_type})" for bound in row[:2])
    return f"{keys.cursor} BETWEEN {low} AND {high}"
