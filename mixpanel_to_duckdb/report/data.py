"""What a report tells of the database: rows a day, totals, the most frequent events.

In: a database and a timezone; out: `ReportData`. Raises SyncError where the database can't be read.
"""
# ruff: noqa: S608  names are quoted before they come into a statement

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from mixpanel_to_duckdb.database.connection import open_database, quote_identifier, use_schema
from mixpanel_to_duckdb.database.stream_tables import StreamTable, stream_tables
from mixpanel_to_duckdb.place import DEFAULT_SCHEMA, exists

if TYPE_CHECKING:
    import duckdb

MAX_BARS = 366
TOP = 10


@dataclass(frozen=True, slots=True)
class DayBar:
    """The rows of *days* days from *first* on."""

    first: date
    days: int
    rows: int


@dataclass(frozen=True, slots=True)
class StreamDays:
    """One stream's rows over time; profiles count on the day they were last seen."""

    stream: str
    is_events: bool
    rows: int
    bars: tuple[DayBar, ...]


@dataclass(frozen=True, slots=True)
class EventCount:
    """How often an event happened, and to how many people."""

    event: str
    rows: int
    people: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """All streams, and the most frequent events of the stream `events`."""

    streams: tuple[StreamDays, ...] = ()
    top_events: tuple[EventCount, ...] = ()


def report_data(database: str, zone: str, schema: str = DEFAULT_SCHEMA) -> ReportData:
    """Return what a schema of *database* holds; days are those of the timezone *zone*."""
    if not exists(database):
        return ReportData()
    with open_database(database) as connection:
        tables = stream_tables(connection) if use_schema(connection, schema) else []
        streams = tuple(_stream_days(connection, table, zone) for table in tables)
        has_events = any(table.name == "events" for table in tables)
        top = _top_events(connection) if has_events else ()
    return ReportData(streams, top)


def _stream_days(connection: duckdb.DuckDBPyConnection, table: StreamTable, zone: str) -> StreamDays:
    day = "CAST(time AT TIME ZONE ? AS DATE)" if table.is_events else "CAST(last_seen AS DATE)"
    query = f"SELECT {day} AS day, count(*) FROM {quote_identifier(table.name)} GROUP BY day ORDER BY day"
    rows = connection.execute(query, [zone] * query.count("?")).fetchall()
    counted = {day: count for day, count in rows if day is not None}
    return StreamDays(table.name, table.is_events, sum(count for _, count in rows), tuple(bars_of(counted)))


def bars_of(counted: dict[date, int]) -> list[DayBar]:
    """Return a bar for every day from the first to the last, or for some days together where they are many."""
    if not counted:
        return []
    first, last = min(counted), max(counted)
    span = (last - first).days + 1
    width = -(-span // MAX_BARS)
    rows = [0] * -(-span // width)
    for day, count in counted.items():
        rows[(day - first).days // width] += count
    return [DayBar(first + timedelta(days=index * width), width, count) for index, count in enumerate(rows)]


def _top_events(connection: duckdb.DuckDBPyConnection) -> tuple[EventCount, ...]:
    rows = connection.execute(
        "SELECT event, count(*) AS n, approx_count_distinct(distinct_id) FROM events"
        f" GROUP BY event ORDER BY n DESC, event LIMIT {TOP}"
    ).fetchall()
    return tuple(EventCount(*row) for row in rows)
