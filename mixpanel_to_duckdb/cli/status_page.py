"""A database's status, formatted for the terminal.

In: a `DatabaseStatus`; out: rich renderables. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from mixpanel_to_duckdb.database.finished_days import Range, as_text
from mixpanel_to_duckdb.database.status import DatabaseStatus, StreamStatus
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import as_arguments
from mixpanel_to_duckdb.terminal.display import duration_text
from source_mixpanel_parallel.windows.date_windows import DateWindow, subtract
from source_mixpanel_parallel.windows.finished_days import windows_of

ENDINGS = {
    ExitCode.DONE: "everything was read",
    ExitCode.FAILED: "something failed",
    ExitCode.QUOTA: "the quota was used up",
    ExitCode.INTERRUPTED: "interrupted: the next sync resumes from there",
}
MAX_RANGES = 5  # of missing rows: more are listed by --json


def status_page(status: DatabaseStatus) -> Iterator[RenderableType]:
    """Yield what to print; each text is printed on one line."""
    table = Table(Column("stream"), *(Column(name, justify="right") for name in ("rows", "first day", "last day")))
    for name in ("duplicates", "rejected"):
        table.add_column(name, justify="right")
    for stream in status.streams:
        days = [str(day) if day else "" for day in (stream.first_day, stream.last_day)]
        table.add_row(
            stream.stream, f"{stream.rows:,}", *days, *map(_count, (stream.duplicates, stream.rejected_lines))
        )
    yield table
    for stream in status.streams:
        yield from (Text(text, "red") for text in _missing(stream))
    yield Text(_last_sync(status))
    again = f"mixpanel-to-duckdb sync {as_arguments(status.database, status.schema)}"
    if any(stream.failed_ranges or stream.failed_pages for stream in status.streams):
        yield Text(f"To read what failed: {again} --retry-failed")
    if any(_not_read(stream) for stream in status.streams):
        yield Text(f"To read the missing days: {again}")
    for stream in status.streams:
        for window in _days(stream)[:MAX_RANGES]:
            span = f"--from {window.from_date} --to {window.to_date}"
            yield Text(f"To read them again: {again} --reread --streams {stream.stream} {span}")


def _missing(stream: StreamStatus) -> Iterator[str]:
    if stream.failed_ranges:
        yield f"{stream.stream}: failed: {_ranges(stream.failed_ranges)}"
    if others := _not_read(stream):
        yield f"{stream.stream}: not read: {_ranges(others)}"
    if stream.failed_pages:
        yield f"{stream.stream}: failed: pages {', '.join(map(str, stream.failed_pages))}"
    if windows := _days(stream):
        places = [_missing_rows(stream, window) for window in windows[:MAX_RANGES]]
        more = f", and {len(windows) - MAX_RANGES:,} more ranges" if len(windows) > MAX_RANGES else ""
        yield f"{stream.stream}: rows that were read are missing: {', '.join(places)}{more}"


def _days(stream: StreamStatus) -> list[DateWindow]:
    """Return the days with missing rows, consecutive days as one range."""
    return windows_of((each.day, each.day) for each in stream.missing_rows)


def _missing_rows(stream: StreamStatus, window: DateWindow) -> str:
    days = [each for each in stream.missing_rows if window.from_date <= date.fromisoformat(each.day) <= window.to_date]
    rows, read = sum(each.rows for each in days), sum(each.read for each in days)
    return f"{_ranges(as_text([window]))} has {rows:,} of {read:,}"


def _not_read(stream: StreamStatus) -> list[Range]:
    """Return the gaps that are not failures."""
    return as_text(subtract(windows_of(stream.gaps), windows_of(stream.failed_ranges)))


def _last_sync(status: DatabaseStatus) -> str:
    if status.last_sync is None:
        return "mixpanel-to-duckdb has not synced into this database yet."
    last = status.last_sync
    ending = ENDINGS.get(ExitCode(last.exit_code), "failed")
    moment = f"{last.started_at.astimezone():%Y-%m-%d %H:%M}"
    return f"Last sync: {moment}, {duration_text(last.duration_s)}, {ending}; {status.syncs:,} in total."


def _ranges(ranges: list[Range] | tuple[Range, ...]) -> str:
    return ", ".join(first if first == last else f"{first}..{last}" for first, last in ranges)


def _count(number: int) -> Text:
    return Text(f"{number:,}", "bold red" if number else "dim")
