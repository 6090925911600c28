"""`sync`: one function that brings Mixpanel into a DuckDB file, for programs and notebooks.

In: a config and a path; out: a `SyncResult`. Nothing is printed. Days or pages that fail are in the result; what keeps
the sync from its end is raised, see `sync`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from mixpanel_to_duckdb.config.options import SyncOptions, checked_database, checked_schema, names_of, parse_day
from mixpanel_to_duckdb.config.source_config import source_config
from mixpanel_to_duckdb.errors import AuthenticationFailed, BadArguments, QuotaUsedUp, SyncError
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import DEFAULT_SCHEMA
from mixpanel_to_duckdb.result import SliceProgress, SyncResult
from mixpanel_to_duckdb.sync.follow_up import FollowUp
from mixpanel_to_duckdb.sync.sync_run import SyncRun
from mixpanel_to_duckdb.sync.unread_rows import agree_on_refresh
from mixpanel_to_duckdb.terminal.agreement import refuse
from mixpanel_to_duckdb.terminal.display import NoDisplay


def sync(
    config: Mapping[str, Any] | str | Path | None,
    database: str | Path,
    *,
    schema: str = DEFAULT_SCHEMA,
    streams: str | Sequence[str] = (),
    from_date: date | str | None = None,
    to_date: date | str | None = None,
    last_days: int | None = None,
    events: str | Sequence[str] = (),
    where: str | None = None,
    workers: int | None = None,
    window_days: int | None = None,
    region: str | None = None,
    full_refresh: bool = False,
    reread: bool = False,
    retry_failed: bool = False,
    no_wait: bool = False,
    yes: bool = False,
    views: bool = False,
    report: str | Path | None = None,
    metrics: str | Path | None = None,
    on_batch_complete: Callable[[SliceProgress], object] | None = None,
) -> SyncResult:
    """Load new days and profiles from Mixpanel into *database*, resuming where the last sync ended.

    Args:
        config: the source's config, as a mapping or the path of a JSON file; None for `mixpanel.json`, or the
            environment's MIXPANEL_USERNAME, MIXPANEL_SECRET, MIXPANEL_PROJECT_ID and MIXPANEL_REGION.
        database: the path of the DuckDB file, which is made if it is not there, or `md:name`.
        schema: the schema of the database that the tables are in, which is made if it is not there.
        streams: names of the streams to read, or one text such as `events,profiles`; empty for all.
        from_date: the first day, inclusive, in the project's timezone, as a date or `2026-01-31`.
        to_date: the last day, inclusive.
        last_days: how many days up to today, in place of *from_date* and *to_date*.
        events: names of events; empty for all.
        where: only events matching this segmentation expression.
        workers: how many requests run concurrently, 1 to 100; None for as many as the plan can use.
        window_days: days a request, 1 to 100; None for planned windows.
        region: the project's region, such as EU.
        full_refresh: read everything again, and replace the tables once that is complete; with *from_date*,
            *to_date*, *last_days* or *events*, replace only the events of these days and names, as *reread* does.
        reread: read the days of *from_date*, *to_date* or *last_days* again, and remove stored events of them that
            Mixpanel no longer has.
        retry_failed: read only what failed before.
        no_wait: stop when Mixpanel's hourly quota is used up, instead of waiting for it.
        yes: let a full refresh remove rows that it does not read again.
        views: create or update a view per event at the end.
        report: where to write an HTML page on the sync.
        metrics: where to write metrics in Prometheus' text format.
        on_batch_complete: called in this thread with a BatchProgress (a window of days) or ProfileProgress (a page)
            for each one that ended, success or failure. What it raises stops the sync and is raised on.

    Raises:
        BadArguments: an argument, the config or the path makes no sense, or Mixpanel refuses what was asked, or a full
            refresh would remove rows that it does not read again, and *yes* is not given; the message counts them.
        AuthenticationFailed: Mixpanel does not accept the credentials, or they lack the project.
        QuotaUsedUp: the quota is used up and *no_wait* is given.
        SyncError: the sync could not run to its end, for example since another process has the database.
        OSError: there is no room for temporary files, or no process can be started.
        KeyboardInterrupt: it was interrupted; committed rows are kept, and the next sync resumes from there.

    """
    options = SyncOptions(
        database=checked_database(str(database)),
        from_date=parse_day("from_date", from_date),
        to_date=parse_day("to_date", to_date),
        last_days=last_days,
        streams=names_of("streams", streams),
        events=names_of("events", events),
        where=where,
        workers=workers,
        window_days=window_days,
        region=region,
        full_refresh=full_refresh,
        reread=reread,
        retry_failed=retry_failed,
        no_wait=no_wait,
        yes=yes,
        schema=checked_schema(schema),
    )
    follow_up = FollowUp(Path(report) if report else None, views, Path(metrics) if metrics else None)
    try:
        checked = source_config(config, options)
        agree_on_refresh(options, checked, refuse)
        result = SyncRun(options, checked, NoDisplay(), on_batch_complete).run()
    except SyncError as error:
        follow_up.without_result(options, error.exit_code)
        raise
    return raise_if_ended_early(follow_up.make(result, checked.zone.key))


ERRORS: Mapping[ExitCode, type[SyncError]] = {
    ExitCode.AUTHENTICATION: AuthenticationFailed,
    ExitCode.BAD_ARGUMENTS: BadArguments,
    ExitCode.QUOTA: QuotaUsedUp,
}


def raise_if_ended_early(result: SyncResult) -> SyncResult:
    """Return *result*, unless its sync did not run to its end."""
    if result.exit_code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if kind := ERRORS.get(result.exit_code):
        reason = next(iter(result.errors), "Mixpanel's hourly quota is used up: go on in an hour, or without no_wait")
        raise kind(reason, result)
    if result.exit_code == ExitCode.FAILED and not any(stream.has_failures for stream in result.streams.values()):
        raise SyncError(next(iter(result.errors), "the sync failed and gave no reason"), result)
    return result
