"""append_dedup: rows into a table that holds each key once.

The newest row of each key wins: by cursor (NULL is oldest), then by extraction time, then by arrival. A row with
`_ab_cdc_deleted_at` deletes its key and is not kept. Where the key contains the cursor, only the batch's range of
cursors is looked at in the table, so a merge costs what the batch costs. No index and no PRIMARY KEY is needed. The
caller holds the transaction.

There are two ways. Through a batch table that holds the new rows in order of arrival: always correct, but writes each
row twice. In place, where all new rows stay: they go straight into the table, and the rows they replace are deleted,
which is half the work. That raises OrderNeededError where two new rows have one key, or the table holds a newer row:
which one stays can depend on the order of arrival, which is not kept here, and DuckDB rewrites all rows of a
transaction at its COMMIT once one of them was deleted. The transaction is lost then, and the caller merges through a
batch table.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from destination_duckdb.database.connection import any_order, reclaim_at_close
from destination_duckdb.loading.merge_keys import merge_keys, refuse_missing_keys
from destination_duckdb.loading.table_loader import Target
from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.tables.table import column_definitions, column_names

# With all three parts: a database may have a schema called temp, too.
_BATCH = "temp.main._airbyte_batch"
_MATCHES = "temp.main._airbyte_matches"
_REPLACED = "temp.main._airbyte_replaced"


class OrderNeededError(Exception):
    """Not all new rows of a stream stay."""

    def __init__(self, key: StreamKey) -> None:
        super().__init__(f"{key}: the order of arrival decides")
        self.key = key


@contextmanager
def batch_table(connection: duckdb.DuckDBPyConnection, target: Target) -> Iterator[str]:
    """Create a temporary table with the target's columns, and drop it at the end."""
    connection.execute(f"CREATE TEMP TABLE {_BATCH} ({column_definitions(target.columns)})")
    yield _BATCH
    connection.execute(f"DROP TABLE {_BATCH}")


def merge_batch(connection: duckdb.DuckDBPyConnection, target: Target, batch: str) -> None:
    """Move the rows of *batch* into the target; the batch is used up."""
    keys = merge_keys(target)
    refuse_missing_keys(connection, target, keys, batch)
    table = target.table.sql
    connection.execute(
        f"DELETE FROM {batch} WHERE rowid IN (SELECT id FROM (SELECT rowid AS id, row_number() OVER"
        f" (PARTITION BY {keys.key_values} ORDER BY {keys.newest_first}) AS place FROM {batch}) WHERE place > 1)"
    )
    within = keys.cursor_range(connection, batch)
    connection.execute(
        f"CREATE TEMP TABLE {_MATCHES} AS SELECT t.rowid AS old_id, b.rowid AS new_id, {keys.old_wins} AS old_wins"
        f" FROM (SELECT rowid, * FROM {table} WHERE {within}) AS t JOIN {batch} AS b ON {keys.same_key}"
    )
    connection.execute(f"DELETE FROM {batch} WHERE rowid IN (SELECT new_id FROM {_MATCHES} WHERE old_wins)")
    reclaim_at_close(connection)
    connection.execute(
        f"DELETE FROM {table} WHERE {within} AND rowid IN (SELECT old_id FROM {_MATCHES} WHERE new_id NOT IN"
        f" (SELECT new_id FROM {_MATCHES} WHERE old_wins))"
    )
    connection.execute(f"DROP TABLE {_MATCHES}")
    names = column_names(target.columns)
    kept = f"WHERE {keys.not_deleted}" if keys.deleted_at else ""
    with any_order(connection):
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {batch} {kept}")


def can_merge_in_place(target: Target) -> bool:
    """Return whether all new rows may stay: none of them can delete another."""
    return merge_keys(target).deleted_at is None


def first_new_row(connection: duckdb.DuckDBPyConnection, target: Target) -> int:
    """Return a row id above those of all rows, and at most that of the next row inserted in this transaction."""
    row = connection.execute(f"SELECT coalesce(max(rowid), -1) + 1 FROM {target.table.sql}").fetchone()
    assert row is not None
    return int(row[0])


def delete_replaced(connection: duckdb.DuckDBPyConnection, target: Target, first_new: int) -> None:
    """Delete the rows below *first_new* whose keys come again from *first_new* on, or raise OrderNeededError."""
    keys = merge_keys(target)
    table = target.table.sql
    new = f"(SELECT rowid, * FROM {table} WHERE rowid >= {first_new})"
    refuse_missing_keys(connection, target, keys, new)
    # Two keys with one hash only cost the detour through a batch table.
    row = connection.execute(f"SELECT count(*) - count(DISTINCT hash({keys.key_values})) FROM {new}").fetchone()
    if row != (0,):
        raise OrderNeededError(target.plan.key)
    within = f"{keys.cursor_range(connection, new)} AND rowid < {first_new}"
    connection.execute(
        f"CREATE TEMP TABLE {_REPLACED} AS SELECT t.rowid AS id, {keys.old_wins} AS old_wins"
        f" FROM (SELECT rowid, * FROM {table} WHERE {within}) AS t JOIN {new} AS b ON {keys.same_key}"
    )
    if connection.execute(f"SELECT 1 FROM {_REPLACED} WHERE old_wins LIMIT 1").fetchone():
        raise OrderNeededError(target.plan.key)
    if connection.execute(f"SELECT 1 FROM {_REPLACED} LIMIT 1").fetchone():
        reclaim_at_close(connection)
        connection.execute(f"DELETE FROM {table} WHERE {within} AND rowid IN (SELECT id FROM {_REPLACED})")
    connection.execute(f"DROP TABLE {_REPLACED}")
