"""What the source's messages say so far, stream by stream: windows or pages, rows, waits, results.

In: messages, with the time of their arrival; out: `Tally`, which displays look at and a `SyncResult` is made of.
Kept by one thread. Raises msgspec.ValidationError for a report that is none, which would be a fault of the source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import msgspec

from mixpanel_to_duckdb.messages import Message
from mixpanel_to_duckdb.result import SliceProgress, StreamResult, Wait, place_of
from source_mixpanel_parallel import BatchProgress, ParallelFetchResult, ParallelProfileResult, ProfileProgress

PROGRESS = "progress: "
RESULT = "result: "
QUOTA_WAIT = re.compile(r"waiting (\d+) s for Mixpanel's (\w+) quota")
PAUSE = re.compile(r"(page \d+|\S+\.\.\S+): (.*); (?:asking again in|waiting) ([\d.]+) s", re.DOTALL)
QUOTA_USED_UP = "Mixpanel's quota is used up"
HOUR_USED_UP = "quota is used up (hour)"
WORTH_SAYING_S = 2.0
# What is not the hour's quota makes nobody wait longer than this.
LONGEST_OTHER_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """What is waited for, and until when, seconds since the epoch."""

    what: str
    until_s: float


@dataclass(slots=True)
class StreamTally:
    """One stream so far."""

    stream: str
    planned: int = 0
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
        return sum(batch.rows for batch in self.batches if batch.success)

    @property
    def failures(self) -> list[SliceProgress]:
        """The windows or pages that were given up; those that a stop cut short have not failed."""
        return [batch for batch in self.batches if batch.failed]

    @property
    def is_paged(self) -> bool:
        """Whether the stream comes in pages, and not in windows of days."""
        return any(isinstance(batch, ProfileProgress) for batch in self.batches)

    @property
    def total(self) -> int:
        """How many windows or pages there are; as planned until the first one is reported."""
        if not self.batches:
            return self.planned
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
        days = sum(days_of(batch) for batch in self.batches if isinstance(batch, BatchProgress))
        return min(1.0, days / last.total_days)

    def result_so_far(self) -> StreamResult:
        """Return the source's result, or, if it ended without one, the sum of what was reported."""
        if isinstance(self.result, ParallelProfileResult):
            # Pages that were read over, since a session was gone, count each time: as many were called back.
            others = self.result.failed_pages + self.result.interrupted_pages
            return replace(self.result, successful_pages=len(self.batches) - others)
        if self.result:
            return self.result
        failed = self.failures
        successful = sum(batch.success for batch in self.batches)
        interrupted = len(self.batches) - successful - len(failed)
        duration_s = self._span_s()
        if self.is_paged:
            pages = tuple(sorted(b.page_index for b in failed if isinstance(b, ProfileProgress)))
            return ParallelProfileResult(
                self.stream, self.rows, successful, len(failed), pages, duration_s, interrupted
            )
        ranges = tuple(sorted((b.from_date, b.to_date) for b in failed if isinstance(b, BatchProgress)))
        return ParallelFetchResult(self.stream, self.rows, successful, len(failed), ranges, duration_s, interrupted)

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

    def plan(self, names: tuple[str, ...], windows: Mapping[str, int]) -> None:
        """Begin with the streams that are read after all, and how many windows each is expected to have."""
        self.streams = {name: StreamTally(name, windows.get(name, 0)) for name in names}

    def add(self, message: Message, now_s: float) -> SliceProgress | None:
        """Take note of *message*; return the window or page that it reports, if it does."""
        log = message.log
        if log is None:
            return None
        if log.message.startswith(PROGRESS):
            return self._add_batch(log.message.removeprefix(PROGRESS))
        if log.message.startswith(RESULT):
            self._add_result(log.message.removeprefix(RESULT))
        elif (name := self._stream_of(log.message)) is not None:
            self._add_notice(name, log.message.removeprefix(f"{name}: "), now_s, is_warning=log.level == "WARN")
        return None

    def _add_batch(self, text: str) -> SliceProgress:
        batch: SliceProgress
        if '"page_index"' in text:
            batch = msgspec.json.decode(text, type=ProfileProgress)
        else:
            batch = msgspec.json.decode(text, type=BatchProgress)
        stream = self.streams.setdefault(batch.stream, StreamTally(batch.stream))
        stream.batches.append(batch)
        stream.waits.pop(place_of(batch), None)
        self.batches.append(batch)
        return batch

    def _add_result(self, text: str) -> None:
        result: StreamResult
        if '"successful_pages"' in text:
            result = msgspec.json.decode(text, type=ParallelProfileResult)
        else:
            result = msgspec.json.decode(text, type=ParallelFetchResult)
        self.streams.setdefault(result.stream, StreamTally(result.stream)).result = result

    def _stream_of(self, text: str) -> str | None:
        return max((name for name in self.streams if text.startswith(f"{name}: ")), key=len, default=None)

    def _add_notice(self, name: str, text: str, now_s: float, *, is_warning: bool) -> None:
        stream = self.streams[name]
        if quota := QUOTA_WAIT.fullmatch(text):
            wait_s = float(quota[1])
            self.waits.append(Wait(name, None, now_s, wait_s, f"{quota[2]} quota"))
            stream.waits[None] = WaitUntil(f"the {quota[2]} quota", now_s + wait_s)
            self.hour_used_up |= wait_s > LONGEST_OTHER_WAIT_S
        elif pause := PAUSE.fullmatch(text):
            wait_s = float(pause[3])
            self.waits.append(Wait(name, pause[1], now_s, wait_s, pause[2]))
            if wait_s >= WORTH_SAYING_S:
                what = "Mixpanel's quota" if pause[2].startswith(QUOTA_USED_UP) else f"the next try of {pause[1]}"
                stream.waits[pause[1]] = WaitUntil(what, now_s + wait_s)
            self.hour_used_up |= HOUR_USED_UP in pause[2]
        elif is_warning:
            self.warnings.append(f"{name}: {text}")


def days_of(window: BatchProgress) -> int:
    """Return how many days a window holds."""
    return (date.fromisoformat(window.to_date) - date.fromisoformat(window.from_date)).days + 1


def describe(batch: SliceProgress) -> str:
    """Return what became of a window or page, in a few words."""
    if batch.success:
        return f"{batch.stream} {place_of(batch)}: {batch.rows:,} rows in {batch.duration_s:.1f} s"
    if batch.interrupted:
        return f"{batch.stream} {place_of(batch)} was not read: the sync was stopped"
    return f"{batch.stream} {place_of(batch)} failed: {batch.error}"
