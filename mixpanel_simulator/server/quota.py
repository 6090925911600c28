"""The quota of one API of a project: moving windows over arrivals, and a number of requests at once.

In: the arrival of a request and the clock. Out: nothing, or a Refusal with status 429 that names both counters.
Every arrival that is let in counts from the moment it comes in until the window has passed, however it ends.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mixpanel_simulator.answers.error_body import Refusal
from mixpanel_simulator.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Limits:
    """What one API allows; None is no limit."""

    hour: int
    second: int | None
    concurrent: int
    hour_s: float


def export_limits(scenario: Scenario) -> Limits:
    """Return the limits of the raw export."""
    return Limits(
        scenario.export_hour_limit,
        scenario.export_second_limit,
        scenario.export_concurrent_limit,
        scenario.hour_s,
    )


def query_limits(scenario: Scenario) -> Limits:
    """Return the limits of the query API."""
    return Limits(scenario.query_hour_limit, None, scenario.query_concurrent_limit, scenario.hour_s)


def describe_usage(running: int, hour: int, limits: Limits) -> str:
    """Return the sentence of a 429 answer, with both counters."""
    return (
        f"Query rate limit exceeded: {running}/{limits.concurrent} queries running concurrently "
        f"and {hour}/{limits.hour} queries running in the last hour"
    )


class Quota:
    """Counts the arrivals of one API."""

    def __init__(self, scenario: Scenario, limits: Limits, now: Callable[[], float]) -> None:
        self.limits = limits
        self._enforced = scenario.quotas
        self._rejected_count = scenario.rejected_count
        self._retry_after_s = scenario.retry_after_s
        self._now = now
        self._hour: deque[float] = deque()
        self._second: deque[float] = deque()

    def reset(self) -> None:
        """Forget all arrivals."""
        self._hour.clear()
        self._second.clear()

    def admit(self, running: int, *, counts_in_hour: bool = True) -> None:
        """Count an arrival that makes *running* requests at once; refuse it when a limit is passed."""
        if not self._enforced:
            return
        now = self._now()
        self._drop_before(self._hour, now - self.limits.hour_s)
        self._drop_before(self._second, now - 1.0)
        hour = len(self._hour) + counts_in_hour
        second = len(self._second) + 1
        too_fast = self.limits.second is not None and second > self.limits.second
        refused = too_fast or running > self.limits.concurrent or (counts_in_hour and hour > self.limits.hour)
        if not refused or self._rejected_count:
            self._second.append(now)
            if counts_in_hour:
                self._hour.append(now)
        if refused:
            message = describe_usage(running, hour, self.limits)
            if too_fast:
                message += f"; {second}/{self.limits.second} queries in the last second"
            raise rate_limited(message, self._retry_after_s)

    @staticmethod
    def _drop_before(arrivals: deque[float], start: float) -> None:
        while arrivals and arrivals[0] <= start:
            arrivals.popleft()


def rate_limited(message: str, retry_after_s: float | None, text: str | None = None) -> Refusal:
    """Return the 429 answer; Mixpanel names a Retry-After sometimes only."""
    headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:g}"}
    return Refusal(429, message, headers, text)
