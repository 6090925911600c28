"""The table `_airbyte_state`: the last committed state of each stream, written in the transaction of its rows.

A STREAM state has a row of its own; a GLOBAL state replaces those of its streams; a LEGACY state stands alone.
"""
# ruff: noqa: S608  names go through quote_identifier, values through parameters or quote_literal

import duckdb
import msgspec

from destination_duckdb.protocol.catalog import StreamKey
from destination_duckdb.protocol.state_message import StateLine, without_stream
from destination_duckdb.tables.ownership import create_own_table, is_there
from destination_duckdb.tables.table import Table, configured_schema, create_schema, current_database

STATE_TABLE = "_airbyte_state"
_COLUMNS = {
    "namespace": "VARCHAR",
    "stream": "VARCHAR",
    "type": "VARCHAR",
    "state": "JSON",
    "committed_at": "TIMESTAMP WITH TIME ZONE",
}
_SAME_STREAM = "namespace IS NOT DISTINCT FROM ? AND stream IS NOT DISTINCT FROM ?"


class StateTable:
    """Reads and writes the table; the caller holds the transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        self._connection = connection
        self.table = Table(current_database(connection), configured_schema(schema), STATE_TABLE)

    def create(self) -> None:
        """Create the table unless it exists."""
        create_schema(self._connection, self.table.database, self.table.schema)
        create_own_table(self._connection, self.table, _COLUMNS)

    def exists(self) -> bool:
        """Return whether there is the table; raise ConfigError if it is another program's."""
        return is_there(self._connection, self.table, _COLUMNS)

    def save(self, state: StateLine) -> None:
        """Replace what *state* supersedes."""
        for key in state.streams:
            self.forget(key)
        namespace, stream = (state.key.namespace, state.key.name) if state.key else (None, None)
        self._connection.execute(
            f"DELETE FROM {self.table.sql} WHERE {_SAME_STREAM} AND type = ?", [namespace, stream, state.type]
        )
        self._insert(namespace, stream, state.type, state.state)

    def _insert(self, namespace: str | None, stream: str | None, kind: str, state: bytes) -> None:
        self._connection.execute(
            f"INSERT INTO {self.table.sql} VALUES (?, ?, ?, ?, now())", [namespace, stream, kind, state.decode()]
        )

    def forget(self, key: StreamKey) -> None:
        """Remove the state of one stream, whose rows are removed."""
        self._connection.execute(f"DELETE FROM {self.table.sql} WHERE {_SAME_STREAM}", [key.namespace, key.name])

    def forget_stream(self, key: StreamKey) -> None:
        """Remove the state of one stream, also from a GLOBAL state, which stays for its other streams."""
        self.forget(key)
        for state in self.states("GLOBAL"):
            kept = without_stream(bytes(state), key)
            self._connection.execute(f"DELETE FROM {self.table.sql} WHERE type = 'GLOBAL'")
            if kept is not None:
                self._insert(None, None, "GLOBAL", kept)

    def states(self, kind: str = "%") -> list[msgspec.Raw]:
        """Return all states of one type (or any), as they came, in the order of their streams."""
        rows = self._connection.execute(
            f"SELECT state FROM {self.table.sql} WHERE type LIKE ?"
            " ORDER BY namespace NULLS FIRST, stream NULLS FIRST, type",
            [kind],
        ).fetchall()
        return [msgspec.Raw(row[0].encode()) for row in rows]
