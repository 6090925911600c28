"""A full refresh says how many rows it would remove without reading them again, and waits for a yes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from integration_tests.command.command_run import Ended, content, run, run_on_terminal, write_config
from mixpanel_simulator import Scenario, Simulator, start_simulator
from mixpanel_to_duckdb import BadArguments, sync

SCENARIO = Scenario(days=6, events_per_day=40, profiles=12, page_size=10)
LATER = {"start_date": "2026-01-05"}
LOSS = "events: 160 of 240 rows (days outside 2026-01-05..2026-01-06)"


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
    project.clear_requests()
    return project


@pytest.fixture
def database(synced: Path, tmp_path: Path) -> Path:
    """Return a copy of the synced database."""
    shutil.copy(synced, tmp_path / "m.duckdb")
    return tmp_path / "m.duckdb"


def refresh(database: Path, config: Path, *flags: str) -> Ended:
    """Refresh everything, with no terminal."""
    return run("sync", database, "--config", config, "--full-refresh", "--progress", "none", *flags)


def test_days_before_the_first_one(simulator: Simulator, database: Path) -> None:
    """Without a yes nothing is started; with it, the days of the config are what is left."""
    before = content(database)
    config = write_config(database.parent, simulator, **LATER)
    refused = refresh(database, config)
    assert (refused.exit_code, LOSS in refused.stderr, "add --yes" in refused.stderr) == (3, True, True), refused
    with pytest.raises(BadArguments, match=r"events: 160 of 240 rows") as raised:
        sync(config, database, full_refresh=True)
    assert "yes=True" in str(raised.value)
    assert (simulator.requests(), content(database)) == ([], before)
    assert refresh(database, config, "--yes").exit_code == 0
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.table("events").count("*").fetchall() == [(80,)]


def test_an_answer_on_the_terminal(simulator: Simulator, database: Path) -> None:
    """A person is asked, and no is no; the same person can say yes."""
    before = content(database)
    config = write_config(database.parent, simulator, **LATER)
    command: list[str | Path] = ["sync", database, "--config", config, "--full-refresh", "--streams", "events"]
    declined = run_on_terminal(200, *command, keys=[("Remove them? [y/N]", b"n\r")])
    assert (declined.exit_code, LOSS in declined.stdout) == (130, True)
    assert (simulator.requests(), content(database)) == ([], before)
    assert run_on_terminal(200, *command, keys=[("Remove them? [y/N]", b"y\r")]).exit_code == 0
    assert len(content(database)["events"]) == 80


def test_events_that_the_config_leaves_out(simulator: Simulator, database: Path) -> None:
    """Rows of events that the config does not name are not read again either."""
    with duckdb.connect(str(database), read_only=True) as connection:
        [(name, count)] = connection.execute(
            "SELECT event, count(*) FROM events GROUP BY event ORDER BY count(*) DESC LIMIT 1"
        ).fetchall()
    refused = refresh(database, write_config(database.parent, simulator, events=[name]))
    assert refused.exit_code == 3
    assert f"events: {240 - count} of 240 rows (days outside 2026-01-01..2026-01-06, events other than {name})" in (
        refused.stderr
    )


def test_rows_that_a_where_may_leave_out(simulator: Simulator, database: Path) -> None:
    """How many rows an expression lets through is Mixpanel's to say: all of them are counted."""
    where = 'properties["$browser"] == "Chrome"'
    refused = refresh(database, write_config(database.parent, simulator, where=where))
    assert refused.exit_code == 3
    assert "events: 240 of 240 rows" in refused.stderr
    assert f"events that do not match {where} (their number is unknown)" in refused.stderr


def test_rejected_lines_of_another_stream(simulator: Simulator, database: Path) -> None:
    """A refresh of one stream replaces the table of rejected lines; those of other streams would go."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "INSERT INTO rejected_lines (id, stream, from_date, to_date)"
            " VALUES ('1', 'signups', '2026-01-02', '2026-01-02')"
        )
    config = write_config(database.parent, simulator, event_streams=[{"name": "signups"}])
    refused = refresh(database, config, "--streams", "events")
    assert refused.exit_code == 3
    assert "rejected_lines: 1 of 1 rows (lines of other days or streams)" in refused.stderr


def test_nothing_to_lose(simulator: Simulator, database: Path) -> None:
    """Where everything is read again, nobody is asked."""
    before = content(database)
    assert refresh(database, write_config(database.parent, simulator)).exit_code == 0
    assert content(database) == before
