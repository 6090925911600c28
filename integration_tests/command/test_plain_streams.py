"""A stream of plain YAML that only the source's manifest declares: the command reads and shows it as any other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import yaml

import source_mixpanel_parallel
from integration_tests.command.command_run import Ended, write_config
from integration_tests.source.test_plain_streams import COHORTS, SCENARIO
from mixpanel_simulator import Fault, Simulator, start_simulator

ROOT = Path(source_mixpanel_parallel.__file__).parent.parent


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the packages, with a stream of plain YAML added to the source's manifest."""
    folder = tmp_path_factory.mktemp("packages")
    for name in ("source_mixpanel_parallel", "destination_duckdb", "mixpanel_to_duckdb"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "source_mixpanel_parallel" / "manifest.yaml"
    manifest = yaml.safe_load(path.read_text())
    manifest["streams"].append(yaml.safe_load(COHORTS))
    path.write_text(yaml.safe_dump(manifest, sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def project() -> Iterator[Simulator]:
    """Run a project with three cohorts."""
    with start_simulator(replace(SCENARIO, days=2)) as running:
        yield running


def run(packages: Path, *arguments: object) -> Ended:
    """Run the copied command to its end."""
    command = [sys.executable, "-m", "mixpanel_to_duckdb", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=packages, env=environment)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_sync_when_the_source_has_a_plain_stream(packages: Path, project: Simulator, tmp_path: Path) -> None:
    """Without --streams it is read beside the others: in the table, the summary, the document and the report."""
    project.clear_faults()
    config, database, report = write_config(tmp_path, project), tmp_path / "m.duckdb", tmp_path / "report.html"
    ended = run(packages, "sync", database, "--config", config, "--report", report)
    assert ended.exit_code == 0, ended.stderr
    assert any(line.split() == ["│", "cohorts", "│", "3", "│", "│", "│"] for line in ended.stdout.splitlines())
    assert "cohorts: done, 3 rows" in ended.stderr
    assert "88 rows" in ended.stdout
    assert "88" in report.read_text()
    with duckdb.connect(str(database)) as connection:
        assert connection.execute("SELECT name FROM cohorts ORDER BY id").fetchall()[0] == ("Cohort 0",)


def test_streams_names_a_plain_stream(packages: Path, project: Simulator, tmp_path: Path) -> None:
    """--streams takes any stream of the source's catalog, in `plan` too, and refuses others with all their names."""
    project.clear_faults()
    project.clear_requests()
    config, database = write_config(tmp_path, project), tmp_path / "m.duckdb"
    flags = ["--config", config, "--streams"]
    document = run(packages, "sync", database, *flags, "cohorts", "--json").document
    result = {"stream": "cohorts", "rows": 3, "has_failures": False}
    duration_s = document["streams"]["cohorts"].pop("duration_s")
    assert (document["streams"], duration_s > 0) == ({"cohorts": result}, True)
    assert (document["rows"], document["committed_rows"]) == (3, {"cohorts": 3})
    assert {request.path for request in project.requests()} == {"/api/query/cohorts/list"}
    assert run(packages, "plan", *flags, "cohorts").exit_code == 0
    for command in (["plan"], ["sync", database]):
        refused = run(packages, *command, *flags, "cohort")
        assert refused.exit_code == 3
        names = "events, profiles, rejected_lines, cohorts"
        assert f"--streams cohort: there is no such stream; choose from {names}" in " ".join(refused.stderr.split())


def test_sync_when_a_plain_stream_is_refused(packages: Path, project: Simulator, tmp_path: Path) -> None:
    """Its error is said, with a code in the document; the other streams are committed."""
    project.add_fault(Fault(kind="status", status=402, path="cohorts", times=None))
    config = write_config(tmp_path, project)
    ended = run(packages, "sync", tmp_path / "m.duckdb", "--config", config, "--json")
    assert ended.exit_code == 1
    assert ended.document["error_codes"] == ["internal"]
    assert len(ended.document["errors"]) == 1
    assert ended.document["committed_rows"]["events"] == 60
    assert json.dumps(ended.document["streams"]["cohorts"]["rows"]) == "0"
