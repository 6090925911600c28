"""What breaks while a sync runs ends it with exit code 1 and a sentence, without a hang; the next one goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from integration_tests.command.command_run import (
    TIMEOUT_S,
    Ended,
    asked_days,
    child_of,
    content,
    ended,
    read_until,
    run,
    started,
    wait_for_exports,
    write_config,
)
from mixpanel_simulator import Scenario, Simulator, start_simulator

DAYS = 6
SLOW = Scenario(days=DAYS, events_per_day=30, profiles=30, page_size=10, latency_per_day_s=0.5)
WINDOWS = {"window_days": 1, "num_workers": 1}
SOURCE, DESTINATION = "main.py", "destination_duckdb"


@pytest.fixture(scope="module")
def slow() -> Iterator[Simulator]:
    """Run a project whose days take a while."""
    with start_simulator(SLOW) as running:
        yield running


@pytest.fixture(scope="module")
def whole(slow: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sync once, undisturbed."""
    folder = tmp_path_factory.mktemp("whole")
    assert run("sync", folder / "m.duckdb", "--config", write_config(folder, slow), "--quiet").exit_code == 0
    return folder / "m.duckdb"


@pytest.mark.parametrize(
    ("victim", "sentence"),
    [(SOURCE, "the source was killed by signal 9 (Killed)"), (DESTINATION, "the destination was killed by signal 9")],
)
def test_sync_when_a_connector_is_killed(
    slow: Simulator, whole: Path, tmp_path: Path, victim: str, sentence: str
) -> None:
    """It is named, what was committed is kept, and the next sync ends with the same database as one run."""
    config, database = write_config(tmp_path, slow, **WINDOWS), tmp_path / "m.duckdb"
    before = len(asked_days(slow))
    with started("sync", database, "--config", config) as process:
        wait_for_exports(slow, before + 3, process)
        os.kill(child_of(process, victim), signal.SIGKILL)
        end = ended(process)
    assert end.exit_code == 1, end.stderr
    assert sentence in end.stdout
    assert "Run the same command again to resume." in end.stdout
    again = run("sync", database, "--config", config, "--quiet")
    assert (again.exit_code, again.stderr) == (0, "")
    assert content(database) == content(whole)


def test_sync_when_the_destination_is_killed_while_the_source_waits(tmp_path: Path) -> None:
    """A source that waits for the hour's quota would not notice for an hour: it is ended."""
    scenario = Scenario(days=4, events_per_day=5, quotas=True, export_hour_limit=2, retry_after_s=3000.0)
    with start_simulator(scenario) as simulator:
        config = write_config(tmp_path, simulator, **WINDOWS)
        with started("sync", tmp_path / "m.duckdb", "--config", config, "--streams", "events") as process:
            said = read_until(process, "quota until")
            source = child_of(process, SOURCE)
            os.kill(child_of(process, DESTINATION), signal.SIGKILL)
            end = ended(process)
    assert end.exit_code == 1, said + end.stderr
    assert "the destination was killed by signal 9" in end.stdout
    assert not Path(f"/proc/{source}").exists()


def test_sync_when_the_command_is_killed(slow: Simulator, whole: Path, tmp_path: Path) -> None:
    """Nothing of it stays behind for long: the connectors end, and the next sync goes on."""
    config, database = write_config(tmp_path, slow, **WINDOWS), tmp_path / "m.duckdb"
    before = len(asked_days(slow))
    with started("sync", database, "--config", config) as process:
        wait_for_exports(slow, before + 3, process)
        children = [child_of(process, SOURCE), child_of(process, DESTINATION)]
        process.kill()
    deadline = time.monotonic() + TIMEOUT_S
    while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    again = run("sync", database, "--config", config, "--quiet")
    assert (again.exit_code, again.stderr) == (0, "")
    assert content(database) == content(whole)


def test_sync_when_the_disk_is_full(tmp_path: Path) -> None:
    """No file may grow past a limit: the reason is told, and with room again the next sync goes on."""
    database = tmp_path / "m.duckdb"
    limited = ["bash", "-c", 'ulimit -f 3000; exec "$@"', "bash"]
    with start_simulator(Scenario(days=DAYS, events_per_day=3_000, profiles=30)) as simulator:
        config = write_config(tmp_path, simulator, **WINDOWS)
        with started("sync", database, "--config", config, "--json", wrapper=limited) as process:
            end = ended(process)
        assert end.exit_code == 1, end.stdout + end.stderr
        told = end.document["errors"]
        # DuckDB 1.5 writes less than the spool, which then is the first to reach the limit.
        reasons = ("DuckDB can't read or write its files", "can't be written: File too large")
        assert any(reason in error for error in told for reason in reasons), told
        again = run("sync", database, "--config", config, "--quiet")
        assert (again.exit_code, again.stderr) == (0, "")
        assert run("sync", tmp_path / "whole.duckdb", "--config", config, "--quiet").exit_code == 0
    assert content(database) == content(tmp_path / "whole.duckdb")


