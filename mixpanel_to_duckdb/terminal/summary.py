"""The summary of a sync: rows, windows, failures, duration, next steps.

In: a `SyncResult`; out: rich renderables. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from mixpanel_to_duckdb.connectors.verdict import AUTHENTICATION
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import as_arguments
from mixpanel_to_duckdb.result import SliceProgress, StreamResult, SyncResult
from mixpanel_to_duckdb.terminal.display import duration_text
from source_mixpanel_parallel import BatchProgress, ParallelProfileResult, ProfileProgress
from source_mixpanel_parallel.progress import StreamReadResult
from source_mixpanel_parallel.windows.finished_days import windows_of

HEADLINES = {
    ExitCode.DONE: ("Done", "bold green"),
    ExitCode.FAILED: ("Not everything could be read", "bold red"),
    ExitCode.AUTHENTICATION: ("Authentication failed", "bold red"),
    ExitCode.BAD_ARGUMENTS: ("Mixpanel rejected the request", "bold red"),
    ExitCode.QUOTA: ("Mixpanel's hourly quota is used up", "bold yellow"),
    ExitCode.INTERRUPTED: ("Stopped", "bold yellow"),
}
MAX_FAILURES = 20


def summary(result: SyncResult) -> list[RenderableType]:
    """Return what to print at the end, part by part; each text is printed on one line."""
    parts: list[RenderableType] = [headline(result)]
    if any(_has_news(stream) for stream in result.streams.values()) or any(result.committed_rows.values()):
        parts.append(streams_table(result))
    parts += [Text(line) for line in replacements(result)]
    parts += failures(result)
    parts += [Text(line, "yellow") for line in interruptions(result)]
    parts += [Text(error, "red") for error in other_errors(result)]
    parts += [Text(line) for line in next_steps(result)]
    return parts


def headline(result: SyncResult) -> Text:
    """Return the first line: how it ended, how much, how long."""
    words, style = HEADLINES[result.exit_code]
    if _broke_off(result):
        words = "Sync aborted"
    text = Text.assemble((words, style), f": {result.rows:,} rows in {duration_text(result.duration_s)}")
    return text.append(f", {result.database}")


def streams_table(result: SyncResult) -> Table:
    """Return a table with a row per stream."""
    right = Column(justify="right")
    table = Table(Column("stream"), *(Column(name, justify=right.justify) for name in ("rows", "read", "failed")))
    for name, stream in result.streams.items():
        if _has_news(stream):
            successful, failed, unit = _counts(stream)
            cell = Text(str(failed), "bold red") if failed else Text("0", "dim")
            table.add_row(
                name, f"{result.rows_of(name):,}", f"{successful:,} {unit}{'' if successful == 1 else 's'}", cell
            )
        elif rows := result.rows_of(name):
            table.add_row(name, f"{rows:,}", "", "")
    return table


def replacements(result: SyncResult) -> Iterator[str]:
    """Yield what happened to the stored rows of days that were read again."""
    for name, replacement in result.replacements.items():
        if replacement.replaced_ranges:
            days = ", ".join(map(str, windows_of(replacement.replaced_ranges)))
            rows = replacement.removed_rows
            noun = (
                "stored row that Mixpanel no longer has was"
                if rows == 1
                else "stored rows that Mixpanel no longer has were"
            )
            yield f"{name} {days} replaced: {rows:,} {noun} removed"
        for kept in replacement.kept:
            yield f"{name} {kept.from_date}..{kept.to_date}: stored rows were kept: {kept.reason}"


def failures(result: SyncResult) -> Iterator[RenderableType]:
    """Yield failed ranges of days and pages, grouped by reason."""
    if result.exit_code == ExitCode.AUTHENTICATION:
        return
    together: dict[tuple[str, str], list[SliceProgress]] = {}
    for batch in result.batches:
        if batch.error and batch.failed:
            together.setdefault((batch.stream, batch.error), []).append(batch)
    for (stream, error), batches in list(together.items())[:MAX_FAILURES]:
        yield Text.assemble((f"{stream} {places_of(batches)}", "red"), f" {error}")
    if len(together) > MAX_FAILURES:
        yield Text(f"… and {len(together) - MAX_FAILURES:,} more: --json lists all", "dim")


def interruptions(result: SyncResult) -> Iterator[str]:
    """Yield how much of each stream was not read because the sync was stopped."""
    why = "the quota is used up" if result.exit_code == ExitCode.QUOTA else "the sync was interrupted"
    for name in dict.fromkeys(batch.stream for batch in result.batches if batch.interrupted):
        batches = [batch for batch in result.batches if batch.stream == name]
        total, unit = _total(batches[-1])
        unread = total - len({_index(batch) for batch in batches} - {_index(b) for b in batches if b.interrupted})
        verb = "was" if unread == 1 else "were"
        yield f"{name}: {unread:,} of {total:,} {unit}{'s' if total > 1 else ''} {verb} not read: {why}."


def places_of(batches: Sequence[SliceProgress]) -> str:
    """Return the days or pages of one stream's *batches*, in order, consecutive days as one range."""
    pages = sorted(batch.page_index for batch in batches if isinstance(batch, ProfileProgress))
    days = windows_of([(batch.from_date, batch.to_date) for batch in batches if isinstance(batch, BatchProgress)])
    return ", ".join([*map(str, days), *(f"page {page}" for page in pages)])


