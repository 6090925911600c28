"""append_dedup: a batch of rows into a table that holds each key once.

In: a batch table with the target's columns, in order of arrival. The newest row of each key wins: by cursor (NULL is
oldest), then by extraction time, then by arrival; a row with `_ab_cdc_deleted_at` deletes its key and is not kept.
Where the key holds the cursor, only the batch's range of cursors is looked at in the table, so that a merge costs
what the batch costs. No index and no PRIMARY KEY is needed. The caller holds the transaction. merge_in_place does
the same without a batch table where it can.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from destination_duckdb.database.connection import any_order, reclaim_at_close
from destination_duckdb.loading.merge_keys import merge_keys
from destination_duckdb.loading.table_loader import Target
from destination_duckdb.tables.table import column_definitions, column_names

_BATCH = "_airbyte_batch"
_MATCHES = "_airbyte_matches"


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
        f" (PARTITION BY {keys.key_values} ORDER BY {keys.newest_first}) AS place FROM {batch}) WHERE place > 1)"
    )
    within = keys.cursor_range(connection, batch)
    connection.execute(
        f"CREATE TEMP TABLE {_MATCHES} AS SELECT t.rowid AS old_id, b.rowid AS new_id, {keys.old_wins} AS old_wins"
        f" FROM (SELECT rowid, * FROM {table} WHERE {within}) AS t JOIN {batch} AS b ON {keys.same_key}"
    )
    connection.execute(f"DELETE FROM {batch} WHERE rowid IN (SELECT new_id FROM temp.{_MATCHES} WHERE old_wins)")
    reclaim_at_close(connection)
    connection.execute(
        f"DELETE FROM {table} WHERE {within} AND rowid IN (SELECT old_id FROM temp.{_MATCHES} WHERE new_id NOT IN"
        f" (SELECT new_id FROM temp.{_MATCHES} WHERE old_wins))"
    )
    connection.execute(f"DROP TABLE temp.{_MATCHES}")
    names = column_names(target.columns)
    living = f"WHERE {keys.is_living}" if keys.deleted_at else ""
    with any_order(connection):
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {batch} {living}")