def test_sync_when_nothing_can_be_written(slow: Simulator, tmp_path: Path) -> None:
    """Where there is no room for as much as the config, a sentence says so."""
    # Without coverage, which would complain of its own file.
    unmeasured = [sys.executable, "-m", "mixpanel_to_duckdb", "sync", str(tmp_path / "m.duckdb"), "--progress", "none"]
    script = 'ulimit -f 0; exec "$@"'
    command = ["bash", "-c", script, "bash", *unmeasured, "--config", str(write_config(tmp_path, slow))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    end = Ended(done.returncode, done.stdout, done.stderr)
    assert (end.exit_code, end.stdout) == (1, "")
    assert end.stderr.startswith("mixpanel-to-duckdb: [Errno 2] No usable temporary directory found in ")
    assert end.stderr.count("\n") == 1


def test_sync_when_hangups_are_ignored(slow: Simulator, tmp_path: Path) -> None:
    """Under nohup the end of a terminal does not stop it."""
    config = write_config(tmp_path, slow, window_days=2)
    ignoring = ["bash", "-c", 'trap "" HUP; exec "$@"', "bash"]
    with started("sync", tmp_path / "m.duckdb", "--config", config, wrapper=ignoring) as process:
        read_until(process, "events: ")
        process.send_signal(signal.SIGHUP)
        end = ended(process)
    assert end.exit_code == 0, end.stderr


def test_sync_when_the_database_is_taken_at_the_end(slow: Simulator, tmp_path: Path) -> None:
    """What can't be done after the rows have come is told, with the result, which is not lost."""
    config, database = write_config(tmp_path, slow, window_days=1), tmp_path / "m.duckdb"
    assert run("sync", database, "--config", config, "--streams", "events", "--quiet").exit_code == 0
    taker = f"""
import duckdb, sys, time
while True:
    try:
        connection = duckdb.connect({str(database)!r})
        break
    except duckdb.IOException:
        time.sleep(0.001)
print("taken", flush=True)
sys.stdin.read()
"""
    before = len(asked_days(slow))
    with started("sync", database, "--config", config, "--streams", "events", "--views", "--json") as process:
        wait_for_exports(slow, before + 1, process)
        with subprocess.Popen(
            [sys.executable, "-c", taker], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            end = ended(process)
            other.communicate()
    assert end.exit_code == 1, end.stderr
    assert end.document["exit_code"] == 1
    assert end.document["rows"] == 150
    assert "the sync is not in the database's history" in end.document["errors"][0]
    assert "the views were not created" in end.document["errors"][1]


def test_paths_with_spaces(slow: Simulator, tmp_path: Path) -> None:
    """Config, database and report may have spaces and quotes in their names; what is said can be pasted."""
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    config, database = write_config(folder, slow, window_days=3), folder / "my events.duckdb"
    end = run("sync", database, "--config", config, "--report", folder / "the report.html", "--views")
    assert end.exit_code == 0, end.stderr
    assert (folder / "the report.html").is_file()
    command = end.stdout.rpartition("To inspect the database: ")[2]
    with started(wrapper=["bash", "-c", command.replace("mixpanel-to-duckdb", '"$@"'), "bash"]) as process:
        assert ended(process).exit_code == 0


def test_sync_into_a_database_of_an_older_duckdb(slow: Simulator, whole: Path, tmp_path: Path) -> None:
    """A file in an older storage format, with tables of somebody else in it, takes the streams beside them."""
    database = tmp_path / "old.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{database}' AS old (STORAGE_VERSION 'v0.10.2')")
        connection.execute("CREATE TABLE old.mine AS SELECT 1 AS x")
    end = run("sync", database, "--config", write_config(tmp_path, slow), "--quiet")
    assert (end.exit_code, end.stderr) == (0, "")
    assert content(database) == {**content(whole), "mine": [(1,)]}


@pytest.mark.parametrize("command", [["status"], ["views"], ["plan"]])
def test_commands_when_the_database_is_in_use(slow: Simulator, tmp_path: Path, command: list[str]) -> None:
    """What another process holds is said to be in use, with exit code 1."""
    config = ["--config", str(write_config(tmp_path, slow))] if command == ["plan"] else []
    with duckdb.connect(str(tmp_path / "m.duckdb")):
        end = run(*command, tmp_path / "m.duckdb", *config)
    assert (end.exit_code, end.stdout) == (1, "")
    assert re.search(f"(in use by process|PID) {os.getpid()}", end.stderr)
