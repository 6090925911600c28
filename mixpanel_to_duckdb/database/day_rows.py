"""How many rows each day had when it was last read, per stream, in `_mixpanel_to_duckdb.day_rows`.

In: a connection whose current schema is the one in question; out: the record, made by each sync for the days that it
read and committed, and the days that have fewer rows now, as after a DELETE by hand. Databases of release 0.1.0 have
no record and are not reported. Raises duckdb.Error.
"""
# ruff: noqa: S608  names are our own or quoted before they come into a statement

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from mixpanel_to_duckdb.database.connection import quote_identifier
from mixpanel_to_duckdb.database.history import SCHEMA, committed_windows
from mixpanel_to_duckdb.database.stream_tables import stream_tables
from mixpanel_to_duckdb.result import SyncResult
from source_mixpanel_parallel.windows.date_windows import DateWindow

if TYPE_CHECKING:
    import duckdb

TABLE = f"{SCHEMA}.day_rows"
CREATE = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {TABLE} (
    schema_name VARCHAR, stream VARCHAR, project_timezone VARCHAR, day DATE, row_count BIGINT
);
"""
EXISTS = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = 'day_rows'"
OF_STREAM = "schema_name = current_schema() AND stream = ?"
DAY = "CAST(time AT TIME ZONE ? AS DATE)"
# No timezone is further from UTC: DuckDB skips the row groups that are outside, and looks at the others row by row.
MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MissingRows:
    """A day that has *rows* now, and had *read* when it was last read."""

    day: str
    rows: int
    read: int


def record_day_rows(connection: duckdb.DuckDBPyConnection, result: SyncResult, zone: str) -> None:
    """Count the rows of each day that a sync has read; a full refresh begins a new record of its streams."""
    connection.execute(CREATE)
    tables = {table.name for table in stream_tables(connection) if table.is_events}
    for stream, windows in committed_windows(result).items():
        if stream not in tables:
            continue
        if result.full_refresh:
            connection.execute(f"DELETE FROM {TABLE} WHERE {OF_STREAM}", [stream])
        for window in windows:
            _record(connection, stream, window, zone)


def _record(connection: duckdb.DuckDBPyConnection, stream: str, window: DateWindow, zone: str) -> None:
    first, last = window.from_date, window.to_date
    connection.execute(f"DELETE FROM {TABLE} WHERE {OF_STREAM} AND day BETWEEN ? AND ?", [stream, first, last])
    connection.execute(
        f"INSERT INTO {TABLE} SELECT current_schema(), ?, ?, {DAY} AS day, count(*) FROM {quote_identifier(stream)}"
        f" WHERE time BETWEEN CAST(? AS DATE) AND CAST(? AS DATE) AND {DAY} BETWEEN ? AND ? GROUP BY ALL",
        [stream, zone, zone, first - MARGIN, last + 2 * MARGIN, zone, first, last],
    )


def forget_day_rows(connection: duckdb.DuckDBPyConnection, streams: Sequence[str]) -> None:
    """Begin a new record of *streams*, whose rows were removed."""
    connection.execute(CREATE)
    for stream in streams:
        connection.execute(f"DELETE FROM {TABLE} WHERE {OF_STREAM}", [stream])


def missing_rows(
    connection: duckdb.DuckDBPyConnection, stream: str, zone: str, finished: Sequence[DateWindow]
) -> tuple[MissingRows, ...]:
    """Return the *finished* days of *stream* that have fewer rows than they had, in order; others are read again."""
    [(is_there,)] = connection.execute(EXISTS, [SCHEMA]).fetchall()
    if not is_there:
        return ()
    has_table = any(table.name == stream and table.is_events for table in stream_tables(connection))
    now = f"SELECT {DAY} AS day, count(*) AS rows FROM {quote_identifier(stream)} GROUP BY day"
    if not has_table:
        now = "SELECT CAST(? AS DATE) AS day, 0 AS rows WHERE false"
    rows: list[tuple[date, int, int]] = connection.execute(
        f"SELECT day, coalesce(now.rows, 0), row_count FROM {TABLE} AS before LEFT JOIN ({now}) AS now USING (day)"
        f" WHERE {OF_STREAM} AND project_timezone = ? AND coalesce(now.rows, 0) < row_count ORDER BY day",
        [zone if has_table else None, stream, zone],
    ).fetchall()
    return tuple(
        MissingRows(str(day), rows_now, read)
        for day, rows_now, read in rows
        if any(window.from_date <= day <= window.to_date for window in finished)
    )
