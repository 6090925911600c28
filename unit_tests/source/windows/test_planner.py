"""From missing days to windows, connections and a word on the quota."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_mixpanel_parallel.rate_limits.limits import (
    EXPORT_BURST,
    EXPORT_HOURLY_REQUESTS,
    PLANNED_CONNECTIONS,
    RESERVED_REQUESTS,
    SECOND_S,
)
from source_mixpanel_parallel.windows.date_windows import DateWindow, merge
from source_mixpanel_parallel.windows.planner import (
    SECONDS_A_DAY,
    WindowPlan,
    over_budget,
    plan_windows,
    taper,
    waiting_h,
)

START = date(2024, 1, 1)


def days_from(first: int, last: int) -> DateWindow:
    return DateWindow(START + timedelta(days=first), START + timedelta(days=last))


def days_of(*windows: DateWindow) -> list[date]:
    return [window.from_date + timedelta(days=day) for window in windows for day in range(window.days)]


def end_s(sizes: list[int], connections: int) -> float:
    """Return when the last of these windows is read, on the model of three starts a second and so long a day."""
    free_s = [0.0] * connections
    for index, size in enumerate(sizes):
        connection = free_s.index(min(free_s))
        free_s[connection] = max(index // EXPORT_BURST * SECOND_S, free_s[connection]) + size * SECONDS_A_DAY
    return max(free_s)


@st.composite
def missing_days(draw: st.DrawFn) -> list[DateWindow]:
    """Draw up to four ranges, in any order, that may touch or overlap."""
    firsts = draw(st.lists(st.integers(0, 900), min_size=1, max_size=4))
    return [days_from(first, first + draw(st.integers(0, 400))) for first in firsts]


@settings(max_examples=60)
@given(
    missing_days(),
    st.one_of(st.none(), st.integers(1, 100)),
    st.one_of(st.none(), st.integers(1, 100)),
    st.booleans(),
)
def test_plan_when_days_are_any(
    missing: list[DateWindow], window_days: int | None, num_workers: int | None, newest_first: bool
) -> None:
    """Each missing day is asked for once, no other day is, and no window is longer than allowed."""
    plan = plan_windows(missing, window_days, num_workers, newest_first)
    assert sorted(days_of(*plan.windows)) == sorted(set(days_of(*missing)))
    assert plan.days == len(set(days_of(*missing)))
    assert max(window.days for window in plan.windows) <= (window_days or 100)
    assert list(plan.windows) == sorted(plan.windows, reverse=newest_first)
    assert 1 <= plan.connections <= 100
    assert num_workers in {None, plan.connections}


def test_plan_when_nothing_is_missing() -> None:
    """No day means no window, and no wait."""
    plan = plan_windows([])
    assert (plan.windows, plan.days, over_budget(0), waiting_h(0)) == ((), 0, False, 0)


def test_plan_when_one_day_is_missing() -> None:
    """One day is one request on one connection."""
    assert plan_windows([days_from(0, 0)]) == WindowPlan((days_from(0, 0),), 1)


def test_plan_when_window_days_is_set() -> None:
    """Windows are equal within each range of missing days, and don't reach over what is finished."""
    plan = plan_windows([days_from(20, 24), days_from(0, 9)], window_days=7)
    assert plan.windows == (days_from(0, 6), days_from(7, 9), days_from(20, 24))


def test_plan_when_the_newest_days_come_first() -> None:
    """Newest first is the same windows in the other order where they are equal."""
    plan = plan_windows([days_from(0, 9), days_from(20, 24)], window_days=7, newest_first=True)
    assert plan.windows == (days_from(20, 24), days_from(7, 9), days_from(0, 6))


@settings(max_examples=60)
@given(st.integers(1, 1500), st.integers(1, 100))
def test_taper_when_days_are_any(days: int, connections: int) -> None:
    """Sizes hold exactly the days, each 1 to 100, and the read ends no later than in one window per connection."""
    sizes = taper(days, connections)
    assert sum(sizes) == days
    assert all(1 <= size <= 100 for size in sizes)
    assert end_s(sizes, connections) <= days * SECONDS_A_DAY + 1e-6


@pytest.mark.parametrize(("days", "within_s"), [(30, 0.667 * 30 / 5.5), (90, 0.667 * 90 / 9), (365, 0.667 * 365 / 16)])
def test_taper_when_the_range_is_long(days: int, within_s: float) -> None:
    """On the model a month is read 5.5 times, a quarter 9 times, a year 16 times as fast as on one connection."""
    sizes = taper(days, PLANNED_CONNECTIONS)
    assert end_s(sizes, PLANNED_CONNECTIONS) <= within_s
    assert len(sizes) <= EXPORT_HOURLY_REQUESTS - RESERVED_REQUESTS


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_taper_when_compared_with_equal_windows(days: int) -> None:
    """No size of equal windows ends earlier."""
    tapered = end_s(taper(days, PLANNED_CONNECTIONS), PLANNED_CONNECTIONS)
    equal = [
        end_s([window.days for window in plan_windows([days_from(0, days - 1)], size).windows], PLANNED_CONNECTIONS)
        for size in range(1, min(days, 100) + 1)
    ]
    assert tapered <= min(equal) + 0.01


@pytest.mark.parametrize(
    ("requests", "is_over", "hours"),
    [(1, False, 0), (48, False, 0), (49, True, 0), (60, True, 0), (61, True, 1), (120, True, 1), (121, True, 2)],
)
def test_budget_when_it_is_more_than_the_quota(requests: int, is_over: bool, hours: int) -> None:
    """Requests beyond the hour's quota less its reserve are over it, and the last waits so many hours."""
    assert (over_budget(requests), waiting_h(requests)) == (is_over, hours)


def test_plan_when_it_is_many_ranges() -> None:
    """A gap ends a window early; what is left of the window's size serves the next range."""
    gaps = [days_from(10 * number, 10 * number + 1) for number in range(20)]
    plan = plan_windows(gaps)
    assert days_of(*plan.windows) == days_of(*merge(gaps))
    assert len(plan.windows) <= 20 + len(taper(40, PLANNED_CONNECTIONS))


def test_plan_when_a_gap_cuts_the_first_window() -> None:
    """The window that a gap cut short is continued behind the gap, and the next ones keep their sizes."""
    first, *others = taper(60, PLANNED_CONNECTIONS)
    plan = plan_windows([days_from(0, 1), days_from(10, 67)])
    assert first > 2
    assert [window.days for window in plan.windows] == [2, first - 2, *others]
