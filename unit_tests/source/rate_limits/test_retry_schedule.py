"""How long the source waits between tries."""

from __future__ import annotations

import pytest

from source_mixpanel_parallel.log_lines import Reason
from source_mixpanel_parallel.rate_limits.retry_schedule import TryCount, limited_wait_s, retry_wait_s


def test_tries_of_one_request() -> None:
    """Five tries, each pause twice as long as the one before; the sixth is not made."""
    count = TryCount()
    assert [count.failed() for _ in range(5)] == [0.5, 1.0, 2.0, 4.0, None]


def test_longest_pause() -> None:
    assert [retry_wait_s(tries) for tries in (6, 7, 8, 10_000)] == [16.0, 30.0, 30.0, 30.0]


@pytest.mark.parametrize(
    ("reason", "waits_s"),
    [
        ("second", [1.0, 2.0, 2.0, 2.0]),
        ("concurrent", [1.0, 2.0, 16.0, 30.0]),
        ("hour", [2.0, 4.0, 30.0, 30.0]),
    ],
)
def test_pause_after_a_429(reason: Reason, waits_s: list[float]) -> None:
    """A 429 without Retry-After is waited for twice as long each time, up to a limit that the quota decides."""
    assert [limited_wait_s(reason, refusals) for refusals in (0, 1, 4, 100_000)] == waits_s
