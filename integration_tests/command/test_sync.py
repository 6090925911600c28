"""`mixpanel-to-duckdb sync`: what arrives, how it ends, and how the next one goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path

import duckdb
import pytest

from integration_tests.command.command_run import asked_days, content, run, write_config
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator
from mixpanel_to_duckdb.config.options import SyncOptions
from mixpanel_to_duckdb.config.source_config import SourceConfig
from mixpanel_to_duckdb.sync.sync_run import SyncRun
from mixpanel_to_duckdb.terminal.display import NoDisplay

SCENARIO = Scenario(days=6, events_per_day=50, profiles=30, page_size=10)
FAILING_DAY = date(2026, 1, 3)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Run a small project."""
    with start_simulator(SCENARIO) as running:
        yield running


def test_sync_when_a_day_fails_and_heals(simulator: Simulator, tmp_path: Path) -> None:
    """The day is listed, everything else arrives, exit code 1; healed, it is fetched alone by the next run."""
    config = write_config(tmp_path, simulator, lookback_days=0)
    database = tmp_path / "m.duckdb"
    simulator.add_fault(Fault("status", path="export", day=FAILING_DAY, times=None))

    failed = run("sync", database, "--config", config, "--window-days", "1", "--json", "--progress", "plain")

    assert failed.exit_code == 1, failed.stderr
    document = failed.document
    assert document["failed_date_ranges"] == [["2026-01-03", "2026-01-03"]]
    assert document["has_failures"] is True
    events, profiles = document["streams"]["events"], document["streams"]["profiles"]
    assert (events["rows"], events["successful_batches"], events["failed_batches"]) == (250, 5, 1)
    assert (profiles["rows"], profiles["successful_pages"], profiles["failed_pages"]) == (30, 3, 0)
    assert document["committed_rows"] == {"events": 250, "profiles": 30} | _rejected(document)
    assert len(document["batches"]) == 6 + 3
    assert [wait["place"] for wait in document["waits"]] == ["2026-01-03..2026-01-03"] * 4
    assert "events 2026-01-03..2026-01-03 failed: Mixpanel answered 500" in failed.stderr
    assert "profiles: 3 of 3 pages, 30 rows" in failed.stderr

    status = run("status", database, "--json").document["streams"]["events"]
    assert (status["gaps"], status["failed_ranges"]) == ([["2026-01-03", "2026-01-03"]],) * 2

    simulator.clear_faults()
    simulator.clear_requests()
    copy = tmp_path / "copy.duckdb"
    shutil.copy(database, copy)
    assert run("sync", database, "--config", config, "--quiet").exit_code == 0
    assert asked_days(simulator) == [("2026-01-03", "2026-01-03")]

    simulator.clear_requests()
    config = write_config(tmp_path, simulator)  # with the usual days read once more
    retried = run("sync", copy, "--config", config, "--retry-failed")
    assert (retried.exit_code, asked_days(simulator)) == (0, [("2026-01-03", "2026-01-03")]), retried.stderr
    assert "Done: 50 rows" in retried.stdout
    status = run("status", copy, "--json").document["streams"]["events"]
    assert (status["gaps"], status["failed_ranges"]) == ([], [])
    assert content(copy) == content(database)
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.table("events").count("*").fetchall() == [(300,)]

    simulator.clear_requests()
    again = run("sync", copy, "--config", config, "--retry-failed")
    assert (again.exit_code, asked_days(simulator)) == (0, [])
    assert "There was nothing to read." in again.stdout


def _rejected(document: dict[str, dict[str, int]]) -> dict[str, int]:
    # The stream of rejected lines says that it is empty, unless another stream's failure came first.
    return {name: rows for name, rows in document["committed_rows"].items() if name == "rejected_lines" and rows == 0}


def test_sync_with_every_flag_that_narrows(simulator: Simulator, tmp_path: Path) -> None:
    """Flags reach Mixpanel as parameters, credentials come from the environment; a full refresh replaces the rows."""
    config = write_config(tmp_path, simulator, credentials=None, window_days=6, num_workers=1)
    database = tmp_path / "m.duckdb"
    environment = {
        "MIXPANEL_USERNAME": SCENARIO.username,
        "MIXPANEL_SECRET": SCENARIO.secret,
        "MIXPANEL_PROJECT_ID": str(SCENARIO.project_id),
    }
    flags = ["--streams", "events", "--events", "Sign Up,Purchase", "--where", 'properties["$os"] == "Linux"']
    flags += ["--from", "2026-01-02", "--to", "2026-01-05", "--workers", "2", "--window-days", "2"]

    narrowed = run("sync", database, "--config", config, *flags, "--progress", "none", environment=environment)

    assert (narrowed.exit_code, narrowed.stderr) == (0, "")
    requests = simulator.requests()
    assert [entry.path for entry in requests] == ["/api/2.0/export"] * 2
    assert sorted(asked_days(simulator)) == [("2026-01-02", "2026-01-03"), ("2026-01-04", "2026-01-05")]
    assert {(entry.params["event"], entry.params["where"]) for entry in requests} == {
        ('["Sign Up", "Purchase"]', 'properties["$os"] == "Linux"')
    }
    assert list(content(database)) == ["events", "rejected_lines"]

    full = run("sync", database, "--config", config, "--full-refresh", "--quiet", environment=environment)

    assert (full.exit_code, full.stdout, full.stderr) == (0, "", "")
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.table("events").count("*").fetchall() == [(300,)]
        assert connection.table("profiles").count("*").fetchall() == [(30,)]


