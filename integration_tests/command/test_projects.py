"""A database knows whose rows it holds: a second project is refused, and fits beside the first in another schema."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.command.command_run import (
    TIMEOUT_S,
    Ended,
    child_of,
    content,
    run,
    started,
    wait_for_exports,
    write_config,
)
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator
from mixpanel_to_duckdb import BadArguments, sync

SCENARIO = Scenario(days=4, events_per_day=20, profiles=12, page_size=10)
OTHER = Scenario(seed=8, days=4, events_per_day=10, profiles=5, page_size=10, project_id=777)
RECORD = "SELECT DISTINCT schema_name, project_id, region FROM _mixpanel_to_duckdb.projects ORDER BY ALL"


def config_of(folder: Path, simulator: Simulator, **fields: Any) -> Path:
    """Write the config of *simulator*'s project into a folder of its own."""
    folder.mkdir(exist_ok=True)
    return write_config(folder, simulator, **fields)


def recorded(database: Path) -> list[tuple[Any, ...]]:
    """Return the projects that the database knows."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(RECORD).fetchall()


def assert_refused(ended: Ended, simulator: Simulator, *words: str) -> None:
    """Check that the command was refused before a request, with both projects and both ways out."""
    assert (ended.exit_code, ended.stdout) == (3, ""), ended.stdout
    for word in (*words, "--schema NAME", "another file"):
        assert word in ended.stderr
    assert simulator.requests() == []


def test_second_project(tmp_path: Path) -> None:
    """It is refused; in a schema of its own it is read whole, and each schema has its own state, history and views."""
    database = tmp_path / "eu.duckdb"  # DuckDB calls the database as the schema then
    with start_simulator(SCENARIO) as first, start_simulator(OTHER) as second:
        first_config, second_config = config_of(tmp_path / "1", first), config_of(tmp_path / "2", second)
        assert run("sync", database, "--config", first_config, "--quiet", "--views").exit_code == 0
        assert database.stat().st_mode & 0o007 == 0  # as when the destination makes the file
        before = content(database)
        project = f"project {SCENARIO.project_id} in US"
        for command in ("sync", "plan"):
            refused = run(command, database, "--config", second_config)
            assert_refused(refused, second, "schema main", project, "project 777 in US")
        with pytest.raises(BadArguments, match="project 777 in US"):
            sync(second_config, database, streams="profiles")
        assert content(database) == before

        into: list[str | Path] = ["--config", second_config, "--schema", "EU"]
        ended = run("sync", database, *into, "--views", "--report", tmp_path / "r.html")
        assert ended.exit_code == 0, ended.stderr
        assert f"mixpanel-to-duckdb status {database} --schema EU" in ended.stdout
        assert run("plan", database, *into, "--json").document["streams"]["events"]["days"] == 4
        statuses = {schema: run("status", database, "--schema", schema, "--json").document for schema in ("main", "eu")}
        assert {schema: status["streams"]["events"]["rows"] for schema, status in statuses.items()} == {
            "main": 80,
            "eu": 40,
        }
        assert [status["syncs"] for status in statuses.values()] == [1, 1]
        page = (tmp_path / "r.html").read_text()
        assert f"status {database} --schema EU" in page
        assert "<h2>Top events</h2>" in page
        assert content(database) == before
        assert recorded(database) == [("EU", "777", "US"), ("main", str(SCENARIO.project_id), "US")]
        second.clear_requests()
        assert_refused(run("sync", database, "--config", first_config, "--schema", "eu"), second, "schema eu")

    for schema, rows in (("main", 80), ("EU", 40)):
        views = json.loads(run("views", database, "--schema", schema, "--json").stdout)
        names = [view["name"] for view in views if view["event"]]
        with duckdb.connect(str(database), read_only=True) as connection:
            counts = [connection.execute(f'SELECT count(*) FROM eu."{schema}"."{name}"').fetchone() for name in names]
        assert sum(count[0] for count in counts if count) == rows
    missing = run("status", database, "--schema", "asia")
    assert missing.exit_code == 3
    assert "--schema asia" in missing.stderr
    assert "only EU, main" in missing.stderr


def test_second_project_when_the_first_sync_was_killed(tmp_path: Path) -> None:
    """What was committed before the kill has its project."""
    slow = Scenario(days=6, events_per_day=30, latency_per_day_s=0.5)
    database = tmp_path / "m.duckdb"
    with start_simulator(slow) as first, start_simulator(OTHER) as second:
        config = config_of(tmp_path / "1", first, window_days=1, num_workers=1)
        with started("sync", database, "--config", config, "--streams", "events") as process:
            wait_for_exports(first, 3, process)
            children = [child_of(process, name) for name in ("main.py", "destination_duckdb")]
            process.kill()
        deadline = time.monotonic() + TIMEOUT_S
        while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert content(database)["events"]
        refused = run("sync", database, "--config", config_of(tmp_path / "2", second))
        assert_refused(refused, second, f"project {SCENARIO.project_id}", "project 777")


def test_region_that_was_wrong(tmp_path: Path) -> None:
    """A sync that Mixpanel did not let in leaves the database free; once there are rows, the region counts."""
    database = tmp_path / "m.duckdb"
    with start_simulator(SCENARIO) as simulator:
        flags: list[str | Path] = ["sync", database, "--config", config_of(tmp_path / "1", simulator), "--quiet"]
        simulator.add_fault(Fault("status", status=401, times=None))
        assert run(*flags, "--region", "EU").exit_code == 2
        simulator.clear_faults()
        assert run(*flags, "--region", "US").exit_code == 0
        assert recorded(database) == [("main", str(SCENARIO.project_id), "US")]
        simulator.clear_requests()
        refused = run(*flags, "--region", "EU")
        assert_refused(
            refused, simulator, f"project {SCENARIO.project_id} in US", f"project {SCENARIO.project_id} in EU"
        )


def test_database_of_an_earlier_release(tmp_path: Path) -> None:
    """It has no record; the next sync of its project makes one."""
    database = tmp_path / "m.duckdb"
    with start_simulator(SCENARIO) as first, start_simulator(OTHER) as second:
        flags: list[str | Path] = ["sync", database, "--config", config_of(tmp_path / "1", first), "--quiet"]
        assert run(*flags).exit_code == 0
        with duckdb.connect(str(database)) as connection:
            connection.execute("DROP TABLE _mixpanel_to_duckdb.projects")
        assert run(*flags).exit_code == 0
        refused = run("sync", database, "--config", config_of(tmp_path / "2", second))
        assert_refused(refused, second, "project 777")


def test_credentials_that_name_no_project(tmp_path: Path) -> None:
    """A project secret may be of the project that is known; its region must be. Nothing of it is stored."""
    database = tmp_path / "m.duckdb"
    with start_simulator(SCENARIO) as simulator:
        by_secret = config_of(tmp_path / "1", simulator, credentials={"api_secret": simulator.scenario.project_secret})
        command: list[str | Path] = ["sync", database, "--streams", "events", "--quiet", "--config"]
        assert run(*command, by_secret).exit_code == 0
        assert recorded(database) == [("main", None, "US")]
        assert run(*command, config_of(tmp_path / "2", simulator)).exit_code == 0
        assert run(*command, by_secret).exit_code == 0
        assert recorded(database) == [("main", str(SCENARIO.project_id), "US")]
        simulator.clear_requests()
        assert_refused(run(*command, by_secret, "--region", "IN"), simulator, "a project in IN")
    assert simulator.scenario.project_secret.encode() not in database.read_bytes()


@pytest.mark.parametrize("schema", ["", " ", "_mixpanel_to_duckdb", "PG_CATALOG"])
def test_schema_that_cannot_be(tmp_path: Path, schema: str) -> None:
    """It is refused by name, and no file is made."""
    ended = run("sync", tmp_path / "m.duckdb", "--schema", schema)
    assert (ended.exit_code, "--schema" in ended.stderr) == (3, True)
    assert list(tmp_path.iterdir()) == []


def test_table_of_somebody_else(tmp_path: Path) -> None:
    """A table `events` that is there already is left alone; another schema, as the message says, is the way out."""
    database = tmp_path / "m.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE events AS SELECT 1 AS mine")
    with start_simulator(SCENARIO) as simulator:
        command: list[str | Path] = [
            "sync",
            database,
            "--config",
            config_of(tmp_path / "1", simulator),
            "--streams",
            "events",
        ]
        refused = run(*command)
        assert refused.exit_code != 0
        assert "schema" in refused.stdout + refused.stderr
        assert run(*command, "--schema", "mixpanel", "--quiet").exit_code == 0
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("SELECT * FROM main.events").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM mixpanel.events").fetchall() == [(80,)]
