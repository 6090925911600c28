"""`plan`, `status`, `views`, and the function `sync`: one database, looked at from all sides."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from integration_tests.command.command_run import asked_days, run, write_config
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator
from mixpanel_to_duckdb import BatchProgress, ParallelFetchResult, ProfileProgress, SyncResult, sync

SCENARIO = Scenario(days=9, events_per_day=40, profiles=30, page_size=10)


@dataclass(frozen=True)
class Synced:
    """A database after one sync by the function, in which the profiles failed."""

    simulator: Simulator
    config: Path
    database: Path
    result: SyncResult
    batches: list[BatchProgress | ProfileProgress]
    planned: list[list[str]]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    """Plan, then sync."""
    folder = tmp_path_factory.mktemp("synced")
    with start_simulator(SCENARIO) as simulator:
        simulator.add_fault(Fault("status", path="engage", status=402, times=None))
        config = write_config(folder, simulator)
        planned = run("plan", "--config", config, "--json").document["streams"]["events"]["windows"]
        assert simulator.requests() == []
        batches: list[BatchProgress | ProfileProgress] = []
        result = sync(json.loads(config.read_text()), folder / "m.duckdb", on_batch_complete=batches.append)
        yield Synced(simulator, config, folder / "m.duckdb", result, batches, planned)


@pytest.mark.dates
def test_plan_is_what_the_sync_asks_for(synced: Synced) -> None:
    """The windows of the plan are those of the requests; afterwards only the last days are planned once more."""
    asked = [list(days) for days in asked_days(synced.simulator)]
    assert sorted(synced.planned) == sorted({(days[0], days[1]): days for days in asked}.values())
    ended = run(
        "plan", synced.database, "--config", synced.config, "--streams", "events", "--window-days", "9", "--json"
    )
    assert ended.document["streams"]["events"]["windows"] == [["2026-01-05", "2026-01-09"]]
    assert ended.document["seconds_a_day"] != 0.667
    assert run("plan", synced.database, "--config", synced.config, "--json").document["paged_streams"] == {
        "profiles": 1
    }
    assert (
        "5 export requests, 8% of the 60"
        in run("plan", synced.database, "--config", synced.config, "--window-days", "1").stdout
    )


def test_function_calls_back_once_a_window_or_page(synced: Synced) -> None:
    """The callbacks are the result's windows and pages, successful and failed; failures are in the result."""
    events, profiles = synced.result.streams["events"], synced.result.streams["profiles"]
    assert isinstance(events, ParallelFetchResult)
    assert (events.rows, events.failed_batches, events.has_failures) == (9 * 40, 0, False)
    windows = [batch for batch in synced.batches if isinstance(batch, BatchProgress)]
    pages = [batch for batch in synced.batches if isinstance(batch, ProfileProgress)]
    assert len(windows) == events.successful_batches + events.failed_batches
    assert [(page.page_index, page.success) for page in pages] == [(0, False)]
    assert profiles.has_failures
    assert synced.result.has_failures
    assert synced.result.failed_date_ranges == []
    assert tuple(synced.batches) == synced.result.batches


@pytest.mark.dates
def test_status(synced: Synced) -> None:
    """Rows, days, failures, duplicates and rejected lines of each stream, and the last sync."""
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("INSERT INTO events SELECT * FROM events LIMIT 2")
    document = run("status", synced.database, "--json").document
    assert document["streams"] == {
        "events": {
            "stream": "events",
            "rows": 362,
            "first_day": "2026-01-01",
            "last_day": "2026-01-09",
            "gaps": [],
            "failed_ranges": [],
            "failed_pages": [],
            "duplicates": 2,
            "rejected_lines": 0,
            "missing_rows": [],
        },
        "profiles": {
            "stream": "profiles",
            "rows": 0,
            "first_day": None,
            "last_day": None,
            "gaps": [],
            "failed_ranges": [],
            "failed_pages": [0],
            "duplicates": 0,
            "rejected_lines": 0,
            "missing_rows": [],
        },
    }
    assert (document["syncs"], document["last_sync"]["exit_code"]) == (1, 1)
    shown = run("status", synced.database).stdout
    assert "profiles: failed: pages 0" in shown
    assert "something failed; 1 in total." in shown
    assert "--retry-failed" in shown


