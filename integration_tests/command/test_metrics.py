"""`sync --metrics`: what monitoring reads of a sync, whether it succeeds, fails, or cannot begin."""

from __future__ import annotations

from pathlib import Path

import duckdb

from integration_tests.command.command_run import run, write_config
from mixpanel_simulator import Fault, Scenario, start_simulator
from unit_tests.command.report.test_metrics import parsed

SCENARIO = Scenario(days=4, events_per_day=20, profiles=12, page_size=10)


def values(path: Path, metric: str) -> dict[str, float]:
    """Return the samples of one metric."""
    return parsed(path.read_text()).get(f"mixpanel_to_duckdb_{metric}", {})


def test_metrics_of_syncs_that_succeed_and_fail(tmp_path: Path) -> None:
    """The last success stays as it was when later syncs fail, also with the database in use; no other file is left."""
    database, file = tmp_path / "m.duckdb", tmp_path / "mixpanel.prom"
    of_run = f'{{database="{database}",schema="main"}}'
    of_events = f'{{database="{database}",schema="main",stream="events"}}'
    with start_simulator(SCENARIO) as simulator:
        command: list[str | Path] = ["sync", database, "--config", write_config(tmp_path, simulator), "--quiet"]
        command += ["--metrics", file]
        assert run(*command).exit_code == 0
        assert values(file, "exit_code") == {of_run: 0}
        assert values(file, "rows")[of_events] == 80
        assert values(file, "requests")[of_events] == len([e for e in simulator.requests() if "export" in e.path])
        assert values(file, "received_bytes")[of_events] > 0
        newest = values(file, "newest_row_timestamp_seconds")[of_events]
        with duckdb.connect(str(database), read_only=True) as connection:
            [(seconds,)] = connection.execute("SELECT epoch(max(time)) FROM events").fetchall()
        assert abs(newest - seconds) <= 0.001
        success = values(file, "last_success_timestamp_seconds")
        assert success == values(file, "last_run_timestamp_seconds")
        assert file.stat().st_mode & 0o044 == (tmp_path / "config.json").stat().st_mode & 0o044

        simulator.add_fault(Fault("status", path="engage", status=402, times=None))
        for _ in range(2):
            assert run(*command).exit_code == 1
            assert values(file, "exit_code") == {of_run: 1}
            assert values(file, "failures")[of_events.replace("events", "profiles")] == 1
            [before], [last] = success.values(), values(file, "last_success_timestamp_seconds").values()
            assert abs(before - last) <= 1.0  # the history's end, and not the command's
            assert values(file, "last_run_timestamp_seconds")[of_run] > before
        simulator.clear_faults()
        kept = values(file, "last_success_timestamp_seconds")
        with duckdb.connect(str(database)):
            assert run(*command).exit_code == 1
        assert values(file, "last_success_timestamp_seconds") == kept
        assert values(file, "rows") == {}
        assert run(*command, "--region", "EU").exit_code == 3
        assert values(file, "exit_code") == {of_run: 3}
        assert values(file, "last_success_timestamp_seconds") == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "m.duckdb", "mixpanel.prom"]


def test_metrics_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is not there is refused before the sync; one that takes no file is an error after it."""
    refused = run("sync", tmp_path / "m.duckdb", "--metrics", tmp_path / "none" / "m.prom")
    assert refused.exit_code == 3
    assert f"--metrics {tmp_path / 'none' / 'm.prom'}: the folder" in refused.stderr
    with start_simulator(SCENARIO) as simulator:
        config = write_config(tmp_path, simulator)
        ended = run("sync", tmp_path / "m.duckdb", "--config", config, "--quiet", "--metrics", "/proc/m.prom")
    assert ended.exit_code == 1
    assert "--metrics /proc/m.prom can't be written" in ended.stderr
