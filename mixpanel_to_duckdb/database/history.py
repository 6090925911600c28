"""The syncs that a database has seen, in a table of its own: `_mixpanel_to_duckdb.syncs`; and resets of streams.

In: a connection and a result; out: what earlier syncs failed to read, how fast the last one was. One row a sync,
`sync_id` is the one in the rows' `_airbyte_meta`. Raises duckdb.Error.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mixpanel_to_duckdb.database.finished_days import Range, as_text
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import DEFAULT_SCHEMA
from mixpanel_to_duckdb.result import SyncResult
from source_mixpanel_parallel import BatchProgress, DateWindow
from source_mixpanel_parallel.config.filters import Filters
from source_mixpanel_parallel.windows.date_windows import merge, subtract
from source_mixpanel_parallel.windows.finished_days import windows_of

if TYPE_CHECKING:
    import duckdb

SCHEMA = "_mixpanel_to_duckdb"
CREATE = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.syncs (
    sync_id BIGINT, started_at TIMESTAMPTZ, duration_s DOUBLE, exit_code INTEGER, full_refresh BOOLEAN,
    project_timezone VARCHAR, seconds_a_day DOUBLE, result JSON
);
"""
INSERT = f"INSERT INTO {SCHEMA}.syncs VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a name of our own
COLUMNS = "sync_id, started_at, duration_s, exit_code, full_refresh, project_timezone, seconds_a_day, result"
SELECT = f"SELECT {COLUMNS} FROM {SCHEMA}.syncs ORDER BY sync_id"  # noqa: S608 - names of our own
EXISTS = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?"
CREATE_RESETS = (
    f"CREATE TABLE IF NOT EXISTS {SCHEMA}.resets (schema_name VARCHAR, stream VARCHAR, reset_at TIMESTAMPTZ)"
)
INSERT_RESET = f"INSERT INTO {SCHEMA}.resets VALUES (?, ?, ?)"  # noqa: S608 - a name of our own
SELECT_RESETS = f"SELECT stream, max(reset_at) FROM {SCHEMA}.resets WHERE lower(schema_name) = lower(?) GROUP BY stream"  # noqa: S608
LEFT_OUT = ("batches", "waits")  # fields of the document that are only needed for a single sync
READ_RANGES, FILTERS = "read_date_ranges", "filters"  # per stream, in the database's document only


@dataclass(frozen=True, slots=True)
class PastSync:
    """One row; *seconds_a_day* is what a day of events took one connection."""

    sync_id: int
    started_at: datetime
    duration_s: float
    exit_code: int
    full_refresh: bool
    project_timezone: str
    seconds_a_day: float | None
    result: Mapping[str, Any] = field(default_factory=dict)

    def without(self, streams: Collection[str]) -> PastSync:
        """Return the same without the facts about *streams*."""
        kept = {
            part: {name: value for name, value in self.result.get(part, {}).items() if name not in streams}
            for part in ("streams", READ_RANGES, FILTERS)
        }
        return replace(self, result={**self.result, **kept}) if streams else self

    def failed_ranges(self, stream: str) -> list[Range]:
        """Return the ranges of days that failed then."""
        document = self.result.get("streams", {}).get(stream, {})
        return [(first, last) for first, last in document.get("failed_date_ranges", [])]

    def read_ranges(self, stream: str) -> list[Range]:
        """Return the ranges of days whose rows were read and committed then; release 0.1.0 did not record them."""
        return [(first, last) for first, last in self.result.get(READ_RANGES, {}).get(stream, [])]

    def filters(self, stream: str) -> Filters:
        """Return the filters that were in force then; release 0.1.0 did not record them."""
        return Filters.from_json(self.result.get(FILTERS, {}).get(stream))

    def has_refreshed(self, stream: str) -> bool:
        """Tell whether all of a stream of events was read again then."""
        document = self.result.get("streams", {}).get(stream, {})
        is_whole = self.exit_code in {ExitCode.DONE, ExitCode.FAILED} and document.get("successful_batches", 0) > 0
        return self.full_refresh and is_whole and not self.failed_ranges(stream)

    def read_pages(self, stream: str) -> int:
        """Return how many pages were requested in that sync."""
        document = self.result.get("streams", {}).get(stream, {})
        return sum(int(document.get(f"{end}_pages", 0)) for end in ("successful", "failed", "interrupted"))

    def was_cut_short(self, stream: str) -> bool:
        """Tell whether the sync was stopped before all of the stream's pages were read."""
        return int(self.result.get("streams", {}).get(stream, {}).get("interrupted_pages", 0)) > 0

    def failed_pages(self, stream: str) -> list[int]:
        """Return the pages that failed then."""
        return list(self.result.get("streams", {}).get(stream, {}).get("failed_page_indices", []))


