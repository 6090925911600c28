"""Events through the source, compared with what the simulator holds: every column, in every way of reading."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from integration_tests.record_of import event_record, with_made_id
from integration_tests.source_run import config_for, run_source
from mixpanel_simulator import Scenario, Simulator, start_simulator

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 20)


def truth(simulator: Simulator, first: date = FIRST, last: date = LAST) -> Counter[str]:
    """Return the simulator's events as a multiset of comparable texts."""
    return Counter(_text(e["event"], e["properties"]) for e in simulator.events(first, last, time_in_ms=True))


def emitted(records: list[dict[str, Any]]) -> Counter[str]:
    """Return records as such a multiset."""
    return Counter(_text(record["event"], record["properties"]) for record in records)


def _text(event: str, properties: dict[str, Any]) -> str:
    return json.dumps([event, properties], sort_keys=True)


def test_events_are_the_simulators(simulator: Simulator) -> None:
    """Every event arrives once, with its properties as they are."""
    run = run_source(config_for(simulator))
    assert (run.error, run.status("events")) == (None, "COMPLETE")
    assert emitted(run.records("events")) == truth(simulator)


def test_columns_come_from_the_properties(simulator: Simulator) -> None:
    """Time is UTC to the millisecond, distinct_id is text, insert_id is $insert_id or a hash of the content."""
    wanted = [event_record(event) for event in simulator.events(FIRST, LAST, time_in_ms=True)]
    found = [with_made_id(record) for record in run_source(config_for(simulator)).records("events")]
    assert _sorted(found) == _sorted(wanted)


def test_keys_are_the_same_when_read_again(simulator: Simulator) -> None:
    """Two reads give the same records, so that a merge by key changes nothing."""
    first, second = (run_source(config_for(simulator)).records("events") for _ in range(2))
    assert _sorted(first) == _sorted(second)


@pytest.mark.parametrize(
    "fields",
    [{"num_workers": 1}, {"num_workers": 5}, {"window_days": 1}, {"window_days": 100}, {"order": "newest_first"}],
    ids=str,
)
def test_records_are_the_same_however_they_are_fetched(simulator: Simulator, fields: dict[str, Any]) -> None:
    """Workers, windows and their order change nothing in what arrives."""
    run = run_source(config_for(simulator, **fields))
    assert run.error is None
    assert emitted(run.records("events")) == truth(simulator)


def test_records_are_the_same_on_the_plain_path(simulator: Simulator) -> None:
    """The CDK's own `read`, a message a record, gives the same records and states."""
    fast, plain = (run_source(config_for(simulator, window_days=7), plain=plain) for plain in (False, True))
    assert _sorted(plain.records("events")) == _sorted(fast.records("events"))
    assert plain.states("events")[-1] == fast.states("events")[-1]


def test_one_worker_asks_for_one_window_at_a_time(simulator: Simulator) -> None:
    """num_workers bounds the requests under way."""
    run_source(config_for(simulator, num_workers=1, window_days=5))
    assert {entry.running for entry in simulator.requests()} == {1}


def test_newest_first_asks_for_the_last_days_first(simulator: Simulator) -> None:
    """`order` turns the windows round."""
    run_source(config_for(simulator, order="newest_first", window_days=7, num_workers=1))
    asked = [(entry.params["from_date"], entry.params["to_date"]) for entry in simulator.requests()]
    assert asked == [("2026-01-15", "2026-01-20"), ("2026-01-08", "2026-01-14"), ("2026-01-01", "2026-01-07")]


def test_names_and_expression_are_sent_as_the_api_wants_them(simulator: Simulator) -> None:
    """`events` goes out as a JSON array, `where` as it is, whatever characters they hold."""
    where = 'properties["$browser"] == "Chrome"'
    run = run_source(config_for(simulator, events=["購入完了", "Sign Up"], where=where, window_days=20))
    [request] = simulator.requests()
    assert json.loads(request.params["event"]) == ["購入完了", "Sign Up"]
    assert request.params["where"] == where
    assert request.params["time_in_ms"] == "true"
    records = run.records("events")
    assert records
    assert {(record["event"], record["properties"]["$browser"]) for record in records} <= {
        ("購入完了", "Chrome"),
        ("Sign Up", "Chrome"),
    }


def test_event_streams_are_streams_of_their_own(simulator: Simulator) -> None:
    """Each entry of event_streams reads its own events, with its own state, beside `events`."""
    streams = [{"name": "purchases", "events": ["Purchase"]}, {"name": "sign_ups", "events": ["Sign Up"]}]
    run = run_source(config_for(simulator, event_streams=streams, window_days=20), ["purchases", "sign_ups", "events"])
    for name, event in (("purchases", "Purchase"), ("sign_ups", "Sign Up")):
        wanted = Counter({text: n for text, n in truth(simulator).items() if json.loads(text)[0] == event})
        assert emitted(run.records(name)) == wanted
        assert run.states(name)[-1]["filters"] == {"events": [event]}
    assert emitted(run.records("events")) == truth(simulator)


def test_times_of_old_projects_become_utc() -> None:
    """With legacy_timestamps the wall clock of the project's timezone is turned into UTC, daylight saving included."""
    scenario = Scenario(
        first_day=date(2026, 3, 6),
        days=5,
        events_per_day=50,
        timezone="America/New_York",
        legacy_timestamps=True,
    )
    with start_simulator(scenario) as simulator:
        fields = {"project_timezone": "America/New_York", "legacy_timestamps": True}
        config = {**config_for(simulator), **fields, "start_date": "2026-03-06", "end_date": "2026-03-10"}
        for record in run_source(config).records("events"):
            wall = datetime(1970, 1, 1) + timedelta(milliseconds=record["properties"]["time"])  # noqa: DTZ001 - wall clock
            hours = 5 if wall < datetime(2026, 3, 8, 2) else 4  # noqa: DTZ001 - as above
            assert datetime.fromisoformat(record["time"].removesuffix("Z")) == wall + timedelta(hours=hours)


def _sorted(records: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(record, sort_keys=True) for record in records)


def test_estimates_follow_the_windows(simulator: Simulator) -> None:
    """After each window the stream's rows are estimated from the days so far; after the last the estimate is exact."""
    run = run_source(config_for(simulator, window_days=5))
    estimates = [m["trace"]["estimate"] for m in run.messages if m["type"] == "TRACE" and "estimate" in m["trace"]]
    assert len(estimates) == 4
    assert estimates[-1] == {"name": "events", "type": "STREAM", "row_estimate": 20 * 60}


def test_a_day_larger_than_the_spool_limit_passes() -> None:
    """Temporary files are bounded: windows wait for their turn, and one that is larger than the limit passes alone."""
    with start_simulator(Scenario(first_day=FIRST, days=4, events_per_day=3000)) as simulator:
        run = run_source(config_for(simulator, window_days=1, spool_limit_mb=1))
        assert (run.error, run.status("events")) == (None, "COMPLETE")
        assert len(run.records("events")) == 4 * 3000


def test_a_project_secret_is_said_to_be_deprecated(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    """A project secret works, without project_id, and its end is announced."""
    credentials = {"api_secret": simulator.scenario.project_secret}
    run = run_source({**config_for(simulator, window_days=20), "credentials": credentials})
    assert emitted(run.records("events")) == truth(simulator)
    assert "project_id" not in simulator.requests()[0].params
    assert "Mixpanel retires project secrets on 2027-03-03" in caplog.text
