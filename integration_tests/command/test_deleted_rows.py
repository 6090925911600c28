"""Rows that somebody deleted: `status` misses them, and the command that it names brings them back."""

from __future__ import annotations

import shlex
from pathlib import Path

import duckdb

from integration_tests.command.command_run import asked_days, content, run, write_config
from mixpanel_simulator import Scenario, start_simulator

SCENARIO = Scenario(days=9, events_per_day=20, profiles=12)


def test_day_that_was_deleted(tmp_path: Path) -> None:
    """The day is named, with how many rows it had; its command asks for that day alone, and nothing is missing then."""
    database = tmp_path / "m.duckdb"
    with start_simulator(SCENARIO) as simulator:
        config = write_config(tmp_path, simulator)
        assert run("sync", database, "--config", config, "--quiet").exit_code == 0
        before = content(database)
        assert "missing" not in run("status", database).stdout
        with duckdb.connect(str(database)) as connection:
            connection.execute("DELETE FROM events WHERE CAST(time AT TIME ZONE 'UTC' AS DATE) = '2026-01-02'")
        assert run("sync", database, "--config", config, "--quiet").exit_code == 0  # reads the last days only
        shown = run("status", database).stdout
        assert "events: rows that were read are missing: 2026-01-02 has 0 of 20\n" in shown
        [advice] = [line for line in shown.splitlines() if line.startswith("To read them again: ")]
        simulator.clear_requests()
        _, *words = shlex.split(advice.removeprefix("To read them again: "))
        assert run(*words, "--config", config, "--quiet").exit_code == 0
        assert asked_days(simulator) == [("2026-01-02", "2026-01-02")]
        assert content(database) == before
        assert "missing" not in run("status", database).stdout
        assert run("status", database, "--json").document["streams"]["events"]["missing_rows"] == []
