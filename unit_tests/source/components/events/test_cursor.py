"""Which days each sync asks for, from what the syncs before have finished."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from source_mixpanel_parallel.components.events.cursor import FinishedRangesCursor, announce_long_plans
from source_mixpanel_parallel.components.read_context import ReadContext
from source_mixpanel_parallel.config.settings import Settings
from source_mixpanel_parallel.errors import ConfigError
from source_mixpanel_parallel.rate_limits.connection_slots import ConnectionSlots
from source_mixpanel_parallel.windows.date_windows import DateWindow

CREDENTIALS = {"username": "u", "secret": "s", "project_id": 1}
TODAY = "2026-01-20"


def cursor(today: str = TODAY, state: Mapping[str, Any] | None = None, **config: Any) -> FinishedRangesCursor:
    """Make the cursor of a sync on *today*, UTC; by default from 2026-01-01 on, in windows of 7 days, no lookback."""
    now = datetime.fromisoformat(today).replace(hour=12, tzinfo=timezone.utc)
    defaults = {"credentials": CREDENTIALS, "start_date": "2026-01-01", "window_days": 7, "lookback_days": 0}
    settings = Settings.from_config({**defaults, **config}, now)
    return FinishedRangesCursor(
        stream_name="events",
        cursor_field="time",
        stream_state=state or {},
        slots=ConnectionSlots(100, threading.Event()),
        context=ReadContext.begin(settings, threading.Event()),
    )


def nothing(_window: DateWindow) -> bool:
    return False


def read(cursor: FinishedRangesCursor, fails: Callable[[DateWindow], bool] = nothing) -> list[str]:
    """Read all windows but those that fail; return what was asked for."""
    asked = []
    for part in cursor.stream_slices():
        window: DateWindow = part.extra_fields["window"]
        asked.append(str(window))
        if not fails(window):
            cursor.finish(window)
        cursor.release()
    return asked


def saved(cursor: FinishedRangesCursor) -> dict[str, Any]:
    """Return the state as the next sync gets it: through JSON."""
    state: dict[str, Any] = json.loads(json.dumps(cursor.state))
    return state


def days_of(windows: Iterable[DateWindow]) -> set[date]:
    return {window.from_date + timedelta(days=day) for window in windows for day in range(window.days)}


def test_windows_when_there_is_no_state() -> None:
    """The first sync asks for everything from start_date to today."""
    first = cursor()
    assert read(first) == ["2026-01-01..2026-01-07", "2026-01-08..2026-01-14", "2026-01-15..2026-01-20"]
    assert saved(first) == {"finished_ranges": [["2026-01-01", "2026-01-19"]], "read_through": "2026-01-19"}


def test_slices_when_windows_are_planned() -> None:
    """A slice holds the dates for the request, and its number."""
    parts = []
    planned = cursor(end_date="2026-01-08")
    for part in planned.stream_slices():
        parts.append((dict(part), part.extra_fields))
        planned.release()
    assert parts == [
        (
            {"from_date": "2026-01-01", "to_date": "2026-01-07"},
            {"window": DateWindow(date(2026, 1, 1), date(2026, 1, 7)), "batch_index": 0},
        ),
        (
            {"from_date": "2026-01-08", "to_date": "2026-01-08"},
            {"window": DateWindow(date(2026, 1, 8), date(2026, 1, 8)), "batch_index": 1},
        ),
    ]


def test_windows_when_a_day_has_begun() -> None:
    """Today is read and never finished, so the next sync asks for it again."""
    first = cursor()
    read(first)
    assert read(cursor(state=saved(first))) == ["2026-01-20..2026-01-20"]
    assert read(cursor("2026-01-22", saved(first))) == ["2026-01-20..2026-01-22"]


def test_state_when_only_today_is_read() -> None:
    """A window that is not over finishes nothing."""
    only = cursor(start_date=TODAY)
    assert read(only) == [f"{TODAY}..{TODAY}"]
    assert saved(only) == {"finished_ranges": []}


def test_today_when_the_project_is_elsewhere() -> None:
    """Today is the project's: on Kiritimati the 21st has begun, in Honolulu the 19th is not over at 9:00 UTC."""
    far_east = cursor(project_timezone="Pacific/Kiritimati")
    assert read(far_east)[-1] == "2026-01-15..2026-01-21"
    assert saved(far_east)["read_through"] == "2026-01-20"


