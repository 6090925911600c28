"""How often a request is sent, and how long to wait in between. The one place for these numbers.

In: how many tries have failed; out: seconds. No clock. The CDK retries nothing: `max_retries: 0` in the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping

from source_mixpanel_parallel.log_lines import Reason

MAX_TRIES = 5  # of a window or a page
MAX_TRIES_OF_A_PART = 2  # of a window that was split: the whole window has been tried before
MAX_REQUESTS = 16  # of a window, to isolate one bad day; 7 halvings of 100 days take 14 of them
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
# How long to wait where a 429 does not say: doubled with each 429 in a row, up to the second number.
LIMITED_WAIT_S: Mapping[Reason, tuple[float, float]] = {
    "second": (1.0, 2.0),
    "concurrent": (1.0, 30.0),
    "hour": (2.0, 30.0),
}
MAX_DOUBLINGS = 10  # a float holds about a thousand, and a quota can be refused for days


def retry_wait_s(failed_tries: int) -> float:
    """Return the pause after so many failed tries of the same request."""
    return _doubled(FIRST_WAIT_S, failed_tries - 1, LONGEST_WAIT_S)


class TryCount:
    """The tries of one request."""

    def __init__(self) -> None:
        self._failed = 0

    def failed(self) -> float | None:
        """Note a failed try; return the pause before the next, or None to give up."""
        self._failed += 1
        return retry_wait_s(self._failed) if self._failed < MAX_TRIES else None


def limited_wait_s(reason: Reason, refusals: int) -> float:
    """Return the pause after a 429 that names none, when *refusals* came in a row before it."""
    first_s, longest_s = LIMITED_WAIT_S[reason]
    return _doubled(first_s, refusals, longest_s)


def _doubled(first_s: float, times: int, longest_s: float) -> float:
    return min(first_s * 2.0 ** min(times, MAX_DOUBLINGS), longest_s)
