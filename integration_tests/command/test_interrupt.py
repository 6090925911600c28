"""A sync that is interrupted, by whatever means, keeps what is committed, and the next one goes on."""

from __future__ import annotations

import json
import signal
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from integration_tests.command.command_run import (
    CTRL_C,
    asked_days,
    content,
    ended,
    lines_of,
    run,
    run_on_terminal,
    run_until,
    started,
    write_config,
)
from mixpanel_simulator import Fault, Scenario, start_simulator

DAYS = 6
COLUMNS = 40


def test_sync_interrupted_twice_and_resumed(tmp_path: Path) -> None:
    """Ctrl-C on a narrow terminal, then without one, then SIGTERM, then a run to the end: the same as one run."""
    scenario = Scenario(days=DAYS, events_per_day=30, profiles=30, page_size=10)
    slow = Scenario(days=DAYS, events_per_day=30, profiles=30, page_size=10, latency_per_day_s=0.8)
    with start_simulator(slow) as simulator:
        config = write_config(tmp_path, simulator, window_days=1, num_workers=1)
        database = tmp_path / "interrupted.duckdb"
        flags = ["--config", str(config), "--streams", "events"]
        # The bar's moving tip is there as soon as one window has come.
        first = run_on_terminal(COLUMNS, "sync", database, *flags, keys=[("╺", CTRL_C)])
        assert first.exit_code == 130, first.stdout
        shown = lines_of(first.stdout)
        assert "rows are committed. Run the same command again" in " ".join(shown)
        drawn = shown[: next(index for index, line in enumerate(shown) if "Stopped:" in line)]
        assert any("events" in line and "━" in line for line in drawn)
        assert max(len(line.rstrip()) for line in drawn) <= COLUMNS
        before = len(content(database)["events"])
        assert 0 < before < DAYS * 30

        for exports, number in ((2, signal.SIGINT), (1, signal.SIGTERM)):
            ended = run_until(simulator, exports, number, "sync", database, *flags)
            assert ended.exit_code == 130, ended.stderr
            assert "Stopping: complete windows and pages are still committed" in ended.stderr
            assert before <= len(content(database)["events"]) < DAYS * 30

        assert run("sync", database, "--config", config, "--quiet").exit_code == 0
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator)
        assert run("sync", tmp_path / "once.duckdb", "--config", config, "--quiet").exit_code == 0
    assert content(database) == content(tmp_path / "once.duckdb")
    assert len(content(database)["events"]) == DAYS * 30


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_sync_interrupted_before_anything_was_read(tmp_path: Path, number: signal.Signals) -> None:
    """Nothing has failed then, neither at once nor after the sync that reads it all, the current day included."""
    first = datetime.now(timezone.utc).date() - timedelta(days=3)
    scenario = Scenario(first_day=first, days=4, events_per_day=30, profiles=10, page_size=10, latency_per_day_s=1.5)
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator, window_days=1, num_workers=6, end_date=None)
        database = tmp_path / "m.duckdb"
        flags: list[str | Path] = ["--config", config, "--streams", "events"]
        with started("sync", database, *flags, "--progress", "plain") as process:
            while len(simulator.requests()) < 2:
                time.sleep(0.02)
            process.send_signal(number)
            stopped = ended(process)
        assert stopped.exit_code == 130, stopped.stderr
        assert "windows were not read: the sync was interrupted." in stopped.stdout
        assert "failed" not in stopped.stdout + stopped.stderr
        for line in run("status", database).stdout, json.dumps(run("status", database, "--json").document["streams"]):
            assert "failed:" not in line
            assert "--retry-failed" not in line

        assert run("sync", database, *flags, "--quiet").exit_code == 0
        simulator.clear_requests()
        retried = run("sync", database, *flags, "--retry-failed")
        assert (retried.exit_code, asked_days(simulator)) == (0, [])
        shown = run("status", database)
        assert "everything was read" in shown.stdout
        assert "failed" not in shown.stdout


def test_current_day_failed_and_read_later(tmp_path: Path) -> None:
    """A failure of a day that never becomes a finished range ends with the sync that reads it."""
    first = datetime.now(timezone.utc).date() - timedelta(days=1)
    last = first + timedelta(days=1)
    with start_simulator(Scenario(first_day=first, days=2, events_per_day=30)) as simulator:
        config = write_config(tmp_path, simulator, window_days=1, end_date=None)
        database = tmp_path / "m.duckdb"
        command: list[str | Path] = ["sync", database, "--config", config, "--streams", "events", "--quiet"]
        simulator.add_fault(Fault("status", path="export", day=last, times=None))
        assert run(*command).exit_code == 1
        assert run("status", database, "--json").document["streams"]["events"]["failed_ranges"] == [[str(last)] * 2]
        simulator.clear_faults()
        assert run(*command).exit_code == 0
        events = run("status", database, "--json").document["streams"]["events"]
        assert (events["rows"], events["failed_ranges"], events["gaps"]) == (60, [], [])
        simulator.clear_requests()
        assert run(*command, "--retry-failed").exit_code == 0
        assert asked_days(simulator) == []
