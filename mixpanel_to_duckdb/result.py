"""How a sync ended, for programs: `SyncResult`, and the same as a JSON document.

Frozen facts. Durations are seconds, times are UTC, days are strings such as 2026-01-31, both ends of a range inclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.place import DEFAULT_SCHEMA
from mixpanel_to_duckdb.replacement import Replacement
from source_mixpanel_parallel import BatchProgress, ParallelFetchResult, ParallelProfileResult, ProfileProgress
from source_mixpanel_parallel.errors import SliceFailed
from source_mixpanel_parallel.log_lines import PagePlace, Reason, WindowPlace
from source_mixpanel_parallel.progress import StreamReadResult
from source_mixpanel_parallel.stream_names import REJECTED_LINES

SliceProgress = BatchProgress | ProfileProgress
StreamResult = ParallelFetchResult | ParallelProfileResult | StreamReadResult


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause that the source announced: for a quota (hour, second, concurrent), or before a retry.

    *place* is the window (2026-01-01..2026-01-07) or page (page 3) that waits; None where a quota holds the whole
    stream. *at_s* is when it began, seconds since the epoch. *text* says why, for people.
    """

    stream: str
    place: str | None
    at_s: float
    wait_s: float
    text: str
    reason: Reason = "retry"
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error that a connector traced: its *code* is one of docs/log-lines.md, or empty; *stream* if it is of one."""

    message: str
    code: str
    stream: str | None


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one sync did: a result per stream, every window and page, and all errors.

    `committed_rows` counts the rows that reached the database together with their state, per stream. `batches` holds
    one progress per window or page, success or failure, in the order in which they ended. `full_refresh` says that the
    tables were replaced; `replacements` tells of each stream whose days were read again what became of stored rows.
    `error_reports` are those of `errors` that a connector traced.
    """

    database: str
    exit_code: ExitCode
    started_at: datetime
    duration_s: float
    streams: Mapping[str, StreamResult] = field(default_factory=dict)
    committed_rows: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    batches: tuple[SliceProgress, ...] = ()
    waits: tuple[Wait, ...] = ()
    full_refresh: bool = False
    replacements: Mapping[str, Replacement] = field(default_factory=dict)
    schema: str = DEFAULT_SCHEMA
    error_reports: tuple[ErrorReport, ...] = ()

    @property
    def error_codes(self) -> tuple[str, ...]:
        """The codes of what went wrong, each once."""
        return tuple(dict.fromkeys(report.code for report in self.error_reports if report.code))

    @property
    def errors_beside_batches(self) -> tuple[str, ...]:
        """The errors that no failed window or page tells already."""
        reported = {report.message for report in self.error_reports if any(_tells(b, report) for b in self.batches)}
        return tuple(error for error in self.errors if error not in reported)

    @property
    def has_failures(self) -> bool:
        """Whether anything is missing: a range of days, a page, or the end of the sync."""
        return self.exit_code != ExitCode.DONE or any(stream.has_failures for stream in self.streams.values())

    @property
    def failed_date_ranges(self) -> list[tuple[str, str]]:
        """The ranges of days that could not be read, of all streams of events, each once."""
        return sorted({days for stream in self.streams.values() for days in failed_ranges(stream)})

    @property
    def rows(self) -> int:
        """How many rows were read, without rejected lines, which are no rows of Mixpanel's."""
        return sum(self.rows_of(name) for name in self.streams if name != REJECTED_LINES)

    def rows_of(self, stream: str) -> int:
        """Return how many rows of *stream* were read: as reported, or as committed where reports could not be read."""
        return max(self.streams[stream].rows, self.committed_rows.get(stream, 0))

    @property
    def removed_rows(self) -> int:
        """How many stored rows were removed, since Mixpanel did not send them when their days were read again."""
        return sum(replacement.removed_rows for replacement in self.replacements.values())

    def with_replacements(self, replacements: Mapping[str, Replacement]) -> SyncResult:
        """Return the same with *replacements*; a contradiction in one is an error."""
        result = replace(self, replacements=replacements)
        for name, replacement in replacements.items():
            if replacement.contradiction:
                result = result.with_error(f"{name}: {replacement.contradiction}")
        return result

    def with_error(self, message: str) -> SyncResult:
        """Return the same with one more error, so that it has failed if it had not yet."""
        code = ExitCode.FAILED if self.exit_code == ExitCode.DONE else self.exit_code
        return replace(self, exit_code=code, errors=(*self.errors, message))

    def as_json(self) -> dict[str, Any]:
        """Return the result as a JSON document."""
        document: dict[str, Any] = {
            "database": self.database,
            "schema": self.schema,
            "exit_code": int(self.exit_code),
            "started_at": self.started_at.isoformat(timespec="milliseconds"),
            "duration_s": round(self.duration_s, 3),
            "full_refresh": self.full_refresh,
            "has_failures": self.has_failures,
            "failed_date_ranges": self.failed_date_ranges,
            "rows": self.rows,
            "streams": {
                name: {**asdict(stream), "has_failures": stream.has_failures} for name, stream in self.streams.items()
            },
            "committed_rows": dict(self.committed_rows),
            "removed_rows": self.removed_rows,
            "replacements": {name: asdict(replacement) for name, replacement in self.replacements.items()},
            "errors": list(self.errors),
            "error_codes": list(self.error_codes),
            "batches": [asdict(batch) for batch in self.batches],
            "waits": [asdict(wait) for wait in self.waits],
        }
        return document


def failed_ranges(result: StreamResult) -> tuple[tuple[str, str], ...]:
    """Return the ranges of days that failed; none for pages."""
    return result.failed_date_ranges if isinstance(result, ParallelFetchResult) else ()


def _tells(batch: SliceProgress, report: ErrorReport) -> bool:
    return batch.failed and batch.stream == report.stream and report.code in {SliceFailed.code, batch.error_code}


def place_of(batch: SliceProgress | WindowPlace | PagePlace) -> str:
    """Return what to call a window or page: 2026-01-01..2026-01-07, or page 3."""
    if isinstance(batch, ProfileProgress | PagePlace):
        return f"page {batch.page_index}"
    return f"{batch.from_date}..{batch.to_date}"
