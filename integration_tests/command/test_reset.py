"""`mixpanel-to-duckdb reset`: a stream goes with all that is known of it, and the next sync reads it from the start."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb

from integration_tests.command.command_run import asked_days, content, run, run_on_terminal, write_config
from mixpanel_simulator import Fault, Scenario, start_simulator

SCENARIO = Scenario(days=6, events_per_day=40, profiles=12, page_size=10)
FIRST, LAST, FAILING = "2026-01-01", "2026-01-06", "2026-01-03"


def test_reset_of_a_stream_that_failed(tmp_path: Path) -> None:
    """It needs a yes, leaves other streams as they are, forgets old failures, and is read whole by the next sync."""
    database = tmp_path / "m.duckdb"
    with start_simulator(SCENARIO) as simulator:
        config = write_config(tmp_path, simulator)
        simulator.add_fault(Fault("status", path="export", day=date.fromisoformat(FAILING), times=None))
        assert run("sync", database, "--config", config, "--quiet", "--window-days", "1").exit_code == 1
        before = content(database)
        refused = run("reset", database, "events")
        assert (refused.exit_code, "events (200 rows)" in refused.stderr) == (3, True), refused.stderr
        declined = run_on_terminal(200, "reset", database, "events", keys=[("Remove them? [y/N]", b"n\r")])
        assert (declined.exit_code, content(database)) == (130, before)

        ended = run("reset", database, "events", "--yes", "--json")
        assert (ended.exit_code, json.loads(ended.stdout)) == (0, [{"stream": "events", "rows": 200}])
        assert content(database) == {name: rows for name, rows in before.items() if name != "events"}
        status = run("status", database, "--json").document["streams"]
        assert "events" not in status
        with duckdb.connect(str(database), read_only=True) as connection:
            assert connection.execute("SELECT count(*) FROM _mixpanel_to_duckdb.day_rows").fetchall() == [(0,)]
        assert status["profiles"]["rows"] == 12

        simulator.clear_faults()
        simulator.clear_requests()
        assert run("sync", database, "--config", config, "--streams", "events", "--quiet").exit_code == 0
        asked = asked_days(simulator)
        assert (min(asked)[0], max(asked)[1]) == (FIRST, LAST)
        assert len(content(database)["events"]) == 240
        assert run("status", database, "--json").document["streams"]["events"]["failed_ranges"] == []
        with duckdb.connect(str(database), read_only=True) as connection:
            counted = "SELECT sum(row_count) FROM _mixpanel_to_duckdb.day_rows WHERE stream = 'events'"
            assert connection.execute(counted).fetchall() == [(240,)]


def test_reset_of_what_is_not_there(tmp_path: Path) -> None:
    """It names the streams that are; one whose table was dropped by hand is still one of them."""
    database = tmp_path / "m.duckdb"
    with start_simulator(SCENARIO) as simulator:
        config = write_config(tmp_path, simulator)
        assert run("sync", database, "--config", config, "--quiet").exit_code == 0
        before = content(database)
        refused = run("reset", database, "events", "cohorts", "--yes")
        assert refused.exit_code == 3
        assert "has no such stream; its streams: events, profiles, rejected_lines" in refused.stderr
        assert content(database) == before
        with duckdb.connect(str(database)) as connection:
            connection.execute("DROP TABLE events")
        ended = run("reset", database, "events", "--yes")
        assert (ended.exit_code, ended.stdout) == (0, "events: 0 rows removed\n"), ended.stderr
        assert run("sync", database, "--config", config, "--quiet").exit_code == 0
        assert content(database) == before


def test_rereading_and_resetting_in_a_schema(tmp_path: Path) -> None:
    """Both keep to their schema: streams of the same name elsewhere stay as they are."""
    database = tmp_path / "m.duckdb"
    stale = (
        "INSERT INTO {}.events (event, time, distinct_id, insert_id, properties)"
        " VALUES ('Gone', '2026-01-03 12:00:00Z', 'nobody', 'stale', '{{}}')"
    )
    with start_simulator(SCENARIO) as simulator:
        config = write_config(tmp_path, simulator)
        sync: list[str | Path] = ["sync", database, "--config", config, "--streams", "events", "--quiet"]
        assert run(*sync).exit_code == 0
        assert run(*sync, "--schema", "other").exit_code == 0
        with duckdb.connect(str(database)) as connection:
            connection.execute(stale.format("main"))
            connection.execute(stale.format("other"))
        assert run(*sync, "--schema", "other", "--reread", "--from", FAILING, "--to", FAILING).exit_code == 0
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM main.events").fetchall() == [(241,)]
        assert connection.execute("SELECT count(*) FROM other.events").fetchall() == [(240,)]
    before = content(database)
    ended = run("reset", database, "events", "--schema", "other", "--yes")
    assert (ended.exit_code, ended.stdout) == (0, "events: 240 rows removed\n"), ended.stderr
    assert content(database) == before
    assert run("reset", database, "events", "--schema", "other", "--yes").exit_code == 3
    assert run("reset", database, "events", "--schema", "none", "--yes").exit_code == 3
