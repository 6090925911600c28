"""Incremental reads of profiles: since when they were seen, and which are kept whatever the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from airbyte_cdk.models import DestinationSyncMode, SyncMode

from integration_tests.source.profile_truth import emitted, pages_asked, records_of, truth
from integration_tests.source_run import SourceRun, config_for, run_source
from mixpanel_simulator import Fault, Simulator

pytestmark = pytest.mark.dates

HOUR = timedelta(hours=1)


def read(simulator: Simulator, state: list[dict[str, Any]] | None = None, **config: Any) -> SourceRun:
    """Read incrementally, with a page at a time."""
    return run_source(
        config_for(simulator, profile_workers=1, **config),
        ["profiles"],
        state,
        sync_mode=SyncMode.incremental,
        destination_sync_mode=DestinationSyncMode.append_dedup,
    )


def state_of(last_seen: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": "profiles"}, "stream_state": {"last_seen": last_seen}},
        }
    ]


def seen_times(simulator: Simulator) -> list[str]:
    return sorted(
        profile["$properties"]["$last_seen"]
        for profile in simulator.profiles()
        if "$last_seen" in profile["$properties"]
    )


def seen_since(simulator: Simulator, first: str) -> list[str]:
    """Return the records of profiles seen at or after *first*, and of those without a time."""
    return records_of(
        profile for profile in simulator.profiles() if profile["$properties"].get("$last_seen", first) >= first
    )


def test_the_first_read_brings_all_and_keeps_the_latest_time(simulator: Simulator) -> None:
    """Nothing is filtered, and the state is the latest `$last_seen`."""
    run = read(simulator)
    assert emitted(run) == truth(simulator)
    assert all("where" not in entry.params for entry in simulator.requests())
    assert run.states("profiles")[-1]["last_seen"] == seen_times(simulator)[-1]
    assert "reading" not in run.states("profiles")[-1]


@pytest.mark.parametrize("position", [0, 5, -1])
def test_the_next_read_brings_ties_and_profiles_without_a_time(simulator: Simulator, position: int) -> None:
    """Profiles seen in the very second of the state come again, as do those of the hour before it and those without."""
    last_seen = seen_times(simulator)[position]
    run = read(simulator, state_of(last_seen))
    first = (datetime.fromisoformat(last_seen) - HOUR).isoformat()
    assert emitted(run) == seen_since(simulator, first)
    assert set(records_of(p for p in simulator.profiles() if "$last_seen" not in p["$properties"])) <= set(emitted(run))
    assert any(record["last_seen"] == last_seen for record in run.records("profiles"))
    assert run.states("profiles")[-1]["last_seen"] == seen_times(simulator)[-1]


def test_a_where_of_the_config_holds_too(simulator: Simulator) -> None:
    """Both expressions are met, each in brackets."""
    last_seen = seen_times(simulator)[3]
    run = read(simulator, state_of(last_seen), profiles={"where": 'properties["plan"] == "free" or 1 == 2'})
    expected = seen_since(simulator, (datetime.fromisoformat(last_seen) - HOUR).isoformat())
    assert emitted(run) == [text for text in expected if '"plan": "free"' in text]


def test_last_seen_is_read_even_where_it_was_not_asked_for(simulator: Simulator) -> None:
    """Without it the next sync would not know where to go on."""
    last_seen = seen_times(simulator)[3]
    run = read(simulator, state_of(last_seen), profiles={"output_properties": ["plan"]})
    assert {entry.params["output_properties"] for entry in simulator.requests()} == {'["plan", "$last_seen"]'}
    assert run.states("profiles")[-1]["last_seen"] == seen_times(simulator)[-1]


def test_the_state_stays_when_a_page_is_missing(simulator: Simulator) -> None:
    """Only when all pages have arrived does the state move."""
    before = seen_times(simulator)[0]
    simulator.add_fault(Fault("expired_session", page=2, times=None))
    run = read(simulator, state_of(before))
    assert (run.status("profiles"), len(emitted(run))) == ("INCOMPLETE", 20)
    assert {state["last_seen"] for state in run.states("profiles")} == {before}


def test_a_broken_read_goes_on(simulator: Simulator) -> None:
    """The pages that miss are asked for with the same expression, and then the state moves."""
    before = seen_times(simulator)[0]
    whole = read(simulator, state_of(before))
    position = next(index for index, message in enumerate(whole.messages) if message["type"] == "STATE")
    first = SourceRun(whole.messages[: position + 1])
    assert first.states("profiles")[0]["last_seen"] == before
    simulator.clear_requests()
    second = read(simulator, first.last_state("profiles"))
    assert pages_asked(simulator.requests()) == [1, 2]
    assert sorted(emitted(first) + emitted(second)) == truth(simulator)
    assert second.states("profiles")[-1]["last_seen"] == seen_times(simulator)[-1]


def test_a_changed_where_reads_all(simulator: Simulator) -> None:
    """Profiles that match now may have been seen long ago."""
    first = read(simulator, profiles={"where": 'properties["plan"] == "free"'})
    second = read(simulator, first.last_state("profiles"))
    assert emitted(second) == truth(simulator)
    assert any("the parameters have changed since the last sync" in text for text in second.logs())


def test_a_full_refresh_ignores_the_time(simulator: Simulator) -> None:
    """A stream that is read whole is read whole, whatever a state says."""
    run = run_source(config_for(simulator), ["profiles"], state_of(seen_times(simulator)[-1]))
    assert emitted(run) == truth(simulator)
