"""What a database holds, stream by stream: rows, days, gaps, failures, duplicates, rejected lines, the last sync.

In: the database and its state; out: `DatabaseStatus`, also as a JSON document. Raises SyncError where the
database can't be read.
"""
# ruff: noqa: S608  names are quoted before they come into a statement

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from mixpanel_to_duckdb.database.connection import open_database, quote_identifier, require_schema
from mixpanel_to_duckdb.database.day_rows import MissingRows, missing_rows
from mixpanel_to_duckdb.database.finished_days import Range, as_text, finished_days
from mixpanel_to_duckdb.database.history import PastSync, ever_failed, last_failed_pages, past_syncs
from mixpanel_to_duckdb.database.stream_tables import StreamTable, has_rejected_lines, stream_tables
from mixpanel_to_duckdb.place import DEFAULT_SCHEMA
from source_mixpanel_parallel.stream_names import REJECTED_LINES
from source_mixpanel_parallel.windows.date_windows import DateWindow, subtract
from source_mixpanel_parallel.windows.finished_days import FinishedDays, windows_of

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """One stream. `first_day` and `last_day` are those of its rows, of profiles the days they were last seen.

    `gaps` are days that were not read (whole), `failed_ranges` those of them that a sync gave up; `duplicates` counts
    rows beyond the first of each key, `rejected_lines` what came instead of events. `missing_rows` are finished days
    that have fewer rows in the table than when they were last read.
    """

    stream: str
    rows: int
    first_day: date | None
    last_day: date | None
    gaps: tuple[Range, ...] = ()
    failed_ranges: tuple[Range, ...] = ()
    failed_pages: tuple[int, ...] = ()
    duplicates: int = 0
    rejected_lines: int = 0
    missing_rows: tuple[MissingRows, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """All streams, and the last sync; None where this program has run none yet."""

    database: str
    streams: tuple[StreamStatus, ...]
    last_sync: PastSync | None
    syncs: int
    schema: str = DEFAULT_SCHEMA

    def as_json(self) -> dict[str, Any]:
        """Return the status as a JSON document."""
        last = self.last_sync
        return {
            "database": self.database,
            "schema": self.schema,
            "syncs": self.syncs,
            "last_sync": last
            and {
                "started_at": last.started_at.isoformat(timespec="seconds"),
                "duration_s": round(last.duration_s, 3),
                "exit_code": last.exit_code,
            },
            "streams": {
                stream.stream: {
                    name: str(value) if isinstance(value, date) else value for name, value in asdict(stream).items()
                }
                for stream in self.streams
            },
        }


def database_status(database: str, states: bytes, schema: str = DEFAULT_SCHEMA) -> DatabaseStatus:
    """Return the status of a schema of *database*, whose *states* are those that the destination tells."""
    finished = finished_days(states)
    with open_database(database) as connection:
        require_schema(connection, database, schema)
        syncs = past_syncs(connection, schema)
        zone = syncs[-1].project_timezone if syncs else "UTC"
        rejected = _rejected(connection)
        streams = [
            _stream_status(connection, table, finished.get(table.name, FinishedDays()), syncs, zone, rejected)
            for table in stream_tables(connection)
        ]
        streams += _without_table(connection, syncs, zone, finished, {stream.stream for stream in streams})
    return DatabaseStatus(database, tuple(streams), syncs[-1] if syncs else None, len(syncs), schema)


def _stream_status(
    connection: duckdb.DuckDBPyConnection,
    table: StreamTable,
    finished: FinishedDays,
    syncs: Sequence[PastSync],
    zone: str,
    rejected: dict[str, int],
) -> StreamStatus:
    key = ", ".join(map(quote_identifier, table.key))
    day = "CAST(time AT TIME ZONE ? AS DATE)" if table.is_events else "CAST(last_seen AS DATE)"
    query = f"SELECT count(*), count(*) - count(DISTINCT ({key})), min({day}), max({day}) FROM " + quote_identifier(
        table.name
    )
    [(rows, duplicates, first, last)] = connection.execute(query, [zone] * query.count("?")).fetchall()
    if not table.is_events:
        pages = tuple(last_failed_pages(syncs, table.name))
        return StreamStatus(table.name, rows, first, last, failed_pages=pages, duplicates=duplicates)
    failed = windows_of(ever_failed(syncs, table.name))
    return StreamStatus(
        stream=table.name,
        rows=rows,
        first_day=first,
        last_day=last,
        gaps=tuple(as_text(finished.gaps(failed))),
        failed_ranges=tuple(as_text(subtract(failed, finished.latest.windows))),
        duplicates=duplicates,
        rejected_lines=rejected.get(table.name, 0),
        missing_rows=missing_rows(connection, table.name, zone, _windows(finished)),
    )


def _windows(finished: FinishedDays) -> list[DateWindow]:
    """Return the days that are finished under any filters."""
    return [window for each in (finished.latest, *finished.others) for window in each.windows]


def _without_table(
    connection: duckdb.DuckDBPyConnection,
    syncs: Sequence[PastSync],
    zone: str,
    finished: Mapping[str, FinishedDays],
    known: set[str],
) -> list[StreamStatus]:
    """Return the streams of which nothing has arrived yet, since they failed, and those whose table is gone."""
    names = dict.fromkeys(name for sync in syncs for name in sync.result.get("streams", {}) if name not in known)
    statuses = []
    for name in names:
        ranges, pages = tuple(ever_failed(syncs, name)), tuple(last_failed_pages(syncs, name))
        missing = missing_rows(connection, name, zone, _windows(finished.get(name, FinishedDays())))
        if ranges or pages or missing:
            statuses.append(StreamStatus(name, 0, None, None, ranges, ranges, pages, missing_rows=missing))
    return statuses


def _rejected(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    if not has_rejected_lines(connection):
        return {}
    return dict(connection.execute(f"SELECT stream, count(*) FROM {REJECTED_LINES} GROUP BY stream").fetchall())
