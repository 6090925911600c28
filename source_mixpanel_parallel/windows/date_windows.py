"""Ranges of whole days: splitting them into windows, and arithmetic on sets of them.

In: `datetime.date`s and `DateWindow`s; out: `DateWindow`s, both ends inclusive, as Mixpanel's from_date and to_date
are. Raises ValueError on ranges that make no sense. Knows nothing of clocks, HTTP or state messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from source_mixpanel_parallel.rate_limits.limits import MAX_WINDOW_DAYS

DEFAULT_WINDOW_DAYS = 7
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class DateWindow:
    """The days from *from_date* to *to_date*, both inclusive."""

    from_date: date
    to_date: date

    def __post_init__(self) -> None:
        if self.to_date < self.from_date:
            raise ValueError(f"a window can't end ({self.to_date}) before it starts ({self.from_date})")

    @property
    def days(self) -> int:
        """How many days the window holds, at least 1."""
        return (self.to_date - self.from_date).days + 1

    def halves(self) -> tuple[DateWindow, DateWindow]:
        """Return the earlier and the later half; raise ValueError on a single day."""
        if self.days == 1:
            raise ValueError(f"{self} is one day and can't be split")
        last = self.from_date + timedelta(days=self.days // 2 - 1)
        return DateWindow(self.from_date, last), DateWindow(last + ONE_DAY, self.to_date)

    def __str__(self) -> str:
        return f"{self.from_date}..{self.to_date}"


def split_date_range(start: date, end: date, days: int = DEFAULT_WINDOW_DAYS) -> Iterator[DateWindow]:
    """Yield windows of at most *days* days (1-100); both ends inclusive, no overlap, no gap."""
    if not 1 <= days <= MAX_WINDOW_DAYS:
        raise ValueError(f"a window holds 1 to {MAX_WINDOW_DAYS} days, not {days}")
    while start <= end:
        stop = min(start + timedelta(days=days - 1), end)
        yield DateWindow(start, stop)
        start = stop + ONE_DAY


def merge(windows: Iterable[DateWindow]) -> list[DateWindow]:
    """Return the same days as few windows, in order: overlapping and adjacent ones become one."""
    merged: list[DateWindow] = []
    for window in sorted(windows):
        if merged and window.from_date <= merged[-1].to_date + ONE_DAY:
            merged[-1] = DateWindow(merged[-1].from_date, max(merged[-1].to_date, window.to_date))
        else:
            merged.append(window)
    return merged


def subtract(windows: Iterable[DateWindow], taken: Iterable[DateWindow]) -> list[DateWindow]:
    """Return the days of *windows* that are not in *taken*, as few windows, in order."""
    remaining = merge(windows)
    for hole in merge(taken):
        remaining = [piece for window in remaining for piece in _without(window, hole)]
    return remaining


def _without(window: DateWindow, hole: DateWindow) -> Iterator[DateWindow]:
    if hole.to_date < window.from_date or window.to_date < hole.from_date:
        yield window
        return
    if window.from_date < hole.from_date:
        yield DateWindow(window.from_date, hole.from_date - ONE_DAY)
    if hole.to_date < window.to_date:
        yield DateWindow(hole.to_date + ONE_DAY, window.to_date)
