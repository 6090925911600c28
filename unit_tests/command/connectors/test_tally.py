"""What the messages so far add up to."""

from __future__ import annotations

import pytest

from mixpanel_to_duckdb.connectors.tally import Tally, WaitUntil
from mixpanel_to_duckdb.errors import SyncError
from mixpanel_to_duckdb.result import Wait
from source_mixpanel_parallel import ParallelFetchResult, ParallelProfileResult
from source_mixpanel_parallel.log_lines import PagePlace, Reason, WindowPlace
from source_mixpanel_parallel.progress import StreamReadResult
from unit_tests.command.said import events_result, log, page, plan, wait, window

REFUSED = 'Mixpanel answered 500: {"error": "a; b"}'


def tally_of(*messages: object, names: tuple[str, ...] = ("events", "profiles")) -> Tally:
    """Return the tally of *messages*, which all arrive at 1003 s."""
    tally = Tally(names)
    for message in messages:
        tally.add(message, 1003.0)  # type: ignore[arg-type]  # what said.py makes are messages
    return tally


def test_tally_counts_windows_and_days() -> None:
    """Parts of a split window count as one window, days count as days."""
    tally = tally_of(
        window(0, "2026-01-01", "2026-01-05"),
        window(1, "2026-01-06", "2026-01-06"),
        window(1, "2026-01-07", "2026-01-07", error=REFUSED),
    )
    events = tally.streams["events"]
    assert (events.done, events.total, events.share_done, events.rows) == (2, 3, 0.7, 20)
    assert [batch.error for batch in events.failures] == [REFUSED]
    assert events.result_so_far() == ParallelFetchResult("events", 20, 2, 1, (("2026-01-07", "2026-01-07"),), 2.0)


def test_tally_when_the_source_gives_the_result() -> None:
    """The source's own result counts, and ends the stream."""
    tally = tally_of(window(0, "2026-01-01", "2026-01-05"), events_result())
    events = tally.streams["events"]
    assert (events.done, events.share_done) == (3, 1.0)
    assert events.result_so_far() == ParallelFetchResult("events", 30, 3, 0, (), 4.0)


def test_tally_counts_pages() -> None:
    """Pages are counted against the total that the last one tells."""
    tally = tally_of(page(0, total=1), page(2), page(1, error="cut"))
    profiles = tally.streams["profiles"]
    assert (profiles.done, profiles.total, profiles.share_done) == (3, 4, 0.75)
    assert profiles.result_so_far() == ParallelProfileResult("profiles", 10, 2, 1, (1,), 1.0)


def test_tally_of_a_stream_that_said_nothing() -> None:
    """It has read nothing, and nobody knows how much there is."""
    events = tally_of().streams["events"]
    assert (events.done, events.total, events.share_done) == (0, 0, 0.0)
    assert events.result_so_far() == ParallelFetchResult("events")


def test_tally_notes_waits() -> None:
    """Waits for quotas and pauses before another try are kept, with their reason; other warnings are warnings."""
    days, third = WindowPlace("2026-01-01", "2026-01-02"), PagePlace(3, selection=1)
    tally = tally_of(
        wait("events", 45.0, "hour", quota="export"),
        wait("events", 0.5, "retry", place=days, error_code="unreachable"),
        wait("profiles", 2.0, "concurrent", place=third, quota="query"),
        log("events: 2 lines of the answer are not events, read twice", "WARN"),
        log("wait: for it", "WARN"),
        log("Starting syncing"),
    )
    assert tally.waits == [
        Wait("events", None, 1003.0, 45.0, "hour, 45.0 s", "hour"),
        Wait("events", "2026-01-01..2026-01-02", 1003.0, 0.5, "retry, 0.5 s", "retry", "unreachable"),
        Wait("profiles", "page 3", 1003.0, 2.0, "concurrent, 2.0 s", "concurrent"),
    ]
    assert tally.warnings == ["events: 2 lines of the answer are not events, read twice", "wait: for it"]
    assert tally.streams["events"].wait_at(1047.0) == WaitUntil("the export quota", 1048.0)
    assert tally.streams["events"].wait_at(1048.0) is None
    assert tally.streams["profiles"].wait_at(1004.0) == WaitUntil("the query quota", 1005.0)


def test_tally_when_others_go_on_while_one_waits() -> None:
    """A window that ends does not end another's wait, but its own."""
    tally = tally_of(
        wait("events", 8.0, "retry", place=WindowPlace("2026-01-01", "2026-01-05")),
        wait("events", 4.0, "retry", place=WindowPlace("2026-01-08", "2026-01-10")),
    )
    events = tally.streams["events"]
    tally.add(window(1, "2026-01-06", "2026-01-07"), 1004.0)
    assert events.wait_at(1004.0) == WaitUntil("the next try of 2026-01-01..2026-01-05", 1011.0)
    tally.add(window(0, "2026-01-01", "2026-01-05"), 1004.0)
    assert events.wait_at(1004.0) == WaitUntil("the next try of 2026-01-08..2026-01-10", 1007.0)
    tally.add(events_result(), 1005.0)
    assert events.wait_at(1005.0) is None


def test_tally_of_a_plan() -> None:
    """What the source plans is the total until the first window or page has ended; a later plan replaces it."""
    tally = tally_of(plan("events", "window", 5), plan("profiles", "page", None), names=("rejected_lines",))
    events, profiles = tally.streams["events"], tally.streams["profiles"]
    assert (events.done, events.total, events.share_done) == (0, 5, 0.0)
    assert (profiles.total, profiles.is_paged) == (0, True)
    assert profiles.result_so_far() == ParallelProfileResult("profiles")
    tally.add(plan("profiles", "page", 7), 1003.0)
    tally.add(window(0, "2026-01-01", "2026-01-05"), 1003.0)
    assert (profiles.total, events.done, events.total) == (7, 1, 3)


@pytest.mark.parametrize(("reason", "used_up"), [("hour", True), ("second", False), ("concurrent", False)])
@pytest.mark.parametrize("wait_s", [1.0, 3000.0])
def test_tally_tells_the_hours_quota_from_others(reason: Reason, used_up: bool, wait_s: float) -> None:
    """The source says which quota is used up, however long the wait is."""
    assert tally_of(wait("events", wait_s, reason, quota="export")).hour_used_up is used_up


def test_tally_of_a_plain_stream() -> None:
    """A stream without windows and pages has a result with its rows, and ends with it."""
    tally = tally_of(log('result: {"stream": "cohorts", "rows": 3, "duration_s": 0.5, "has_failures": false}'))
    cohorts = tally.streams["cohorts"]
    assert cohorts.result_so_far() == StreamReadResult("cohorts", 3, 0.5)
    assert (cohorts.rows, cohorts.share_done, cohorts.is_paged, tally.rows) == (3, 1.0, False, 3)


def test_tally_when_a_report_is_damaged() -> None:
    """A report without its fields is a fault of the source, and is not passed over."""
    with pytest.raises(SyncError, match="writes a `wait:` line that this release can't read"):
        tally_of(log('wait: {"stream": "events"}'))
