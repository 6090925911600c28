"""The page on a sync: what it says, and that it needs nothing but itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest

from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.report.data import DayBar, EventCount, ReportData, StreamDays, bars_of, report_data
from mixpanel_to_duckdb.report.page import report_page
from mixpanel_to_duckdb.report.timeline import most_at_once, tick_s, timeline
from mixpanel_to_duckdb.result import Wait
from source_mixpanel_parallel import BatchProgress, ParallelFetchResult, ProfileProgress
from unit_tests.command.test_result import BAD_DAY, BATCHES, STARTED, result_of

HOSTILE = '"><script>alert(1)</script>&'
T0 = STARTED.timestamp()
VOID = {"meta", "br", "rect"}


class Tags(HTMLParser):
    """Collects the tags of a page, and whether they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that begins."""
        self.seen.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}
        if tag not in VOID - {"rect"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note a tag that ends."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def parsed(page: str) -> Tags:
    """Return the tags of *page*, all of which are closed."""
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    return tags


def window(start_s: float, duration_s: float, *, first: str = "2026-01-01", last: str = "2026-01-02") -> BatchProgress:
    """Return a window that was read from *start_s* after the beginning on."""
    return BatchProgress("events", first, last, 0, 9, 9, 5, True, None, 1, T0 + start_s, duration_s)


DAYS = StreamDays("events", True, 45, (DayBar(date(2026, 1, 1), 1, 20), DayBar(date(2026, 1, 2), 1, 25)))
DATA = ReportData(
    (DAYS, StreamDays("profiles", False, 0, ())), (EventCount("Sign Up", 30, 20), EventCount("Buy", 15, 9))
)


def test_report_tells_what_happened() -> None:
    """Totals, failures with their reason, charts, requests and top events are there; tags are balanced."""
    waits = (Wait("events", "2026-01-03..2026-01-03", 1001.5, 0.5, "Mixpanel answered 500"),)
    tags = parsed(report_page(result_of(waits=waits), DATA, "Europe/Berlin"))
    for text in [
        "Not everything was read",
        "m.duckdb · 2026-01-11 12:00:00 UTC · days in Europe/Berlin",
        "events 2026-01-03..2026-01-03",
        "Mixpanel answered 500",
        "2026-01-02: 25",
        "25 events a day",
        "2 windows, at most 2 concurrently",
        "1 pages, at most 1 concurrently",
        "Sign Up",
    ]:
        assert text in tags.text
    assert {"svg", "rect", "table"} <= tags.seen


def test_report_needs_nothing_else() -> None:
    """No script, no address, no font, no image: it opens from disk, and its own policy forbids everything else."""
    page = report_page(result_of(), DATA, "UTC")
    assert not parsed(page).seen & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not re.search(r"https?:|url\(|@import|@font-face", page)
    assert "default-src 'none'" in page


def test_report_of_hostile_names() -> None:
    """Names and errors are texts, whatever they hold."""
    batch = replace(BATCHES[0], stream=HOSTILE) if isinstance(BATCHES[0], BatchProgress) else BATCHES[0]
    failed = replace(batch, success=False, error=HOSTILE)
    result = result_of(
        streams={HOSTILE: ParallelFetchResult(HOSTILE, 20, 1, 1, (BAD_DAY,))},
        batches=(batch, failed),
        errors=(f"system {HOSTILE} error",),
        waits=(Wait(HOSTILE, None, 1000.0, 1.0, HOSTILE),),
    )
    data = ReportData((replace(DAYS, stream=HOSTILE),), (EventCount(HOSTILE, 1, 1),))
    tags = parsed(report_page(result, data, HOSTILE))
    assert "script" not in tags.seen
    assert HOSTILE in tags.text


@pytest.mark.parametrize("code", list(ExitCode))
def test_report_of_every_ending(code: ExitCode) -> None:
    """There is a page for every exit code, also where nothing was read."""
    parsed(report_page(result_of(code, streams={}, batches=(), errors=()), ReportData(), "UTC"))


def test_report_data_of_a_database_that_is_not_there() -> None:
    """A sync that did not begin has a report too."""
    assert report_data("/nowhere/m.duckdb", "UTC") == ReportData()


def test_timeline_packs_what_ran_at_once() -> None:
    """A bar goes to the first lane that is free; pauses are in their window, or stand alone where it was split."""
    first, second = window(1.0, 2.0), window(1.5, 1.0, first="2026-01-03", last="2026-01-03")
    third = window(3.0, 1.0, first="2026-01-04", last="2026-01-04")
    inside = Wait("events", "2026-01-01..2026-01-02", T0 + 1.5, 0.5, "cut")
    split = Wait("events", "2026-01-05..2026-01-06", T0 + 2.5, 1.0, "cut")
    quota = Wait("events", None, T0 + 9.0, 40.0, "export quota")
    result = result_of(
        streams={"events": ParallelFetchResult("events"), "profiles": ParallelFetchResult("profiles")},
        batches=(second, third, first),
        waits=(inside, split, quota),
    )
    lanes = timeline(result)
    [stream] = lanes.streams
    places = [[(bar.place, bar.start_s, bar.end_s, bar.waits) for bar in lane.bars] for lane in stream.lanes]
    assert places == [
        [("2026-01-01..2026-01-02", 1.0, 3.0, (inside,)), ("2026-01-04..2026-01-04", 3.0, 4.0, ())],
        [("2026-01-03..2026-01-03", 1.5, 2.5, ()), ("2026-01-05..2026-01-06", 2.5, 3.5, (split,))],
    ]
    assert (stream.quota_waits, lanes.at_once) == ((quota,), 2)


def test_most_at_once() -> None:
    """What ends when another starts does not run with it."""
    assert most_at_once([]) == 0
    assert (
        most_at_once([window(0, 1), window(1, 1), ProfileProgress("profiles", 0, 1, 1, 1, True, None, T0 + 1.5, 1)])
        == 2
    )


@pytest.mark.parametrize(
    ("duration_s", "step_s"), [(0.5, 0.1), (6, 1), (7, 2), (61, 20), (7200, 1200), (400_000, 28800)]
)
def test_tick_s(duration_s: float, step_s: float) -> None:
    """Marks stand at round numbers, and there are few of them."""
    assert tick_s(duration_s) == step_s


def test_bars_of_days() -> None:
    """Days without rows have a bar too; many days share bars, and no row is lost."""
    first = date(2025, 1, 1)
    assert bars_of({}) == []
    assert bars_of({first: 2, first + timedelta(days=2): 3}) == [
        DayBar(first, 1, 2),
        DayBar(first + timedelta(days=1), 1, 0),
        DayBar(first + timedelta(days=2), 1, 3),
    ]
    long = bars_of({first + timedelta(days=n): 1 for n in range(1000)})
    assert (len(long), {bar.days for bar in long}, sum(bar.rows for bar in long)) == (334, {3}, 1000)
