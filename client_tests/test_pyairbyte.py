"""PyAirbyte runs the connectors: its cache and our destination hold what the simulated Mixpanel holds, exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from client_tests.pyairbyte_run import PyAirbyte
from integration_tests.record_of import event_record, profile_record, with_made_id
from integration_tests.source_run import config_for
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator

SCENARIO = Scenario(first_day=date(2026, 1, 1), days=12, events_per_day=60, profiles=25, page_size=10)
EVENTS = (
    "SELECT event, strftime({time}, '%Y-%m-%dT%H:%M:%S.%gZ'), distinct_id, insert_id, properties FROM {schema}.events"
)
PROFILES = "SELECT distinct_id, strftime(last_seen, '%Y-%m-%dT%H:%M:%S'), properties FROM {schema}.profiles"
# The cache's times have no zone, the destination's do; both mean UTC.
PLACES = {
    "cache": {"time": "time", "schema": "mixpanel"},
    "destination": {"time": "time AT TIME ZONE 'UTC'", "schema": "main"},
}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Start a simulator whose events can be added to."""
    with start_simulator(SCENARIO) as simulator:
        yield simulator


def day(number: int) -> date:
    """Return a day of January."""
    return date(2026, 1, number)


def asked_days(simulator: Simulator) -> set[date]:
    """Return the days that were asked for since the last clear, but for the one event that `check` asks for."""
    exports = [
        entry for entry in simulator.requests() if entry.path.endswith("/export") and "limit" not in entry.params
    ]
    return {
        first + timedelta(days=number)
        for first, last in [(date.fromisoformat(e.params["from_date"]), e.params["to_date"]) for e in exports]
        for number in range((date.fromisoformat(last) - first).days + 1)
    }


def stored_events(database: Path, place: str) -> list[str]:
    """Return the events of a database as sorted JSON."""
    names = ("event", "time", "distinct_id", "insert_id")
    rows = _rows(database, EVENTS.format(**PLACES[place]))
    found = [{**dict(zip(names, row, strict=False)), "properties": json.loads(row[-1])} for row in rows]
    return _sorted([with_made_id(event) for event in found])


def stored_profiles(database: Path, place: str) -> list[str]:
    """Return the profiles of a database as sorted JSON."""
    rows = _rows(database, PROFILES.format(**PLACES[place]))
    return _sorted([{"distinct_id": who, "last_seen": at, "properties": json.loads(text)} for who, at, text in rows])


def held_events(simulator: Simulator, last_day: date) -> list[str]:
    """Return the events that Mixpanel holds up to a day, as sorted JSON."""
    events = simulator.events(SCENARIO.first_day, last_day, time_in_ms=True)
    return _sorted([event_record(event) for event in events])


def held_profiles(simulator: Simulator) -> list[str]:
    """Return the profiles that Mixpanel holds, as sorted JSON."""
    return _sorted([profile_record(profile) for profile in simulator.profiles()])


def _rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _sorted(records: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(record, sort_keys=True) for record in records)


def test_cache_holds_what_mixpanel_holds(simulator: Simulator, tmp_path: Path) -> None:
    """Both streams arrive whole; a second read asks only for new days and the lookback, and brings late events."""
    client = PyAirbyte(tmp_path)
    config = config_for(simulator, lookback_days=2)
    first = client.read({**config, "end_date": "2026-01-09"})
    assert first == {
        "records": 565,
        "available": ["events", "profiles", "rejected_lines"],
        "rows": {"events": 540, "profiles": 25},
    }
    assert stored_events(client.cache, "cache") == held_events(simulator, day(9))
    assert stored_profiles(client.cache, "cache") == held_profiles(simulator)
    simulator.clear_requests()
    simulator.add_late_events(day(8), 7)
    second = client.read(config)
    assert second["rows"] == {"events": 727, "profiles": 25}
    assert asked_days(simulator) == {day(number) for number in range(8, 13)}
    assert stored_events(client.cache, "cache") == held_events(simulator, day(12))
    assert stored_profiles(client.cache, "cache") == held_profiles(simulator)


def test_destination_holds_what_mixpanel_holds(simulator: Simulator, tmp_path: Path) -> None:
    """PyAirbyte pipes the source into our destination and keeps the state that the destination echoes."""
    client = PyAirbyte(tmp_path)
    config = config_for(simulator, lookback_days=1)
    assert client.write({**config, "end_date": "2026-01-06"}) == {"records": 385}
    assert stored_events(client.database, "destination") == held_events(simulator, day(6))
    assert stored_profiles(client.database, "destination") == held_profiles(simulator)
    simulator.clear_requests()
    client.write(config)
    assert asked_days(simulator) == {day(number) for number in range(6, 13)}
    assert stored_events(client.database, "destination") == held_events(simulator, day(12))
    assert stored_profiles(client.database, "destination") == held_profiles(simulator)


def test_failed_day_fails_the_read_and_the_next_one_is_whole(simulator: Simulator, tmp_path: Path) -> None:
    """PyAirbyte raises, names the day, and keeps neither rows nor state, so the next read brings everything."""
    client = PyAirbyte(tmp_path)
    config = config_for(simulator)
    simulator.add_fault(Fault("status", path="export", day=day(5), times=None))
    with pytest.raises(RuntimeError) as failure:
        client.read(config)
    words = " ".join(str(failure.value).split())
    assert "AirbyteConnectorFailedError" in words
    assert "2026-01-05..2026-01-05 could not be read: Mixpanel answered 500" in words
    with duckdb.connect(str(client.cache), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM mixpanel._airbyte_state").fetchall() == [(0,)]
    simulator.clear_faults()
    client.read(config)
    assert stored_events(client.cache, "cache") == held_events(simulator, day(12))
    assert stored_profiles(client.cache, "cache") == held_profiles(simulator)


def test_failed_day_leaves_the_others_in_the_destination(simulator: Simulator, tmp_path: Path) -> None:
    """What a state covered is committed; the next write asks for the day that failed, and for no other."""
    client = PyAirbyte(tmp_path)
    config = config_for(simulator, lookback_days=0, window_days=1)
    simulator.add_fault(Fault("status", path="export", day=day(5), times=None))
    with pytest.raises(RuntimeError, match="AirbyteConnectorFailedError"):
        client.write(config, ("events",))
    simulator.clear_faults()
    simulator.clear_requests()
    client.write(config, ("events",))
    assert asked_days(simulator) == {day(5)}
    assert stored_events(client.database, "destination") == held_events(simulator, day(12))


def test_wrong_secret_is_explained(simulator: Simulator, tmp_path: Path) -> None:
    """The sentence of `check` reaches the user, without the secret."""
    config = config_for(simulator)
    config["credentials"] = {**config["credentials"], "secret": "not-the-secret-of-the-account"}
    with pytest.raises(RuntimeError) as failure:
        PyAirbyte(tmp_path).read(config)
    assert "Mixpanel does not know this service account in region US" in str(failure.value)
    assert "not-the-secret" not in str(failure.value)


def test_look_at_a_few_events_ends_quietly(simulator: Simulator, tmp_path: Path) -> None:
    """PyAirbyte stops the source after the first records, and does not take that for a failure of the source."""
    assert len(PyAirbyte(tmp_path).sample(config_for(simulator), 3)) == 3
