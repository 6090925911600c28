"""What the source has reported so far, stream by stream: windows or pages, rows, waits, results.

In: messages, with the time of their arrival; out: `Tally`, which displays look at and a `SyncResult` is made of.
Kept by one thread. Raises SyncError for a report without the fields of this release.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mixpanel_to_duckdb.connectors.messages import Log, Message
from mixpanel_to_duckdb.connectors.reports import Checked, parse_report
from mixpanel_to_duckdb.result import SliceProgress, StreamResult, Wait, place_of
from source_mixpanel_parallel import BatchProgress, ParallelProfileResult, ProfileProgress
from source_mixpanel_parallel.log_lines import FetchPlan, FetchWait
from source_mixpanel_parallel.progress import ResultTally, StreamReadResult

WORTH_SAYING_S = 2.0


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """What is waited for, and until when, seconds since the epoch."""

    what: str
    until_s: float


@dataclass(slots=True)
class StreamTally:
    """One stream so far."""

    stream: str
    plan: FetchPlan | None = None
    batches: list[SliceProgress] = field(default_factory=list)
    result: StreamResult | None = None
    waits: dict[str | None, WaitUntil] = field(default_factory=dict)

    def wait_at(self, now_s: float) -> WaitUntil | None:
        """Return what the stream waits for longest; None where it does not wait."""
        if self.result:
            return None
        waits = [wait for wait in self.waits.values() if wait.until_s > now_s]
        return max(waits, key=lambda wait: wait.until_s, default=None)

    @property
    def rows(self) -> int:
        """How many rows were read."""
        if isinstance(self.result, StreamReadResult):
            return self.result.rows
        return sum(batch.rows for batch in self.batches if batch.success)

    @property
    def failures(self) -> list[SliceProgress]:
        """The windows or pages that were given up; those that a stop cut short have not failed."""
        return [batch for batch in self.batches if batch.failed]

    @property
    def is_paged(self) -> bool:
        """Whether the stream comes in pages, and not in windows of days."""
        is_planned = self.plan is not None and self.plan.unit == "page"
        return is_planned or any(isinstance(batch, ProfileProgress) for batch in self.batches)

    @property
    def total(self) -> int:
        """How many windows or pages there are; as planned until the first one is reported."""
        if not self.batches:
            return self.plan.total or 0 if self.plan else 0
        last = self.batches[-1]
        return last.total_pages if isinstance(last, ProfileProgress) else last.total_batches

    @property
    def done(self) -> int:
        """How many windows or pages have ended; parts of a split window count once."""
        if self.result and self.total:
            return self.total
        return len({b.page_index if isinstance(b, ProfileProgress) else b.batch_index for b in self.batches})

    @property
    def share_done(self) -> float:
        """How much of the work has ended, from 0 to 1: by days for windows, which differ in length."""
        if self.result:
            return 1.0
        if not self.batches:
            return 0.0
        last = self.batches[-1]
        if isinstance(last, ProfileProgress):
            return self.done / last.total_pages
        days = sum(batch.days for batch in self.batches if isinstance(batch, BatchProgress))
        return min(1.0, days / last.total_days)

    def result_so_far(self) -> StreamResult:
        """Return the source's result, or, if it ended without one, the sum of what was reported."""
        summed = ResultTally(self.stream, self.batches)
        result = self.result or summed.result(self._span_s(), is_paged=self.is_paged)
        if isinstance(result, ParallelProfileResult):
            # Pages that were read again in a new session have a report for each time.
            others = result.failed_pages + result.interrupted_pages
            return replace(result, successful_pages=len(self.batches) - others)
        return result

    def _span_s(self) -> float:
        ends = [batch.started_s + batch.duration_s for batch in self.batches]
        return max(ends) - min(batch.started_s for batch in self.batches) if ends else 0.0


@dataclass(slots=True)
class Tally:
    """All streams so far, in the order of *names*."""

    names: tuple[str, ...]
    streams: dict[str, StreamTally] = field(init=False)
    batches: list[SliceProgress] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    hour_used_up: bool = False

    def __post_init__(self) -> None:
        self.streams = {name: StreamTally(name) for name in self.names}

    @property
    def rows(self) -> int:
        """How many rows were read, of all streams."""
        return sum(stream.rows for stream in self.streams.values())

    def choose(self, names: tuple[str, ...]) -> None:
        """Begin with the streams that are read after all."""
        self.streams = {name: StreamTally(name) for name in names}

    def add(self, message: Message, now_s: float) -> SliceProgress | None:
        """Take note of *message*; return the window or page that it reports, if it does."""
        if message.log is None:
            return None
        report = parse_report(message.log.message)
        if report is None or isinstance(report, Checked):
            self._add_warning(message.log)
            return None
        stream = self.streams.setdefault(report.stream, StreamTally(report.stream))
        if isinstance(report, BatchProgress | ProfileProgress):
            stream.batches.append(report)
            stream.waits.pop(place_of(report), None)
            self.batches.append(report)
            return report
        if isinstance(report, FetchPlan):
            stream.plan = report
        elif isinstance(report, FetchWait):
            self._add_wait(stream, report, now_s)
        else:
            stream.result = report
        return None

    def _add_wait(self, stream: StreamTally, wait: FetchWait, now_s: float) -> None:
        place = place_of(wait.place) if wait.place else None
        self.waits.append(Wait(wait.stream, place, now_s, wait.wait_s, wait.text, wait.reason, wait.error_code))
        if wait.wait_s >= WORTH_SAYING_S:
            what = f"the next try of {place}" if wait.reason == "retry" else f"the {wait.quota} quota"
            stream.waits[place] = WaitUntil(what, now_s + wait.wait_s)
        self.hour_used_up |= wait.reason == "hour"

    def _add_warning(self, log: Log) -> None:
        if log.level == "WARN":
            self.warnings.append(log.message)


def describe(batch: SliceProgress) -> str:
    """Return what became of a window or page, in a few words."""
    if batch.success:
        return f"{batch.stream} {place_of(batch)}: {batch.rows:,} rows in {batch.duration_s:.1f} s"
    if batch.interrupted:
        return f"{batch.stream} {place_of(batch)} was not read: the sync was stopped"
    return f"{batch.stream} {place_of(batch)} failed: {batch.error}"
