"""`make demo` end to end: after one run and two, the database holds what the simulator holds, column by column."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.record_of import event_record, profile_record, with_made_id
from mixpanel_simulator import start_simulator
from mixpanel_to_duckdb.cli.demo import SCENARIO

pytestmark = pytest.mark.dates

EVENTS = """
SELECT event, strftime(time AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%g') || 'Z', distinct_id, insert_id, properties
FROM events
"""
PROFILES = "SELECT distinct_id, strftime(last_seen, '%Y-%m-%dT%H:%M:%S'), properties FROM profiles"


README = Path(__file__).resolve().parents[1] / "README.md"
DURATION = re.compile(r"(\d+ min )?\d+(\.\d)? s\b")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the demo twice into one database, and keep what it says."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("first.txt", "second.txt"):
        ended = subprocess.run(
            [sys.executable, "-m", "mixpanel_to_duckdb", "demo"],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "COLUMNS": "70"},
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        (folder / name).write_text(ended.stdout)
    return folder


@pytest.fixture
def database(folder: Path) -> Path:
    """Return the demo's database."""
    return folder / "demo.duckdb"


def test_demo_says_what_the_readme_shows(folder: Path) -> None:
    """The README's block is what the demo prints, but for durations, and for what … leaves out."""
    block = README.read_text().partition("$ make demo\n")[2].partition("```")[0]
    printed = _without_durations((folder / "first.txt").read_text())
    at = 0
    for part in block.split("…\n"):
        found = printed.find(_without_durations(part), at)
        assert found >= 0, (part, printed[at:])
        at = found


def _without_durations(text: str) -> str:
    return "\n".join(line.rstrip() for line in DURATION.sub("0 s", text).split("\n"))


def test_demo_holds_exactly_the_simulators_data(database: Path) -> None:
    """Two runs leave every event and every profile once, each column as expected."""
    with start_simulator(SCENARIO) as simulator:
        events = simulator.events(SCENARIO.first_day, SCENARIO.last_day, time_in_ms=True)
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
