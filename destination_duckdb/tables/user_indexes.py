"""The indexes that users created on the tables of streams: kept when a table is replaced or its columns change.

DuckDB drops indexes with their table, and refuses to rename a column or change its type while the table has one; the
type of an indexed column, also after the index was dropped in the same transaction. In: a table, within a transaction.
Out: its indexes, created again after the commit, and a sentence for each that can't be.
"""

import duckdb

from destination_duckdb.identifiers import quote_identifier
from destination_duckdb.tables.table import Table


class UserIndexes:
    """Sets indexes aside and restores them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._aside: list[tuple[Table, str, str]] = []

    def set_aside(self, table: Table) -> None:
        """Drop the indexes of *table*, and remember them."""
        rows = self._connection.execute(
            "SELECT index_name, sql FROM duckdb_indexes()"
            " WHERE database_name = ? AND schema_name = ? AND table_name = ? AND sql IS NOT NULL",
            [table.database, table.schema, table.name],
        ).fetchall()
        for name, statement in rows:
            qualified = ".".join(map(quote_identifier, (table.database, table.schema, name)))
            self._connection.execute(f"DROP INDEX {qualified}")
            self._aside.append((table, name, statement))

    def are_aside(self, table: Table) -> bool:
        """Return whether *table* had indexes that are set aside."""
        return any(each == table for each, _, _ in self._aside)

    def forget(self) -> None:
        """Forget what was set aside in a transaction that failed: its indexes are still there."""
        self._aside.clear()

    def restore(self) -> list[str]:
        """Create the indexes again, outside of a transaction; return a sentence for each that can't be."""
        problems: list[str] = []
        for table, name, statement in self._aside:
            try:
                self._connection.execute(statement)
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                problems.append(f"The index {name} of {table} can't be created again ({reason}): {statement}")
        self._aside.clear()
        return problems
