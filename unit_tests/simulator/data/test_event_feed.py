"""The data: the same for the same seed, and as varied as what Mixpanel sends."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timezone
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mixpanel_simulator import Scenario
from mixpanel_simulator.data.event_feed import EventFeed
from mixpanel_simulator.data.event_template import EVENT_WEIGHTS, make_templates

SCENARIO = Scenario(first_day=date(2026, 1, 1), days=3, events_per_day=3_000)
FIRST, LAST = SCENARIO.first_day, SCENARIO.last_day


def lines(scenario: Scenario, first: date = FIRST, last: date = LAST, *, time_in_ms: bool = True) -> list[bytes]:
    return list(EventFeed(scenario).lines(first, last, time_in_ms=time_in_ms))


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return EventFeed(SCENARIO).events(FIRST, LAST, time_in_ms=True)


def test_lines_are_the_same_when_the_seed_is_the_same() -> None:
    """A day depends on the seed and on itself, not on the range of the scenario or on what was read before."""
    assert lines(SCENARIO) == lines(SCENARIO)
    longer = replace(SCENARIO, first_day=date(2025, 12, 30), days=40)
    assert lines(longer, LAST, LAST) == lines(SCENARIO, LAST, LAST)
    assert lines(replace(SCENARIO, seed=8), LAST, LAST) != lines(SCENARIO, LAST, LAST)


def test_days_without_events_are_empty_when_they_lie_outside_the_scenario() -> None:
    assert lines(SCENARIO, date(2025, 12, 31), date(2025, 12, 31)) == []
    assert lines(replace(SCENARIO, days=0)) == []


def test_each_day_has_its_events_when_it_is_asked_for(events: list[dict[str, Any]]) -> None:
    """Times lie within the day, are not in order, and are not all on the second."""
    days = Counter(datetime.fromtimestamp(e["properties"]["time"] / 1000, timezone.utc).date() for e in events)
    assert days == dict.fromkeys((FIRST, date(2026, 1, 2), LAST), 3_000)
    times = [event["properties"]["time"] for event in events[:3_000]]
    assert times != sorted(times)
    assert any(time % 1000 for time in times)


def test_time_is_in_seconds_when_milliseconds_are_not_asked_for(events: list[dict[str, Any]]) -> None:
    """All else is the same."""
    for event in events:
        event["properties"] = {**event["properties"], "time": event["properties"]["time"] // 1000}
    assert EventFeed(SCENARIO).events(FIRST, LAST) == events


def test_names_are_skewed_when_there_are_many_events(events: list[dict[str, Any]]) -> None:
    counts = Counter(event["event"] for event in events)
    assert set(counts) == set(EVENT_WEIGHTS)
    assert counts.most_common(1)[0][0] == "$mp_web_page_view"
    assert "購入完了" in counts


def test_identities_vary_when_there_are_many_events(events: list[dict[str, Any]]) -> None:
    """Most events have all of their key; a few have no $insert_id, a numeric distinct_id or none at all."""
    properties = [event["properties"] for event in events]
    kinds = Counter(type(values.get("distinct_id")) for values in properties)
    assert kinds[str] > kinds[int] > kinds[type(None)] > 0
    without = sum("$insert_id" not in values for values in properties)
    assert 0 < without < len(properties) / 5
    ids = [values["$insert_id"] for values in properties if "$insert_id" in values]
    assert len(set(ids)) == len(ids)


def test_values_vary_when_there_are_many_events(events: list[dict[str, Any]]) -> None:
    """Nested objects, arrays, nulls, booleans, big and small numbers, empty text and Unicode are all there."""
    values = [value for event in events for value in event["properties"].values()]
    assert {type(value) for value in values} == {dict, list, type(None), bool, int, float, str}
    assert {9_007_199_254_740_993, 9_223_372_036_854_775_807, 1e-7, -273.15, 1.5e300} <= {
        value for value in values if isinstance(value, (int, float))
    }
    texts = [value for value in values if isinstance(value, str)]
    assert "" in texts
    for character in ("\u2028", "\u0085", "🎸", "東", "ق", '"', "\\", "\n"):
        assert any(character in text for text in texts), character
    assert all(event["properties"]["mp_processing_time_ms"] >= event["properties"]["time"] for event in events)


def test_unicode_is_written_both_ways_when_there_are_many_events() -> None:
    """Some lines hold UTF-8, others escapes, and some put the identity behind the other properties."""
    body = b"".join(lines(SCENARIO))
    assert "\u2028".encode() in body
    assert b"\\u2028" in body
    assert b'"properties":{"time"' in body
    assert any(not line.partition(b'"properties":{')[2].startswith(b'"time"') for line in lines(SCENARIO))
    assert body.count(b"\n") == len(lines(SCENARIO))


@pytest.mark.parametrize("size", [300, 660, 2_000])
def test_lines_are_as_long_as_asked_for_on_average(size: int) -> None:
    measured = mean(map(len, lines(replace(SCENARIO, event_bytes=size))))
    assert size * 0.95 < measured < size * 1.05


def test_lines_are_short_but_whole_when_event_bytes_is_too_small() -> None:
    """The identity alone is longer than that: nothing else is written."""
    events = [json.loads(line) for line in lines(replace(SCENARIO, event_bytes=1))]
    names = {"time", "distinct_id", "$insert_id", "mp_processing_time_ms"}
    assert all(set(event["properties"]) <= names for event in events)
    assert len(make_templates(1, 1).formats) == len(make_templates(1, 1).cumulative_weights)


def test_duplicates_are_exact_when_they_are_asked_for() -> None:
    plain, doubled = lines(SCENARIO), lines(replace(SCENARIO, duplicates=7))
    again = Counter(doubled) - Counter(plain)
    assert len(set(plain)) == len(plain)
    assert (sum(again.values()), len(doubled)) == (21, len(plain) + 21)
    assert set(again) <= set(plain)


def test_late_events_are_added_when_they_arrive() -> None:
    """Earlier events stay as they were, and so do earlier late ones."""
    feed = EventFeed(SCENARIO)
    before = list(feed.lines(FIRST, LAST, time_in_ms=True))
    feed.add_late_events(LAST, 2)
    two = list(feed.lines(FIRST, LAST, time_in_ms=True))
    feed.add_late_events(LAST, 1)
    three = list(feed.lines(FIRST, LAST, time_in_ms=True))
    assert (two[:-2], three[:-1], len(three)) == (before, two, len(before) + 3)
    feed.add_late_events(date(2027, 1, 1), 1)
    assert len(feed.events(date(2027, 1, 1), date(2027, 1, 1))) == 1


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2022, 3, 27), "Europe/Zurich", 23),
        (date(2022, 10, 30), "Europe/Zurich", 25),
        (date(2022, 11, 6), "America/New_York", 25),
        (date(2022, 6, 1), "Asia/Kolkata", 24),
        (date(2022, 6, 1), "UTC", 24),
    ],
)
def test_time_is_the_local_wall_clock_when_timestamps_are_legacy(day: date, zone: str, hours: int) -> None:
    """The true instant, from the time of arrival, is within the local day, and time is what its clock showed."""
    scenario = replace(SCENARIO, first_day=day, days=1, timezone=zone, legacy_timestamps=True, events_per_day=8_000)
    arrivals = []
    for event in EventFeed(scenario).events(day, day, time_in_ms=True):
        written, arrived = event["properties"]["time"], event["properties"]["mp_processing_time_ms"]
        shown = datetime.fromtimestamp(written / 1000, timezone.utc).replace(tzinfo=None)
        assert shown.date() == day
        local = shown.replace(tzinfo=ZoneInfo(zone))
        candidates = [local.replace(fold=fold).timestamp() * 1000 for fold in (0, 1)]
        assert min(candidates) < arrived
        arrivals.append(arrived)
    first = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000
    soon = [arrived - first for arrived in arrivals if arrived - first < hours * 3_600_000 + 10_000]
    assert hours * 3_600_000 - 60_000 < max(soon)