def test_windows_when_one_failed_in_the_middle() -> None:
    """The next sync asks for the gap and for new days, and for nothing else."""
    first = cursor()
    read(first, lambda window: window.from_date == date(2026, 1, 8))
    assert saved(first) == {
        "finished_ranges": [["2026-01-01", "2026-01-07"], ["2026-01-15", "2026-01-19"]],
        "read_through": "2026-01-19",
    }
    second = cursor("2026-01-21", saved(first))
    assert read(second) == ["2026-01-08..2026-01-14", "2026-01-20..2026-01-21"]
    assert saved(second) == {"finished_ranges": [["2026-01-01", "2026-01-20"]], "read_through": "2026-01-20"}


def test_windows_when_a_day_within_a_window_failed() -> None:
    """A window that was split counts by its parts."""
    first = cursor(end_date="2026-01-07")
    for window in first.plan.windows:
        earlier, later = window.halves()
        first.finish(later)
        first.finish(earlier.halves()[0])
    assert saved(first)["finished_ranges"] == [["2026-01-01", "2026-01-01"], ["2026-01-04", "2026-01-07"]]
    assert read(cursor(state=saved(first), end_date="2026-01-07")) == ["2026-01-02..2026-01-03"]


def test_windows_when_the_sync_was_interrupted() -> None:
    """The state after each window is enough to go on from there."""
    first = cursor(lookback_days=3)
    slices = iter(first.stream_slices())
    state = first.finish(next(iter(slices)).extra_fields["window"])
    assert state == {"finished_ranges": [["2026-01-01", "2026-01-07"]], "read_through": "2026-01-07"}
    assert read(cursor(state=state, lookback_days=3)) == [
        "2026-01-05..2026-01-11",
        "2026-01-12..2026-01-18",
        "2026-01-19..2026-01-20",
    ]


def test_windows_when_nothing_is_missing() -> None:
    """A range that is finished is not asked for again."""
    first = cursor(end_date="2026-01-10")
    read(first)
    second = cursor(state=saved(first), end_date="2026-01-10")
    assert read(second) == []
    assert saved(second) == saved(first)


@pytest.mark.parametrize(
    ("lookback_days", "expected"),
    [
        (0, ["2026-01-20..2026-01-22"]),
        (1, ["2026-01-19..2026-01-22"]),
        (5, ["2026-01-15..2026-01-21", "2026-01-22..2026-01-22"]),
        (19, ["2026-01-01..2026-01-07", "2026-01-08..2026-01-14", "2026-01-15..2026-01-21", "2026-01-22..2026-01-22"]),
        (365, ["2026-01-01..2026-01-07", "2026-01-08..2026-01-14", "2026-01-15..2026-01-21", "2026-01-22..2026-01-22"]),
    ],
)
def test_windows_when_there_is_a_lookback(lookback_days: int, expected: list[str]) -> None:
    """The last finished days are read again, as many as the lookback says, and none before start_date."""
    first = cursor()
    read(first)
    assert read(cursor("2026-01-22", saved(first), lookback_days=lookback_days)) == expected


def test_state_when_the_lookback_failed() -> None:
    """A finished day that is read again is open until it is emitted again, so that late events are not missed."""
    first = cursor()
    read(first)
    second = cursor("2026-01-22", saved(first), lookback_days=5)
    assert saved(second) == {"finished_ranges": [["2026-01-01", "2026-01-14"]], "read_through": "2026-01-19"}
    assert read(cursor("2026-01-22", saved(second), lookback_days=5)) == read(second)


def test_windows_when_the_range_grew() -> None:
    """An earlier start_date or a later end_date adds only the days that are new."""
    first = cursor(start_date="2026-01-05", end_date="2026-01-06")
    read(first)
    second = cursor(state=saved(first), start_date="2026-01-03", end_date="2026-01-08")
    assert read(second) == ["2026-01-03..2026-01-04", "2026-01-07..2026-01-08"]


def test_windows_when_the_range_shrank() -> None:
    """Days outside the range are not asked for, by the lookback neither, and stay finished."""
    first = cursor()
    read(first)
    second = cursor(state=saved(first), end_date="2026-01-10", lookback_days=5)
    assert read(second) == []
    assert saved(second) == saved(first)


