"""What syncs ask for when `--events` and `--where` change: days read under a wider filter are not read again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.command.command_run import asked_days, content, run, write_config
from mixpanel_simulator import Scenario, Simulator, start_simulator

PURCHASES = ("--events", "Purchase")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Run a project of nine days."""
    with start_simulator(Scenario(days=9, events_per_day=40)) as running:
        yield running


def synced(simulator: Simulator, folder: Path, *flags: str) -> list[tuple[str, str]]:
    """Sync, and return the days of each request, which are those that `plan` told."""
    database = folder / "m.duckdb"
    config = write_config(folder, simulator, window_days=100)
    arguments: list[str | Path] = ["--config", config, "--streams", "events", *flags]
    plan = run("plan", *([database] if database.exists() else []), *arguments, "--json").document
    simulator.clear_requests()
    ended = run("sync", database, *arguments, "--quiet")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert [list(days) for days in asked_days(simulator)] == plan["streams"]["events"]["windows"]
    return asked_days(simulator)


def test_sync_with_a_filter_on_a_full_database(simulator: Simulator, tmp_path: Path) -> None:
    """It asks for the last five days once more, under the filter; so does the next one without. No row changes."""
    assert synced(simulator, tmp_path) == [("2026-01-01", "2026-01-09")]
    full = content(tmp_path / "m.duckdb")
    assert len(full["events"]) == 9 * 40
    assert synced(simulator, tmp_path, *PURCHASES) == [("2026-01-05", "2026-01-09")]
    assert [json.loads(entry.params["event"]) for entry in simulator.requests()] == [["Purchase"]]
    assert content(tmp_path / "m.duckdb") == full
    assert run("status", tmp_path / "m.duckdb", "--json").document["streams"]["events"]["gaps"] == []
    assert synced(simulator, tmp_path) == [("2026-01-05", "2026-01-09")]
    assert content(tmp_path / "m.duckdb") == full


def test_sync_without_the_filter_reads_what_the_filter_left_out(simulator: Simulator, tmp_path: Path) -> None:
    """Days read under the filter only are new to a sync without; afterwards the filter has nothing to catch up on."""
    assert synced(simulator, tmp_path, "--to", "2026-01-05") == [("2026-01-01", "2026-01-05")]
    assert synced(simulator, tmp_path, *PURCHASES) == [("2026-01-01", "2026-01-09")]
    assert len(content(tmp_path / "m.duckdb")["events"]) < 9 * 40
    assert synced(simulator, tmp_path, "--to", "2026-01-08") == [("2026-01-01", "2026-01-08")]
    assert synced(simulator, tmp_path, *PURCHASES, "--where", "1 == 1") == [("2026-01-05", "2026-01-09")]
    assert synced(simulator, tmp_path) == [("2026-01-04", "2026-01-09")]
    assert len(content(tmp_path / "m.duckdb")["events"]) == 9 * 40


def test_sync_with_a_filter_that_lets_more_through(simulator: Simulator, tmp_path: Path) -> None:
    """All days are read again: those that were read lack the other events."""
    assert synced(simulator, tmp_path, *PURCHASES) == [("2026-01-01", "2026-01-09")]
    assert synced(simulator, tmp_path, "--events", "Purchase,Sign Up") == [("2026-01-01", "2026-01-09")]
    assert synced(simulator, tmp_path, *PURCHASES) == [("2026-01-05", "2026-01-09")]
