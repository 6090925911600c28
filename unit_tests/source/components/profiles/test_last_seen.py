"""The `last_seen` cursor: what is requested, and what is a time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from source_mixpanel_parallel.components.profiles.last_seen import is_time, latest_seen, seen_since

pytestmark = pytest.mark.dates

NAME = 'properties["$last_seen"]'


@pytest.mark.parametrize(
    ("last_seen", "zone", "first"),
    [
        ("2026-01-31T12:00:00", "UTC", "2026-01-31T11:00:00"),
        ("2026-01-01T00:30:00", "UTC", "2025-12-31T23:30:00"),
        ("2026-06-30T12:00:00", "Europe/Berlin", "2026-06-30T11:00:00"),
        # Clocks are set back from 03:00 to 02:00 on 2026-10-25: at 02:30 it may be about to be 02:00 again.
        ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00"),
        ("2026-10-25T06:00:00", "Europe/Berlin", "2026-10-25T05:00:00"),
        # By half an hour, on 2026-04-05 at 02:00.
        ("2026-04-05T01:45:00", "Australia/Lord_Howe", "2026-04-05T00:15:00"),
    ],
)
def test_seen_since_when_clocks_are_set_back(last_seen: str, zone: str, first: str) -> None:
    """An hour more is asked for than the state says, and what the clocks show twice; profiles without a time too."""
    assert seen_since(last_seen, ZoneInfo(zone)) == f'{NAME} >= "{first}" or not defined({NAME})'


@pytest.mark.parametrize(
    ("values", "latest"),
    [
        ([], ""),
        ([b"null"], ""),
        ([b'"2026-01-02T03:04:05"', b"null", b'"2026-01-01T03:04:05"'], "2026-01-02T03:04:05"),
        ([b'"2026-01-02T03:04:05.123Z"'], "2026-01-02T03:04:05"),
        ([b'"soon"', b'"2026-01-02T03:04:05"', b'"zzz"'], "2026-01-02T03:04:05"),
        ([b'"soon"', b'""'], ""),
    ],
)
def test_latest_seen_when_values_are_mixed(values: list[bytes], latest: str) -> None:
    """What is no time says nothing."""
    assert latest_seen(values) == latest


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-01-02T03:04:05", True), ("2026-02-30T00:00:00", False), ("2026-01-02", False), ("", False), (5, False)],
)
def test_is_time(text: object, expected: bool) -> None:
    assert is_time(text) is expected