def test_windows_when_newest_come_first() -> None:
    """The order of the requests changes, the days do not."""
    newest = cursor(order="newest_first")
    assert read(newest) == ["2026-01-15..2026-01-20", "2026-01-08..2026-01-14", "2026-01-01..2026-01-07"]
    assert saved(newest)["finished_ranges"] == [["2026-01-01", "2026-01-19"]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"events": ["a"]}, {}),
        ({"events": ["a"]}, {"events": ["a", "b"]}),
        ({"where": "1"}, {"where": "2"}),
        ({"events": ["a"]}, {"where": "1"}),
    ],
)
def test_windows_when_the_filter_lets_more_through(
    before: dict[str, Any], after: dict[str, Any], airbyte_log: list[str]
) -> None:
    """Days finished under a filter that left events out are read again, and a warning counts them."""
    first = cursor(**before)
    read(first)
    assert read(cursor(state=saved(first), **after)) == read(cursor(**after))
    text = (
        "WARNING events: `events` or `where` have changed since the last sync: 19 days that were read before are read "
        "again, because the earlier filters excluded other events"
    )
    assert airbyte_log == [text]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"events": ["a"]}),
        ({}, {"where": "1"}),
        ({"events": ["a", "b"]}, {"events": ["b"]}),
        ({"where": "1"}, {"where": "1", "events": ["a"]}),
    ],
)
def test_windows_when_the_filter_lets_less_through(
    before: dict[str, Any], after: dict[str, Any], airbyte_log: list[str]
) -> None:
    """Finished days stay finished; when the wider filter is back, it lacks only the days since then."""
    first = cursor(lookback_days=3, **before)
    read(first)
    second = cursor("2026-01-22", saved(first), lookback_days=3, **after)
    assert read(second) == ["2026-01-17..2026-01-22"]
    assert airbyte_log == []
    assert read(cursor("2026-01-22", saved(second), lookback_days=3, **before)) == ["2026-01-17..2026-01-22"]
    assert [text.split(": ")[2].split(",")[0] for text in airbyte_log] == [
        "2 days that were read before are read again"
    ]


def test_state_when_a_narrower_read_crashes() -> None:
    """The days that it was to read again are a gap for it, and finished for the filter of before."""
    first = cursor(lookback_days=2)
    read(first)
    second = cursor("2026-01-22", saved(first), lookback_days=2, events=["a"])
    assert saved(second) == {
        "finished_ranges": [["2026-01-01", "2026-01-17"]],
        "read_through": "2026-01-19",
        "filters": {"events": ["a"]},
        "other_filters": [{"finished_ranges": [["2026-01-01", "2026-01-19"]], "read_through": "2026-01-19"}],
    }
    assert read(cursor("2026-01-22", saved(second), events=["a"])) == ["2026-01-18..2026-01-22"]
    assert read(cursor("2026-01-22", saved(second))) == ["2026-01-20..2026-01-22"]


def test_windows_when_the_filter_is_the_same() -> None:
    """The filter is kept in the state, and the same filter changes nothing, as 0.1.0 wrote it either."""
    narrowed: dict[str, Any] = {"events": ["a", "é"], "where": 'properties["x"] == 1'}
    first = cursor(**narrowed)
    read(first)
    state = saved(first)
    assert read(cursor("2026-01-21", state, **narrowed)) == ["2026-01-20..2026-01-21"]
    reordered = {**narrowed, "events": ["é", "a", "é"]}
    assert read(cursor("2026-01-21", state, **reordered)) == ["2026-01-20..2026-01-21"]
    state["asked"] = state.pop("filters")
    assert state["asked"] == narrowed
    assert read(cursor("2026-01-21", state, **narrowed)) == ["2026-01-20..2026-01-21"]


