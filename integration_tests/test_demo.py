"""`make demo` end to end: after one run and two, the database holds what the simulator holds, column by column."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.record_of import event_record, profile_record, with_made_id
from mixpanel_simulator import start_simulator
from mixpanel_to_duckdb.demo import demo_scenario

EVENTS = """
SELECT event, strftime(time AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%g') || 'Z', distinct_id, insert_id, properties
FROM events
"""
PROFILES = "SELECT distinct_id, strftime(last_seen, '%Y-%m-%dT%H:%M:%S'), properties FROM profiles"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the demo twice into one database."""
    path = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, "-m", "mixpanel_to_duckdb.demo", str(path)], check=False, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Top events" in ended.stdout
    return path


def test_demo_holds_exactly_the_simulators_data(database: Path) -> None:
    """Two runs leave every event and every profile once, each column as expected."""
    today = datetime.now(timezone.utc).date()
    scenario = demo_scenario(today)
    with start_simulator(scenario) as simulator:
        events = simulator.events(today - timedelta(days=30), today, time_in_ms=True)
        wanted_events = Counter(_text(event_record(event)) for event in events)
        wanted_profiles = Counter(_text(profile_record(profile)) for profile in simulator.profiles())
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(EVENTS).fetchall()
        found = [with_made_id(dict(zip(EVENT_COLUMNS, _parsed(row), strict=True))) for row in rows]
        found_events = Counter(_text(record) for record in found)
        rows = connection.execute(PROFILES).fetchall()
        found_profiles = Counter(_text(dict(zip(PROFILE_COLUMNS, _parsed(row), strict=True))) for row in rows)
    assert found_events == wanted_events
    assert found_profiles == wanted_profiles


EVENT_COLUMNS = ("event", "time", "distinct_id", "insert_id", "properties")
PROFILE_COLUMNS = ("distinct_id", "last_seen", "properties")


def _parsed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:-1], json.loads(row[-1]))


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True)
