"""Reports of slices, and what they add up to."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.progress import (
    BatchProgress,
    ParallelFetchResult,
    ParallelProfileResult,
    ProfileProgress,
    ResultTally,
    SliceProgress,
    progress_line,
    result_line,
)


def batch(**fields: Any) -> BatchProgress:
    defaults: dict[str, Any] = {
        "stream": "events", "from_date": "2026-01-01", "to_date": "2026-01-07", "batch_index": 0, "total_batches": 2,
        "total_days": 14, "rows": 10, "success": True, "error": None, "bytes": 100, "started_s": 1.5, "duration_s": 2.5,
    }  # fmt: skip
    return BatchProgress(**{**defaults, **fields})


def failed_batch(from_date: str, to_date: str) -> BatchProgress:
    return batch(from_date=from_date, to_date=to_date, rows=0, success=False, error="cut")


def page(index: int, rows: int = 10, success: bool = True) -> ProfileProgress:
    return ProfileProgress("profiles", index, 3, rows, rows, success, None if success else "cut", 1.5, 2.5)


def tally_of(*reports: SliceProgress) -> ResultTally:
    tally = ResultTally(reports[0].stream if reports else "events")
    for report in reports:
        tally.add(report)
    return tally


def test_result_when_nothing_was_read() -> None:
    """A stream without windows has read nothing and failed nothing."""
    result = tally_of().result(1.0)
    assert result == ParallelFetchResult("events", 0, 0, 0, (), 1.0)
    assert not result.has_failures


def test_result_when_windows_failed() -> None:
    """Failed ranges are listed by date, whatever the order in which they failed."""
    reports = [
        failed_batch("2026-02-01", "2026-02-03"),
        batch(),
        failed_batch("2026-01-08", "2026-01-08"),
        batch(rows=5),
    ]
    result = tally_of(*reports).result(3.0)
    ranges = (("2026-01-08", "2026-01-08"), ("2026-02-01", "2026-02-03"))
    assert result == ParallelFetchResult("events", 15, 2, 2, ranges, 3.0)
    assert result.has_failures


def test_result_when_pages_failed() -> None:
    """Failed pages are listed by number; their rows do not count."""
    result = tally_of(page(0), page(2, 0, success=False), page(1, 0, success=False)).result(3.0)
    assert result == ParallelProfileResult("profiles", 10, 1, 2, (1, 2), 3.0)
    assert result.has_failures


def test_result_when_the_sync_was_stopped() -> None:
    """Windows and pages that a stop cut short are counted, and are no failures."""
    stopped = batch(success=False, rows=0, error="stopped", interrupted=True)
    result = tally_of(batch(), failed_batch("2026-01-08", "2026-01-08"), stopped, stopped).result(3.0)
    assert result == ParallelFetchResult("events", 10, 1, 1, (("2026-01-08", "2026-01-08"),), 3.0, 2)
    assert not tally_of(batch(), stopped).result(3.0).has_failures
    pages = tally_of(page(0), replace(page(1, 0, success=False), interrupted=True)).result(3.0)
    assert pages == ParallelProfileResult("profiles", 10, 1, 0, (), 3.0, 1)
    assert not pages.has_failures


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**9)), max_size=30))
def test_result_when_reports_are_any(outcomes: list[tuple[bool, int]]) -> None:
    """There are as many reports as successful and failed windows, and as many rows as the whole ones had."""
    reports = [batch(success=success, rows=rows) for success, rows in outcomes]
    result = tally_of(*reports).result(0.0)
    assert isinstance(result, ParallelFetchResult)
    assert result.successful_batches + result.failed_batches == len(reports)
    assert result.failed_batches == len(result.failed_date_ranges)
    assert result.rows == sum(rows for success, rows in outcomes if success)


@pytest.mark.parametrize(
    ("reports", "rows"),
    [
        ([], None),
        ([batch(rows=0)], None),
        ([failed_batch("2026-01-01", "2026-01-07")], None),
        ([batch()], 20),
        ([batch(), batch(from_date="2026-01-08", to_date="2026-01-14", rows=30)], 40),
        ([batch(), failed_batch("2026-01-08", "2026-01-14")], 20),
        ([batch(from_date="2026-01-01", to_date="2026-01-01", rows=3)], 42),
        ([page(0)], 30),
        ([page(0), page(1, 4)], 21),
    ],
)
def test_estimate_when_slices_are_read(reports: list[SliceProgress], rows: int | None) -> None:
    """Rows by day, or by page, times the days or pages that there are; nothing is said of nothing."""
    assert tally_of(*reports).estimated_rows() == rows


@pytest.mark.parametrize(
    "report", [batch(), failed_batch("2026-01-01", "2026-01-02"), page(2), page(1, 0, success=False)]
)
def test_progress_line_when_it_is_parsed(report: SliceProgress) -> None:
    """The line is `progress: ` and a JSON object with every field."""
    prefix, _, document = progress_line(report).partition(": ")
    assert prefix == "progress"
    assert json.loads(document) == asdict(report)


def test_progress_line_when_the_error_is_hostile() -> None:
    """An error of any text stays on one line, within the JSON."""
    report = batch(success=False, error='line\n"quoted" \u2028 日本 \ud800')
    line = progress_line(report)
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line.removeprefix("progress: "))["error"] == report.error


def test_result_line_when_it_is_parsed() -> None:
    """The line is `result: ` and a JSON object with every field, and whether something failed."""
    result = ParallelFetchResult("events", 5, 1, 1, (("2026-01-01", "2026-01-02"),), 2.5)
    prefix, _, document = result_line(result).partition(": ")
    assert prefix == "result"
    assert json.loads(document) == {
        "stream": "events",
        "rows": 5,
        "successful_batches": 1,
        "failed_batches": 1,
        "failed_date_ranges": [["2026-01-01", "2026-01-02"]],
        "duration_s": 2.5,
        "interrupted_batches": 0,
        "has_failures": True,
    }


def test_result_line_when_pages_are_read() -> None:
    """The same for pages."""
    document = json.loads(result_line(ParallelProfileResult("profiles", 5, 1, 1, (3,), 2.5)).removeprefix("result: "))
    assert document == {
        "stream": "profiles",
        "rows": 5,
        "successful_pages": 1,
        "failed_pages": 1,
        "failed_page_indices": [3],
        "duration_s": 2.5,
        "interrupted_pages": 0,
        "has_failures": True,
    }
