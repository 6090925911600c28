"""Rows that a full refresh would remove and not read again, and the question whether that is wanted.

In: the options, the checked config, the database; out: nothing, if no such rows are there or somebody agrees. Raises
BadArguments with the counts where nobody can be asked, SyncError where the database can't be read.
"""
# ruff: noqa: S608  names are quoted before they come into a statement

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import SourceConfig
from mixpanel_to_duckdb.connectors.stored_state import stored_state
from mixpanel_to_duckdb.database.connection import open_database, quote_identifier, use_schema
from mixpanel_to_duckdb.database.finished_days import finished_days
from mixpanel_to_duckdb.database.stream_tables import has_rejected_lines, stream_tables
from mixpanel_to_duckdb.place import exists
from mixpanel_to_duckdb.sync.reread import was_read_under
from source_mixpanel_parallel.stream_names import REJECTED_LINES
from source_mixpanel_parallel.windows.finished_days import FinishedDays

if TYPE_CHECKING:
    import duckdb

IS_READ = "CAST(time AT TIME ZONE ? AS DATE) BETWEEN ? AND ?"


@dataclass(frozen=True, slots=True)
class UnreadRows:
    """Of the rows of a stream, *rows* of *all_rows* would go; *why* names what is not read again."""

    stream: str
    rows: int
    all_rows: int
    why: str

    def __str__(self) -> str:
        return f"{self.stream}: {self.rows:,} of {self.all_rows:,} rows ({self.why})"


def agree_on_refresh(options: SyncOptions, config: SourceConfig, agree: Callable[[str], None]) -> None:
    """Have somebody *agree* before a full refresh removes rows that it does not read again."""
    if not options.replaces_tables or options.yes or not exists(options.database):
        return
    streams = config.chosen_streams(options.streams)
    has_where = any(config.filters(name).where for name in streams if name in config.event_streams)
    states = stored_state(options.database, options.schema) if has_where else b"[]"
    with open_database(options.database) as connection:
        is_there = use_schema(connection, options.schema)
        unread = unread_rows(connection, config, streams, finished_days(states)) if is_there else []
    if unread:
        agree(
            "--full-refresh would remove rows that it does not read again: "
            f"{'; '.join(map(str, unread))}. To replace only days that are read, name them with --from and --to."
        )


def unread_rows(
    connection: duckdb.DuckDBPyConnection,
    config: SourceConfig,
    streams: Sequence[str],
    finished: dict[str, FinishedDays],
) -> list[UnreadRows]:
    """Return what would go of each of *streams*; profiles are replaced by every sync, so they are not among them."""
    found = [
        _unread_events(connection, config, table.name, finished.get(table.name, FinishedDays()))
        for table in stream_tables(connection)
        if table.is_events and table.name in streams and table.name in config.event_streams
    ]
    if has_rejected_lines(connection) and REJECTED_LINES in streams:
        found.append(_unread_rejected_lines(connection, config, streams))
    return [each for each in found if each.rows]


def _unread_events(
    connection: duckdb.DuckDBPyConnection, config: SourceConfig, stream: str, finished: FinishedDays
) -> UnreadRows:
    filters = config.filters(stream)
    is_read = IS_READ
    values: list[Any] = [config.zone.key, config.from_date, config.to_date]
    why = f"days outside {config.from_date}..{config.to_date}"
    if filters.events:
        is_read += " AND list_contains(CAST(? AS VARCHAR[]), event)"
        values.append(list(filters.events))
        why += f", events other than {', '.join(filters.events)}"
    if filters.where and not was_read_under(finished, filters.where):
        is_read = f"false AND {is_read}"
        why += f", and events that do not match {filters.where} (their number is unknown)"
    query = f"SELECT count(*) FILTER (WHERE ({is_read}) IS NOT TRUE), count(*) FROM {quote_identifier(stream)}"
    [(rows, all_rows)] = connection.execute(query, values).fetchall()
    return UnreadRows(stream, int(rows), int(all_rows), why)


def _unread_rejected_lines(
    connection: duckdb.DuckDBPyConnection, config: SourceConfig, streams: Sequence[str]
) -> UnreadRows:
    is_read = "list_contains(CAST(? AS VARCHAR[]), stream) AND from_date >= ? AND to_date <= ?"
    query = f"SELECT count(*) FILTER (WHERE ({is_read}) IS NOT TRUE), count(*) FROM {REJECTED_LINES}"
    [(rows, all_rows)] = connection.execute(query, [list(streams), config.from_date, config.to_date]).fetchall()
    return UnreadRows(REJECTED_LINES, int(rows), int(all_rows), "lines of other days or streams")
