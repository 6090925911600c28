"""What failed in earlier syncs and was not read since: what `--retry-failed` reads.

In: the database's history and its state; out: the streams concerned, and the days from the first to the last that
failed. Raises SyncError where the database can't be read.
"""

from __future__ import annotations

from dataclasses import dataclass

from mixpanel_to_duckdb.config.source_config import SourceConfig
from mixpanel_to_duckdb.database.connection import open_database
from mixpanel_to_duckdb.database.finished_days import finished_days
from mixpanel_to_duckdb.database.history import ever_failed, last_failed_pages, past_syncs
from mixpanel_to_duckdb.place import DEFAULT_SCHEMA, exists
from source_mixpanel_parallel.stream_names import REJECTED_LINES
from source_mixpanel_parallel.windows.date_windows import DateWindow, subtract
from source_mixpanel_parallel.windows.finished_days import FinishedDays, windows_of


@dataclass(frozen=True, slots=True)
class FailedParts:
    """The *streams* to read; *days* spans what failed, None where only pages did."""

    streams: tuple[str, ...]
    days: DateWindow | None


def failed_parts(
    database: str, config: SourceConfig, chosen: tuple[str, ...], states: bytes, schema: str = DEFAULT_SCHEMA
) -> FailedParts:
    """Return what of the *chosen* streams has failed."""
    if not exists(database):
        return FailedParts((), None)
    with open_database(database) as connection:
        syncs = past_syncs(connection, schema)
    finished = finished_days(states)
    streams: list[str] = []
    windows: list[DateWindow] = []
    for name in config.event_streams:
        failed = windows_of(ever_failed(syncs, name))
        failed = subtract(failed, finished.get(name, FinishedDays()).under(config.filters(name)).windows)
        if name in chosen and failed:
            streams.append(name)
            windows += failed
    if windows:
        streams.append(REJECTED_LINES)
    streams += [name for name in config.paged_streams if name in chosen and last_failed_pages(syncs, name)]
    days = DateWindow(min(w.from_date for w in windows), max(w.to_date for w in windows)) if windows else None
    return FailedParts(tuple(streams), days)
