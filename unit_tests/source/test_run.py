"""The command line, as a process: what stdout holds and how it ends. Each run costs seconds, so there are few."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MAIN = Path(__file__).parents[2] / "main.py"
CREDENTIALS = {"username": "user", "secret": "very-secret-9", "project_id": 7}
FILES: dict[str, Any] = {
    "good.json": {"credentials": CREDENTIALS},
    "number.json": {"credentials": {**CREDENTIALS, "secret": 987654321}},
    "state.json": [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "events"}, "stream_state": 5}}],
}
RUNS = {
    "spec": ["spec"],
    "check, no file": ["check", "--config", "missing.json"],
    "read, secret as a number": ["read", "--config", "number.json"],
    "read, damaged state": ["read", "--config", "good.json", "--state", "state.json"],
}


@dataclass(frozen=True)
class Run:
    """How one process ended, and the messages it wrote."""

    exit_code: int
    messages: list[dict[str, Any]]
    output: str

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def errors(self) -> list[str]:
        """Return the messages of all error traces."""
        return [trace["trace"]["error"]["message"] for trace in self.of_type("TRACE")]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """Run every command, two at a time."""
    folder = tmp_path_factory.mktemp("run")
    for name, content in FILES.items():
        (folder / name).write_text(json.dumps(content))

    def run(arguments: list[str]) -> Run:
        command = [sys.executable, str(MAIN), *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        return Run(done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stdout + done.stderr)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(RUNS, pool.map(run, RUNS.values()), strict=True))


def test_spec_when_asked_for(runs: Mapping[str, Run]) -> None:
    """There is one SPEC, with the fields of the config."""
    run = runs["spec"]
    assert run.exit_code == 0
    (message,) = run.of_type("SPEC")
    assert {"credentials", "region", "start_date"} <= set(message["spec"]["connectionSpecification"]["properties"])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("check, no file", "--config missing.json: there is no such file"),
        ("read, secret as a number", "Config validation error: "),
        ("read, damaged state", "--state state.json: not what the protocol asks for: "),
    ],
)
def test_run_when_a_file_is_wrong(runs: Mapping[str, Run], name: str, error: str) -> None:
    """One error, that says which file or field, blames the configuration, and makes the exit code 1."""
    run = runs[name]
    assert run.exit_code == 1
    (message,) = run.errors()
    assert error in message
    assert run.of_type("TRACE")[0]["trace"]["error"]["failure_type"] == "config_error"
    assert run.of_type("RECORD") == run.of_type("STATE") == []


def test_run_when_there_are_secrets(runs: Mapping[str, Run]) -> None:
    """No secret is ever shown, even where it is what is wrong."""
    assert [name for name, run in runs.items() if "very-secret-9" in run.output or "987654321" in run.output] == []
