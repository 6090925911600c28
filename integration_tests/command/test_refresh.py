"""What a second sync leaves: no profile twice, none that is gone; a full refresh leaves what Mixpanel has now."""

from __future__ import annotations

import signal
from pathlib import Path

import duckdb
import pytest

from integration_tests.command.command_run import content, run, run_until, write_config
from mixpanel_simulator import Fault, Scenario, start_simulator
from mixpanel_to_duckdb import ParallelProfileResult
from mixpanel_to_duckdb import sync as sync_function

BEFORE = Scenario(days=6, events_per_day=30, profiles=30, page_size=10)
# The same project later: other events, other profiles, fewer of them.
NOW = Scenario(seed=8, days=6, events_per_day=20, profiles=17, page_size=10)
SLOW_NOW = Scenario(seed=8, days=6, events_per_day=20, profiles=17, page_size=10, latency_per_day_s=0.5)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sync what Mixpanel has now into a new database."""
    folder = tmp_path_factory.mktemp("fresh")
    sync(folder, NOW, "--quiet")
    return folder / "m.duckdb"


def sync(folder: Path, scenario: Scenario, *flags: str, exit_code: int = 0) -> str:
    """Sync *scenario* into the folder's database, and return what was said at the end."""
    with start_simulator(scenario) as simulator:
        ended = run("sync", folder / "m.duckdb", "--config", write_config(folder, simulator), *flags)
    assert ended.exit_code == exit_code, ended.stderr
    return ended.stdout


def rows_of_view(database: Path) -> int:
    """Return how many profiles the view has."""
    with duckdb.connect(str(database), read_only=True) as connection:
        [(rows,)] = connection.table("profiles_wide").count("*").fetchall()
    return int(rows)


def test_profiles_synced_again(fresh: Path, tmp_path: Path) -> None:
    """Profiles are those of now, each once: changed ones are changed, deleted ones are gone, views show it."""
    sync(tmp_path, BEFORE, "--quiet", "--views")
    assert rows_of_view(tmp_path / "m.duckdb") == 30
    for _ in range(2):
        sync(tmp_path, NOW, "--quiet", "--streams", "profiles")
        found = content(tmp_path / "m.duckdb")
        assert found["profiles"] == content(fresh)["profiles"]
        assert rows_of_view(tmp_path / "m.duckdb") == 17


def test_profiles_when_a_page_fails(fresh: Path, tmp_path: Path) -> None:
    """As long as a page is missing, the profiles of before stay; then those of now take their place."""
    sync(tmp_path, BEFORE, "--quiet")
    before = content(tmp_path / "m.duckdb")["profiles"]
    with start_simulator(NOW) as simulator:
        config = write_config(tmp_path, simulator)
        simulator.add_fault(Fault("status", path="engage", page=1, times=None))
        failed = run("sync", tmp_path / "m.duckdb", "--config", config, "--streams", "profiles")
        assert (failed.exit_code, "profiles page 1" in failed.stdout) == (1, True)
        assert content(tmp_path / "m.duckdb")["profiles"] == before
        simulator.clear_faults()
        assert run("sync", tmp_path / "m.duckdb", "--config", config, "--retry-failed", "--quiet").exit_code == 0
    assert content(tmp_path / "m.duckdb")["profiles"] == content(fresh)["profiles"]


def test_profiles_that_change_while_they_are_read(tmp_path: Path) -> None:
    """Pages that are read over are called back again, and counted so; the profiles are those of now."""
    called: list[object] = []
    with start_simulator(Scenario(profiles=45, page_size=10)) as simulator:
        simulator.add_fault(Fault("expired_session", path="engage", page=3))
        simulator.add_fault(Fault("changed_total", path="engage", page=2, change=-12))
        config = write_config(tmp_path, simulator, profile_workers=1)
        result = sync_function(config, tmp_path / "m.duckdb", streams="profiles", on_batch_complete=called.append)
    profiles = result.streams["profiles"]
    assert isinstance(profiles, ParallelProfileResult)
    assert (len(called), profiles.successful_pages, profiles.failed_pages) == (7, 7, 0)
    assert len(content(tmp_path / "m.duckdb")["profiles"]) == 33


def test_full_refresh(fresh: Path, tmp_path: Path) -> None:
    """Nothing of before is left, of no stream; a second one changes nothing."""
    sync(tmp_path, BEFORE, "--quiet")
    for _ in range(2):
        sync(tmp_path, NOW, "--quiet", "--full-refresh")
        assert content(tmp_path / "m.duckdb") == content(fresh)


def test_full_refresh_interrupted(fresh: Path, tmp_path: Path) -> None:
    """Until it is complete, the tables are those of before; then nothing of before is left."""
    sync(tmp_path, BEFORE, "--quiet")
    before = content(tmp_path / "m.duckdb")
    with start_simulator(SLOW_NOW) as simulator:
        config = write_config(tmp_path, simulator, window_days=1, num_workers=1)
        command: list[str | Path] = [
            "sync",
            tmp_path / "m.duckdb",
            "--config",
            config,
            "--streams",
            "events",
            "--full-refresh",
        ]
        ended = run_until(simulator, 3, signal.SIGINT, *command)
        assert ended.exit_code == 130, ended.stderr
        assert "Incomplete tables are unchanged. Run the same command again to start over" in ended.stdout
        assert content(tmp_path / "m.duckdb") == before
        assert run("sync", tmp_path / "m.duckdb", "--config", config, "--full-refresh", "--quiet").exit_code == 0
    assert content(tmp_path / "m.duckdb") == content(fresh)


def test_full_refresh_interrupted_and_not_repeated(fresh: Path, tmp_path: Path) -> None:
    """An ordinary sync after it adds what the refresh had read, and the rest; nothing is lost."""
    sync(tmp_path, BEFORE, "--quiet")
    before = content(tmp_path / "m.duckdb")["events"]
    with start_simulator(SLOW_NOW) as simulator:
        config = write_config(tmp_path, simulator, window_days=1, num_workers=1, lookback_days=0)
        command: list[str | Path] = ["sync", tmp_path / "m.duckdb", "--config", config, "--streams", "events"]
        assert run_until(simulator, 3, signal.SIGINT, *command, "--full-refresh").exit_code == 130
        simulator.clear_requests()
        assert run(*command, "--quiet").exit_code == 0
        assert len(simulator.requests()) < 6
    assert content(tmp_path / "m.duckdb")["events"] == sorted([*before, *content(fresh)["events"]])
