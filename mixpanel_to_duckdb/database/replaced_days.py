"""Days that one sync has read again replace what was stored: rows that Mixpanel did not send this time are removed.

In: a connection within a transaction, and how far each stream came; out: a `Replacement` per stream. Only days count
that were read whole and are committed. Where the rows read contradict the project's timezone, nothing is removed, of
no stream: which days the stored rows belong to is unknown then. Raises duckdb.Error.
"""
# ruff: noqa: S608  names are quoted before they come into a statement

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from mixpanel_to_duckdb.database.connection import quote_identifier
from mixpanel_to_duckdb.database.stream_tables import has_rejected_lines, stream_tables
from mixpanel_to_duckdb.replacement import KeptDays, Replacement
from source_mixpanel_parallel import BatchProgress
from source_mixpanel_parallel.config.filters import NO_FILTERS, Filters
from source_mixpanel_parallel.stream_names import REJECTED_LINES
from source_mixpanel_parallel.windows.date_windows import DateWindow, merge, subtract

if TYPE_CHECKING:
    import duckdb

DAY = "CAST(time AT TIME ZONE ? AS DATE)"
SYNC_ID = "TRY_CAST(_airbyte_meta->>'$.sync_id' AS BIGINT)"
# The row that was extracted last is kept when it is sent again: one from a clock that was ahead is still the old one.
IS_OLD = f"{SYNC_ID} IS DISTINCT FROM ? AND coalesce(_airbyte_extracted_at < ?, true)"
IS_FROM_THE_FUTURE = f"{SYNC_ID} IS DISTINCT FROM ? AND _airbyte_extracted_at >= ?"


@dataclass(frozen=True, slots=True)
class ThisSync:
    """The sync whose rows replace those of earlier ones."""

    sync_id: int
    started_at: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """The *days* that were requested of a stream under *filters*, and what came of each.

    Rows of *incomparable_syncs* were read under another `where`: that they are not sent again says nothing of them.
    """

    stream: str
    days: DateWindow
    batches: tuple[BatchProgress, ...]
    committed_rows: int
    filters: Filters = NO_FILTERS
    incomparable_syncs: tuple[int, ...] = ()

    def whole(self) -> Iterator[BatchProgress]:
        """Yield the windows that were read whole and are committed: the destination commits in the order of reading."""
        rows = 0
        for batch in self.batches:
            rows += batch.rows
            if batch.success and rows <= self.committed_rows:
                yield batch

    def possible(self) -> list[DateWindow]:
        """Return the days on which rows may have come."""
        return subtract([self.days], [window_of(batch) for batch in self.batches if not batch.success])


def window_of(batch: BatchProgress) -> DateWindow:
    """Return the days of *batch*."""
    return DateWindow(date.fromisoformat(batch.from_date), date.fromisoformat(batch.to_date))


def replace_days(
    connection: duckdb.DuckDBPyConnection, sync: ThisSync, streams: Sequence[ReadAgain]
) -> dict[str, Replacement]:
    """Remove the stored rows of *streams* that were not sent again."""
    tables = {table.name for table in stream_tables(connection) if table.is_events}
    stored = [stream for stream in streams if stream.stream in tables]
    for stream in stored:
        if elsewhere := _rows_on_other_days(connection, sync, stream):
            contradiction = (
                f"no stored row was removed: {elsewhere:,} of the rows read for {stream.days} are on other days in "
                f"{sync.zone}. Correct project_timezone or legacy_timestamps in the config, and repeat"
            )
            return {each.stream: Replacement(contradiction=contradiction) for each in streams}
    return {stream.stream: _replace(connection, sync, stream) for stream in stored}


def _rows_on_other_days(connection: duckdb.DuckDBPyConnection, sync: ThisSync, stream: ReadAgain) -> int:
    days = " OR ".join(["false", *[f"({DAY} BETWEEN ? AND ?)" for _ in stream.possible()]])
    bounds = [value for window in stream.possible() for value in (sync.zone, window.from_date, window.to_date)]
    query = f"SELECT count(*) FROM {quote_identifier(stream.stream)} WHERE {SYNC_ID} = ? AND ({days}) IS NOT TRUE"
    [(rows,)] = connection.execute(query, [sync.sync_id, *bounds]).fetchall()
    return int(rows)


def _replace(connection: duckdb.DuckDBPyConnection, sync: ThisSync, stream: ReadAgain) -> Replacement:
    whole = list(stream.whole())
    flawed = [batch for batch in whole if batch.rejected_lines]
    kept = [KeptDays(batch.from_date, batch.to_date, _broken(batch.rejected_lines)) for batch in flawed]
    windows = subtract(map(window_of, whole), map(window_of, flawed))
    removed = 0
    for window in windows:
        removed += _remove(connection, sync, stream, window)
        if ahead := _count_from_the_future(connection, sync, stream, window):
            reason = f"{ahead:,} of them extracted later than this sync began, by a clock that was ahead"
            kept.append(KeptDays(str(window.from_date), str(window.to_date), reason))
    ranges = tuple((str(window.from_date), str(window.to_date)) for window in merge(windows))
    return Replacement(removed, ranges, tuple(kept))


def _broken(lines: int) -> str:
    return "1 line of the answer is not an event" if lines == 1 else f"{lines:,} lines of the answer are not events"


def _remove(connection: duckdb.DuckDBPyConnection, sync: ThisSync, stream: ReadAgain, window: DateWindow) -> int:
    within, values = _within(sync, stream, window)
    statement = f"DELETE FROM {quote_identifier(stream.stream)} WHERE {within} AND {IS_OLD}"
    [(rows,)] = connection.execute(statement, [*values, sync.sync_id, sync.started_at]).fetchall()
    if stream.filters == NO_FILTERS and has_rejected_lines(connection):
        connection.execute(
            f"DELETE FROM {REJECTED_LINES} WHERE stream = ? AND from_date >= ? AND to_date <= ? AND {IS_OLD}",
            [stream.stream, window.from_date, window.to_date, sync.sync_id, sync.started_at],
        )
    return int(rows)


def _count_from_the_future(
    connection: duckdb.DuckDBPyConnection, sync: ThisSync, stream: ReadAgain, window: DateWindow
) -> int:
    within, values = _within(sync, stream, window)
    query = f"SELECT count(*) FROM {quote_identifier(stream.stream)} WHERE {within} AND {IS_FROM_THE_FUTURE}"
    [(rows,)] = connection.execute(query, [*values, sync.sync_id, sync.started_at]).fetchall()
    return int(rows)


def _within(sync: ThisSync, stream: ReadAgain, window: DateWindow) -> tuple[str, list[Any]]:
    """Return the condition for rows of *window* that the stream's filters let through, and its values."""
    values: list[Any] = [sync.zone, window.from_date, window.to_date]
    condition = f"{DAY} BETWEEN ? AND ?"
    if stream.filters.events:
        condition += " AND list_contains(CAST(? AS VARCHAR[]), event)"
        values.append(list(stream.filters.events))
    if stream.incomparable_syncs:
        condition += f" AND NOT coalesce(list_contains(CAST(? AS BIGINT[]), {SYNC_ID}), false)"
        values.append(list(stream.incomparable_syncs))
    return condition, values
