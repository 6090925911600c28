"""What a plan says: windows, requests, quota, time."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from mixpanel_to_duckdb.cli.plan_page import plan_page
from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import source_config
from mixpanel_to_duckdb.sync.plan import SyncPlan, sync_plan
from source_mixpanel_parallel import DateWindow
from source_mixpanel_parallel.rate_limits.limits import SECOND_S
from source_mixpanel_parallel.windows.finished_days import FinishedDays, FinishedRanges
from source_mixpanel_parallel.windows.plan_duration import estimated_s

pytestmark = pytest.mark.dates

ACCOUNT = {"username": "etl", "secret": "s", "project_id": 7}


def plan_of(finished: FinishedDays | None = None, streams: tuple[str, ...] = (), **fields: Any) -> SyncPlan:
    """Return the plan of the first ten days of January, unless *fields* say otherwise."""
    document = {"credentials": ACCOUNT, "start_date": "2026-01-01", "end_date": "2026-01-10", **fields}
    config = source_config(document, SyncOptions(""), {})
    return sync_plan(config, config.chosen_streams(streams), {"events": finished or FinishedDays()})


def test_plan_of_equal_windows() -> None:
    """Chosen window sizes and workers are kept; each stream of events has its own windows."""
    plan = plan_of(window_days=4, num_workers=2, event_streams=[{"name": "buys", "events": ["Purchase"]}])
    windows = [[["2026-01-01", "2026-01-04"], ["2026-01-05", "2026-01-08"], ["2026-01-09", "2026-01-10"]]] * 2
    assert plan.as_json() == {
        "requests": 6,
        "share_of_the_hour": 0.1,
        "estimated_s": 6.7,
        "seconds_a_day": 0.667,
        "streams": {
            name: {"days": 10, "requests": 3, "connections": 2, "windows": each}
            for name, each in zip(("events", "buys"), windows, strict=True)
        },
        "paged_streams": {"profiles": None},
    }


def test_plan_of_what_a_database_lacks() -> None:
    """Finished days are left out, the last ones are read once more."""
    finished = FinishedDays(FinishedRanges((DateWindow(date(2026, 1, 1), date(2026, 1, 9)),), date(2026, 1, 9)))
    plan = plan_of(finished, ("events",), window_days=100)
    assert [str(window) for window in plan.streams[0].windows] == ["2026-01-05..2026-01-10"]
    assert plan.paged_streams == {}
    assert plan_of(finished, ("profiles",)).requests == 0


def days(count: int) -> list[DateWindow]:
    """Return windows of a day each."""
    return [
        DateWindow(date(2026, 1, 1) + timedelta(days=n), date(2026, 1, 1) + timedelta(days=n)) for n in range(count)
    ]


@pytest.mark.parametrize(
    ("windows", "connections", "seconds_a_day", "duration_s"),
    [
        (0, 1, 1.0, 0.0),
        (3, 3, 1.0, 1.0),
        (4, 1, 1.0, 4.0),
        (4, 4, 1.0, SECOND_S + 1.0),
        (60, 40, 0.1, 19 * SECOND_S + 0.1),
        (61, 40, 0.1, 3605.1),
        (121, 40, 0.1, 7210.1),
    ],
)
def test_estimated_s(windows: int, connections: int, seconds_a_day: float, duration_s: float) -> None:
    """Three may start at a time, sixty in an hour, and a connection reads one after the other."""
    assert estimated_s([1] * windows, connections, seconds_a_day) == pytest.approx(duration_s)


def test_plan_page() -> None:
    """It lists the windows, and warns where the quota will make it wait."""
    console = Console(file=io.StringIO(), width=80, color_system=None)
    for part in plan_page(plan_of(window_days=1, start_date="2025-01-01")):
        console.print(part, soft_wrap=isinstance(part, Text))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "2025-01-01..2025-01-01 (1)" in text
    assert "… and 255 more: --json lists all" in text
    assert "375 export requests, 625% of the 60 that Mixpanel allows per hour; about 6 h 00 min" in text
    assert "The sync will wait for the quota" in text