@pytest.mark.dates
def test_sync_when_its_day_is_over_before_the_source_begins(simulator: Simulator, tmp_path: Path) -> None:
    """The days are those of the moment at which the sync began, whatever the source's own clock says."""
    given = json.loads(write_config(tmp_path, simulator).read_text())
    del given["start_date"], given["end_date"]
    config = SourceConfig(given, "the config", datetime(2026, 1, 4, 23, 59, 59, tzinfo=timezone.utc))
    options = SyncOptions(str(tmp_path / "m.duckdb"), streams=("events",), window_days=100)
    assert SyncRun(options, config, NoDisplay()).run().failed_date_ranges == []
    days = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in asked_days(simulator)]
    assert (min(first for first, _ in days), max(last for _, last in days)) == (date(2025, 12, 5), date(2026, 1, 4))
    assert len(content(tmp_path / "m.duckdb")["events"]) == 4 * 50


def test_sync_when_credentials_are_wrong(simulator: Simulator, tmp_path: Path) -> None:
    """Mixpanel's refusal ends with exit code 2 and one sentence on what to do."""
    config = write_config(tmp_path, simulator, credentials={**simulator.credentials, "secret": "no longer"})
    ended = run("sync", tmp_path / "m.duckdb", "--config", config)
    assert ended.exit_code == 2
    assert "Authentication failed" in ended.stdout
    assert ended.stdout.count("check username, secret and project_id") == 1
    assert "no longer" not in ended.stdout + ended.stderr


def test_sync_when_the_source_refuses_the_config(simulator: Simulator, tmp_path: Path) -> None:
    """What only the source can judge ends with exit code 3 too, and no database is made."""
    config = write_config(tmp_path, simulator, spool_limit_mb=0)
    ended = run("sync", tmp_path / "m.duckdb", "--config", config)
    assert ended.exit_code == 3
    assert "spool_limit_mb 0 is out of range: choose 1 or more" in ended.stderr
    assert not (tmp_path / "m.duckdb").exists()


def test_sync_when_the_quota_is_used_up_and_nobody_waits(tmp_path: Path) -> None:
    """--no-wait ends with exit code 5; what came before is committed, and the next sync asks for the rest."""
    scenario = Scenario(days=6, events_per_day=20, profiles=5, quotas=True, export_hour_limit=3, export_second_limit=60)
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator, lookback_days=0)
        database = tmp_path / "m.duckdb"
        flags = ["--config", str(config), "--window-days", "1", "--workers", "1", "--streams", "events"]
        ended = run("sync", database, *flags, "--no-wait")
        assert ended.exit_code == 5, ended.stderr
        assert "Mixpanel's hourly quota is used up: 60 rows" in ended.stdout
        quiet = run("sync", database, *flags, "--no-wait", "--quiet")
        assert (quiet.exit_code, quiet.stdout) == (5, "")
        assert "Run the same command again in an hour, or without --no-wait." in quiet.stderr
        simulator.reset_quota()
        simulator.clear_requests()
        assert run("sync", database, *flags, "--no-wait", "--quiet").exit_code == 0
        assert len(asked_days(simulator)) == 3
        assert len(content(database)["events"]) == 120


def test_sync_when_the_quota_is_used_up_by_pages_of_many_ids(tmp_path: Path) -> None:
    """4,500 distinct_ids are three requests with pages of their own: one of those pages meets the hour's limit."""
    others = iter(range(100_000, 200_000))
    ids = [f"user-{each if each % 2000 < 15 else next(others)}" for each in range(4500)]
    scenario = Scenario(days=1, profiles=4500, page_size=10, quotas=True, query_hour_limit=4, later_pages_count=True)
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator, profiles={"distinct_ids": ids})
        ended = run("sync", tmp_path / "m.duckdb", "--config", config, "--streams", "profiles", "--no-wait", "--json")
        assert {request.status for request in simulator.requests()} == {200, 429}
    assert ended.exit_code == 5, ended.stderr
    waits = [wait for wait in ended.document["waits"] if wait["place"]]
    assert {(wait["reason"], wait["error_code"]) for wait in waits} == {("hour", None)}


def test_sync_when_the_database_is_in_use(simulator: Simulator, tmp_path: Path) -> None:
    """A database that another process holds is named, with that process, and exit code 1."""
    config = write_config(tmp_path, simulator)
    with duckdb.connect(str(tmp_path / "m.duckdb")):
        ended = run("sync", tmp_path / "m.duckdb", "--config", config)
    assert ended.exit_code == 1
    assert "is in use by process" in ended.stderr
    assert simulator.requests() == []
