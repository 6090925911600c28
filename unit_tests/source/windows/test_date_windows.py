"""Windows of days: splitting a range, and arithmetic on sets of days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_mixpanel_parallel.windows.date_windows import DateWindow, merge, split_date_range, subtract

FAR_FROM_THE_ENDS = st.dates(date(1, 6, 1), date(9998, 6, 1))
CLOSE_DAYS = st.dates(date(2024, 2, 20), date(2024, 3, 20))


@st.composite
def ranges(draw: st.DrawFn) -> tuple[date, date]:
    """Draw a first and a last day, up to three years apart."""
    start = draw(FAR_FROM_THE_ENDS)
    return start, start + timedelta(days=draw(st.integers(0, 1100)))


@st.composite
def window_sets(draw: st.DrawFn) -> list[DateWindow]:
    """Draw windows that overlap, touch and repeat, in any order."""
    pairs = draw(st.lists(st.tuples(CLOSE_DAYS, CLOSE_DAYS), max_size=6))
    return [DateWindow(min(pair), max(pair)) for pair in pairs]


def days_of(*windows: DateWindow) -> list[date]:
    """Return every day of every window, in the windows' order."""
    return [window.from_date + timedelta(days=day) for window in windows for day in range(window.days)]


def window(text: str) -> DateWindow:
    first, last = text.split("..")
    return DateWindow(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("start", "end", "days", "expected"),
    [
        ("2026-01-01", "2026-01-01", 7, ["2026-01-01..2026-01-01"]),
        ("2026-01-01", "2026-01-07", 7, ["2026-01-01..2026-01-07"]),
        ("2026-01-01", "2026-01-08", 7, ["2026-01-01..2026-01-07", "2026-01-08..2026-01-08"]),
        ("2026-01-30", "2026-02-01", 1, ["2026-01-30..2026-01-30", "2026-01-31..2026-01-31", "2026-02-01..2026-02-01"]),
        ("2024-02-27", "2024-03-02", 2, ["2024-02-27..2024-02-28", "2024-02-29..2024-03-01", "2024-03-02..2024-03-02"]),
        ("2023-02-27", "2023-03-02", 2, ["2023-02-27..2023-02-28", "2023-03-01..2023-03-02"]),
        ("2100-02-28", "2100-03-01", 1, ["2100-02-28..2100-02-28", "2100-03-01..2100-03-01"]),
        ("2024-01-01", "2024-04-10", 100, ["2024-01-01..2024-04-09", "2024-04-10..2024-04-10"]),
        ("2025-12-25", "2026-01-03", 100, ["2025-12-25..2026-01-03"]),
    ],
)
def test_split_when_the_range_is_known(start: str, end: str, days: int, expected: list[str]) -> None:
    """Windows are equal but for the last, across months, years, and the 29th of February, where there is one."""
    windows = split_date_range(date.fromisoformat(start), date.fromisoformat(end), days)
    assert [str(piece) for piece in windows] == expected


def test_split_when_days_are_not_given() -> None:
    """A window holds seven days unless told otherwise."""
    assert [piece.days for piece in split_date_range(date(2026, 1, 1), date(2026, 1, 17))] == [7, 7, 3]


def test_split_when_the_end_is_before_the_start() -> None:
    """A range of no day has no window."""
    assert list(split_date_range(date(2026, 1, 2), date(2026, 1, 1), 7)) == []


@pytest.mark.parametrize("days", [-1, 0, 101, 365])
def test_split_when_days_are_out_of_bounds(days: int) -> None:
    """A window of no day, or of more than Mixpanel takes, is refused by name."""
    with pytest.raises(ValueError, match=f"a window holds 1 to 100 days, not {days}"):
        list(split_date_range(date(2026, 1, 1), date(2026, 1, 2), days))


@given(ranges(), st.integers(1, 100))
def test_split_when_the_range_is_any(bounds: tuple[date, date], days: int) -> None:
    """Each day of the range is in exactly one window, in order; only the last window may be shorter."""
    start, end = bounds
    windows = list(split_date_range(start, end, days))
    assert days_of(*windows) == days_of(DateWindow(start, end))
    assert {piece.days for piece in windows[:-1]} <= {days}
    assert 1 <= windows[-1].days <= days


def test_window_when_it_ends_before_it_starts() -> None:
    """Such a window can't be made."""
    with pytest.raises(ValueError, match=r"can't end \(2026-01-01\) before it starts \(2026-01-02\)"):
        DateWindow(date(2026, 1, 2), date(2026, 1, 1))


@given(CLOSE_DAYS, st.integers(2, 100))
def test_halves_when_there_are_two_days_or_more(start: date, days: int) -> None:
    """The halves hold all days in order, and differ by at most one day."""
    whole = DateWindow(start, start + timedelta(days=days - 1))
    earlier, later = whole.halves()
    assert days_of(earlier, later) == days_of(whole)
    assert later.days - earlier.days in {0, 1}


def test_halves_when_there_is_one_day() -> None:
    """A day is not split."""
    with pytest.raises(ValueError, match=r"2026-01-01\.\.2026-01-01 is one day and can't be split"):
        window("2026-01-01..2026-01-01").halves()


@given(window_sets())
def test_merge_when_windows_are_any(windows: list[DateWindow]) -> None:
    """The same days, in order, with at least one day between two windows: no fewer windows could hold them."""
    merged = merge(windows)
    assert days_of(*merged) == sorted(set(days_of(*windows)))
    assert all((later.from_date - earlier.to_date).days > 1 for earlier, later in pairwise(merged))
    assert merge(merged) == merged


@given(window_sets(), window_sets())
def test_subtract_when_windows_are_any(windows: list[DateWindow], taken: list[DateWindow]) -> None:
    """What is left is the difference of the two sets of days, as few windows as can hold it."""
    left = subtract(windows, taken)
    assert days_of(*left) == sorted(set(days_of(*windows)) - set(days_of(*taken)))
    assert merge(left) == left


@given(window_sets(), window_sets())
def test_merge_when_the_taken_is_put_back(windows: list[DateWindow], taken: list[DateWindow]) -> None:
    """Taking days away and putting them back gives the union."""
    assert merge([*subtract(windows, taken), *taken]) == merge([*windows, *taken])


def test_subtract_when_the_hole_is_in_the_middle() -> None:
    """A window around a hole becomes two, which stop a day before it and start a day after it."""
    left = subtract([window("2024-02-01..2024-03-31")], [window("2024-02-10..2024-02-28")])
    assert [str(piece) for piece in left] == ["2024-02-01..2024-02-09", "2024-02-29..2024-03-31"]