def add_sync(
    connection: duckdb.DuckDBPyConnection,
    result: SyncResult,
    sync_id: int,
    project_timezone: str,
    filters: Mapping[str, Filters] = MappingProxyType({}),
) -> None:
    """Write down one sync; *filters* are those of its streams of events."""
    document = {name: value for name, value in result.as_json().items() if name not in LEFT_OUT}
    document[READ_RANGES] = {name: as_text(windows) for name, windows in committed_windows(result).items()}
    document[FILTERS] = {name: used.as_json() for name, used in filters.items() if name in result.streams}
    costs = [
        batch.duration_s / batch.days for batch in result.batches if isinstance(batch, BatchProgress) and batch.success
    ]
    connection.execute(CREATE)
    connection.execute(
        INSERT,
        [
            sync_id,
            result.started_at,
            result.duration_s,
            int(result.exit_code),
            result.full_refresh,
            project_timezone,
            statistics.median(costs) if costs else None,
            json.dumps(document),
        ],
    )


def committed_windows(result: SyncResult) -> dict[str, list[DateWindow]]:
    """Return the days of each stream that were read, where all rows that were read are committed."""
    read: dict[str, list[DateWindow]] = {}
    for name, stream in result.streams.items():
        windows = [
            DateWindow(date.fromisoformat(batch.from_date), date.fromisoformat(batch.to_date))
            for batch in result.batches
            if isinstance(batch, BatchProgress) and batch.stream == name and batch.success
        ]
        is_in_table = not result.full_refresh or is_complete(result, name)
        if windows and is_in_table and result.committed_rows.get(name, 0) >= stream.rows:
            read[name] = merge(windows)
    return read


def is_complete(result: SyncResult, stream: str) -> bool:
    """Tell whether every window of *stream* was read, so that a full refresh has replaced its table."""
    batches = [batch for batch in result.batches if isinstance(batch, BatchProgress) and batch.stream == stream]
    indices = {batch.batch_index for batch in batches}
    return bool(batches) and all(batch.success for batch in batches) and len(indices) == batches[-1].total_batches


def past_syncs(connection: duckdb.DuckDBPyConnection, schema: str = DEFAULT_SCHEMA) -> list[PastSync]:
    """Return all syncs into *schema*, the oldest first, without what they say of streams that were reset since.

    Those of release 0.1.0 knew one schema only.
    """
    if not _has_table(connection, "syncs"):
        return []
    resets: dict[str, datetime] = {}
    if _has_table(connection, "resets"):
        resets = dict(connection.execute(SELECT_RESETS, [schema]).fetchall())
    rows = connection.execute(SELECT).fetchall()
    syncs = [PastSync(*[*facts, json.loads(document)]) for *facts, document in rows]
    return [
        sync.without([name for name, at in resets.items() if sync.started_at < at])
        for sync in syncs
        if sync.result.get("schema", DEFAULT_SCHEMA).casefold() == schema.casefold()
    ]


def add_resets(connection: duckdb.DuckDBPyConnection, schema: str, streams: Sequence[str], reset_at: datetime) -> None:
    """Write down that *streams* were removed: what earlier syncs say of them holds no longer."""
    if _has_table(connection, "syncs"):
        connection.execute(CREATE_RESETS)
        connection.executemany(INSERT_RESET, [(schema, stream, reset_at) for stream in streams])


def _has_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    [(count,)] = connection.execute(EXISTS, [SCHEMA, name]).fetchall()
    return bool(count)


def last_failed_pages(syncs: Sequence[PastSync], stream: str) -> list[int]:
    """Return the pages that the last sync of *stream* failed to read; one that was stopped early proves nothing."""
    reads = [
        sync
        for sync in syncs
        if sync.failed_pages(stream) or (sync.read_pages(stream) and not sync.was_cut_short(stream))
    ]
    return reads[-1].failed_pages(stream) if reads else []


def ever_failed(syncs: Sequence[PastSync], stream: str) -> list[Range]:
    """Return the ranges that failed and that no later sync has read; the state may tell of more that were read since.

    The current day never becomes a finished range of the state, so only the later syncs tell that it was read. One with
    narrower filters than those of the failure has not read it.
    """
    failed: list[tuple[Filters, list[DateWindow]]] = []
    for sync in syncs:
        filters, read = sync.filters(stream), windows_of(sync.read_ranges(stream))
        if sync.has_refreshed(stream):
            failed.clear()
        failed = [(each, subtract(days, read) if filters.covers(each) else days) for each, days in failed]
        failed.append((filters, windows_of(sync.failed_ranges(stream))))
    return as_text(merge(day for _, days in failed for day in days))
