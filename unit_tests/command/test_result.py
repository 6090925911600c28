"""The result of a sync, as a value, as a document, as a summary, as an error."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from mixpanel_to_duckdb import AuthenticationFailed, BadArguments, QuotaUsedUp, SyncError, SyncResult
from mixpanel_to_duckdb.api import raise_if_ended_early
from mixpanel_to_duckdb.exit_code import ExitCode
from mixpanel_to_duckdb.result import ErrorReport, Wait
from mixpanel_to_duckdb.terminal.summary import summary
from source_mixpanel_parallel import BatchProgress, ParallelFetchResult, ParallelProfileResult, ProfileProgress
from source_mixpanel_parallel.progress import StreamReadResult

STARTED = datetime(2026, 1, 11, 12, tzinfo=timezone.utc)
BAD_DAY = ("2026-01-03", "2026-01-03")
BATCHES = (
    BatchProgress("events", "2026-01-01", "2026-01-02", 0, 2, 3, 20, True, None, 100, 1000.0, 1.5),
    BatchProgress(
        "events", *BAD_DAY, 1, 2, 3, 0, False, "Mixpanel answered 500", 0, 1001.0, 2.0, error_code="unreachable"
    ),
    ProfileProgress("profiles", 0, 1, 7, 7, True, None, 1000.0, 0.5),
)
STREAMS = {
    "events": ParallelFetchResult("events", 20, 1, 1, (BAD_DAY,), 3.0),
    "profiles": ParallelProfileResult("profiles", 7, 1, 0, (), 0.5),
    "rejected_lines": ParallelFetchResult("rejected_lines"),
}


FAILED_DAY = ErrorReport(
    "events: 2026-01-03..2026-01-03 could not be read: Mixpanel answered 500. Other windows go on",
    "slice_failed",
    "events",
)


def result_of(code: ExitCode = ExitCode.FAILED, **fields: Any) -> SyncResult:
    """Return a result with one failed day, unless *fields* say otherwise."""
    usual: dict[str, Any] = {
        "streams": STREAMS,
        "committed_rows": {"events": 20, "profiles": 7, "rejected_lines": 2},
        "batches": BATCHES,
        "errors": (FAILED_DAY.message,),
        "error_reports": (FAILED_DAY,),
    }
    return SyncResult("m.duckdb", code, STARTED, 4.25, **{**usual, **fields})


def printed(result: SyncResult) -> list[str]:
    """Return the lines of the summary."""
    console = Console(file=io.StringIO(), width=80, color_system=None)
    for part in summary(result):
        console.print(part, soft_wrap=isinstance(part, Text))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_result_as_a_value() -> None:
    """Streams by name, failures over all streams."""
    result = result_of()
    assert (result.has_failures, result.failed_date_ranges, result.rows) == (True, [BAD_DAY], 27)
    assert result.streams["events"].has_failures
    assert not result_of(ExitCode.DONE, streams={}).has_failures


def test_result_as_a_document() -> None:
    """The document says the same as the value, and is JSON."""
    result = result_of(waits=(Wait("events", None, 1000.0, 45.0, "export quota", "hour"),))
    document = json.loads(json.dumps(result.as_json()))
    batches = document.pop("batches")
    assert [batch["success"] for batch in batches] == [True, False, True]
    assert document == {
        "database": "m.duckdb",
        "schema": "main",
        "exit_code": 1,
        "started_at": "2026-01-11T12:00:00.000+00:00",
        "duration_s": 4.25,
        "full_refresh": False,
        "has_failures": True,
        "failed_date_ranges": [list(BAD_DAY)],
        "rows": 27,
        "streams": {
            "events": {
                "stream": "events",
                "rows": 20,
                "successful_batches": 1,
                "failed_batches": 1,
                "failed_date_ranges": [list(BAD_DAY)],
                "duration_s": 3.0,
                "interrupted_batches": 0,
                "has_failures": True,
            },
            "profiles": {
                "stream": "profiles",
                "rows": 7,
                "successful_pages": 1,
                "failed_pages": 0,
                "failed_page_indices": [],
                "duration_s": 0.5,
                "interrupted_pages": 0,
                "has_failures": False,
            },
            "rejected_lines": {
                "stream": "rejected_lines",
                "rows": 0,
                "successful_batches": 0,
                "failed_batches": 0,
                "failed_date_ranges": [],
                "duration_s": 0.0,
                "interrupted_batches": 0,
                "has_failures": False,
            },
        },
        "committed_rows": {"events": 20, "profiles": 7, "rejected_lines": 2},
        "removed_rows": 0,
        "replacements": {},
        "errors": [FAILED_DAY.message],
        "error_codes": ["slice_failed"],
        "waits": [
            {
                "stream": "events",
                "place": None,
                "at_s": 1000.0,
                "wait_s": 45.0,
                "text": "export quota",
                "reason": "hour",
                "error_code": None,
            }
        ],
    }


def test_summary_when_a_day_failed() -> None:
    """It tells rows, windows, each failure once with its reason, the duration, and the next step."""
    assert printed(result_of()) == [
        "Not everything could be read: 27 rows in 4.2 s, m.duckdb",
        "┏━━━━━━━━━━━━━━━━┳━━━━━━┳━━━━━━━━━━┳━━━━━━━━┓",
        "┃ stream         ┃ rows ┃     read ┃ failed ┃",
        "┡━━━━━━━━━━━━━━━━╇━━━━━━╇━━━━━━━━━━╇━━━━━━━━┩",
        "│ events         │   20 │ 1 window │      1 │",
        "│ profiles       │    7 │   1 page │      0 │",
        "│ rejected_lines │    2 │          │        │",
        "└────────────────┴──────┴──────────┴────────┘",
        "events 2026-01-03..2026-01-03 Mixpanel answered 500",
        "The next sync retries what failed; to read only that: mixpanel-to-duckdb sync m.duckdb --retry-failed",
        "To inspect the database: mixpanel-to-duckdb status m.duckdb",
    ]


@pytest.mark.parametrize(
    ("report", "is_told"),
    [
        (ErrorReport("failed", "slice_failed", "events"), True),
        (ErrorReport("failed", "unreachable", "events"), True),
        (ErrorReport("failed", "no_access", "events"), False),
        (ErrorReport("failed", "slice_failed", "cohorts"), False),
        (ErrorReport("failed", "database_locked", None), False),
        (ErrorReport("failed", "", "events"), False),
    ],
)
def test_errors_beside_batches(report: ErrorReport, is_told: bool) -> None:
    """An error is told by a failed window of its stream, if that failed for the same; others are said, too."""
    result = result_of(errors=("failed", "another"), error_reports=(report,))
    assert result.errors_beside_batches == (("another",) if is_told else ("failed", "another"))


def test_summary_when_a_plain_stream_was_read() -> None:
    """Its rows are in the table, though it has no windows; it alone is something to read, too."""
    lines = printed(result_of(ExitCode.DONE, streams={"cohorts": StreamReadResult("cohorts", 3, 0.5)}, batches=()))
    assert lines[4] == "│ cohorts │    3 │      │        │"
    assert "There was nothing to read." not in lines


@pytest.mark.parametrize(
    ("code", "fields", "last"),
    [
        (
            ExitCode.DONE,
            {"batches": (), "streams": {}, "errors": (), "committed_rows": {}},
            "There was nothing to read.",
        ),
        (
            ExitCode.INTERRUPTED,
            {"errors": ()},
            "29 rows are committed. Run the same command again to resume.",
        ),
        (
            ExitCode.QUOTA,
            {"errors": ()},
            "All rows read so far are committed. Run the same command again in an hour, or without --no-wait.",
        ),
        (
            ExitCode.FAILED,
            {"batches": (), "errors": ("The database is in use",), "committed_rows": {}},
            "The database is in use",
        ),
    ],
)
def test_summary_says_the_next_step(code: ExitCode, fields: dict[str, Any], last: str) -> None:
    """However it ended, the last line says what to do or what went wrong."""
    assert printed(result_of(code, **fields))[-1] == last


def test_summary_when_everything_failed_at_once() -> None:
    """Many failures are cut to a list that a person reads."""
    failed = tuple(
        BatchProgress(
            "events", f"2026-01-{day:02}", f"2026-01-{day:02}", day, 28, 28, 0, False, f"cut {day}", 0, 1.0, 1.0
        )
        for day in range(1, 29)
    )
    lines = printed(result_of(batches=failed, errors=()))
    assert len([line for line in lines if " cut " in line]) == 20
    assert "… and 8 more: --json lists all" in lines


def test_summary_when_much_failed_for_one_reason() -> None:
    """The reason is said once, with the ranges of days, or the pages, that failed for it."""
    days = ["2026-01-02", "2026-01-01", "2026-01-05"]
    failed = [BatchProgress("events", day, day, 0, 3, 3, 0, False, "cut", 0, 1.0, 1.0) for day in days]
    pages = [ProfileProgress("profiles", page, 9, 0, 0, False, "cut", 1.0, 1.0) for page in (7, 2)]
    lines = printed(result_of(batches=(*failed, *pages), errors=()))
    assert "events 2026-01-01..2026-01-02, 2026-01-05..2026-01-05 cut" in lines
    assert "profiles page 2, page 7 cut" in lines


def test_summary_when_reports_could_not_be_read() -> None:
    """Rows that were committed count, whatever became of the reports: a short secret is masked within them."""
    streams = {"events": ParallelFetchResult("events"), "rejected_lines": ParallelFetchResult("rejected_lines")}
    result = result_of(ExitCode.DONE, streams=streams, batches=(), errors=(), committed_rows={"events": 6007})
    assert result.rows == 6007
    lines = printed(result)
    assert lines[0].startswith("Done: 6,007 rows")
    assert "There was nothing to read." not in lines
    assert lines[-1] == "To inspect the database: mixpanel-to-duckdb status m.duckdb"


@pytest.mark.parametrize(
    ("code", "why"), [(ExitCode.INTERRUPTED, "the sync was interrupted"), (ExitCode.QUOTA, "the quota is used up")]
)
def test_summary_when_the_sync_was_stopped(code: ExitCode, why: str) -> None:
    """What was cut short is counted in one line a stream, with what had not begun; it is no failure."""
    days = ["2026-01-01", "2026-01-02", "2026-01-03"]
    read = [BatchProgress("events", days[0], days[0], 0, 6, 6, 20, True, None, 100, 1.0, 1.0)]
    cut = [BatchProgress("events", day, day, 1, 6, 6, 0, False, "stopped", 0, 1.0, 1.0, True) for day in days[1:]]
    page = ProfileProgress("profiles", 0, 1, 0, 0, False, "stopped", 1.0, 1.0, interrupted=True)
    streams = {
        "events": ParallelFetchResult("events", 20, 1, 0, (), 3.0, 2),
        "profiles": ParallelProfileResult("profiles", 0, 0, 0, (), 0.5, 1),
    }
    stopped = result_of(code, streams=streams, batches=(*read, *cut, page), errors=(), committed_rows={"events": 20})
    lines = printed(stopped)
    assert lines[1:-1] == [
        "┏━━━━━━━━┳━━━━━━┳━━━━━━━━━━┳━━━━━━━━┓",
        "┃ stream ┃ rows ┃     read ┃ failed ┃",
        "┡━━━━━━━━╇━━━━━━╇━━━━━━━━━━╇━━━━━━━━┩",
        "│ events │   20 │ 1 window │      0 │",
        "└────────┴──────┴──────────┴────────┘",
        f"events: 5 of 6 windows were not read: {why}.",
        f"profiles: 1 of 1 page was not read: {why}.",
    ]


@pytest.mark.parametrize(
    ("code", "fields", "kind"),
    [
        (ExitCode.AUTHENTICATION, {}, AuthenticationFailed),
        (ExitCode.BAD_ARGUMENTS, {}, BadArguments),
        (ExitCode.QUOTA, {"errors": ()}, QuotaUsedUp),
        (ExitCode.FAILED, {"streams": {}}, SyncError),
        (ExitCode.INTERRUPTED, {}, KeyboardInterrupt),
    ],
)
def test_what_the_function_raises(code: ExitCode, fields: dict[str, Any], kind: type[BaseException]) -> None:
    """What kept the sync from its end is raised, with the result so far."""
    result = result_of(code, **fields)
    with pytest.raises(kind) as raised:
        raise_if_ended_early(result)
    if isinstance(raised.value, SyncError):
        assert raised.value.result is result
        assert raised.value.exit_code == code


def test_what_the_function_returns() -> None:
    """Failed days and pages are no reason to raise."""
    result = result_of()
    assert raise_if_ended_early(result) is result
