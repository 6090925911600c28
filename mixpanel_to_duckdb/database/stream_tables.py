"""The tables of Mixpanel's streams in the current schema of a database, identified by their columns.

In: a connection; out: the tables of events and those of profiles, in order. Raises duckdb.Error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from source_mixpanel_parallel.stream_names import REJECTED_LINES

if TYPE_CHECKING:
    import duckdb

EVENT_KEY = ("event", "time", "distinct_id", "insert_id")
PROFILE_KEY = ("distinct_id",)
TABLES = """
SELECT table_name, list(column_name) FROM duckdb_columns()
WHERE schema_name = current_schema() AND database_name = current_database() AND NOT internal
    AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE schema_name = current_schema())
GROUP BY table_name ORDER BY table_name
"""


@dataclass(frozen=True, slots=True)
class StreamTable:
    """A table that holds events or profiles; its *key* tells its rows apart."""

    name: str
    is_events: bool

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell rows apart."""
        return EVENT_KEY if self.is_events else PROFILE_KEY


def stream_tables(connection: duckdb.DuckDBPyConnection) -> list[StreamTable]:
    """Return the tables of streams."""
    tables = []
    for name, columns in connection.execute(TABLES).fetchall():
        if {*EVENT_KEY, "properties", "_airbyte_meta"} <= set(columns):
            tables.append(StreamTable(name, is_events=True))
        elif {*PROFILE_KEY, "last_seen", "properties", "_airbyte_meta"} <= set(columns):
            tables.append(StreamTable(name, is_events=False))
    return tables


def has_rejected_lines(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the table of rejected lines is there."""
    return any(name == REJECTED_LINES for name, _ in connection.execute(TABLES).fetchall())
