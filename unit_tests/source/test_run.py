"""The command line, as a process: what stdout holds and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MAIN = Path(__file__).parents[2] / "main.py"
WITH_DEV_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
WITHOUT_FAKETIME = pytest.mark.skipif(
    "faketime" in os.environ.get("LD_PRELOAD", ""), reason="libfaketime opens a file, which gets number 1"
)
CREDENTIALS = {"username": "user", "secret": "very-secret-9", "project_id": 7}
FILES: dict[str, Any] = {
    "good.json": {"credentials": CREDENTIALS},
    "misspelt.json": {"credentials": CREDENTIALS, "start_dat": "2026-01-01"},
    "soon.json": {"credentials": CREDENTIALS, "start_date": "soon"},
    "number.json": {"credentials": {**CREDENTIALS, "secret": 987654321}},
    "state.json": [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "events"}, "stream_state": 5}}],
}
RUNS = {
    "spec": ["spec"],
    "check, no file": ["check", "--config", "missing.json"],
    "check, misspelt": ["check", "--config", "misspelt.json"],
    "read, no file": ["read", "--config", "missing.json"],
    "read, no JSON": ["read", "--config", "good.json", "--catalog", "broken.json"],
    "read, a list": ["read", "--config", "state.json"],
    "read, no catalog": ["read", "--config", "good.json", "--catalog", "state.json"],
    "read, misspelt": ["read", "--config", "misspelt.json"],
    "catalog, misspelt": ["catalog", "--config", "misspelt.json"],
    "discover, no date": ["discover", "--config", "soon.json"],
    "read, stdin twice": ["read", "--config", "-", "--state", "-"],
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
    """Run every command."""
    folder = tmp_path_factory.mktemp("run")
    for name, content in FILES.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "broken.json").write_text('{"streams": [')

    command = [sys.executable, str(Path(__file__).with_name("forked_runs.py"))]
    runs = json.dumps(list(RUNS.values()))
    done = subprocess.run(command, cwd=folder, input=runs, stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    return {
        name: Run(exit_code, [json.loads(line) for line in stdout.splitlines()], stdout + stderr)
        for name, (exit_code, stdout, stderr) in zip(RUNS, json.loads(done.stdout), strict=True)
    }


def test_spec_when_asked_for(runs: Mapping[str, Run]) -> None:
    """There is one SPEC, with the fields of the config."""
    run = runs["spec"]
    assert run.exit_code == 0
    (message,) = run.of_type("SPEC")
    assert {"credentials", "region", "start_date"} <= set(message["spec"]["connectionSpecification"]["properties"])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("read, no file", "--config missing.json: no such file"),
        ("read, no JSON", "--catalog broken.json is not JSON: Expecting "),
        ("read, a list", "--config state.json is not a JSON object"),
        ("read, no catalog", "--catalog state.json is not a configured catalog: "),
        ("read, secret as a number", "--config number.json: credentials.secret is not a string: write it in quotes"),
        ("read, misspelt", "--config misspelt.json: there is no field start_dat: did you mean start_date?"),
        ("catalog, misspelt", "--config misspelt.json: there is no field start_dat: did you mean start_date?"),
        ("discover, no date", "--config soon.json: start_date 'soon' is not a date: write it as 2026-01-31"),
        ("read, stdin twice", "--config - and --state -: stdin can be read only once"),
        (
            "read, damaged state",
            "--state state.json: state 1 does not match the protocol: at stream/stream_state: it is of the wrong",
        ),
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


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("check, no file", "--config missing.json: no such file"),
        ("check, misspelt", "--config misspelt.json: there is no field start_dat: did you mean start_date?"),
    ],
)
def test_check_when_a_file_is_wrong(runs: Mapping[str, Run], name: str, error: str) -> None:
    """`check` answers FAILED, with the same sentence and exit code 0: platforms want an answer."""
    run = runs[name]
    assert run.exit_code == 0
    code, status = run.messages
    assert code["log"]["message"] == 'check: {"code": "bad_config"}'
    assert status["connectionStatus"] == {"status": "FAILED", "message": error}


def test_run_when_there_are_secrets(runs: Mapping[str, Run]) -> None:
    """No secret is ever shown, even where it is what is wrong."""
    assert [name for name, run in runs.items() if "very-secret-9" in run.output or "987654321" in run.output] == []


def test_help() -> None:
    """Help is no message, and comes on stdout all the same."""
    done = subprocess.run([sys.executable, str(MAIN), "read", "--help"], capture_output=True, text=True, check=True)
    assert "--catalog" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("redirection", "reason"),
    [
        pytest.param(">/dev/full", "No space left on device", marks=WITH_DEV_FULL),
        pytest.param(">&-", "Bad file descriptor", marks=WITHOUT_FAKETIME),
    ],
)
def test_spec_when_stdout_takes_nothing(redirection: str, reason: str) -> None:
    """The process fails, and says why in a line."""
    command = f"'{sys.executable}' '{MAIN}' spec {redirection}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"source-mixpanel-parallel: messages can't be written to stdout: {reason}.\n"
