"""Which windows to ask for, in which order: from the days that are missing, Mixpanel's quotas and the connections.

Pure: days in, `WindowPlan` out. Requests may start only so many a second, so with equal windows the last to start ends
last. Planned windows shrink with their start, so that all end together: with a cost of c seconds a day, a window that
starts at s and must end at T gets (T - s) / c days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from source_mixpanel_parallel.rate_limits.limits import (
    EXPORT_BURST,
    EXPORT_HOURLY_REQUESTS,
    MAX_WINDOW_DAYS,
    PLANNED_CONNECTIONS,
    RESERVED_REQUESTS,
    SECOND_S,
)
from source_mixpanel_parallel.windows.date_windows import DateWindow, merge, split_date_range

SECONDS_A_DAY = 0.667  # what a day of data costs a connection; only its ratio to SECOND_S shapes the plan
SEARCH_STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """Windows in the order of their requests, and how many connections they can use."""

    windows: tuple[DateWindow, ...]
    connections: int

    @property
    def days(self) -> int:
        """How many days all windows hold."""
        return sum(window.days for window in self.windows)


def over_budget(requests: int) -> bool:
    """Tell whether an hour's quota can't hold so many requests and the reserve."""
    return requests > EXPORT_HOURLY_REQUESTS - RESERVED_REQUESTS


def waiting_h(requests: int) -> int:
    """Return how many whole hours the quota makes the last of so many requests wait."""
    return max(requests - 1, 0) // EXPORT_HOURLY_REQUESTS


def plan_windows(
    missing: Iterable[DateWindow],
    window_days: int | None = None,
    num_workers: int | None = None,
    newest_first: bool = False,
) -> WindowPlan:
    """Cut the *missing* days into windows: of *window_days* (1-100) each, or, unset, tapered.

    *num_workers* (1-100) bounds the connections; unset, as many as the plan can use.
    """
    ranges = merge(missing)
    if window_days is not None:
        windows = [piece for days in ranges for piece in split_date_range(days.from_date, days.to_date, window_days)]
        windows = windows[::-1] if newest_first else windows
    else:
        sizes = taper(sum(days.days for days in ranges), num_workers or PLANNED_CONNECTIONS)
        windows = list(_cut(ranges, sizes, newest_first))
    connections = num_workers or max(1, min(len(windows), PLANNED_CONNECTIONS))
    return WindowPlan(tuple(windows), connections)


def taper(days: int, connections: int) -> list[int]:
    """Return window sizes, in days, in the order of their starts: with them the read ends as early as it can."""
    low, high = 0, int((days + 1) * SECONDS_A_DAY / SEARCH_STEP_S) + 1
    while low < high:
        middle = (low + high) // 2
        if sum(_sizes(middle * SEARCH_STEP_S, days, connections)) >= days:
            high = middle
        else:
            low = middle + 1
    sizes = list(_sizes(low * SEARCH_STEP_S, days, connections))
    surplus = sum(sizes) - days
    while surplus > 0:  # the last windows to start are the ones to shorten
        cut = min(surplus, sizes[-1])
        surplus -= cut
        sizes[-1] -= cut
        if not sizes[-1]:
            sizes.pop()
    return sizes


def _sizes(end_s: float, days: int, connections: int) -> Iterator[int]:
    """Yield the sizes of windows that are all read *end_s* seconds after the first start, until *days* are reached."""
    free_s = [0.0] * connections  # when each connection has read its last window
    for index in range(days):
        connection = min(range(connections), key=free_s.__getitem__)
        start_s = max(index // EXPORT_BURST * SECOND_S, free_s[connection])
        size = min(int((end_s - start_s) / SECONDS_A_DAY + 1e-9), MAX_WINDOW_DAYS)
        if size < 1:
            return
        free_s[connection] = start_s + size * SECONDS_A_DAY
        yield size


def _cut(ranges: list[DateWindow], sizes: list[int], newest_first: bool) -> Iterator[DateWindow]:
    """Yield windows of *sizes* days from *ranges*; a gap between ranges ends a window early."""
    pending = list(ranges) if newest_first else list(reversed(ranges))
    steps = iter(sizes)
    size = next(steps, MAX_WINDOW_DAYS)
    while pending:
        days = pending.pop()
        length = min(size, days.days)
        if newest_first:
            window = DateWindow(days.to_date - timedelta(days=length - 1), days.to_date)
            rest = (days.from_date, window.from_date - timedelta(days=1))
        else:
            window = DateWindow(days.from_date, days.from_date + timedelta(days=length - 1))
            rest = (window.to_date + timedelta(days=1), days.to_date)
        yield window
        if length < days.days:
            pending.append(DateWindow(*rest))
        size = next(steps, MAX_WINDOW_DAYS) if length == size else size - length