def test_views(synced: Synced) -> None:
    """The command makes the views, says which, and a second run changes nothing."""
    first, second = (run("views", synced.database, "--json") for _ in range(2))
    assert (first.exit_code, first.stdout) == (0, second.stdout)
    views = {view["event"]: view["name"] for view in json.loads(first.stdout) if view["event"]}
    assert views["Sign Up"] == "events_sign_up"
    with duckdb.connect(str(synced.database), read_only=True) as connection:
        rows = sum(connection.table(name).count("*").fetchall()[0][0] for name in views.values())
        assert connection.table("events").count("*").fetchall() == [(rows,)]
        types = {row[0]: row[1] for row in connection.execute("DESCRIBE events_mp_web_page_view").fetchall()}
    assert (types["$screen_width"], types["price"], types["cart"]) == ("BIGINT", "DOUBLE", "JSON")
    assert "events_sign_up" in run("views", synced.database).stdout


HOSTILE_EVENTS = [
    "",
    " ",
    "'; DROP TABLE events; --",
    'a"b',
    "a\x00b",
    "a b",
    "A-B",
    "x" * 5_000,
    "日本",
    "ß",
    "SS",
    "%s",
]
HOSTILE_PROPERTIES = [
    "",
    "*",
    "$",
    "-",
    "#-1",
    "/",
    "~0",
    "~",
    '"',
    "'",
    "\\",
    "\n",
    "a\x00b",
    "a.b",
    "[0]",
    "k" * 3_000,
]
HOSTILE_PROPERTIES += ["TIME", "Time", "insert_ID", "_", "%s", "{}"]


def test_views_of_hostile_names(synced: Synced, tmp_path: Path) -> None:
    """Whatever events and properties are called, each has a view and a column with its value, numbered where needed."""
    database = tmp_path / "m.duckdb"
    shutil.copy(synced.database, database)
    properties = json.dumps({name: index for index, name in enumerate(HOSTILE_PROPERTIES)})
    with duckdb.connect(str(database)) as connection:
        connection.execute("DELETE FROM events")
        for event in [*HOSTILE_EVENTS, None]:
            row = [event, "2026-01-01T00:00:00Z", properties]
            connection.execute(
                "INSERT INTO events BY NAME SELECT ? AS event, ?::TIMESTAMPTZ AS time, ? AS properties", row
            )
    ended = run("views", database, "--json")
    assert ended.exit_code == 0, ended.stderr
    views = {view["event"]: view["name"] for view in json.loads(ended.stdout) if view["table"] == "events"}
    assert sorted(views) == sorted(HOSTILE_EVENTS)
    assert len({name.casefold() for name in views.values()}) == len(HOSTILE_EVENTS)
    assert [views[event] for event in ("", " ", "A-B", "a b", "SS", "ß", "日本")] == [
        "events_unnamed",
        "events_unnamed_2",
        "events_a_b",
        "events_a_b_3",
        "events_ss",
        "events_ss_2",
        "events_日本",
    ]
    with duckdb.connect(str(database), read_only=True) as connection:
        for name in views.values():
            [values] = connection.execute(f'SELECT * EXCLUDE (time, distinct_id, insert_id) FROM "{name}"').fetchall()
            assert sorted(values) == list(range(len(HOSTILE_PROPERTIES)))


def test_retry_of_failed_pages(synced: Synced) -> None:
    """Healed, --retry-failed reads the profiles alone; --views makes the views of what is there then."""
    synced.simulator.clear_faults()
    synced.simulator.clear_requests()
    ended = run("sync", synced.database, "--config", synced.config, "--retry-failed", "--views", "--quiet")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "", "")
    assert {entry.path for entry in synced.simulator.requests()} == {"/api/query/engage"}
    with duckdb.connect(str(synced.database), read_only=True) as connection:
        assert connection.table("profiles_wide").count("*").fetchall() == [(30,)]
