"""Days that are read again replace what was stored of them, and nothing else."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.command.command_run import TIMEOUT_S, Ended, asked_days, run, run_until, write_config
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator

SCENARIO = Scenario(days=6, events_per_day=40, profiles=12, page_size=10)
SLOW = Scenario(days=6, events_per_day=40, profiles=12, page_size=10, latency_per_day_s=1.0)
DAY = "2026-01-03"
NEXT_DAY = "2026-01-04"
ONE_DAY = ["--from", DAY, "--to", DAY]
STALE = """
INSERT INTO events (event, time, distinct_id, insert_id, properties) VALUES (?, CAST(? AS TIMESTAMPTZ), ?, ?, '{}')
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Simulator]:
    """Run a project."""
    with start_simulator(SCENARIO) as running:
        yield running


@pytest.fixture(scope="module")
def synced(project: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sync it once."""
    folder = tmp_path_factory.mktemp("synced")
    assert run("sync", folder / "m.duckdb", "--config", write_config(folder, project), "--quiet").exit_code == 0
    return folder / "m.duckdb"


@pytest.fixture
def simulator(project: Simulator) -> Simulator:
    """Return the project, as if nobody had asked it yet."""
    project.clear_faults()
    project.clear_requests()
    return project


@pytest.fixture
def database(synced: Path, tmp_path: Path) -> Path:
    """Return a copy of the synced database."""
    shutil.copy(synced, tmp_path / "m.duckdb")
    return tmp_path / "m.duckdb"


def change(database: Path, statement: str, *values: str) -> None:
    """Change the database by hand, as its owner may."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(statement, list(values))


def add_stale(database: Path, *, day: str = DAY, event: str = "Gone", hour: int = 12) -> None:
    """Add a row that Mixpanel does not have."""
    change(database, STALE, event, f"{day} {hour:02}:00:00Z", "nobody", f"stale-{day}-{event}-{hour}")


def rows(database: Path, condition: str = "true", *, with_own: bool = True) -> list[tuple[Any, ...]]:
    """Return rows of events, with this destination's own columns where asked for, which differ from sync to sync."""
    columns = "COLUMNS(*)" if with_own else "COLUMNS(lambda c: NOT starts_with(c, '_airbyte_'))"
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        query = f"SELECT CAST({columns} AS VARCHAR) FROM events WHERE {condition} ORDER BY ALL"
        return connection.execute(query).fetchall()


def stale_days(database: Path) -> list[str]:
    """Return the days of rows that Mixpanel does not have."""
    return [row[0] for row in rows_of(database, "SELECT CAST(CAST(time AS DATE) AS VARCHAR) FROM events")]


def rows_of(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what a query about rows that Mixpanel does not have finds, in order of time."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(f"{query} WHERE starts_with(insert_id, 'stale-') ORDER BY time, event").fetchall()


def reread(simulator: Simulator, database: Path, *flags: str, **fields: Any) -> Ended:
    """Read days again, without a progress display."""
    config = write_config(database.parent, simulator, **fields)
    return run("sync", database, "--config", config, "--progress", "none", *flags)


@pytest.mark.parametrize("flags", [["--full-refresh", "--streams", "events"], ["--reread"]])
def test_a_day_is_replaced(simulator: Simulator, database: Path, flags: list[str]) -> None:
    """Only that day is asked for; a row of it that Mixpanel lacks goes, rows of other days stay byte for byte."""
    before = rows(database, with_own=False)
    add_stale(database)
    add_stale(database, day=NEXT_DAY, hour=0)
    others = rows(database, f"CAST(time AS DATE) <> '{DAY}'")
    ended = reread(simulator, database, *flags, *ONE_DAY, "--json")
    assert (ended.exit_code, asked_days(simulator)) == (0, [(DAY, DAY)]), ended.stderr
    assert rows(database, f"CAST(time AS DATE) <> '{DAY}'") == others
    assert stale_days(database) == [NEXT_DAY]
    assert rows(database, "NOT starts_with(insert_id, 'stale-')", with_own=False) == before
    document = ended.document
    assert (document["rows"], document["removed_rows"], document["full_refresh"]) == (40, 1, False)
    replaced = {"removed_rows": 1, "replaced_ranges": [[DAY, DAY]], "kept": [], "contradiction": None}
    assert document["replacements"] == {"events": replaced}
    assert list(document["streams"]) == ["events", "rejected_lines"]


def test_a_day_is_replaced_for_some_events(simulator: Simulator, database: Path) -> None:
    """With --events, rows of other events stay, though Mixpanel lacks them, and so do all other days."""
    with duckdb.connect(str(database), read_only=True) as connection:
        [(name, count)] = connection.execute(
            f"SELECT event, count(*) FROM events WHERE CAST(time AT TIME ZONE 'UTC' AS DATE) = '{DAY}'"
            " GROUP BY event ORDER BY count(*) DESC LIMIT 1"
        ).fetchall()
    before = rows(database, with_own=False)
    for event in (name, "Gone"):
        add_stale(database, event=event)
    others = rows(database, f"event <> '{name}' OR CAST(time AS DATE) <> '{DAY}'")
    ended = reread(simulator, database, "--full-refresh", "--events", name, *ONE_DAY)
    assert ended.exit_code == 0, ended.stderr
    assert f"events {DAY}..{DAY} replaced: 1 stored row that Mixpanel no longer has was removed" in ended.stdout
    assert f"Done: {count} rows" in ended.stdout
    assert rows(database, f"event <> '{name}' OR CAST(time AS DATE) <> '{DAY}'") == others
    assert rows_of(database, "SELECT event FROM events") == [("Gone",)]
    assert rows(database, "NOT starts_with(insert_id, 'stale-')", with_own=False) == before


def test_days_that_fail_keep_their_rows(simulator: Simulator, database: Path) -> None:
    """The day that could not be read stays as it was; the same command replaces it once it can be read."""
    before = rows(database, with_own=False)
    add_stale(database)
    add_stale(database, day=NEXT_DAY)
    failing = rows(database, f"CAST(time AS DATE) = '{DAY}'")
    flags = ["--reread", "--from", DAY, "--to", NEXT_DAY, "--window-days", "1"]
    simulator.add_fault(Fault("status", path="export", day=date.fromisoformat(DAY), times=None))
    failed = reread(simulator, database, *flags, "--json")
    assert failed.exit_code == 1
    assert failed.document["replacements"]["events"]["replaced_ranges"] == [[NEXT_DAY, NEXT_DAY]]
    assert rows(database, f"CAST(time AS DATE) = '{DAY}'") == failing
    assert stale_days(database) == [DAY]
    simulator.clear_faults()
    assert reread(simulator, database, *flags).exit_code == 0
    assert rows(database, with_own=False) == before


def test_a_day_with_broken_lines_keeps_its_rows(simulator: Simulator, database: Path) -> None:
    """What a broken line should have been may be a row that is stored: none is removed, and the summary says so."""
    add_stale(database)
    simulator.add_fault(Fault("broken_line", path="export", day=date.fromisoformat(DAY), times=None))
    ended = reread(simulator, database, "--reread", *ONE_DAY)
    assert ended.exit_code == 0, ended.stderr
    assert f"events {DAY}..{DAY}: stored rows were kept: 1 line of the answer is not an event" in ended.stdout
    assert stale_days(database) == [DAY]
    simulator.clear_faults()
    assert reread(simulator, database, "--reread", *ONE_DAY).exit_code == 0
    assert stale_days(database) == []
    assert run("status", database, "--json").document["streams"]["events"]["rejected_lines"] == 0


def test_a_wrong_timezone_removes_nothing(simulator: Simulator, database: Path) -> None:
    """Rows that come for other days than the config's zone says show that it is wrong; that is an error."""
    add_stale(database)
    before = rows(database, with_own=False)
    ended = reread(simulator, database, "--reread", *ONE_DAY, project_timezone="Asia/Tokyo")
    assert ended.exit_code == 1
    assert f"of the rows read for {DAY}..{DAY} are on other days in Asia/Tokyo" in ended.stdout
    assert "Correct project_timezone" in ended.stdout
    assert rows(database, with_own=False) == before


def test_days_are_those_of_the_project(tmp_path: Path) -> None:
    """A day of a project in another timezone ends with its midnight there, not with UTC's."""
    scenario = Scenario(days=4, events_per_day=40, timezone="America/New_York", legacy_timestamps=True)
    database = tmp_path / "m.duckdb"
    fields = {"project_timezone": "America/New_York", "legacy_timestamps": True}
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator, **fields)
        assert run("sync", database, "--config", config, "--streams", "events", "--quiet").exit_code == 0
        before = rows(database, with_own=False)
        for day, hour in ((DAY, 4), (DAY, 5), (NEXT_DAY, 4), (NEXT_DAY, 5)):  # midnight is 05:00 in UTC
            add_stale(database, day=day, hour=hour)
        assert reread(simulator, database, "--reread", *ONE_DAY, **fields).exit_code == 0
    assert stale_days(database) == [DAY, NEXT_DAY]
    assert rows_of(database, "SELECT hour(time) FROM events") == [(4,), (5,)]
    assert rows(database, "NOT starts_with(insert_id, 'stale-')", with_own=False) == before


def test_a_day_that_was_deleted_by_hand(simulator: Simulator, database: Path) -> None:
    """An ordinary sync does not miss it; --reread brings it back."""
    before = rows(database, with_own=False)
    change(database, f"DELETE FROM events WHERE CAST(time AS DATE) = '{DAY}'")
    ordinary = reread(simulator, database, "--streams", "events", *ONE_DAY, lookback_days=0)
    assert "There was nothing to read." in ordinary.stdout
    assert reread(simulator, database, "--reread", *ONE_DAY).exit_code == 0
    assert rows(database, with_own=False) == before


def test_a_reread_that_is_killed(database: Path) -> None:
    """Nothing is lost, whatever was read until then; the same command does the rest."""
    before = rows(database, with_own=False)
    add_stale(database)
    with_stale = rows(database, with_own=False)
    with start_simulator(SLOW) as simulator:
        config = write_config(database.parent, simulator, window_days=1, num_workers=1)
        flags = ["--reread", "--from", "2026-01-01", "--to", "2026-01-06"]
        run_until(simulator, 3, signal.SIGKILL, "sync", database, "--config", config, *flags)
        wait_for_writer(database)
        assert rows(database, with_own=False) == with_stale
        assert run("sync", database, "--config", config, *flags, "--quiet").exit_code == 0
    assert rows(database, with_own=False) == before


def wait_for_writer(database: Path) -> None:
    """Wait until a destination that was left alone has committed what it had, and ended."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while True:
        try:
            duckdb.connect(str(database)).close()
        except duckdb.IOException:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)
        else:
            return


def test_a_reread_that_is_interrupted(database: Path) -> None:
    """Days that were read whole by then are replaced, the others stay as they were."""
    for day in ("2026-01-01", "2026-01-06"):
        add_stale(database, day=day)
    with start_simulator(SLOW) as simulator:
        config = write_config(database.parent, simulator, window_days=1, num_workers=1)
        flags = ["--reread", "--from", "2026-01-01", "--to", "2026-01-06"]
        ended = run_until(simulator, 3, signal.SIGINT, "sync", database, "--config", config, *flags)
    assert ended.exit_code == 130, ended.stderr
    assert stale_days(database) == ["2026-01-06"]


def test_a_permanent_where(simulator: Simulator, tmp_path: Path) -> None:
    """Under the expression of the config, days are replaced where all was read under it, and refused where not."""
    where = 'properties["$browser"] == "Chrome"'
    config = write_config(tmp_path, simulator, where=where)
    database = tmp_path / "m.duckdb"
    assert run("sync", database, "--config", config, "--streams", "events", "--quiet").exit_code == 0
    before = rows(database, with_own=False)
    assert 0 < len(before) < 240
    add_stale(database)
    assert reread(simulator, database, "--reread", *ONE_DAY, where=where).exit_code == 0
    assert rows(database, with_own=False) == before
    simulator.clear_requests()
    refused = reread(simulator, database, "--reread", *ONE_DAY, where='properties["$browser"] == "Edge"')
    assert (refused.exit_code, asked_days(simulator)) == (3, [])
    assert "stream events: its stored rows were not all read under the `where` of the config" in refused.stderr
    assert rows(database, with_own=False) == before


def test_profiles_are_left_out(simulator: Simulator, database: Path) -> None:
    """Where no stream is named, only events are read, and the log says so."""
    config = write_config(database.parent, simulator)
    ended = run("sync", database, "--config", config, "--reread", *ONE_DAY)
    assert "Only days of events are read again; left out: profiles" in ended.stderr
    assert {entry.path for entry in simulator.requests()} == {"/api/2.0/export"}


def test_a_day_that_was_never_read(simulator: Simulator, tmp_path: Path) -> None:
    """It is read, into a new database, too."""
    ended = reread(simulator, tmp_path / "m.duckdb", "--reread", *ONE_DAY, "--json")
    assert (ended.exit_code, ended.document["rows"], ended.document["removed_rows"]) == (0, 40, 0)


def test_an_earlier_first_day(simulator: Simulator, tmp_path: Path) -> None:
    """Backfill: of the days before, and of those there are, only the missing ones and the lookback are asked for."""
    flags = ["--streams", "events", "--window-days", "1"]
    database = tmp_path / "m.duckdb"
    assert reread(simulator, database, *flags, "--from", NEXT_DAY, lookback_days=2).exit_code == 0
    simulator.clear_requests()
    assert reread(simulator, database, *flags, "--from", "2026-01-01", lookback_days=2).exit_code == 0
    first = date.fromisoformat("2026-01-01")
    wanted = [str(first + timedelta(days=ago)) for ago in (0, 1, 2, 4, 5)]
    assert sorted(asked_days(simulator)) == [(day, day) for day in wanted]
    assert len(rows(database)) == 240
