"""A sync that is interrupted, by whatever means, keeps what is committed, and the next one goes on."""

from __future__ import annotations

import signal
from pathlib import Path

from integration_tests.command.command_run import (
    CTRL_C,
    content,
    lines_of,
    run,
    run_on_terminal,
    run_until,
    write_config,
)
from mixpanel_simulator import Scenario, start_simulator

DAYS = 6
COLUMNS = 40


def test_sync_interrupted_twice_and_resumed(tmp_path: Path) -> None:
    """Ctrl-C on a narrow terminal, then without one, then SIGTERM, then a run to the end: the same as one run."""
    scenario = Scenario(days=DAYS, events_per_day=30, profiles=30, page_size=10)
    slow = Scenario(days=DAYS, events_per_day=30, profiles=30, page_size=10, latency_per_day_s=0.4)
    with start_simulator(slow) as simulator:
        config = write_config(tmp_path, simulator, window_days=1, num_workers=1)
        database = tmp_path / "interrupted.duckdb"
        flags = ["--config", str(config), "--streams", "events"]
        # The bar's moving tip is there as soon as one window has come.
        first = run_on_terminal(COLUMNS, "sync", database, *flags, keys=[("╺", CTRL_C)])
        assert first.exit_code == 130, first.stdout
        shown = lines_of(first.stdout)
        assert any("rows are committed. Run the same command again" in line for line in shown)
        drawn = shown[: next(index for index, line in enumerate(shown) if "Stopped:" in line)]
        assert any("events" in line and "━" in line for line in drawn)
        assert max(len(line.rstrip()) for line in drawn) <= COLUMNS
        before = len(content(database)["events"])
        assert 0 < before < DAYS * 30

        for word, number in (("events: 1 of", signal.SIGINT), ("events: 0 of", signal.SIGTERM)):
            ended = run_until(word, number, "sync", database, *flags)
            assert ended.exit_code == 130, ended.stderr
            assert "Stopping: what is whole is still committed" in ended.stderr
            assert before <= len(content(database)["events"]) < DAYS * 30

        assert run("sync", database, "--config", config, "--quiet").exit_code == 0
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator)
        assert run("sync", tmp_path / "once.duckdb", "--config", config, "--quiet").exit_code == 0
    assert content(database) == content(tmp_path / "once.duckdb")
    assert len(content(database)["events"]) == DAYS * 30
