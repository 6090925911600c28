"""What a parallel read reports: one progress per slice, success or failure, and one result per stream.

Out: frozen dataclasses, and their log lines (`progress: {...}`, `result: {...}`), which any program can parse.
The number of progress reports of a stream equals successful + failed + interrupted of its result; only where profiles
were started over there are more, and a page counts as it ended last. What was cut short because the sync was stopped
is interrupted: it has not failed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

PROGRESS_PREFIX = "progress: "
RESULT_PREFIX = "result: "


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """One window of days: read, given up, or *interrupted* because the sync was stopped.

    `batch_index` counts from 0 in the order of planning; a window that was split reports its parts, which share the
    index. `total_days` are those of all windows. `rows` counts events, `bytes` those received (compressed),
    `started_s` seconds since the epoch at the first request, `duration_s` seconds from then until the window was
    whole or given up. `rejected_lines` counts lines that are not events: of the window, something may be missing.
    `error` is a sentence for people, `error_code` what programs read, see docs/log-lines.md.
    """

    stream: str
    from_date: str
    to_date: str
    batch_index: int
    total_batches: int
    total_days: int
    rows: int
    success: bool
    error: str | None
    bytes: int
    started_s: float
    duration_s: float
    interrupted: bool = False
    rejected_lines: int = 0
    error_code: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the window was tried and given up."""
        return not self.success and not self.interrupted

    @property
    def days(self) -> int:
        """How many days the window has."""
        return (date.fromisoformat(self.to_date) - date.fromisoformat(self.from_date)).days + 1


@dataclass(frozen=True, slots=True)
class ParallelFetchResult:
    """How a stream of windows ended; `failed_date_ranges` are pairs (from_date, to_date), both inclusive."""

    stream: str
    rows: int = 0
    successful_batches: int = 0
    failed_batches: int = 0
    failed_date_ranges: tuple[tuple[str, str], ...] = ()
    duration_s: float = 0.0
    interrupted_batches: int = 0

    @property
    def has_failures(self) -> bool:
        """Whether any range of days failed."""
        return self.failed_batches > 0


@dataclass(frozen=True, slots=True)
class ProfileProgress:
    """One page of profiles: read, given up, or *interrupted* because the sync was stopped.

    `cumulative_rows` counts those emitted so far, this page included.
    """

    stream: str
    page_index: int
    total_pages: int
    rows: int
    cumulative_rows: int
    success: bool
    error: str | None
    started_s: float
    duration_s: float
    interrupted: bool = False
    error_code: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the page was tried and given up."""
        return not self.success and not self.interrupted


@dataclass(frozen=True, slots=True)
class ParallelProfileResult:
    """How a stream of pages ended; `failed_page_indices` count from 0."""

    stream: str
    rows: int = 0
    successful_pages: int = 0
    failed_pages: int = 0
    failed_page_indices: tuple[int, ...] = ()
    duration_s: float = 0.0
    interrupted_pages: int = 0

    @property
    def has_failures(self) -> bool:
        """Whether any page failed."""
        return self.failed_pages > 0


@dataclass(frozen=True, slots=True)
class StreamReadResult:
    """How many rows a plain stream had; its status says whether it is complete, as for any Airbyte stream."""

    stream: str
    rows: int = 0
    duration_s: float = 0.0

    @property
    def has_failures(self) -> bool:
        """No slice of it is counted, so none is known to have failed."""
        return False


SliceProgress = BatchProgress | ProfileProgress
StreamResult = ParallelFetchResult | ParallelProfileResult | StreamReadResult


@dataclass(slots=True)
class ResultTally:
    """Adds up the progress of one stream."""

    stream: str
    reports: list[SliceProgress] = field(default_factory=list)

    def add(self, progress: SliceProgress) -> None:
        """Count one slice."""
        self.reports.append(progress)

    def estimated_rows(self) -> int | None:
        """Return how many rows the stream will have, judged by the slices so far; None as long as none has any."""
        whole = [report for report in self.reports if report.success]
        rows = sum(report.rows for report in whole)
        if not rows:
            return None
        last = whole[-1]
        if isinstance(last, ProfileProgress):
            return round(rows / len(whole) * last.total_pages)
        days = sum(report.days for report in whole if isinstance(report, BatchProgress))
        return round(rows / days * last.total_days)

    def result(self, duration_s: float, *, is_paged: bool = False) -> StreamResult:
        """Return the stream's result so far; *is_paged* says what it is read in where nothing has ended yet."""
        rows = sum(report.rows for report in self.reports if report.success)
        ends = {report.page_index: report for report in self.reports if isinstance(report, ProfileProgress)}
        last = list(ends.values()) if ends else self.reports
        successful = sum(report.success for report in last)
        interrupted = sum(report.interrupted for report in last)
        if ends or is_paged:
            pages = tuple(sorted(index for index, page in ends.items() if page.failed))
            return ParallelProfileResult(self.stream, rows, successful, len(pages), pages, duration_s, interrupted)
        failed = [report for report in self.reports if isinstance(report, BatchProgress) and report.failed]
        ranges = tuple(sorted((window.from_date, window.to_date) for window in failed))
        return ParallelFetchResult(self.stream, rows, successful, len(failed), ranges, duration_s, interrupted)


def progress_line(progress: SliceProgress) -> str:
    """Return the log line of one slice."""
    return PROGRESS_PREFIX + json.dumps(asdict(progress))


def result_line(result: StreamResult) -> str:
    """Return the log line of a stream's end."""
    document: dict[str, Any] = {**asdict(result), "has_failures": result.has_failures}
    return RESULT_PREFIX + json.dumps(document)
