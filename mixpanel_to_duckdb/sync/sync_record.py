"""What a sync leaves in the database once the connectors have ended: replaced days, and its entry in the history.

In: the result and the options; out: the result with the effect on stored rows. Both are written in one
transaction or not at all, which is an error of the result.
"""

from __future__ import annotations

from collections.abc import Sequence

from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import SourceConfig
from mixpanel_to_duckdb.database.connection import open_database, transaction, use_schema
from mixpanel_to_duckdb.database.day_rows import record_day_rows
from mixpanel_to_duckdb.database.history import PastSync, add_sync, past_syncs
from mixpanel_to_duckdb.database.replaced_days import ReadAgain, ThisSync, replace_days
from mixpanel_to_duckdb.errors import SyncError
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import exists
from mixpanel_to_duckdb.result import SyncResult
from mixpanel_to_duckdb.sync.reread import streams_to_read
from source_mixpanel_parallel import BatchProgress


def write_down(result: SyncResult, sync_id: int, options: SyncOptions, config: SourceConfig) -> SyncResult:
    """Replace the days that were read again, if requested, and add the sync to the history."""
    if result.exit_code in {ExitCode.BAD_ARGUMENTS, ExitCode.AUTHENTICATION} or not exists(options.database):
        return result
    if not result.batches and result.errors:
        return result
    written = result
    try:
        with open_database(options.database, read_only=False) as connection, transaction(connection):
            has_tables = use_schema(connection, options.schema)
            if options.replaces_days and has_tables:
                sync = ThisSync(sync_id, result.started_at, config.zone.key)
                syncs = past_syncs(connection, options.schema)
                again = [read_again(result, name, config, syncs) for name in _event_streams(options, config)]
                written = result.with_replacements(replace_days(connection, sync, again))
            filters = {name: config.filters(name) for name in config.event_streams}
            add_sync(connection, written, sync_id, config.zone.key, filters)
            if has_tables:
                record_day_rows(connection, written, config.zone.key)
    except SyncError as error:
        undone = "no stored row was removed, and " if options.replaces_days else ""
        return result.with_error(f"{undone}the sync is not in the database's history: {error}")
    return written


def read_again(result: SyncResult, stream: str, config: SourceConfig, syncs: Sequence[PastSync]) -> ReadAgain:
    """Return how far *stream* came, and which of the *syncs* of before have read other rows of the same days."""
    filters = config.filters(stream)
    others = [sync.sync_id for sync in syncs if sync.filters(stream).where != filters.where]
    return ReadAgain(
        stream=stream,
        days=config.days,
        batches=tuple(each for each in result.batches if isinstance(each, BatchProgress) and each.stream == stream),
        committed_rows=result.committed_rows.get(stream, 0),
        filters=filters,
        incomparable_syncs=tuple(others) if filters.where else (),
    )


def _event_streams(options: SyncOptions, config: SourceConfig) -> list[str]:
    return [name for name in streams_to_read(config, options) if name in config.event_streams]
