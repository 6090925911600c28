"""How many events a day has: as many as asked for, or as in a product that people use."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from mixpanel_simulator import Scenario
from mixpanel_simulator.data.event_feed import EventFeed

pytestmark = pytest.mark.dates

PRODUCT = Scenario(first_day=date(2026, 1, 1), days=30, events_per_day=1_000, rhythm="product")
WEEKENDS = {date(2026, 1, day) for day in (3, 4, 10, 11, 17, 18, 24, 25)}
OUTAGE = date(2026, 1, 20)


def sizes(scenario: Scenario) -> dict[date, int]:
    days = (scenario.first_day + timedelta(days=number) for number in range(scenario.days))
    return {day: scenario.events_on(day) for day in days}


def test_days_are_alike_when_nothing_else_is_asked_for() -> None:
    """Benchmarks and tests count on events_per_day."""
    assert set(sizes(replace(PRODUCT, rhythm="even")).values()) == {1_000}
    assert replace(PRODUCT, rhythm="even").events == 30_000


def test_days_differ_when_the_rhythm_is_that_of_a_product() -> None:
    """Weekends have about half of a weekday, the outage hardly anything, and each week more than the one before."""
    found = sizes(PRODUCT)
    weekdays = [events for day, events in found.items() if day not in WEEKENDS | {OUTAGE}]
    weekend_days = [found[day] for day in WEEKENDS]
    assert len(set(found.values())) == 30
    assert 0 < found[OUTAGE] < min(weekend_days) / 2
    assert max(weekend_days) < min(weekdays)
    assert all(found[day] * 1.4 < found[day - timedelta(days=3)] for day in WEEKENDS if day.day > 3)
    without_outage = [
        sum(found[date(2026, 1, monday + number)] for number in range(7) if number != 1) for monday in (5, 12, 19)
    ]
    assert without_outage == sorted(without_outage)


def test_days_have_what_they_say_when_they_are_exported() -> None:
    """The export, the sizes of days and their sum agree; days outside have none."""
    feed = EventFeed(PRODUCT)
    exported = {day: len(list(feed.lines(day, day, time_in_ms=True))) for day in sizes(PRODUCT)}
    assert exported == sizes(PRODUCT)
    assert PRODUCT.events == sum(exported.values())
    assert PRODUCT.events_on(PRODUCT.first_day - timedelta(days=1)) == 0
    assert PRODUCT.events_on(PRODUCT.last_day + timedelta(days=1)) == 0


def test_sizes_depend_on_the_seed_and_not_on_the_range() -> None:
    """More days leave the earlier ones as they were."""
    longer = sizes(replace(PRODUCT, days=60))
    assert {day: longer[day] for day in sizes(PRODUCT)} == sizes(PRODUCT)
    assert sizes(replace(PRODUCT, seed=8)) != sizes(PRODUCT)