def other_errors(result: SyncResult) -> list[str]:
    """Return the errors not reported by a window or page; for refused credentials, only the reason."""
    if result.exit_code == ExitCode.AUTHENTICATION:
        refused = [batch.error for batch in result.batches if batch.error and batch.error_code in AUTHENTICATION]
        return list(dict.fromkeys(refused)) or list(result.errors)
    return list(result.errors_beside_batches)


def next_steps(result: SyncResult) -> Iterator[str]:
    """Yield the next steps."""
    database = as_arguments(result.database, result.schema)
    again = f"mixpanel-to-duckdb sync {database}"
    kept = sum(result.committed_rows.values())
    if result.exit_code == ExitCode.INTERRUPTED and result.full_refresh:
        yield "Incomplete tables are unchanged. Run the same command again to start over and replace them."
    elif result.exit_code == ExitCode.INTERRUPTED or (_broke_off(result) and result.batches):
        yield f"{kept:,} rows are committed. Run the same command again to resume."
    elif result.exit_code == ExitCode.QUOTA:
        yield "All rows read so far are committed. Run the same command again in an hour, or without --no-wait."
    elif result.exit_code == ExitCode.FAILED and result.batches:
        yield f"The next sync retries what failed; to read only that: {again} --retry-failed"
    elif result.exit_code == ExitCode.DONE and not result.batches and not kept:
        yield "There was nothing to read."
    if result.exit_code in {ExitCode.DONE, ExitCode.FAILED} and (result.batches or kept):
        yield f"To inspect the database: mixpanel-to-duckdb status {database}"


def _broke_off(result: SyncResult) -> bool:
    """Return whether something other than days or pages failed."""
    only_parts = any(batch.failed for batch in result.batches)
    return result.exit_code == ExitCode.FAILED and not only_parts


def _counts(stream: StreamResult) -> tuple[int, int, str]:
    if isinstance(stream, ParallelProfileResult):
        return stream.successful_pages, stream.failed_pages, "page"
    if isinstance(stream, StreamReadResult):
        return 0, 0, ""
    return stream.successful_batches, stream.failed_batches, "window"


def _total(batch: SliceProgress) -> tuple[int, str]:
    return (batch.total_pages, "page") if isinstance(batch, ProfileProgress) else (batch.total_batches, "window")


def _index(batch: SliceProgress) -> int:
    return batch.page_index if isinstance(batch, ProfileProgress) else batch.batch_index


def _has_news(stream: StreamResult) -> bool:
    successful, failed, _ = _counts(stream)
    return successful + failed > 0
