"""What the messages so far add up to."""

from __future__ import annotations

import pytest

from mixpanel_to_duckdb.result import Wait
from mixpanel_to_duckdb.tally import Tally, WaitUntil
from source_mixpanel_parallel import ParallelFetchResult, ParallelProfileResult
from unit_tests.command.said import events_result, log, page, window

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
    tally = tally_of(
        log("events: waiting 45 s for Mixpanel's export quota"),
        log(f"events: 2026-01-01..2026-01-02: {REFUSED}; asking again in 0.5 s", "WARN"),
        log("profiles: page 3: Mixpanel's quota is used up (concurrent): 6/5; waiting 2 s", "WARN"),
        log("events: 2 lines of the answer are not events, read twice", "WARN"),
        log("somebody else: waiting 45 s for Mixpanel's export quota"),
    )
    assert tally.waits == [
        Wait("events", None, 1003.0, 45.0, "export quota"),
        Wait("events", "2026-01-01..2026-01-02", 1003.0, 0.5, REFUSED),
        Wait("profiles", "page 3", 1003.0, 2.0, "Mixpanel's quota is used up (concurrent): 6/5"),
    ]
    assert tally.warnings == ["events: 2 lines of the answer are not events, read twice"]
    assert tally.streams["events"].wait_at(1047.0) == WaitUntil("the export quota", 1048.0)
    assert tally.streams["events"].wait_at(1048.0) is None
    assert tally.streams["profiles"].wait_at(1004.0) == WaitUntil("Mixpanel's quota", 1005.0)


def test_tally_when_others_go_on_while_one_waits() -> None:
    """A window that ends does not end another's wait, but its own."""
    tally = tally_of(
        log(f"events: 2026-01-01..2026-01-05: {REFUSED}; asking again in 8.0 s", "WARN"),
        log(f"events: 2026-01-08..2026-01-10: {REFUSED}; asking again in 4.0 s", "WARN"),
    )
    events = tally.streams["events"]
    tally.add(window(1, "2026-01-06", "2026-01-07"), 1004.0)
    assert events.wait_at(1004.0) == WaitUntil("the next try of 2026-01-01..2026-01-05", 1011.0)
    tally.add(window(0, "2026-01-01", "2026-01-05"), 1004.0)
    assert events.wait_at(1004.0) == WaitUntil("the next try of 2026-01-08..2026-01-10", 1007.0)
    tally.add(events_result(), 1005.0)
    assert events.wait_at(1005.0) is None


def test_tally_of_a_plan() -> None:
    """As long as the source has told no total, the planned one stands in; then the source's counts."""
    tally = Tally(("events", "profiles"))
    tally.plan(("events",), {"events": 5})
    events = tally.streams["events"]
    assert (events.done, events.total, events.share_done) == (0, 5, 0.0)
    tally.add(window(0, "2026-01-01", "2026-01-05"), 1003.0)
    assert (list(tally.streams), events.done, events.total) == (["events"], 1, 3)


@pytest.mark.parametrize(
    ("text", "used_up"),
    [
        ("events: waiting 31 s for Mixpanel's export quota", True),
        ("events: waiting 30 s for Mixpanel's export quota", False),
        ("events: 2026-01-01..2026-01-02: Mixpanel's quota is used up (hour): 61/60; waiting 2 s", True),
        ("events: 2026-01-01..2026-01-02: Mixpanel's quota is used up (second): 4/3; waiting 1 s", False),
        ("profiles: page 3: Mixpanel's quota is used up (concurrent): 6/5; waiting 30 s", False),
    ],
)
def test_tally_tells_the_hours_quota_from_others(text: str, used_up: bool) -> None:
    """Only the hour's quota is used up: others pass in seconds."""
    assert tally_of(log(text, "WARN")).hour_used_up is used_up


def test_tally_of_streams_whose_names_begin_alike() -> None:
    """A notice belongs to the stream with the longest name that fits."""
    tally = tally_of(log("a: b: waiting 9 s for Mixpanel's export quota"), names=("a", "a: b"))
    assert [wait.stream for wait in tally.waits] == ["a: b"]
