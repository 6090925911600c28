"""A page on one sync: what came, when each request ran, what failed, and what the database holds now.

In: a `SyncResult`, the database and the project's timezone; out: one HTML file that needs nothing else: no script, no
network (its own policy forbids it), light and dark, readable on a phone. Raises SyncError and OSError.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources
from pathlib import Path

from mixpanel_to_duckdb.database.finished_days import Range
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import as_arguments
from mixpanel_to_duckdb.report.data import EventCount, ReportData, report_data
from mixpanel_to_duckdb.report.day_chart import day_chart
from mixpanel_to_duckdb.report.timeline import Timeline, timeline
from mixpanel_to_duckdb.report.timeline_chart import timeline_chart
from mixpanel_to_duckdb.result import SyncResult, failed_ranges, place_of
from mixpanel_to_duckdb.terminal.display import duration_text
from source_mixpanel_parallel import BatchProgress

COLOURS = 6
PILLS = {
    ExitCode.DONE: ("good", "All was read"),
    ExitCode.FAILED: ("bad", "Not everything was read"),
    ExitCode.AUTHENTICATION: ("bad", "Authentication failed"),
    ExitCode.BAD_ARGUMENTS: ("bad", "Refused"),
    ExitCode.QUOTA: ("wait", "The hour's quota is used up"),
    ExitCode.INTERRUPTED: ("wait", "Interrupted"),
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_report(path: Path, result: SyncResult, zone: str) -> None:
    """Write the page on *result* to *path*."""
    page = report_page(result, report_data(result.database, zone, result.schema), zone)
    path.write_text(page, encoding="utf-8")


def report_page(result: SyncResult, data: ReportData, zone: str) -> str:
    """Return the page as text."""
    lanes = timeline(result)
    names = list(dict.fromkeys([*result.streams, *(days.stream for days in data.streams)]))
    colours = {name: index % COLOURS for index, name in enumerate(names)}
    style = resources.files("mixpanel_to_duckdb.report").joinpath("report.css").read_text(encoding="utf-8")
    body = "".join(
        [_header(result, zone), _tiles(result, lanes), *_sections(result, data, lanes, colours), _footer(result)]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>Mixpanel to DuckDB, {result.started_at:%Y-%m-%d %H:%M} UTC</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _header(result: SyncResult, zone: str) -> str:
    kind, words = PILLS[result.exit_code]
    facts = f"{result.database} · {result.started_at:%Y-%m-%d %H:%M:%S} UTC · days in {zone}"
    return (
        f'<header><h1>Mixpanel → DuckDB</h1><span class="pill {kind}">{words}</span>'
        f'<p class="soft">{escape(facts)}</p></header>'
    )


def _tiles(result: SyncResult, lanes: Timeline) -> str:
    failed = sum(batch.failed for batch in result.batches)
    reading_s = _reading_s(result)
    tiles = [
        (f"{result.rows:,}", "rows read", ""),
        (duration_text(result.duration_s), f"{duration_text(reading_s)} of it reading", ""),
        (f"{result.rows / reading_s:,.0f}" if reading_s else "0", "rows per second while reading", ""),
        (f"{len(result.batches):,}", "windows and pages", ""),
        (f"{lanes.at_once:,}", "concurrent requests at most", ""),
        (f"{failed:,}", "failed", " bad" if failed else ""),
    ]
    cells = "".join(
        f'<div class="tile{kind}"><b>{value}</b><span class="soft small">{name}</span></div>'
        for value, name, kind in tiles
    )
    return f'<div class="tiles">{cells}</div>'


def _reading_s(result: SyncResult) -> float:
    if not result.batches:
        return 0.0
    ends = [batch.started_s + batch.duration_s for batch in result.batches]
    return max(max(ends) - min(batch.started_s for batch in result.batches), 0.001)


def _sections(result: SyncResult, data: ReportData, lanes: Timeline, colours: dict[str, int]) -> Iterator[str]:
    failures = list(_failures(result))
    if failures:
        head = "<thead><tr><th>where</th><th class=n>tries</th><th>why</th></tr></thead>"
        yield _section(
            "What failed",
            "the next sync asks for it again",
            f'<table class="failures">{head}{"".join(failures)}</table>',
        )
    if data.streams:
        charts = "".join(
            day_chart(days, colours[days.stream], _read(result, days.stream), _failed(result, days.stream))
            for days in data.streams
        )
        yield _section("Rows a day", "strong: read in this sync, pale: earlier", charts)
    if lanes.streams:
        chart = timeline_chart(lanes, colours, result.started_at.timestamp())
        yield _section("Requests", "seconds since the command was given", chart)
    if data.top_events:
        yield _section("Top events", "of all days in the database", _top(data.top_events))


def _section(title: str, note: str, content: str) -> str:
    return f'<section><div class="head"><h2>{title}</h2><span class="soft small">{note}</span></div>{content}</section>'


def _read(result: SyncResult, stream: str) -> list[Range]:
    windows = [batch for batch in result.batches if batch.stream == stream and batch.success]
    if any(not isinstance(batch, BatchProgress) for batch in windows):
        return [("0000-01-01", "9999-12-31")]  # profiles are read whole
    return [(batch.from_date, batch.to_date) for batch in windows if isinstance(batch, BatchProgress)]


def _failed(result: SyncResult, stream: str) -> list[Range]:
    found = result.streams.get(stream)
    return list(failed_ranges(found)) if found else []


def _failures(result: SyncResult) -> Iterator[str]:
    for batch in result.batches:
        if batch.failed:
            tries = 1 + sum(wait.stream == batch.stream and wait.place == place_of(batch) for wait in result.waits)
            yield (
                f'<tr><td class="where">{escape(batch.stream)} {escape(place_of(batch))}</td>'
                f'<td class="n">{tries}</td><td class="why">{escape(batch.error or "")}</td></tr>'
            )
    for error in result.errors_beside_batches:
        yield f'<tr><td class="where">the sync</td><td class="n"></td><td class="why">{escape(error)}</td></tr>'


def _top(events: tuple[EventCount, ...]) -> str:
    most = max(event.rows for event in events)
    rows = "".join(
        f'<tr><td>{escape(event.event)}</td><td class="share"><div style="width:{event.rows / most:.2%}"></div></td>'
        f'<td class="n">{event.rows:,}</td><td class="n soft">{event.people:,}</td></tr>'
        for event in events
    )
    head = '<tr><th>event</th><th></th><th class="n">events</th><th class="n">people, about</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _footer(result: SyncResult) -> str:
    return (
        f"<footer><p>Query it yourself: <code>duckdb {escape(result.database)}</code> · inspect it: "
        f"<code>mixpanel-to-duckdb status {escape(as_arguments(result.database, result.schema))}</code></p></footer>"
    )