@pytest.mark.parametrize(
    "state",
    [
        {"date": "2026-01-31"},  # another connector's
        {"finished_ranges": None},
        {"finished_ranges": 5},
        {"finished_ranges": "2026-01-01"},
        {"finished_ranges": ["2026-01-01"]},
        {"finished_ranges": [["2026-01-01"]]},
        {"finished_ranges": [["2026-01-01", "2026-01-02", "2026-01-03"]]},
        {"finished_ranges": [["2026-01-01", None]]},
        {"finished_ranges": [["2026-01-01", 20260102]]},
        {"finished_ranges": [["2026-01-01", "2026-02-30"]]},
        {"finished_ranges": [["2026-01-02", "2026-01-01"]]},
        {"finished_ranges": [{"start": "2026-01-01", "end": "2026-01-02"}]},
        {"finished_ranges": [], "read_through": 5},
        {"finished_ranges": [], "read_through": "yesterday"},
        {"finished_ranges": [], "asked": 5},
        {"finished_ranges": [], "asked": "events"},
        {"finished_ranges": [], "asked": ["events"]},
        {"finished_ranges": [], "filters": 5},
        {"finished_ranges": [], "filters": {"events": "a"}},
        {"finished_ranges": [], "filters": {"events": [5]}},
        {"finished_ranges": [], "filters": {"where": 5}},
        {"finished_ranges": [], "filters": {"cohort": 5}},
        {"finished_ranges": [], "other_filters": 5},
        {"finished_ranges": [], "other_filters": None},
        {"finished_ranges": [], "other_filters": [5]},
        {"finished_ranges": [], "other_filters": [{"filters": {}}]},
    ],
    ids=str,
)
def test_cursor_when_the_state_is_damaged(state: dict[str, Any]) -> None:
    """A state that can't be understood is neither taken for an empty one nor for a crash: the user is told."""
    with pytest.raises(
        ConfigError, match=r"the state of stream events is not one of this connector .*: reset the stream"
    ):
        cursor(state=state)


def test_cursor_when_the_state_holds_marks_of_the_platform_only() -> None:
    """They say nothing about days, so all are read."""
    assert cursor(state={"__ab_no_cursor_state_message": True}).plan == cursor(state={}).plan


def test_cursor_when_the_ranges_of_the_state_overlap() -> None:
    """Ranges in any order, that overlap or touch, are one set of days."""
    ranges = [["2026-01-12", "2026-01-14"], ["2026-01-01", "2026-01-05"], ["2026-01-04", "2026-01-08"]]
    merged = [["2026-01-01", "2026-01-08"], ["2026-01-12", "2026-01-14"]]
    assert saved(cursor(state={"finished_ranges": ranges, "read_through": "2026-01-14"}))["finished_ranges"] == merged


def test_plans_when_they_are_longer_than_the_quota(airbyte_log: list[str]) -> None:
    """Streams that together must wait for the hour's quota say so before they begin, with the hours."""
    announce_long_plans({"events": cursor(start_date="2025-12-20", window_days=1).plan})
    assert airbyte_log == []
    plan = cursor(start_date="2025-08-01", window_days=1).plan
    announce_long_plans({"events": plan, "sign_ups": plan})
    text = (
        "WARNING events, sign_ups: 346 requests are needed, and Mixpanel allows 60 an hour: this read will wait about "
        "5 h. Use a larger window_days, or leave it unset."
    )
    assert airbyte_log == [text]


def test_slices_when_the_sync_is_stopped() -> None:
    """A stopped sync begins no further window, and the stream can't end as complete."""
    stopped = cursor()
    slices = iter(stopped.stream_slices())
    next(slices)
    stopped.context.stop.set()
    with pytest.raises(AirbyteTracedException, match=r"was stopped before requesting .* and the following days"):
        list(slices)


@hypothesis_settings(max_examples=60)
@given(st.data(), st.integers(0, 8), st.one_of(st.none(), st.integers(1, 10)))
def test_syncs_when_windows_fail_at_random(data: st.DataObject, lookback_days: int, window_days: int | None) -> None:
    """Sync after sync, what is asked for and what is finished are what plain sets of days say."""
    start, finished, through, state = date(2026, 1, 1), set[date](), None, dict[str, Any]()
    today = start
    for _ in range(data.draw(st.integers(1, 4))):
        today += timedelta(days=data.draw(st.integers(0, 12)))
        sync = cursor(str(today), state, lookback_days=lookback_days, window_days=window_days)
        wanted = days_of([DateWindow(start, today)])
        again = {day for day in wanted if through and through - timedelta(days=lookback_days) < day <= through}
        assert days_of(sync.plan.windows) == (wanted - finished) | again
        assert sync.plan.days == len((wanted - finished) | again)
        finished -= again
        for window in sync.plan.windows:
            if data.draw(st.booleans()):
                sync.finish(window)
                over = {day for day in days_of([window]) if day < today}
                finished |= over
                through = max([*over, *([through] if through else [])], default=None)
        state = saved(sync)
        assert days_of(DateWindow(*map(date.fromisoformat, pair)) for pair in state["finished_ranges"]) == finished
        assert state.get("read_through") == (str(through) if through else None)
