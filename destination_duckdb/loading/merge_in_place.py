"""append_dedup without a batch table: new rows go straight into the table, and the rows they replace are deleted.

Half the work of a merge through a batch table, which writes each row twice; it fits where all new rows stay. Raises
OrderNeededError where two of them have one key or the table holds a newer row: which of them stays can depend on the
order of arrival, which is not kept here, and DuckDB writes all rows of a transaction again at its COMMIT once one of
them was deleted. The transaction is lost then, and the caller merges through a batch table. The caller holds the
transaction.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

import duckdb

from destination_duckdb.database.connection import reclaim_at_close
from destination_duckdb.loading.merge_keys import merge_keys
from destination_duckdb.loading.table_loader import Target

_REPLACED = "_airbyte_replaced"


class OrderNeededError(Exception):
    """Not all new rows stay."""


def can_merge_in_place(target: Target) -> bool:
    """Return whether the rows of the target may all stay: none is there to delete another."""
    return merge_keys(target).deleted_at is None


def first_new_row(connection: duckdb.DuckDBPyConnection, target: Target) -> int:
    """Return a row id that rows of the table are below, and rows inserted from now on in this transaction are not."""
    row = connection.execute(f"SELECT coalesce(max(rowid), -1) + 1 FROM {target.table.sql}").fetchone()
    assert row is not None
    return int(row[0])


def delete_replaced(connection: duckdb.DuckDBPyConnection, target: Target, first_new: int) -> None:
    """Delete the rows below *first_new* whose keys are among those from *first_new* on, or raise OrderNeededError."""
    keys = merge_keys(target)
    table = target.table.sql
    new = f"(SELECT rowid, * FROM {table} WHERE rowid >= {first_new})"
    # Two keys with one hash cost the slower way, no more.
    row = connection.execute(f"SELECT count(*) - count(DISTINCT hash({keys.key_values})) FROM {new}").fetchone()
    if row != (0,):
        raise OrderNeededError
    within = f"{keys.cursor_range(connection, new)} AND rowid < {first_new}"
    connection.execute(
        f"CREATE TEMP TABLE {_REPLACED} AS SELECT t.rowid AS id, {keys.old_wins} AS old_wins"
        f" FROM (SELECT rowid, * FROM {table} WHERE {within}) AS t JOIN {new} AS b ON {keys.same_key}"
    )
    if connection.execute(f"SELECT 1 FROM temp.{_REPLACED} WHERE old_wins LIMIT 1").fetchone():
        raise OrderNeededError
    if connection.execute(f"SELECT 1 FROM temp.{_REPLACED} LIMIT 1").fetchone():
        reclaim_at_close(connection)
        connection.execute(f"DELETE FROM {table} WHERE {within} AND rowid IN (SELECT id FROM temp.{_REPLACED})")
    connection.execute(f"DROP TABLE temp.{_REPLACED}")
