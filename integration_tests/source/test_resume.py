"""What the next read asks for, shown by the requests that the simulator saw."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from integration_tests.noon import noon
from integration_tests.source.test_events import emitted, truth
from integration_tests.source_run import config_for, run_source
from mixpanel_simulator import Scenario, Simulator, start_simulator


def asked_days(simulator: Simulator) -> list[str]:
    """Return every day that was asked for, as often as it was."""
    days = []
    for entry in simulator.requests():
        day = datetime.fromisoformat(entry.params["from_date"])
        while day <= datetime.fromisoformat(entry.params["to_date"]):
            days.append(str(day.date()))
            day += timedelta(days=1)
    return sorted(days)


def january(first: int, last: int) -> list[str]:
    """Return days of January 2026, both inclusive."""
    return [f"2026-01-{day:02}" for day in range(first, last + 1)]


def test_each_day_is_asked_for_once_at_first(simulator: Simulator) -> None:
    """Without a state all days are asked for, without overlap."""
    run_source(config_for(simulator))
    assert asked_days(simulator) == january(1, 20)


@pytest.mark.dates
def test_new_days_and_lookback_are_asked_for_next(simulator: Simulator) -> None:
    """The next read asks for days that are new and for the last five finished ones."""
    first = run_source({**config_for(simulator), "end_date": "2026-01-15"})
    simulator.clear_requests()
    run_source(config_for(simulator), state=first.last_state("events"))
    assert asked_days(simulator) == january(11, 20)


def test_an_earlier_start_is_a_gap(simulator: Simulator) -> None:
    """A start_date before the finished days asks for what lies between."""
    first = run_source({**config_for(simulator, lookback_days=0), "start_date": "2026-01-10"})
    simulator.clear_requests()
    run_source(config_for(simulator, lookback_days=0), state=first.last_state("events"))
    assert asked_days(simulator) == january(1, 9)


def test_nothing_is_asked_for_when_nothing_is_missing(simulator: Simulator) -> None:
    """A complete state without lookback needs no request, and is emitted again."""
    config = config_for(simulator, lookback_days=0)
    first = run_source(config)
    simulator.clear_requests()
    second = run_source(config, state=first.last_state("events"))
    assert (simulator.requests(), second.records("events"), second.status("events")) == ([], [], "COMPLETE")
    assert second.states("events") == [first.states("events")[-1]]


def test_a_narrower_filter_starts_nothing_over(simulator: Simulator) -> None:
    """Days that a wider filter has finished are finished, then and when that is back; new days are new to each."""
    first = run_source({**config_for(simulator), "end_date": "2026-01-15"})
    simulator.clear_requests()
    second = run_source(config_for(simulator, events=["Purchase"]), state=first.last_state("events"))
    assert asked_days(simulator) == january(11, 20)
    simulator.clear_requests()
    third = run_source(config_for(simulator), state=second.last_state("events"))
    assert asked_days(simulator) == january(11, 20)
    assert third.states("events")[-1] == run_source(config_for(simulator)).states("events")[-1]


def test_a_wider_filter_starts_over(simulator: Simulator) -> None:
    """Days finished under a narrower filter lack the other events, so they are read again."""
    first = run_source(config_for(simulator, events=["Purchase"]))
    simulator.clear_requests()
    second = run_source(config_for(simulator), state=first.last_state("events"))
    assert asked_days(simulator) == january(1, 20)
    assert emitted(second.records("events")) == truth(simulator)


def test_every_state_covers_what_was_emitted_before_it(simulator: Simulator) -> None:
    """After a crash right behind any state, what was emitted and what the next read brings is everything, once."""
    config = config_for(simulator, window_days=4, lookback_days=0)
    run = run_source(config)
    positions = [index for index, message in enumerate(run.messages) if message["type"] == "STATE"]
    for position in positions[:3]:
        before = [m["record"]["data"] for m in run.messages[:position] if m["type"] == "RECORD"]
        state: dict[str, Any] = run.messages[position]["state"]
        after = run_source(config, state=[state]).records("events")
        assert emitted(before + after) == truth(simulator)


@pytest.mark.dates
def test_today_is_never_finished() -> None:
    """A day that was not over when it was read is read again, lookback or not."""
    now = noon()
    with start_simulator(Scenario(first_day=now.today - timedelta(days=3), days=4, events_per_day=10)) as simulator:
        config = config_for(simulator, lookback_days=0, project_timezone=now.zone)
        del config["end_date"]
        first = run_source(config)
        simulator.clear_requests()
        run_source(config, state=first.last_state("events"))
        assert asked_days(simulator) == [str(now.today)]


def test_source_that_gets_its_config_late_goes_on_from_the_state(simulator: Simulator) -> None:
    """A tool may make the source with nothing, and hand config and state over with the command."""
    first = run_source({**config_for(simulator), "end_date": "2026-01-15"}, plain=True, bare=True)
    assert len(first.records("events")) == 15 * 60
    simulator.clear_requests()
    run_source(config_for(simulator), state=first.last_state("events"), plain=True, bare=True)
    assert asked_days(simulator) == january(11, 20)
