"""What is shown while a sync runs: lines, and bars of any width."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from rich.console import Console

from mixpanel_to_duckdb.connectors.pipe import TICK_S
from mixpanel_to_duckdb.connectors.tally import Tally
from mixpanel_to_duckdb.terminal.display import EVERY_S, PlainDisplay, duration_text
from mixpanel_to_duckdb.terminal.rich_display import TIMES_A_SECOND, RichDisplay, bars
from unit_tests.command.said import events_result, log, page, wait, window

pytestmark = pytest.mark.dates


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1003.0

    def __call__(self) -> float:
        """Return the time that it shows."""
        return self.now_s


def moment(seconds: float) -> str:
    """Return a time of day as it is shown."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%H:%M:%S}"


def test_plain_display_says_what_is_new_once_a_second() -> None:
    """One line a second and stream; failures, warnings and the end at once; nothing twice."""
    out, clock, tally = io.StringIO(), Clock(), Tally(("events", "profiles"))
    display = PlainDisplay(out, clock)
    display.begin("starting the connectors")
    display.update(tally)
    for message, seconds in [
        (window(0, "2026-01-01", "2026-01-05"), 0.0),
        (window(1, "2026-01-06", "2026-01-07"), 0.3),
        (page(0), 0.3),
        (log("events: 2 lines of the answer are not events, read twice", "WARN"), 0.3),
    ]:
        clock.now_s = 1003.0 + seconds
        display.update(tally, tally.add(message, clock.now_s))
    clock.now_s = 1004.0
    display.update(tally)
    display.update(tally)
    display.update(tally, tally.add(window(2, "2026-01-08", "2026-01-10", error="cut"), 1004.1))
    display.update(tally, tally.add(events_result(20, (("2026-01-08", "2026-01-10"),)), 1004.2))
    display.close()
    assert out.getvalue().splitlines() == [
        f"{moment(1003)} starting the connectors",
        f"{moment(1003)} events: 1 of 3 windows, 10 rows, 3 rows/s, about 3.0 s left",
        f"{moment(1003)} profiles: 1 of 4 pages, 5 rows, 2 rows/s, about 6.9 s left",
        f"{moment(1003)} events: 2 lines of the answer are not events, read twice",
        f"{moment(1004)} events: 2 of 3 windows, 20 rows, 5 rows/s, about 1.7 s left",
        f"{moment(1004)} profiles: 1 of 4 pages, 5 rows, 2 rows/s, about 9.0 s left",
        f"{moment(1004)} events 2026-01-08..2026-01-10 failed: cut",
        f"{moment(1004)} events: 3 of 3 windows, 20 rows, 1 failed",
    ]


def test_what_is_shown_is_never_older_than_a_second() -> None:
    """A line may be held back, and then it waits for a tick; bars are drawn a few times a second, ticks or not."""
    assert EVERY_S + TICK_S < 1.0
    assert 1 / TIMES_A_SECOND + TICK_S < 1.0


def test_plain_display_says_what_waits() -> None:
    """What waits for a quota is said with the time until then, also before the first window."""
    out, clock, tally = io.StringIO(), Clock(), Tally(("events",))
    tally.add(wait("events", 45.0, "hour", quota="export"), 1003.0)
    display = PlainDisplay(out, clock)
    display.update(tally)
    display.say("Stopping")
    assert out.getvalue() == (
        f"{moment(1003)} events: not started, 0 rows, waiting for the export quota until {moment(1048)}\n"
        f"{moment(1003)} Stopping\n"
    )


@pytest.mark.parametrize("width", [20, 40, 63, 64, 80, 96, 140])
def test_bars_fit_the_terminal(width: int) -> None:
    """Each stream is one line, and no line is wider than the terminal; wide ones tell more."""
    tally = Tally(("events", "profiles"))
    for message in (window(0, "2026-01-01", "2026-01-05"), page(0, error="cut"), page(1)):
        tally.add(message, 1003.0)
    tally.add(wait("profiles", 45.0, "hour", quota="query"), 1003.0)
    console = Console(file=io.StringIO(), width=width, color_system=None)
    for table in bars(list(tally.streams.values()), width, 1004.0):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= width
    assert ("1 of 3 windows" in lines[0], "rows/s" in lines[0]) == (width >= 64, width >= 96)
    assert "profiles waiting fo" in lines[2]


def test_rich_display_without_a_terminal() -> None:
    """It prints failures and warnings, and leaves no bar behind."""
    console = Console(file=io.StringIO(), width=60, color_system=None)
    display, tally = RichDisplay(console), Tally(("events",))
    display.begin("starting")
    for message in (
        window(0, "2026-01-01", "2026-01-05", error="cut"),
        log("events: 1 line of the answer is not an event", "WARN"),
    ):
        display.update(tally, tally.add(message, 1003.0))
    display.say("Stopping")
    display.close()
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "events 2026-01-01..2026-01-05 failed: cut",
        "events: 1 line of the answer is not an event",
        "Stopping",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_duration_text(seconds: float, text: str) -> None:
    """Durations are said as a person says them."""
    assert duration_text(seconds) == text
