"""The syncs that a database has seen, in a table of its own: `_mixpanel_to_duckdb.syncs`.

In: a connection and a result; out: what earlier syncs failed to read, how fast the last one was. One row a sync,
`sync_id` is the one in the rows' `_airbyte_meta`. Raises duckdb.Error.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mixpanel_to_duckdb.errors import ExitCode
from mixpanel_to_duckdb.finished_days import Range
from mixpanel_to_duckdb.result import SyncResult
from mixpanel_to_duckdb.tally import days_of
from source_mixpanel_parallel import BatchProgress

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
EXISTS = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = 'syncs'"
LEFT_OUT = ("batches", "waits")  # of the document: what one sync alone is asked for


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

    def failed_ranges(self, stream: str) -> list[Range]:
        """Return the ranges of days that failed then."""
        document = self.result.get("streams", {}).get(stream, {})
        return [(first, last) for first, last in document.get("failed_date_ranges", [])]

    def has_refreshed(self, stream: str) -> bool:
        """Tell whether all of a stream of events was read anew then."""
        document = self.result.get("streams", {}).get(stream, {})
        is_whole = self.exit_code in {ExitCode.DONE, ExitCode.FAILED} and document.get("successful_batches", 0) > 0
        return self.full_refresh and is_whole and not self.failed_ranges(stream)

    def read_pages(self, stream: str) -> int:
        """Return how many pages were asked for then."""
        document = self.result.get("streams", {}).get(stream, {})
        return int(document.get("successful_pages", 0)) + int(document.get("failed_pages", 0))

    def failed_pages(self, stream: str) -> list[int]:
        """Return the pages that failed then."""
        return list(self.result.get("streams", {}).get(stream, {}).get("failed_page_indices", []))


def add_sync(
    connection: duckdb.DuckDBPyConnection,
    result: SyncResult,
    sync_id: int,
    project_timezone: str,
) -> None:
    """Write down one sync."""
    document = {name: value for name, value in result.as_json().items() if name not in LEFT_OUT}
    costs = [
        batch.duration_s / days_of(batch)
        for batch in result.batches
        if isinstance(batch, BatchProgress) and batch.success
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


def past_syncs(connection: duckdb.DuckDBPyConnection) -> list[PastSync]:
    """Return all syncs, the oldest first."""
    [(count,)] = connection.execute(EXISTS, [SCHEMA]).fetchall()
    if not count:
        return []
    rows = connection.execute(SELECT).fetchall()
    return [PastSync(*[*facts, json.loads(document)]) for *facts, document in rows]


def last_failed_pages(syncs: Sequence[PastSync], stream: str) -> list[int]:
    """Return the pages that the last sync of *stream* failed to read."""
    reads = [sync for sync in syncs if sync.read_pages(stream)]
    return reads[-1].failed_pages(stream) if reads else []


def ever_failed(syncs: Sequence[PastSync], stream: str) -> list[Range]:
    """Return every range that has failed since the last full refresh; the state tells which were read since."""
    failed: list[Range] = []
    for sync in syncs:
        if sync.has_refreshed(stream):
            failed.clear()
        failed += sync.failed_ranges(stream)
    return failed
