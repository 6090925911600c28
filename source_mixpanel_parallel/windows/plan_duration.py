"""How long a plan takes, in simulated time: when each request starts, and when the last has been read.

In: days of the windows in the order of their requests, connections, and what a day costs. Out: seconds from the first
start to the last end, under Mixpanel's moving windows of 3 requests a second and 60 an hour, with the margins that the
source keeps. Pure: it computes days in no time.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable

from source_mixpanel_parallel.rate_limits.limits import EXPORT_BURST, EXPORT_HOURLY_REQUESTS, HOUR_S, SECOND_S


def estimated_s(window_days: Iterable[int], connections: int, seconds_a_day: float) -> float:
    """Return the seconds until windows of so many days are read."""
    free_s = [0.0] * connections
    second: deque[float] = deque(maxlen=EXPORT_BURST)
    hour: deque[float] = deque(maxlen=EXPORT_HOURLY_REQUESTS)
    start_s = end_s = 0.0
    for days in window_days:
        start_s = max(start_s, heapq.heappop(free_s))
        if len(second) == EXPORT_BURST:
            start_s = max(start_s, second[0] + SECOND_S)
        if len(hour) == EXPORT_HOURLY_REQUESTS:
            start_s = max(start_s, hour[0] + HOUR_S)
        second.append(start_s)
        hour.append(start_s)
        heapq.heappush(free_s, start_s + days * seconds_a_day)
        end_s = max(end_s, start_s + days * seconds_a_day)
    return end_s
