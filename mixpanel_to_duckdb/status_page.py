"""A database's status for the eye.

In: a `DatabaseStatus`; out: rich renderables. Pure.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from mixpanel_to_duckdb.display import duration_text
from mixpanel_to_duckdb.errors import ExitCode
from mixpanel_to_duckdb.finished_days import Range
from mixpanel_to_duckdb.status import DatabaseStatus, StreamStatus

ENDINGS = {
    ExitCode.DONE: "all was read",
    ExitCode.FAILED: "something failed",
    ExitCode.QUOTA: "the quota was used up",
    ExitCode.INTERRUPTED: "interrupted",
}


def status_page(status: DatabaseStatus) -> Iterator[RenderableType]:
    """Yield what to print; texts are meant to be printed as one line each."""
    table = Table(Column("stream"), *(Column(name, justify="right") for name in ("rows", "first day", "last day")))
    for name in ("duplicates", "rejected"):
        table.add_column(name, justify="right")
    for stream in status.streams:
        days = [str(day) if day else "" for day in (stream.first_day, stream.last_day)]
        table.add_row(
            stream.stream, f"{stream.rows:,}", *days, *map(_count, (stream.duplicates, stream.rejected_lines))
        )
    yield table
    missing = False
    for stream in status.streams:
        for text in _missing(stream):
            missing = True
            yield Text(text, "red")
    yield Text(_last_sync(status))
    if missing:
        yield Text(f"To read what failed: mixpanel-to-duckdb sync {shlex.quote(status.database)} --retry-failed")


def _missing(stream: StreamStatus) -> Iterator[str]:
    if stream.failed_ranges:
        yield f"{stream.stream}: failed: {_ranges(stream.failed_ranges)}"
    others = [gap for gap in stream.gaps if gap not in stream.failed_ranges]
    if others:
        yield f"{stream.stream}: not read: {_ranges(others)}"
    if stream.failed_pages:
        yield f"{stream.stream}: failed: pages {', '.join(map(str, stream.failed_pages))}"


def _last_sync(status: DatabaseStatus) -> str:
    if status.last_sync is None:
        return "No sync of mixpanel-to-duckdb has written here yet."
    last = status.last_sync
    ending = ENDINGS.get(ExitCode(last.exit_code), "failed")
    moment = f"{last.started_at.astimezone():%Y-%m-%d %H:%M}"
    return f"Last sync: {moment}, {duration_text(last.duration_s)}, {ending}; {status.syncs:,} in all."


def _ranges(ranges: list[Range] | tuple[Range, ...]) -> str:
    return ", ".join(first if first == last else f"{first}..{last}" for first, last in ranges)


def _count(number: int) -> Text:
    return Text(f"{number:,}", "bold red" if number else "dim")
