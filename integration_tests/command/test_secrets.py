"""A secret is never said: not where it is wrong, not where the config is broken around it, not in any output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.command.command_run import run, write_config
from mixpanel_simulator import Fault, Scenario, Simulator, start_simulator

SECRET, NUMBER = "Zq9-mine-alone", 9_182_736_450
SCENARIO = Scenario(days=2, events_per_day=5, profiles=5, secret=SECRET)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """Run a project whose account has the secret."""
    with start_simulator(SCENARIO) as running:
        yield running


@pytest.mark.parametrize(
    ("credentials", "exit_code"),
    [
        ({"username": "another"}, 2),
        ({"project_id": 999}, 2),
        ({"username": 5}, 3),
        ({"username": ["a"]}, 3),
        ({"project_id": "the first"}, 3),
        ({"secret": [SECRET]}, 3),
        ({"secret": {"value": SECRET}}, 3),
        ({"secret": NUMBER}, 3),
        ({"api_secret": SECRET}, 0),
        ({"extra": SECRET}, 3),
    ],
)
def test_secret_in_a_failing_sync(
    simulator: Simulator, tmp_path: Path, credentials: dict[str, Any], exit_code: int
) -> None:
    """Whatever is wrong with the credentials, what is said of them is not the secret."""
    config = write_config(tmp_path, simulator, credentials={**simulator.credentials, **credentials})
    ended = run("sync", tmp_path / "m.duckdb", "--config", config, "--json", "--report", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text() if (tmp_path / "r.html").exists() else ""
    assert not any(each in ended.stdout + ended.stderr + page for each in (SECRET, str(NUMBER)))
    assert "Traceback" not in ended.stderr
    assert ended.exit_code == exit_code, ended.stdout + ended.stderr


@pytest.mark.parametrize("text", ['{"credentials": {"secret": "%s"', '["%s"]', '{"credentials": "%s"}', '"%s"'])
def test_secret_in_a_config_that_is_none(tmp_path: Path, text: str) -> None:
    """A config that can't be read is not cited."""
    (tmp_path / "config.json").write_text(text.replace("%s", SECRET))
    ended = run("sync", tmp_path / "m.duckdb", "--config", tmp_path / "config.json")
    assert (ended.exit_code, ended.stdout) == (3, "")
    assert SECRET not in ended.stderr


def test_secret_after_a_sync_with_failures(simulator: Simulator, tmp_path: Path) -> None:
    """Neither the output, nor the report, nor the database's history holds it."""
    simulator.add_fault(Fault("status", path="export", times=None, body=json.dumps({"error": "no"})))
    config, database = write_config(tmp_path, simulator), tmp_path / "m.duckdb"
    try:
        ended = run("sync", database, "--config", config, "--report", tmp_path / "r.html", "--views")
    finally:
        simulator.clear_faults()
    assert ended.exit_code == 1
    said = ended.stdout + ended.stderr + (tmp_path / "r.html").read_text() + run("status", database, "--json").stdout
    assert SECRET not in said
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.iterdir() if path != config)


def test_secret_of_one_letter(tmp_path: Path) -> None:
    """It masks the letter in all that the source says, so that no report can be read; the rows still count."""
    with start_simulator(Scenario(days=2, events_per_day=5, profiles=5, secret="s")) as simulator:
        ended = run("sync", tmp_path / "m.duckdb", "--config", write_config(tmp_path, simulator), "--progress", "none")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith("Done: 15 rows")
    assert "There was nothing to read." not in ended.stdout
